import { MappingType, type ValueMapping, type ValueMappingResult } from '@grafana/grafana-foundation-sdk/dashboard';
import { CONDITION_TABLE } from '../../src/cinder/conditions.ts';

/** The colours of conditions, for all else that is good, bad, and so on: words on them are legible. */
export const GOOD = CONDITION_TABLE.up.area;
export const BAD = CONDITION_TABLE.service_down.area;
export const WARN = CONDITION_TABLE.degraded.area;
export const QUIET = CONDITION_TABLE.disabled.area;
export const CALM = CONDITION_TABLE.frozen.area;

/** Words and colours for exact values; the legend lists them in this order. */
export function textMapping(results: Readonly<Record<string, ValueMappingResult>>): ValueMapping[] {
  const options = Object.fromEntries(
    Object.entries(results).map(([value, result], index) => [value, { ...result, index }]),
  );
  return [{ type: MappingType.ValueToText, options }];
}

/** Words for 1 and 0. */
export function flagMapping(one: ValueMappingResult, zero: ValueMappingResult): ValueMapping[] {
  return textMapping({ 1: one, 0: zero });
}

/** The number that `serviceCode` gives a service. */
export const SERVICE_CODES = { down: 0, up: 1, disabled: 2, frozen: 3 } as const;

export function serviceMapping(): ValueMapping[] {
  const { down, up, disabled, frozen } = SERVICE_CODES;
  return textMapping({
    [down]: { text: 'down', color: BAD },
    [up]: { text: 'up', color: GOOD },
    [disabled]: { text: 'disabled', color: QUIET },
    [frozen]: { text: 'frozen', color: CALM },
  });
}
