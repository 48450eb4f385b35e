import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConditionHistory, HISTORY_MS, MAX_STRETCHES } from '../../src/pages/history.ts';
import { stripText } from '../../src/pages/strip.ts';
import { NOW, pool, volume } from './cinder.ts';
import { stageCloud, type Act } from './stage.ts';

const HOST = 'ctl1@lvm';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const act = (atMs: number, backendState: string): Act => ({
  atMs,
  services: [volume(HOST, {}, atMs)],
  pools: [pool(HOST, 'lvm', { backendState }, atMs)],
});
const unreadable = (atMs: number): Act => ({ atMs, failures: { services: { reason: 'timeout', message: 'late' } } });

function remember(acts: readonly Act[]) {
  const cloud = stageCloud('prod');
  const history = createConditionHistory();
  for (const one of acts) history.record('prod', cloud.play(one));
  return history;
}

test('the stretches follow one another, and the last goes on', () => {
  const history = remember([
    act(NOW - 3 * HOUR, 'up'),
    act(NOW - 2 * HOUR, 'up'),
    act(NOW - HOUR, 'down'),
    act(NOW - 30 * MINUTE, 'up'),
  ]);
  const stretches = history.of('prod', HOST, NOW);
  assert.deepEqual(stretches, [
    { condition: 'up', fromMs: NOW - 3 * HOUR, untilMs: NOW - HOUR },
    { condition: 'down', fromMs: NOW - HOUR, untilMs: NOW - 30 * MINUTE },
    { condition: 'up', fromMs: NOW - 30 * MINUTE, untilMs: NOW },
  ]);
  assert.equal(stripText(stretches, NOW), 'Last 6 h: 2 changes; down for 30 min, up for 2 h; now up');
});

test('time in which nothing could be read lies over the condition, also while it lasts', () => {
  const acts = [act(NOW - 3 * HOUR, 'up'), unreadable(NOW - 2 * HOUR), unreadable(NOW - 100 * MINUTE)];
  assert.deepEqual(remember(acts).of('prod', HOST, NOW), [
    { condition: 'up', fromMs: NOW - 3 * HOUR, untilMs: NOW },
    { condition: undefined, fromMs: NOW - 2 * HOUR, untilMs: NOW },
  ]);
  const back = remember([...acts, act(NOW - HOUR, 'up')]).of('prod', HOST, NOW);
  assert.deepEqual(back[1], { condition: undefined, fromMs: NOW - 2 * HOUR, untilMs: NOW - HOUR });
  assert.equal(stripText(back, NOW), 'up since 10:00 UTC, when it was first seen; nothing could be read for 60 min');
});

test('what is older than six hours is forgotten, a longer condition is not', () => {
  const history = remember([
    act(NOW - 20 * HOUR, 'up'),
    act(NOW - 10 * HOUR, 'down'),
    act(NOW - 8 * HOUR, 'up'),
    act(NOW, 'up'),
  ]);
  const stretches = history.of('prod', HOST, NOW);
  assert.deepEqual(stretches, [{ condition: 'up', fromMs: NOW - 8 * HOUR, untilMs: NOW }]);
  assert.equal(stripText(stretches, NOW), 'up for all of the last 6 h');
  assert.equal(HISTORY_MS, 6 * HOUR);
});

test('a flapping backend is bounded', () => {
  const acts = Array.from({ length: 5 * MAX_STRETCHES }, (_, i) =>
    act(NOW - HOUR + i * 1000, i % 2 === 0 ? 'up' : 'down'),
  );
  const stretches = remember(acts).of('prod', HOST, NOW);
  assert.equal(stretches.length, MAX_STRETCHES + 1);
  assert.equal(stretches.at(-1)?.untilMs, NOW);
});

test('a backend that is gone from a list that was read, or whose cloud is gone, is forgotten', () => {
  const history = remember([
    act(NOW - HOUR, 'up'),
    act(NOW - 40 * MINUTE, 'down'),
    { atMs: NOW - 20 * MINUTE, services: [], pools: [] },
  ]);
  assert.deepEqual(history.of('prod', HOST, NOW), []);
  const other = remember([act(NOW - HOUR, 'up')]);
  other.keepOnly(new Set(['stage']));
  assert.deepEqual(other.of('prod', HOST, NOW), []);
});
