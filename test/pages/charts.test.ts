import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from '../../src/cinder/model.ts';
import { usageOf, fullestFirst } from '../../src/pages/charts.ts';
import { pool } from './cinder.ts';

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
