import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from '../../src/cinder/model.ts';
import { fillOf, fullestFirst } from '../../src/pages/fill.ts';
import { bytesText, momentText, percentText } from '../../src/pages/quantity.ts';
import { NOW, pool } from './cinder.ts';

const GIB = 1024 ** 3;
const fill = (totalBytes: number | undefined, freeBytes: number | undefined, other: Partial<Pool> = {}) =>
  fillOf(pool('h@b', 'p', { totalBytes, freeBytes, ...other }));

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

test('nearly full is not full, nearly empty is not empty', () => {
  assert.equal(percentText(0.9999), '> 99 %');
  assert.equal(percentText(1), '100 %');
  assert.equal(percentText(0.001), '< 1 %');
  assert.equal(percentText(0), '0 %');
});

test('bytes for people', () => {
  assert.deepEqual([0, 1023, 1024, 1.5 * 1024 ** 4, 1024 ** 5 - 1, -2 * GIB, Infinity, undefined].map(bytesText), [
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 TiB',
    '1.0 PiB',
    '-2 GiB',
    'infinite',
    'not told',
  ]);
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

test('a moment has its date when it is not of today', () => {
  assert.equal(momentText(NOW - 60_000, NOW), '12:59 UTC');
  assert.equal(momentText(NOW - 24 * 3_600_000, NOW), '2026-11-21 13:00 UTC');
});
