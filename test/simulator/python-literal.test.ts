import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonLiteral, pythonRepr } from '../../src/simulator/python-literal.ts';

for (const [source, value] of [
  ['1', 1],
  [' -2.5e3 ', -2500],
  ['None', null],
  ['True', true],
  [`'a\\'b'`, "a'b"],
  [`["x", 1, (2,)]`, ['x', 1, [2]]],
  [
    `{'k': 'v', "l": None}`,
    new Map([
      ['k', 'v'],
      ['l', null],
    ] as const),
  ],
  ['available', undefined],
  ['1 2', undefined],
  ["{'k'}", undefined],
  ['[1', undefined],
  ['', undefined],
] as const) {
  test(`literal: ${source}`, () => assert.deepEqual(pythonLiteral(source), value));
}

test('repr', () => {
  assert.equal(pythonRepr({ a: ['x', "it's", true, null, 1.5] }), `{'a': ['x', "it's", True, None, 1.5]}`);
});
