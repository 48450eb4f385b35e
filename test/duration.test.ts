import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatDuration, parseDuration, parseGoDuration, scaled } from '../src/duration.ts';

test("durations are Prometheus'", () => {
  const table: Record<string, number | undefined> = {
    '30s': 30_000,
    '1h30m': 5_400_000,
    '500ms': 500,
    '1d12h': 129_600_000,
    '1w': 604_800_000,
    '1y': 31_536_000_000,
    '0': 0,
    '0s': 0,
    '1s500ms': 1500,
    '': undefined,
    '30': undefined,
    s: undefined,
    '1m1h': undefined,
    '1s1s': undefined,
    '1.5s': undefined,
    '-1s': undefined,
    '1S': undefined,
    ' 1s': undefined,
    '1s\n': undefined,
    '٣s': undefined,
  };
  for (const [text, ms] of Object.entries(table)) assert.equal(parseDuration(text), ms, JSON.stringify(text));
});

test('a duration, written and read again, is the same', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  assert.equal(formatDuration(90_000), '1m30s');
});

test('a scaled duration is right to the millisecond and never nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 * 86_400_000 }),
      fc.double({ min: 0.001, max: 100, noNaN: true }),
      (ms, factor) => {
        assert.equal(parseDuration(scaled(`${ms}ms`, factor)), Math.max(1, Math.round(ms * factor)));
      },
    ),
  );
  assert.equal(scaled('2m', 0.05), '6s');
  assert.equal(scaled('1h30m', 1), '90m');
  assert.equal(scaled('15s', 0.05), '750ms');
});

test('durations are read as Go writes them', () => {
  assert.deepEqual(
    ['0', '1s', '1.5s', '1m30s', '250ms', '10us', '5µs', '2h'].map(parseGoDuration),
    [0, 1000, 1500, 90_000, 250, 0.01, 0.005, 7_200_000],
  );
  for (const text of ['', '1', 's', '1d', '-1s', '1 s', '1e3s', '.5s'])
    assert.equal(parseGoDuration(text), undefined, text);
});
