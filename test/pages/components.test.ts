import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentText, percentText } from '../../src/pages/components.ts';
import { bytesText } from '../../src/text.ts';
import { NOW } from './cinder.ts';

const GIB = 1024 ** 3;

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

test('a moment has its date when it is not of today', () => {
  assert.equal(momentText(NOW - 60_000, NOW), '12:59 UTC');
  assert.equal(momentText(NOW - 24 * 3_600_000, NOW), '2026-11-21 13:00 UTC');
});
