import type { ValueMapping, ValueMappingResult } from '@grafana/grafana-foundation-sdk/dashboard';
import { CONDITION_TABLE, WORST_FIRST, conditionCode, type Condition } from '../../src/cinder/conditions.ts';
import { textMapping } from './mapping.ts';

/** One colour for each condition, on every panel: red tones for what pages, green for good; apart from each other for colour-blind eyes too. */
export const CONDITION_COLOURS: Readonly<Record<Condition, string>> = Object.fromEntries(
  Object.entries(CONDITION_TABLE).map(([condition, { area }]) => [condition, area]),
) as Record<Condition, string>;

export interface CodedCondition {
  readonly condition: Condition;
  readonly code: number;
  readonly words: string;
  /** The alert whose runbook fits. */
  readonly alert: string | undefined;
}

/** The conditions, worst first. */
export const CODED_CONDITIONS: readonly CodedCondition[] = WORST_FIRST.map((condition) => ({
  condition,
  code: conditionCode(condition),
  words: CONDITION_TABLE[condition].words,
  alert: CONDITION_TABLE[condition].alert?.name,
}));

/** Words and colour for the number of each condition. */
export function conditionMappings(): ValueMapping[] {
  const results: Record<string, ValueMappingResult> = {};
  for (const { condition, code, words } of CODED_CONDITIONS)
    results[code] = { text: words, color: CONDITION_COLOURS[condition] };
  return textMapping(results);
}
