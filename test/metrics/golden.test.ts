import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseExposition } from '../support/exposition-parser.ts';
import { pageOf, recordedSnapshot } from './snapshot.ts';

/** By the name of the golden page: the recordings it is made of, and Cinder's clock then. */
const PAGES = {
  healthy: ['os-services-3.49-admin', 'get_pools-3.70-detail', '2026-11-22T11:23:20Z'],
  'failed-over': ['os-services-3.49-failed-over', 'get_pools-failed-over', '2026-11-22T11:37:30Z'],
  frozen: ['os-services-3.49-frozen', 'get_pools-frozen', '2026-11-22T11:37:10Z'],
  'stats-failing': ['os-services-3.49-stats-failing', 'get_pools-stats-failing', '2026-11-22T11:31:40Z'],
  'volume-stopped': ['os-services-3.49-volume-stopped', 'get_pools-volume-stopped', '2026-11-22T11:25:40Z'],
} as const;

/** `UPDATE_GOLDEN=1` writes the pages instead; the difference is then read by a person. */
function sameAsGolden(name: string, page: string): void {
  const file = new URL(`../golden/${name}`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, page);
  assert.equal(page, readFileSync(file, 'utf8'));
}

for (const [name, [services, pools, now]] of Object.entries(PAGES)) {
  for (const [format, ending] of [
    ['text', 'prom'],
    ['openmetrics', 'om'],
  ] as const) {
    test(`the ${format} page of the recordings ${name}`, async () => {
      const page = await pageOf(recordedSnapshot(services, pools, Date.parse(now)), format);
      sameAsGolden(`${name}.${ending}`, page);
      parseExposition(page, format);
    });
  }
}

test('the golden pages tell what the recordings tell', () => {
  const read = (name: string) => {
    const page = parseExposition(readFileSync(new URL(`../golden/${name}.prom`, import.meta.url), 'utf8'), 'text');
    return (host: string): string | undefined =>
      page.samples('cinder_backend_condition').find((s) => s.labels['host'] === host && s.value === 1)?.labels[
        'condition'
      ];
  };
  const healthy = read('healthy');
  assert.deepEqual(['lab@single', 'lab@pools', 'lab@silent', 'lab@unknown', 'lab@broken'].map(healthy), [
    'up',
    'up',
    'up_assumed',
    'up_assumed',
    'service_down',
  ]);
  assert.equal(read('failed-over')('lab@single'), 'disabled');
  assert.equal(read('frozen')('lab@single'), 'frozen');
  assert.deepEqual(['lab@single', 'lab@pools'].map(read('stats-failing')), ['stale', 'degraded']);
  assert.equal(read('volume-stopped')('lab@single'), 'service_down');
});
