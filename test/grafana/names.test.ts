import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Registry } from 'prom-client';
import { createCloudMetrics, createProcessMetrics } from '../../src/metrics/exporter.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { ruleGroups } from '../../src/rules/render.ts';
import { parseDuration } from '../../src/duration.ts';
import { defaultSettings, parseSettings } from '../../src/rules/settings.ts';
import { parse } from './promql.ts';
import { DASHBOARDS, expressions, labelValues } from './shipped.ts';

/** Labels that the scrape configuration adds. */
const TARGET = ['job', 'instance', 'cloud'];
/** Labels that `label_replace` and `count_values` make in an expression. */
const MADE = ['member', 'runbook', '_rank', '_cloud'];
const NAME = '__name__';
/** What Prometheus itself writes, and the labels that the shipped alerts have. */
const ALERTS = ['alertname', 'alertstate', 'severity', 'component', 'host', 'backend', 'pool', 'binary', 'volume_type'];

async function addOwn(known: Map<string, ReadonlySet<string>>, registry: Registry): Promise<void> {
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] };
    known.set(name, new Set(labelNames));
    if (String(type) !== 'histogram') continue;
    known.set(`${name}_count`, new Set(labelNames));
    known.set(`${name}_bucket`, new Set([...labelNames, 'le']));
  }
}

async function known(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const all = new Map<string, ReadonlySet<string>>(FAMILIES.map(({ name, labels }) => [name, new Set(labels)]));
  await addOwn(all, createCloudMetrics().registry);
  await addOwn(all, createProcessMetrics('0').registry);
  for (const { rules } of ruleGroups(defaultSettings()))
    for (const rule of rules) if ('record' in rule) all.set(rule.record, new Set(rule.identity));
  for (const name of ['ALERTS', 'ALERTS_FOR_STATE']) all.set(name, new Set(ALERTS));
  return all;
}

for (const dashboard of DASHBOARDS) {
  test(`${dashboard.uid}: every metric and every label is one that the exporter has`, async () => {
    const metrics = await known();
    const labels = new Set([...TARGET, ...MADE, ...[...metrics.values()].flatMap((names) => [...names])]);
    for (const { where, expr } of expressions(dashboard)) {
      const { selectors, grouping } = parse(expr);
      for (const { metrics: names, labels: matched } of selectors) {
        for (const name of names) {
          const its = metrics.get(name);
          assert.ok(its, `${where}: no family ${name}`);
          for (const label of matched)
            assert.ok(its.has(label) || TARGET.includes(label), `${where}: ${name} has no label ${label}`);
        }
      }
      for (const label of grouping) assert.ok(labels.has(label), `${where}: no family has a label ${label}`);
    }
    for (const variable of dashboard.templating.list) {
      const asked = labelValues(variable);
      if (!asked) continue;
      for (const name of parse(asked.selector).selectors.flatMap((selector) => selector.metrics))
        assert.ok(
          metrics.get(name)?.has(asked.label) || [...TARGET, NAME].includes(asked.label),
          `$${variable.name}: ${name} has no label ${asked.label}`,
        );
    }
  });
}

test('what is recorded less often than Prometheus looks back is asked for over two of its intervals', () => {
  const lookBackMs = 300_000;
  const seldom = new Map(
    ruleGroups(parseSettings(['availability_interval=15m'])).flatMap(({ interval, rules }) => {
      const ms = parseDuration(interval) ?? 0;
      return 2 * ms < lookBackMs ? [] : rules.flatMap((rule) => ('record' in rule ? [[rule.record, ms] as const] : []));
    }),
  );
  assert.ok(seldom.has('cinder:backend_available:avg_month') && !seldom.has('cinder:backend_available:avg_day'));
  const asked = DASHBOARDS.flatMap(expressions).flatMap(({ where, expr }) =>
    parse(expr).selectors.flatMap(({ metrics, range = '', functions }) =>
      metrics.flatMap((name) => {
        const ms = seldom.get(name);
        return ms === undefined ? [] : [{ where, name, ms, range, nearest: functions[0] }];
      }),
    ),
  );
  assert.deepEqual([...new Set(asked.map(({ name }) => name))].toSorted(), [...seldom.keys()].toSorted());
  for (const { where, range, nearest, ms } of asked) {
    assert.equal(nearest, 'last_over_time', where);
    assert.ok((parseDuration(range) ?? 0) >= 2 * ms, `${where}: [${range}]`);
  }
});

test('every family of the exporter is on some dashboard, or left out on purpose', async () => {
  const used = new Set(
    DASHBOARDS.flatMap(expressions).flatMap(({ expr }) => parse(expr).selectors.flatMap(({ metrics }) => metrics)),
  );
  // The condition says more than the bare state, which is for alerts of those who do not use it; the rest is a matter of taste, or for alerts alone.
  const leftOut = [
    'cinder_volume_services_unresponsive',
    'cinder_backend_state',
    'cinder_backend_usable',
    'cinder_backend_failing_info',
    'cinder_backend_service_answering',
    'cinder_backend_volumes_timestamp_seconds',
    'cinder_backend_last_creation_timestamp_seconds',
    'cinder_backend_operations_stuck',
    'cinder_operations_judged',
    'cinder_operations_left_over',
    'cinder_backend_creations_failing',
    'cinder_volume_type_creations_failing',
    'cinder_volume_type_unschedulable',
    'cinder_creations_failing',
    'cinder_volume_type_creations_seen_total',
    'cinder_volume_type_creation_failures_seen_total',
    'cinder_exporter_next_refresh_timestamp_seconds',
    'cinder_exporter_config_last_reload_success_timestamp_seconds',
  ];
  const shown = (name: string): boolean => used.has(name) || used.has(`${name}_count`);
  const missing = [...(await known()).keys()].filter(
    (name) => name.startsWith('cinder_') && !/_(bucket|count)$/.test(name) && !shown(name),
  );
  assert.deepEqual(missing, leftOut);
});
