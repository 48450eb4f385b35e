import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createCloudMetrics, createProcessMetrics, REASONS, renderRegistry } from '../../src/metrics/exporter.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { NOW_MS, pool, service } from '../support/samples.ts';
import { pageOf, snapshotOf } from './snapshot.ts';

/**
 * Families and their labels as docs/metrics.md has them: the interface. A label that is new or gone breaks every alert that lasts, so it is seen
 * there, in the change of a page. Change it on purpose only, with the changelog.
 */
const DOCUMENTED = new Map(
  [
    ...readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').matchAll(
      /^\| `(cinder_\w+)` \| \w+ \| (.*?) \|/gm,
    ),
  ].map(([, name = '', labels = '']) => [name, labels.replaceAll('`', '')]),
);

test('families and their labels are those of docs/metrics.md: npm run docs writes it', () => {
  const { registry } = createCloudMetrics();
  const own = [registry, createProcessMetrics('').registry].flatMap((one) => one.getMetricsAsArray());
  const described = [
    ...FAMILIES,
    ...own
      .filter(({ name }) => name.startsWith('cinder_exporter_'))
      .map((metric) => ({ name: metric.name, labels: 'labelNames' in metric ? (metric.labelNames as string[]) : [] })),
  ];
  assert.deepEqual(new Map(described.map(({ name, labels }) => [name, labels.join(' ')])), DOCUMENTED);
});

