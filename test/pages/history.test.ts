import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConditionHistory, HISTORY_MS, MAX_STRETCHES } from '../../src/pages/history.ts';
import { timelineText } from '../../src/pages/charts.ts';
import { NOW, pool, volume } from './cinder.ts';
import { watchedCloud, type CloudState } from './watched.ts';

const HOST = 'ctl1@lvm';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const state = (atMs: number, backendState: string): CloudState => ({
  atMs,
  services: [volume(HOST, {}, atMs)],
  pools: [pool(HOST, 'lvm', { backendState }, atMs)],
});
const unreadable = (atMs: number): CloudState => ({
  atMs,
  failures: { services: { reason: 'timeout', message: 'late' } },
});

function remember(states: readonly CloudState[]) {
  const cloud = watchedCloud('prod');
  const history = createConditionHistory();
  for (const one of states) history.record('prod', cloud.become(one));
  return history;
}

test('the stretches follow one another, and the last goes on', () => {
  const history = remember([
    state(NOW - 3 * HOUR, 'up'),
    state(NOW - 2 * HOUR, 'up'),
    state(NOW - HOUR, 'down'),
    state(NOW - 30 * MINUTE, 'up'),
  ]);
  const stretches = history.of('prod', HOST, NOW);
  assert.deepEqual(stretches, [
    { condition: 'up', fromMs: NOW - 3 * HOUR, untilMs: NOW - HOUR },
    { condition: 'down', fromMs: NOW - HOUR, untilMs: NOW - 30 * MINUTE },
    { condition: 'up', fromMs: NOW - 30 * MINUTE, untilMs: NOW },
  ]);
  assert.equal(timelineText(stretches, NOW), 'Last 6 h: 2 changes; down for 30 min, up for 2 h; now up');
});

test('time in which nothing could be read lies over the condition, also while it lasts', () => {
  const states = [state(NOW - 3 * HOUR, 'up'), unreadable(NOW - 2 * HOUR), unreadable(NOW - 100 * MINUTE)];
  assert.deepEqual(remember(states).of('prod', HOST, NOW), [
    { condition: 'up', fromMs: NOW - 3 * HOUR, untilMs: NOW },
    { condition: undefined, fromMs: NOW - 2 * HOUR, untilMs: NOW },
  ]);
  const back = remember([...states, state(NOW - HOUR, 'up')]).of('prod', HOST, NOW);
  assert.deepEqual(back[1], { condition: undefined, fromMs: NOW - 2 * HOUR, untilMs: NOW - HOUR });
  assert.equal(timelineText(back, NOW), 'up since 10:00 UTC, when it was first seen; nothing could be read for 60 min');
});

test('what is older than six hours is forgotten, a longer condition is not', () => {
  const history = remember([
    state(NOW - 20 * HOUR, 'up'),
    state(NOW - 10 * HOUR, 'down'),
    state(NOW - 8 * HOUR, 'up'),
    state(NOW, 'up'),
  ]);
  const stretches = history.of('prod', HOST, NOW);
  assert.deepEqual(stretches, [{ condition: 'up', fromMs: NOW - 8 * HOUR, untilMs: NOW }]);
  assert.equal(timelineText(stretches, NOW), 'up for all of the last 6 h');
  assert.equal(HISTORY_MS, 6 * HOUR);
});

test('a flapping backend is bounded', () => {
  const states = Array.from({ length: 5 * MAX_STRETCHES }, (_, i) =>
    state(NOW - HOUR + i * 1000, i % 2 === 0 ? 'up' : 'down'),
  );
  const stretches = remember(states).of('prod', HOST, NOW);
  assert.equal(stretches.length, MAX_STRETCHES + 1);
  assert.equal(stretches.at(-1)?.untilMs, NOW);
});

test('a backend that is gone from a list that was read, or whose cloud is gone, is forgotten', () => {
  const history = remember([
    state(NOW - HOUR, 'up'),
    state(NOW - 40 * MINUTE, 'down'),
    { atMs: NOW - 20 * MINUTE, services: [], pools: [] },
  ]);
  assert.deepEqual(history.of('prod', HOST, NOW), []);
  const other = remember([state(NOW - HOUR, 'up')]);
  other.keepOnly(new Set(['stage']));
  assert.deepEqual(other.of('prod', HOST, NOW), []);
});
