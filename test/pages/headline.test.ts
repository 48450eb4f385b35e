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
    title: 'The backend is up',
    line: 'Cinder API and scheduler answer',
    short: 'all right',
    newestMs: undefined,
    statsAtMs: NOW - 12_000,
  });
  assert.equal(say(many(14, NOW, 99)).title, '1 of 14 backends needs you');
  assert.equal(
    say({ ...many(1200), pools: many(1200, NOW, 5000).pools?.map((p) => ({ ...p, backendState: 'up' })) }).title,
    'All 1,200 backends are up',
  );
});

test('who needs somebody is counted in one number, and each trouble below it, the worst first', () => {
  const { title, line, tone, short } = say(twelve());
  assert.equal(title, '5 of 12 backends need you');
  assert.equal(line, `${short} · Cinder API and scheduler answer`);
  assert.equal(tone, 'bad');
  assert.equal(short, '1 down, 1 service down, 1 stale, 1 degraded, 1 unknown');
});

test('the newest trouble is the last that began before our eyes', () => {
  const cloud = watchedCloud('prod', twelve(NOW - 600_000, false));
  assert.equal(headlineOf([{ name: 'prod', snapshot: cloud.watcher.snapshot() }]).newestMs, undefined);
  assert.equal(
    headlineOf([{ name: 'prod', snapshot: cloud.become(twelve(NOW - 60_000, true)) }]).newestMs,
    NOW - 60_000,
  );
  assert.equal(headlineOf([{ name: 'prod', snapshot: cloud.become(twelve(NOW, false)) }]).newestMs, undefined);
});

test('volume types that nobody can get are named', () => {
  const snapshot = watchedCloud('prod').become({ ...twelve(), services: twelve().services });
  const types = [
    { volumeType: 'replicated', host: 'ctl1@vsp-gold' },
    { volumeType: 'gold', host: 'ctl1@vsp-gold' },
    { volumeType: 'gold', host: 'ctl1@lvm' },
  ];
  const line = (volumeTypes: typeof types) =>
    headlineOf([{ name: 'prod', snapshot: { ...snapshot, volumeTypes } }]).line;
  assert.match(line(types), / · volume type replicated has no usable backend · /);
  const lost = ['a', 'b', 'c'].map((volumeType) => ({ volumeType, host: 'ctl1@vsp-gold' }));
  assert.match(line(lost), /volume types a, b and 1 more have no usable backend/);
});

test('what an administrator wanted is no trouble, but it is said', () => {
  const off = volume('c@off', { enabled: false, backendState: null });
  assert.equal(say({ services: [off], pools: [] }).title, 'No backend is in use: 1 is disabled');
  const mixed = say({
    services: [off, volume('c@a'), volume('c@b')],
    pools: [pool('c@a', 'a'), pool('c@b', 'b', { backendState: undefined })],
  });
  assert.equal(mixed.title, '2 of 3 backends are up (1 only assumed), 1 is disabled');
  assert.equal(mixed.tone, 'good');
});

test('a silent scheduler, and a cloud that cannot be read', () => {
  const silent = say({ ...one(), failures: { pools: TIMEOUT } });
  assert.equal(silent.title, 'The backend is up; no scheduler answers');
  assert.deepEqual([silent.tone, silent.short, silent.line], ['warn', 'partly unread', '']);
  assert.equal(
    say({ ...one(), failures: { pools: { reason: 'forbidden', message: '403' } } }).title,
    'The backend is up; driver stats cannot be read',
  );
  const types = say({ ...one(), failures: { volume_types: { reason: 'forbidden', message: 'hidden' } } });
  assert.equal(types.title, 'The backend is up; volume types cannot be judged');
  assert.equal(types.tone, 'warn');
  const blind = say({
    failures: {
      services: { reason: 'connect', message: 'ECONNREFUSED' },
      pools: { reason: 'connect', message: 'ECONNREFUSED' },
    },
  });
  assert.deepEqual(blind, {
    tone: 'bad',
    title: 'Nothing is known of the backends; Cinder cannot be read',
    line: '',
    short: 'unreadable',
    newestMs: undefined,
    statsAtMs: undefined,
  });
});

test('before the first answer, and without any backend or cloud', () => {
  assert.deepEqual(say(undefined), {
    tone: 'unsure',
    title: 'Waiting for the first answer of the cloud',
    line: '',
    short: 'waiting',
    newestMs: undefined,
    statsAtMs: undefined,
  });
  const none = { services: [], pools: [] };
  const empty = say(none);
  assert.deepEqual([empty.tone, empty.title, empty.short], ['unsure', 'Cinder lists no backend', 'no backend']);
  const beside = say(one(), none);
  assert.deepEqual(
    [beside.tone, beside.title, beside.line],
    ['unsure', 'The backend in 2 clouds is up; 1 cloud lists no backend', 'all schedulers answer'],
  );
  assert.equal(say().title, 'No cloud is watched');
});

test('several clouds are told together; stats are as old as those of the cloud that is furthest behind', () => {
  const old = { services: [volume('c@x')], pools: [pool('c@x', 'x', { statsAtMs: NOW - 240_000 })] };
  const { title, line, statsAtMs } = say(many(100), old, { failures: { services: TIMEOUT, pools: TIMEOUT } });
  assert.equal(title, '2 of 101 backends in 3 clouds need you; 1 cloud cannot be read');
  assert.equal(statsAtMs, NOW - 240_000);
  // Nobody knows whether the scheduler of a cloud answers that cannot be read, or was never read.
  assert.equal(line, '2 down · the schedulers of 2 of 3 clouds answer');
  assert.equal(say(one(), undefined).line, 'the scheduler of 1 of 2 clouds answers');
  assert.equal(
    say(one(), { ...one(), failures: { pools: TIMEOUT } }).title,
    'All 2 backends in 2 clouds are up; 1 cloud gives no driver stats',
  );
});
