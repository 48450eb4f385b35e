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
  assert.equal(timelineText(stretches, NOW, HISTORY_MS), 'Last 6 h: 2 changes; down for 30 min, up for 2 h; now up');
});

test('time in which nothing could be read lies over the condition, also while it lasts', () => {
  const states = [state(NOW - 3 * HOUR, 'up'), unreadable(NOW - 2 * HOUR), unreadable(NOW - 100 * MINUTE)];
  assert.deepEqual(remember(states).of('prod', HOST, NOW), [
    { condition: 'up', fromMs: NOW - 3 * HOUR, untilMs: NOW },
    { condition: undefined, fromMs: NOW - 2 * HOUR, untilMs: NOW },
  ]);
  const back = remember([...states, state(NOW - HOUR, 'up')]).of('prod', HOST, NOW);
  assert.deepEqual(back[1], { condition: undefined, fromMs: NOW - 2 * HOUR, untilMs: NOW - HOUR });
  assert.equal(
    timelineText(back, NOW, HISTORY_MS),
    'up since 10:00 UTC, when it was first seen; nothing could be read for 60 min',
  );
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
  assert.equal(timelineText(stretches, NOW, HISTORY_MS), 'up for all of the last 6 h');
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

test('the timeline is as long as what is remembered, six hours at most', () => {
  assert.equal(remember([]).spanMs(NOW), MINUTE);
  assert.equal(remember([state(NOW - 17 * MINUTE, 'up'), state(NOW, 'up')]).spanMs(NOW), 17 * MINUTE);
  assert.equal(remember([state(NOW - 9 * HOUR, 'up')]).spanMs(NOW), HISTORY_MS);
  const stretches = remember([state(NOW - 17 * MINUTE, 'up')]).of('prod', HOST, NOW);
  assert.equal(timelineText(stretches, NOW, 17 * MINUTE), 'up for all of the last 17 min');
});

test("what was so before the start is as old as Cinder's own times tell, also after it has ended", () => {
  const stale = (atMs: number): CloudState => ({
    atMs,
    services: [volume(HOST, {}, atMs)],
    pools: [pool(HOST, 'lvm', { statsAtMs: NOW - 40 * MINUTE }, atMs)],
  });
  const gone = (atMs: number): CloudState => ({
    atMs,
    services: [volume(HOST, { up: false, updatedAtMs: NOW - 50 * MINUTE }, atMs)],
    pools: [],
  });
  const first = (states: CloudState[]) => remember(states).of('prod', HOST, NOW)[0];
  assert.deepEqual(first([stale(NOW - 5 * MINUTE), stale(NOW)]), {
    condition: 'stale',
    fromMs: NOW - 40 * MINUTE,
    untilMs: NOW,
  });
  assert.deepEqual(first([gone(NOW - 5 * MINUTE)])?.fromMs, NOW - 50 * MINUTE);
  assert.deepEqual(first([stale(NOW - 5 * MINUTE), state(NOW - 2 * MINUTE, 'up')]), {
    condition: 'stale',
    fromMs: NOW - 40 * MINUTE,
    untilMs: NOW - 2 * MINUTE,
  });
  // What was seen to begin began when it was seen.
  assert.equal(
    remember([state(NOW - HOUR, 'up'), stale(NOW - 5 * MINUTE)]).of('prod', HOST, NOW)[1]?.fromMs,
    NOW - 5 * MINUTE,
  );
});
