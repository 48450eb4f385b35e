import assert from 'node:assert/strict';
import { EXPECTED } from './expected.ts';
import { START_MS, STEP_MS } from './hour.ts';
import { interpolate, type Choice } from './interpolate.ts';
import type { Prometheus, Series } from './prometheus.ts';
import { END_MS } from './scraped-hour.ts';
import { DASHBOARDS, shownPanels, type Panel, type Shipped, type Target, type UIDS } from './shipped.ts';

/** A query of a panel. `where` is its key in EXPECTED. */
export interface Asked {
  readonly where: string;
  readonly dashboard: Shipped;
  readonly panel: Panel;
  readonly target: Target;
}

/** Every query of every panel. */
export const ALL_QUERIES: readonly Asked[] = DASHBOARDS.flatMap((dashboard) =>
  shownPanels(dashboard).flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      where: `${dashboard.uid}/${panel.title}/${target.refId}`,
      dashboard,
      panel,
      target,
    })),
  ),
);

export function dashboardOf(uid: (typeof UIDS)[number]): Shipped {
  const found = DASHBOARDS.find((dashboard) => dashboard.uid === uid);
  assert.ok(found);
  return found;
}

/** What Prometheus answers when Grafana shows the hour, or its end. */
export function answer(
  prometheus: Prometheus,
  { dashboard, target }: Asked,
  choice: Choice,
): Promise<readonly Series[]> {
  const query = interpolate(target.expr, dashboard, choice);
  return target.instant ? prometheus.at(query, END_MS) : prometheus.over(query, START_MS, END_MS, 2 * STEP_MS);
}

/** Is it the expected number of series, with exactly the expected labels, and one for each key? */
export function checkShape(where: string, series: readonly Series[], wanted: number, cloud: string | undefined): void {
  const expected = EXPECTED[where];
  assert.ok(expected, where);
  assert.equal(series.length, wanted, `${where}: ${JSON.stringify(series.map(({ metric }) => metric))}`);
  // What belongs to the process, and sums over everything, have no cloud.
  const allowed = new Set([...expected.key, ...expected.more, ...(cloud === undefined ? [] : ['cloud'])]);
  for (const { metric } of series) {
    for (const label of expected.key)
      assert.ok(metric[label], `${where}: no label ${label} in ${JSON.stringify(metric)}`);
    for (const label of Object.keys(metric)) assert.ok(allowed.has(label), `${where}: label ${label}`);
    assert.ok(metric['cloud'] === undefined || metric['cloud'] === cloud, where);
  }
  checkKeys(where, series);
}

/** Is there one series for each key, in each cloud? */
export function checkKeys(where: string, series: readonly Series[]): void {
  const key = EXPECTED[where]?.key ?? [];
  const keys = series.map(({ metric }) => JSON.stringify([metric['cloud'], ...key.map((label) => metric[label])]));
  assert.equal(new Set(keys).size, series.length, `${where}: several series for one of ${key.join(', ')}`);
}

/** The last value of each series by its host. */
export function byHost(series: readonly Series[]): Record<string, number> {
  return Object.fromEntries(series.map(({ metric, values }) => [metric['host'] ?? '', Number(values.at(-1)?.[1])]));
}

/** The values of a label, sorted. */
export function valuesOf(series: readonly Series[], label: string): readonly string[] {
  return series.map(({ metric }) => metric[label] ?? '').toSorted();
}
