import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, score } from './score.ts';

const DAY = 24 * 60;

test('days of a fleet of 50 backends: nothing false, and what many ask for is found', () => {
  const played = [1, 2].map((seed) => play(seed, 3 * DAY));
  const scores = score(played);
  assert.deepEqual(
    scores.map(({ alert, falsely }) => [alert, falsely]),
    scores.map(({ alert }) => [alert, 0]),
  );
  const [backend] = scores;
  assert.ok(backend && backend.found > 0, 'no event was found: nothing is proven');
  assert.ok(backend.found >= backend.missed, JSON.stringify(backend));
});

test('the same seed, the same weeks', () => {
  const [one, other] = [7, 7].map((seed) => play(seed, DAY / 2));
  assert.deepEqual(one, other);
});
