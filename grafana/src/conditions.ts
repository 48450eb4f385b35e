import type { ValueMapping, ValueMappingResult } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Condition } from '../../src/cinder/model.ts';
import { SIGNS, WORST_FIRST } from '../../src/pages/signs.ts';
import { textMapping } from './mapping.ts';

/** One colour for each condition, on every panel: red tones for what pages, green for good; apart from each other for colour-blind eyes too. */
export const CONDITION_COLOURS: Readonly<Record<Condition, string>> = {
  down: '#8B0A1A',
  service_down: '#E03131',
  stale: '#FF9080',
  degraded: '#F2B01E',
  unknown: '#8E44AD',
  frozen: '#5DADE2',
  disabled: '#8C8C8C',
  up_assumed: '#9FD8B0',
  up: '#1E9455',
};

export interface CodedCondition {
  readonly condition: Condition;
  /** The condition as a number, for panels that can only show numbers: the worse, the higher; `up` is 0. */
  readonly code: number;
  readonly words: string;
  /** The alert whose runbook fits. */
  readonly alert: string | undefined;
}

/** The conditions, worst first. */
export const CODED_CONDITIONS: readonly CodedCondition[] = WORST_FIRST.map((condition, i) => ({
  condition,
  code: WORST_FIRST.length - 1 - i,
  words: SIGNS[condition].words,
  alert: SIGNS[condition].alert,
}));

/** Words and colour for the number of each condition. */
export function conditionMappings(): ValueMapping[] {
  const results: Record<string, ValueMappingResult> = {};
  for (const { condition, code, words } of CODED_CONDITIONS)
    results[code] = { text: words, color: CONDITION_COLOURS[condition] };
  return textMapping(results);
}
