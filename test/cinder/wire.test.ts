import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { backendOf, splitPoolName } from '../../src/cinder/pools.ts';
import { boolean, createCutter, number, text, time } from '../../src/cinder/wire.ts';
import { assertLinear } from '../support/growth.ts';

test('numbers, and strings that are numbers', () => {
  assert.deepEqual(['20.0', ' 1e3 ', '.5', '-0', '+7', 12.5, 0].map(number), [20, 1000, 0.5, -0, 7, 12.5, 0]);
  const not = [
    'auto',
    'unknown',
    '',
    ' ',
    '0x10',
    '1_000',
    '1,5',
    'Infinity',
    'NaN',
    '1e999',
    '12 GB',
    true,
    null,
    [],
    {},
  ];
  for (const value of not) assert.equal(number(value), undefined, JSON.stringify(value));
  assert.equal(number(JSON.parse('1e999')), undefined, 'JSON can hold what no number can');
  assert.equal(number('9'.repeat(100)), undefined);
});

test('the number pattern takes linear time', async () => {
  for (const part of [' ', '9', '9.', '-', '9e'])
    await assertLinear(JSON.stringify(part), (scale) => {
      const text = `${part.repeat(10_000 * scale)}x`;
      return () => assert.equal(number(text), undefined);
    });
});

test('booleans as JSON and as Python write them', () => {
  assert.deepEqual([true, 'True', 'FALSE', 'false'].map(boolean), [true, true, false, false]);
  for (const value of [1, 0, 'yes', '', null, [true]]) assert.equal(boolean(value), undefined);
});

test('naive times are UTC, microseconds are kept, a zone is honoured', () => {
  const base = Date.UTC(2026, 10, 22, 11, 22, 41);
  assert.equal(time('2026-11-22T11:22:41.620761'), base + 620.761);
  assert.equal(time('2026-11-22 11:22:41'), base);
  assert.equal(time('2026-11-22T11:22:41Z'), base);
  assert.equal(time('2026-11-22T12:22:41.5+01:00'), base + 500);
  assert.equal(time('2026-11-22T12:22:41+0100'), base);
  for (const value of [
    '',
    'now',
    '2026-11-22',
    '2026-13-01T00:00:00',
    '2026-11-22T25:00:00',
    5,
    null,
    'x'.repeat(99),
  ]) {
    assert.equal(time(value), undefined, String(value));
  }
});

test('text is well formed', () => {
  assert.deepEqual([5, false, null, {}, 'a\ud800b'].map(text), ['5', 'false', '', '', 'a\ufffdb']);
});

const anyText = fc
  .array(fc.constantFrom('a', 'b', '~', '…', 'ä', '💾', '👩‍🚒', '\n', '"', '@', '\u0000'), { maxLength: 40 })
  .map((parts) => parts.join(''));

test('cutting never tears a character, never lengthens, and tells names apart', () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      const [cut, split] = [createCutter(24), createCutter(64)];
      const [whole, parts] = [`${a}@${b}`, split.identity(`${a}@${b}`)];
      assert.ok(parts.length <= 64 && parts.includes('@'));
      const other = `${b}@${a}`;
      if (whole !== other && !a.includes('@')) assert.notEqual(parts, split.identity(other), whole);
      for (const value of [cut(a), cut.identity(a)]) {
        assert.ok(value.length <= 24);
        assert.equal(value, value.toWellFormed());
      }
      assert.equal(cut.count(), a.length > 24 ? 2 : 0);
      if (a !== b) assert.notEqual(cut.identity(a), cut.identity(b));
    }),
  );
});

test('of a name that is cut, the backend is still a backend', () => {
  const cut = createCutter(255);
  const rows = [
    [`${'h'.repeat(300)}@ceph`, /^h{237}~[0-9a-f]{12}@ceph$/],
    [`h@${'b'.repeat(300)}`, /^h@b{240}~[0-9a-f]{12}$/],
    [`${'h'.repeat(300)}@${'b'.repeat(300)}`, /^h{114}~[0-9a-f]{12}@b{114}~[0-9a-f]{12}$/],
  ] as const;
  for (const [name, wanted] of rows) {
    assert.match(cut.identity(name), wanted);
    assert.ok(cut.identity(name).length <= 255);
    assert.notEqual(cut.identity(name), cut.identity(name.replace('h@', 'i@').replace(/hh@/, 'hi@')));
    assert.notEqual(backendOf(cut.identity(name)), '');
  }
});

test('host, backend and pool are split as Cinder splits them', () => {
  assert.deepEqual(['controller', 'h@b', 'h.example.org@b.c', 'h@b@c', '@b', ''].map(backendOf), [
    '',
    'b',
    'b.c',
    'b@c',
    'b',
    '',
  ]);
  assert.deepEqual(splitPoolName('h@b#p#q'), { host: 'h@b', pool: 'p#q' });
  assert.deepEqual(splitPoolName('h@b'), { host: 'h@b', pool: '' });
});
