import type { Target } from '../../test/grafana/shipped.ts';

/** One series as Prometheus answers. An instant query has one value. */
export interface Answered {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

/** A column of what Grafana calls a data frame. Times are in milliseconds. */
interface Field {
  readonly name: string;
  readonly type: 'time' | 'number' | 'string';
  readonly values: readonly (number | string | null)[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly config: { readonly displayNameFromDS?: string; readonly interval?: number };
}

export interface Frame {
  readonly refId: string;
  readonly length: number;
  readonly fields: readonly Field[];
}

/** The times that a range query asks for, in milliseconds: from the first to the last, both multiples of the step. */
export interface Steps {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** As Grafana's data source asks: not more points than pixels, and not closer together than the panel's own interval. */
export function stepsOf(fromMs: number, toMs: number, pixels: number, interval = '15s'): Steps {
  const stepMs = Math.max(durationMs(interval), 1000 * Math.ceil((toMs - fromMs) / pixels / 1000));
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs: Math.floor(toMs / stepMs) * stepMs, stepMs };
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `30s`, `1m`, `6h`, `30d`. Throws for anything else. */
export function durationMs(text: string): number {
  const [, number, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const of = UNITS[unit];
  if (of === undefined) throw new Error(`expected a duration like 30s, got "${text}"`);
  return Number(number) * of;
}

/**
 * What Grafana's Prometheus data source makes of the answer to one query of a panel; `alone` when the panel has no other. Without `steps` it was an instant query.
 * Source: grafana/grafana, packages/grafana-prometheus/src/result_transformer.ts.
 */
export function framesOf(target: Target, answered: readonly Answered[], alone: boolean, steps?: Steps): Frame[] {
  if (target.format === 'table') return [tableOf(target, answered, alone)];
  return answered.map(({ metric, values }) => {
    const all = steps ? withGaps(values, steps) : values.map(([at, value]) => [at * 1000, numberOf(value)] as const);
    const name = legendOf(target.legendFormat ?? '', metric);
    return {
      refId: target.refId,
      length: all.length,
      fields: [
        { name: 'Time', type: 'time', values: all.map(([at]) => at), config: steps ? { interval: steps.stepMs } : {} },
        {
          name: 'Value',
          type: 'number',
          values: all.map(([, value]) => value),
          labels: metric,
          config: name === '' ? {} : { displayNameFromDS: name },
        },
      ],
    };
  });
}

/** A row for each series, a column for each label, in alphabetical order. */
function tableOf({ refId }: Target, answered: readonly Answered[], alone: boolean): Frame {
  const labels = [...new Set(answered.flatMap(({ metric }) => Object.keys(metric)))].toSorted();
  if (answered.length === 0) return { refId, length: 0, fields: [] };
  const last = answered.map(({ values }) => values.at(-1) ?? ([0, 'NaN'] as const));
  return {
    refId,
    length: answered.length,
    fields: [
      { name: 'Time', type: 'time', values: last.map(([at]) => at * 1000), config: {} },
      ...labels.map((label): Field => ({
        name: label,
        type: 'string',
        values: answered.map(({ metric }) => metric[label] ?? ''),
        config: {},
      })),
      {
        name: alone ? 'Value' : `Value #${refId}`,
        type: 'number',
        values: last.map(([, value]) => numberOf(value)),
        config: {},
      },
    ],
  };
}

/** `null` where a step has no sample: a line or a bar ends there. */
function withGaps(
  values: Answered['values'],
  { fromMs, toMs, stepMs }: Steps,
): readonly (readonly [number, number | null])[] {
  const found = new Map(values.map(([at, value]) => [Math.round(at * 1000), numberOf(value)]));
  return Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, i) => {
    const at = fromMs + i * stepMs;
    return [at, found.get(at) ?? null] as const;
  });
}

/** `{{label}}` is the label's value, or nothing. Source: packages/grafana-prometheus/src/legend.ts. */
function legendOf(format: string, metric: Readonly<Record<string, string>>): string {
  return format.replaceAll(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => metric[label] ?? '');
}

/** Prometheus writes `+Inf`, `-Inf` and `NaN`. */
function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
