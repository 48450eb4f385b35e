import assert from 'node:assert/strict';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { poolReader } from '../../src/cinder/pools.ts';
import { decodeRows } from '../../src/cinder/rows.ts';
import { serviceReader } from '../../src/cinder/services.ts';
import { createCutter } from '../../src/cinder/wire.ts';
import { escapeLabel, formatValue, renderHeader } from '../../src/metrics/exposition.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { pageOf, snapshotOf } from './snapshot.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const FORMATS = ['text', 'openmetrics'] as const;

const nasty = fc
  .array(
    fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\r',
      '{',
      '}',
      ',',
      '=',
      '#',
      ' ',
      '\t',
      '@',
      'n',
      'ä',
      '💾',
      '\u0000',
      '\u2028',
      '\ud800',
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));

test('label values survive a round trip through both formats', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(nasty, { minLength: 1, maxLength: 4 }), nasty, nasty, async (hosts, zone, reason) => {
      const services = hosts.map((host) => ({
        binary: 'cinder-volume',
        host,
        zone,
        status: 'disabled',
        disabled_reason: reason,
      }));
      const pools = hosts.map((host) => ({ name: `${host}#${zone}`, capabilities: { vendor_name: reason } }));
      const cut = createCutter(1024);
      const decoded = decodeRows({ services }, serviceReader(cut), 100)?.rows ?? [];
      const known = decodeRows({ pools }, poolReader(cut), 100)?.rows ?? [];
      for (const format of FORMATS) {
        const page = parseExposition(await pageOf(snapshotOf(decoded, known, NOW_MS), format), format);
        assert.deepEqual(
          page
            .samples('cinder_service_info')
            .map(({ labels }) => [labels['host'], labels['zone'], labels['disabled_reason']]),
          decoded.map((row) => [row.host, zone.toWellFormed(), reason.toWellFormed()]),
        );
        assert.deepEqual(
          page.samples('cinder_pool_info').map(({ labels }) => [labels['host'], labels['pool'], labels['vendor_name']]),
          known.map((pool) => [pool.host, pool.pool, reason.toWellFormed()]),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('arbitrary JSON in, a strict page out: no series twice, exactly one condition, no NaN', async () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('infinite', 'auto', 'up', 'down', '2026-11-22T11:59:59', 1e308),
  );
  const name = fc.constantFrom('h@b', 'h@b#p', 'h@c', 'h@c#', 'h', '#', 'h@b#p#q');
  const row = fc.record(
    {
      binary: fc.constantFrom('cinder-volume', 'cinder-backup'),
      host: fc.oneof(name, value),
      state: value,
      status: value,
      cluster: fc.oneof(name, value),
      frozen: value,
      updated_at: value,
    },
    { requiredKeys: ['binary'] },
  );
  const capabilities = fc.record(
    {
      total_capacity_gb: value,
      free_capacity_gb: value,
      provisioned_capacity_gb: value,
      reserved_percentage: value,
      max_over_subscription_ratio: value,
      thin_provisioning_support: value,
      backend_state: value,
      timestamp: value,
    },
    { requiredKeys: [] },
  );
  const poolRow = fc.record({ name: fc.oneof(name, value), capabilities });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 8 }), fc.array(poolRow, { maxLength: 8 }), async (services, pools) => {
      const cut = createCutter(20);
      const decoded = decodeRows({ services }, serviceReader(cut), 100)?.rows ?? [];
      const known = decodeRows({ pools }, poolReader(cut), 100)?.rows ?? [];
      const snapshot = snapshotOf(decoded, known, NOW_MS);
      for (const format of FORMATS) {
        const page = parseExposition(await pageOf(snapshot, format), format);
        for (const family of page.families.values()) {
          for (const sample of family.samples) assert.ok(!Number.isNaN(sample.value), family.name);
        }
        const conditions = page.samples('cinder_backend_condition');
        assert.equal(conditions.length, CONDITIONS.length * snapshot.backends.length);
        assert.equal(conditions.filter((sample) => sample.value === 1).length, snapshot.backends.length);
      }
    }),
    { numRuns: 80 },
  );
});

test('both formats hold the same samples', async () => {
  const { services, pools } = JSON.parse(
    '{"services":[{"binary":"cinder-volume","host":"h@b","state":"up","status":"enabled"}],"pools":[{"name":"h@b#p","capabilities":{"backend_state":"down","total_capacity_gb":"infinite"}}]}',
  ) as { services: unknown[]; pools: unknown[] };
  const cut = createCutter(64);
  const snapshot = snapshotOf(
    decodeRows({ services }, serviceReader(cut), 9)?.rows ?? [],
    decodeRows({ pools }, poolReader(cut), 9)?.rows ?? [],
    NOW_MS,
  );
  const [text, openmetrics] = await Promise.all(FORMATS.map((format) => pageOf(snapshot, format)));
  const samples = (page = ''): string[] => page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(samples(text), samples(openmetrics));
  assert.ok(openmetrics?.endsWith('\n# EOF\n') && !text?.includes('# EOF'));
  assert.equal(openmetrics?.split('# EOF').length, 2);
});

test('values as both formats write them', () => {
  assert.deepEqual([0, -0, 1, 0.1, 1e21, 5e-324, -3.5, Infinity, -Infinity, NaN].map(formatValue), [
    '0',
    '0',
    '1',
    '0.1',
    '1e+21',
    '5e-324',
    '-3.5',
    '+Inf',
    '-Inf',
    'NaN',
  ]);
});

test('labels and headers are escaped as the formats want', () => {
  assert.equal(escapeLabel('a"b\\c\nd\re'), 'a\\"b\\\\c\\nd\re');
  const { text, openmetrics } = renderHeader({ name: 'x_seconds_total', help: 'A "q"\\\n.', type: 'counter' });
  assert.equal(text, '# HELP x_seconds_total A "q"\\\\\\n.\n# TYPE x_seconds_total counter\n');
  assert.equal(openmetrics, '# TYPE x_seconds counter\n# UNIT x_seconds seconds\n# HELP x_seconds A \\"q\\"\\\\\\n.\n');
  assert.equal(renderHeader({ name: 'x_info', help: 'H.', type: 'info' }).openmetrics, '# TYPE x info\n# HELP x H.\n');
  assert.match(renderHeader({ name: 'x', help: 'H.', type: 'unknown' }).text, /# TYPE x untyped\n/);
});
