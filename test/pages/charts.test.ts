import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from '../../src/cinder/model.ts';
import { usageOf, fullestFirst, timeline } from '../../src/pages/charts.ts';
import type { Span } from '../../src/pages/history.ts';
import { NOW, pool } from './cinder.ts';

const GIB = 1024 ** 3;
const fill = (totalBytes: number | undefined, freeBytes: number | undefined, other: Partial<Pool> = {}) =>
  usageOf(pool('h@b', 'p', { totalBytes, freeBytes, ...other }));

test('how full a pool is, whatever the driver tells', () => {
  assert.deepEqual(fill(100 * GIB, 25 * GIB), { used: 0.75, reserved: 0.05, words: '75 % of 100 GiB' });
  assert.equal(fill(Infinity, Infinity).words, 'infinite');
  assert.equal(fill(Infinity, undefined).used, undefined);
  assert.equal(fill(undefined, undefined).words, 'capacity not told');
  assert.equal(fill(100 * GIB, undefined).words, '100 GiB, free not told');
  assert.equal(fill(undefined, 3 * GIB).words, '3 GiB free');
  assert.equal(fill(0, 0).words, 'no capacity');
  assert.equal(fill(100 * GIB, 200 * GIB).used, 0);
  assert.equal(fill(100 * GIB, -5 * GIB).used, 1);
});

test('the fullest pool comes first, and one that cannot be drawn last', () => {
  const pools = [
    pool('h@b', 'a', { totalBytes: Infinity }),
    pool('h@b', 'b', { freeBytes: 30 * 1024 ** 4 }),
    pool('h@b', 'c', { freeBytes: GIB }),
  ];
  assert.deepEqual(
    fullestFirst(pools).map((one) => one.pool),
    ['c', 'b', 'a'],
  );
});

/** What is on top in each pixel of a strip of 720: the last one that is drawn over it. */
function pixels(stretches: readonly Span[], spanMs: number): (string | undefined)[] {
  const row = Array.from<string | undefined>({ length: 720 });
  const drawn = String(timeline(stretches, NOW, spanMs)).matchAll(
    /class="f-(\w+)"\s+x="([\d.]+)"[^>]*?\bwidth="([\d.]+)"/g,
  );
  for (const [, condition, x, width] of drawn)
    row.fill(condition, Math.floor(Number(x)), Math.round(Number(x) + Number(width)));
  return row;
}

test('the last pixel of a timeline is always now, and a short outage is seen all the same', () => {
  const MINUTE = 60_000;
  for (const agoMs of [0, 1, 1000, 30_000, 3 * MINUTE]) {
    const row = pixels(
      [
        { condition: 'up', fromMs: NOW - 400 * MINUTE, untilMs: NOW - agoMs - 2000 },
        { condition: 'down', fromMs: NOW - agoMs - 2000, untilMs: NOW - agoMs - 1 },
        { condition: 'up', fromMs: NOW - agoMs - 1, untilMs: NOW },
      ],
      360 * MINUTE,
    );
    assert.equal(row.at(-1), 'up', `ended ${agoMs} ms ago`);
    assert.ok(row.includes('down'), `ended ${agoMs} ms ago`);
  }
  const down = pixels(
    [
      { condition: 'up', fromMs: NOW - 400 * MINUTE, untilMs: NOW - 1000 },
      { condition: 'down', fromMs: NOW - 1000, untilMs: NOW },
    ],
    360 * MINUTE,
  );
  assert.deepEqual([down[0], down.at(-1)], ['up', 'down']);
});

test('a timeline that is shorter than what is remembered leaves out what was before', () => {
  const row = pixels(
    [
      { condition: 'down', fromMs: NOW - 7_200_000, untilMs: NOW - 3_600_000 },
      { condition: 'up', fromMs: NOW - 3_600_000, untilMs: NOW },
    ],
    600_000,
  );
  assert.deepEqual([...new Set(row)], ['up']);
});
