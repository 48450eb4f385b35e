import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCloudMetrics } from '../../src/metrics/exporter.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { CLOCK_BEHIND, NODE_AHEAD } from '../../src/rules/memory.ts';
import { renderRules, ruleGroups } from '../../src/rules/render.ts';
import { defaultSettings, parseSettings } from '../../src/rules/settings.ts';
import { namesIn } from './promql.ts';
import { ALERTS, isAlert, RULES, rulesOf } from './shipped.ts';

const TARGET = ['job', 'instance', 'pod'];

/** Every metric that a rule may use, with its labels beyond the target's. */
async function known(): Promise<Map<string, ReadonlySet<string>>> {
  const labels = new Map<string, ReadonlySet<string>>([
    ['up', new Set()],
    ['ALERTS', new Set(['alertname', 'alertstate', 'severity', 'component'])],
    ['ALERTS_FOR_STATE', new Set(['alertname', 'severity', 'component'])],
  ]);
  for (const family of FAMILIES) labels.set(family.name, new Set(family.labels));
  for (const { name, values } of await createCloudMetrics().registry.getMetricsAsJSON()) {
    labels.set(name, new Set(values.flatMap((value) => Object.keys(value.labels))));
  }
  for (const rule of ruleGroups(defaultSettings()).flatMap((group) => group.rules)) {
    if ('record' in rule) labels.set(rule.record, new Set(rule.identity));
  }
  return labels;
}

test('rules use no metric that the exporter does not have, and no label that the metric does not have', async () => {
  const metrics = await known();
  const everyLabel = new Set([...TARGET, ...[...metrics.values()].flatMap((labels) => [...labels])]);
  for (const { alert, record, expr } of RULES) {
    const { selectors, grouping } = namesIn(expr);
    assert.ok(selectors.length > 0, expr);
    for (const { metric, matchers } of selectors) {
      const labels = metrics.get(metric);
      assert.ok(labels, `${alert ?? record} uses ${metric || 'a selector without a metric'}`);
      for (const label of matchers.keys())
        assert.ok(labels.has(label) || TARGET.includes(label), `${alert ?? record}: ${metric} has no label ${label}`);
    }
    for (const label of grouping)
      assert.ok(everyLabel.has(label), `${alert ?? record}: no metric has a label ${label}`);
  }
});

test('the check finds a wrong metric, a wrong label and a syntax error', async () => {
  const metrics = await known();
  assert.equal(metrics.has('cinder_backend_sate'), false);
  assert.deepEqual([...(metrics.get('cinder_backend_condition') ?? [])], ['host', 'backend', 'condition']);
  assert.deepEqual(namesIn('sum by (hots) (cinder_backend_state{job="a",hots!~"b"}[5m])'), {
    selectors: [
      {
        metric: 'cinder_backend_state',
        matchers: new Map([
          ['job', 'a'],
          ['hots', 'b'],
        ]),
      },
    ],
    grouping: ['hots'],
  });
  assert.throws(() => namesIn('max by (host (cinder_up)'), /not PromQL at/);
});

test('alerts name only labels that a metric has', async () => {
  const metrics = await known();
  // The second is there where an exporter reads several clouds.
  const everyLabel = new Set(['job', 'cloud', ...[...metrics.values()].flatMap((labels) => [...labels])]);
  for (const { alert, annotations } of ALERTS) {
    for (const [, label] of Object.values(annotations)
      .join('\n')
      .matchAll(/\$labels\.(\w+)/g)) {
      assert.ok(everyLabel.has(label ?? ''), `${alert}: ${label}`);
    }
  }
});

test('the selector stands in every selector of a metric of the exporter, and its replicas are always folded', () => {
  const settings = parseSettings(['selector=job=~"cinder.*",region="north"', 'replica_labels=instance, replica']);
  for (const { alert, record, expr } of rulesOf(renderRules(settings))) {
    const { selectors, grouping } = namesIn(expr);
    // Our own series and alerts have the labels of the selector already, but not the labels of replicas.
    const scraped = selectors.filter(({ metric }) => !metric.includes(':') && !metric.startsWith('ALERTS'));
    for (const { metric, matchers } of scraped) {
      assert.equal(matchers.get('job'), 'cinder.*', `${alert ?? record}: ${metric}`);
      assert.equal(matchers.get('region'), 'north', `${alert ?? record}: ${metric}`);
    }
    // The clock of a replica is its own.
    if (record === CLOCK_BEHIND || record === NODE_AHEAD) continue;
    assert.ok(scraped.length === 0 || (grouping.includes('instance') && grouping.includes('replica')), alert ?? record);
    assert.equal(expr.includes('cinder-exporter'), false, expr);
    assert.equal(grouping.includes('pod'), false, expr);
  }
});

test('no rule groups by a fixed set of target labels: clouds may be told apart by any', () => {
  for (const rule of RULES) assert.doesNotMatch(rule.expr, /\b(by|on) \(/, isAlert(rule) ? rule.alert : rule.record);
});
