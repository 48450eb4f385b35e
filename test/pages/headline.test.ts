import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudState } from './watched.ts';
import { headlineOf } from '../../src/pages/headline.ts';
import { watchedCloud } from './watched.ts';
import { many, one, twelve } from './clouds.ts';
import { NOW, pool, volume } from './cinder.ts';

const say = (...states: (CloudState | undefined)[]) => {
  const clouds = states.map((state, i) => watchedCloud(`cloud${i}`, state));
  return headlineOf(clouds.map(({ name, watcher }) => ({ name, snapshot: watcher.snapshot() })));
};
const TIMEOUT = { reason: 'timeout', message: 'no answer from a scheduler within 10 s' };

test('everything is up', () => {
  assert.deepEqual(say(one()), {
    tone: 'good',
    sentence: 'The backend is up; the scheduler answers',
    short: 'all right',
    statsAtMs: NOW - 12_000,
  });
  assert.equal(say(many(14, NOW, 99)).sentence, '1 of 14 backends is down; the scheduler answers');
  assert.equal(
    say({ ...many(1200), pools: many(1200, NOW, 5000).pools?.map((p) => ({ ...p, backendState: 'up' })) }).sentence,
    'All 1,200 backends are up; the scheduler answers',
  );
});

test('each trouble is counted, the worst first', () => {
  const { sentence, tone, short } = say(twelve());
  assert.equal(
    sentence,
    '1 of 12 backends is down, 1 has lost its service, 1 has stale stats, 1 is degraded, 1 is unknown; the scheduler answers',
  );
  assert.equal(tone, 'bad');
  assert.equal(short, '1 down, 1 service down, 1 stale, 1 degraded, 1 unknown');
  assert.match(say(many(14, NOW, 7)).sentence, /^2 of 14 backends are down; /);
});

test('what an administrator wanted is no trouble, but it is said', () => {
  const off = volume('c@off', { enabled: false, backendState: null });
  assert.equal(
    say({ services: [off], pools: [] }).sentence,
    'No backend is in use: 1 is disabled; the scheduler answers',
  );
  const mixed = say({
    services: [off, volume('c@a'), volume('c@b')],
    pools: [pool('c@a', 'a'), pool('c@b', 'b', { backendState: undefined })],
  });
  assert.equal(mixed.sentence, '2 of 3 backends are up (1 only assumed), 1 is disabled; the scheduler answers');
  assert.equal(mixed.tone, 'good');
});

test('a silent scheduler, and a cloud that cannot be read', () => {
  const silent = say({ ...one(), failures: { pools: TIMEOUT } });
  assert.equal(silent.sentence, 'The backend is up; no scheduler answers');
  assert.deepEqual([silent.tone, silent.short], ['warn', 'partly unread']);
  assert.equal(
    say({ ...one(), failures: { pools: { reason: 'forbidden', message: '403' } } }).sentence,
    'The backend is up; driver stats cannot be read',
  );
  const types = say({ ...one(), failures: { volume_types: { reason: 'forbidden', message: 'hidden' } } });
  assert.equal(types.sentence, 'The backend is up; the scheduler answers; volume types cannot be judged');
  assert.equal(types.tone, 'warn');
  const blind = say({
    failures: {
      services: { reason: 'connect', message: 'ECONNREFUSED' },
      pools: { reason: 'connect', message: 'ECONNREFUSED' },
    },
  });
  assert.deepEqual(blind, {
    tone: 'bad',
    sentence: 'Nothing is known of the backends; Cinder cannot be read',
    short: 'unreadable',
    statsAtMs: undefined,
  });
});

test('before the first answer, and without any backend or cloud', () => {
  assert.deepEqual(say(undefined), {
    tone: 'unsure',
    sentence: 'Waiting for the first answer of the cloud',
    short: 'waiting',
    statsAtMs: undefined,
  });
  const none = { services: [], pools: [] };
  assert.deepEqual(say(none), {
    tone: 'unsure',
    sentence: 'Cinder lists no backend; the scheduler answers',
    short: 'no backend',
    statsAtMs: undefined,
  });
  assert.equal(say(one(), none).tone, 'unsure');
  assert.equal(
    say(one(), none).sentence,
    'The backend in 2 clouds is up; 1 cloud lists no backend; all schedulers answer',
  );
  assert.equal(say().sentence, 'No cloud is watched');
});

test('several clouds are told together; stats are as old as those of the cloud that is furthest behind', () => {
  const old = { services: [volume('c@x')], pools: [pool('c@x', 'x', { statsAtMs: NOW - 240_000 })] };
  const { sentence, statsAtMs } = say(many(100), old, { failures: { services: TIMEOUT, pools: TIMEOUT } });
  assert.equal(sentence, '2 of 101 backends in 3 clouds are down; 1 cloud cannot be read; all schedulers answer');
  assert.equal(statsAtMs, NOW - 240_000);
});