test('names and types follow the rules of Prometheus', () => {
  for (const { name, type, help } of FAMILIES) {
    assert.match(name, /^cinder_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.equal(name.endsWith('_info'), type === 'info', name);
    assert.match(help, /^[A-Z].*\.$/s, name);
    assert.ok(!/_(gb|percent|ms|minutes)(_|$)/.test(name), name);
  }
});

test("the exporter's own families have a sentence of help", async () => {
  const { registry } = createCloudMetrics();
  const metrics = (await registry.getMetricsAsJSON()) as { name: string; help: string }[];
  for (const { help } of metrics) assert.match(help, /^[A-Z].*\.$/s);
});

test('what is known in advance is there from the start, and nothing else', async () => {
  const metrics = createCloudMetrics();
  const page = parseExposition(await renderRegistry(metrics.registry, 'text'), 'text');
  for (const collector of ['services', 'pools', 'volume_types', 'volumes', 'capabilities', 'operations']) {
    assert.equal(page.value('cinder_exporter_rejected_rows_total', { collector }), 0);
    for (const reason of REASONS) assert.equal(page.value('cinder_exporter_errors_total', { collector, reason }), 0);
  }
  assert.equal(page.value('cinder_exporter_refreshes_total'), 0);
  for (const name of [
    'token_expiry_timestamp_seconds',
    'last_refresh_timestamp_seconds',
    'next_refresh_timestamp_seconds',
    'refresh_duration_seconds',
  ]) {
    assert.equal(page.families.has(`cinder_exporter_${name}`), false, `${name} would be a false statement`);
  }
});

test('both formats of all own metrics are strict, with requests observed', async () => {
  const metrics = createCloudMetrics();
  metrics.requests.observe({ operation: 'pools', status: 'error' }, 0.3);
  metrics.tokenExpiry.set(1795346561);
  const all = createProcessMetrics('1.2.3"\\\n');
  all.reloadSuccessful.set(1);
  for (const format of ['text', 'openmetrics'] as const) {
    const own = (await renderRegistry(metrics.registry, format)) + (await renderRegistry(all.registry, format));
    const page = parseExposition(format === 'text' ? own : `${own}# EOF\n`, format);
    assert.equal(page.samples('cinder_exporter_build_info')[0]?.labels['version'], '1.2.3"\\\n');
    assert.ok((page.samples('process_cpu_seconds_total')[0]?.value ?? -1) >= 0);
    const buckets = page.samples('cinder_exporter_api_request_duration_seconds_bucket');
    const counts = buckets.map((bucket) => bucket.value);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
    assert.equal(buckets.at(-1)?.labels['le'], '+Inf');
    assert.equal(page.value('cinder_exporter_token_expiry_timestamp_seconds'), 1795346561);
    for (const { name, type } of page.families.values()) {
      if (format === 'openmetrics') assert.ok(!name.endsWith('_total') && !name.endsWith('_info'), name);
      else assert.equal(name.endsWith('_total'), type === 'counter', name);
    }
  }
});

test('volumes by backend and status, counts of the cloud, and no series for what is not counted', async () => {
  const nothing = snapshotOf([service('h@b')], [pool('h@b#p')], NOW_MS);
  const counted = {
    ...nothing,
    volumes: new Map([['h@b', { inUse: 412, available: undefined, ageMs: 90_000 }]]),
    counts: [
      { what: 'volumes', status: 'error', count: 0 },
      { what: 'backups', status: 'error', count: 7 },
    ] as const,
  };
  const page = await pageOf(counted, 'text');
  const lines = page.split('\n').filter((line) => /^cinder_(backend_volumes|volumes|snapshots|backups)/.test(line));
  assert.deepEqual(lines, [
    'cinder_backend_volumes{host="h@b",backend="b",status="in-use"} 412',
    `cinder_backend_volumes_timestamp_seconds{host="h@b",backend="b"} ${NOW_MS / 1000 - 90}`,
    'cinder_volumes{status="error"} 0',
    'cinder_backups{status="error"} 7',
  ]);
  assert.doesNotMatch(await pageOf(nothing, 'text'), /^cinder_(backend_volumes|volumes|snapshots|backups)/m);
});

/** A regular expression of Prometheus: it matches the whole. */
const whole = (regex: string): RegExp => new RegExp(`^(?:${regex})$`);

test('a healthy backend with four pools has fewer than 75 series, and docs/metrics.md says how to have fewer', async () => {
  const pools = ['a', 'b', 'c', 'd'].map((name) =>
    pool(`h@b#${name}`, {
      backendState: 'up',
      totalBytes: 9,
      freeBytes: 8,
      allocatedBytes: 1,
      provisionedBytes: 1,
      virtualFreeBytes: 8,
      reservedRatio: 0,
      maxOverSubscriptionRatio: 2,
      thinProvisioning: true,
    }),
  );
  const seen = snapshotOf([service('h@b', { backendState: 'up' })], pools, NOW_MS);
  const snapshot = {
    ...seen,
    backends: seen.backends.map((backend) => ({ ...backend, answers: true })),
    volumes: new Map([['h@b', { inUse: 1, available: 2, ageMs: 0 }]]),
  };
  const series = (await pageOf(snapshot, 'text')).split('\n').filter((line) => line.includes('host="h@b"'));
  assert.ok(series.length < 75, `${series.length}`);

  const docs = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const [section = ''] = docs.split('## Fewer series\n')[1]?.split('\n## ') ?? [];
  const [unread, room] = [...section.matchAll(/^ {4}regex: (.*)$/gm)].map(([, regex = '']) => whole(regex));
  assert.ok(unread && room);
  const names = series.map((line) => line.split('{', 1)[0] ?? '');
  const left = names.filter((name) => !unread.test(name));
  const few = left.filter((name) => !room.test(name));
  const conditions = few.filter((name) => name === 'cinder_backend_condition');
  const counts = [...section.matchAll(/\b\d+\b/g)].map(Number);
  const [all, some, least] = [names.length, left.length, few.length];
  assert.deepEqual(counts, [all, all, some, some, least, least, conditions.length]);

  const rules = readFileSync(new URL('../../alerts/cinder.rules.yml', import.meta.url), 'utf8');
  const read = FAMILIES.map(({ name }) => name).filter((name) => new RegExp(`\\b${name}\\b`).test(rules));
  assert.deepEqual(
    read.filter((name) => unread.test(name)),
    [],
  );
  // A pool whose series are gone is taken for one that has vanished: these stay.
  for (const kept of ['cinder_pool_state', 'cinder_pool_info', 'cinder_service_info'])
    assert.ok(few.includes(kept), kept);
});
