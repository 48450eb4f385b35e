import type { Site } from './e2e-site.ts';
import { lineOf } from './e2e-watch.ts';
import type { Line } from './e2e-watch.ts';

/** Where the time from a fault to its page went, in milliseconds. */
export interface Timing {
  readonly fault: string;
  readonly line: Line;
  /** Until Cinder's own answers show it; undefined where they never do. */
  readonly cinderMs: number | undefined;
  /** From then until a rule sees it: refresh, scrape, evaluation, and `stale_after` where that decides. */
  readonly exporterMs: number;
  /** The `for` of the rule. */
  readonly ruleMs: number;
  /** Grouping, and the way to the webhook. */
  readonly alertmanagerMs: number;
  readonly totalMs: number;
}

export interface Measured {
  readonly fault: string;
  readonly line: Line;
  /** When it was broken, in milliseconds since the epoch. */
  readonly since: number;
  readonly shownAt: number | undefined;
}

/** What was measured so far. */
export const TIMINGS: Timing[] = [];

/** Reads from Prometheus and the webhook when each stage of a page was reached. */
export async function measure(site: Site, { fault, line, since, shownAt }: Measured): Promise<void> {
  const pendingAt = await firstSample(site, 'pending', line, since);
  const firingAt = await firstSample(site, 'firing', line, since);
  const toldAt = site.alertmanager.notifications.find(
    ({ atMs, status, alerts }) =>
      atMs >= since && status === 'firing' && alerts.some(({ labels }) => lineOf(labels) === line),
  )?.atMs;
  if (toldAt === undefined) throw new Error(`${line} was not told`);
  TIMINGS.push({
    fault,
    line,
    cinderMs: shownAt === undefined ? undefined : shownAt - since,
    exporterMs: pendingAt - (shownAt ?? since),
    ruleMs: firingAt - pendingAt,
    alertmanagerMs: toldAt - firingAt,
    totalMs: toldAt - since,
  });
}

interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [number, string])[];
  }[];
}

async function firstSample({ prometheus }: Site, state: string, line: Line, since: number): Promise<number> {
  const seconds = Math.ceil((Date.now() - since) / 1000);
  const promql = `ALERTS{alertstate="${state}"}[${seconds}s]`;
  const { result } = (await prometheus.api(`/query?query=${encodeURIComponent(promql)}`)) as Matrix;
  const first = result.find(({ metric }) => lineOf(metric) === line)?.values[0]?.[0];
  if (first === undefined) throw new Error(`${line} was never ${state}`);
  return first * 1000;
}
