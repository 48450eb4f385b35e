import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backend } from '../../src/cinder/model.ts';
import {
  countOf,
  countPath,
  type CountQuestion,
  type Counts,
  createCounts,
  typesWithoutAnother,
  typesWithoutUsable,
  whoIsHit,
} from '../../src/cinder/volumes.ts';
import { canaryRow, judge, pool, service } from '../support/samples.ts';

const MINUTE = 60_000;

function backendsOf(...hosts: readonly string[]): readonly Backend[] {
  return judge(
    hosts.map((host) => service(host)),
    { pools: hosts.map((host) => pool(`${host}#p`, { backendState: host.startsWith('bad') ? 'down' : 'up' })) },
  );
}

/** All questions that are asked at one moment, each answered. */
function round(counts: Counts, backends: readonly Backend[], nowMs: number, most = 1000): CountQuestion[] {
  const asked: CountQuestion[] = [];
  for (let question = counts.next(backends, nowMs); question && asked.length < most;) {
    asked.push(question);
    counts.answered(question, asked.length, nowMs);
    question = counts.next(backends, nowMs);
  }
  return asked;
}

test('a path that gets a number and no volume', () => {
  assert.equal(
    countPath({ what: 'volumes', status: 'in-use', host: 'c1@gold "x"' }),
    '/volumes?all_tenants=1&limit=0&with_count=true&status=in-use&host=c1%40gold%20%22x%22',
  );
  assert.equal(
    countPath({ what: 'backups', status: 'error', host: undefined }),
    '/backups?all_tenants=1&limit=0&with_count=true&status=error',
  );
});

test('only a whole number is a count', () => {
  assert.deepEqual([countOf({ volumes: [], count: 51 }), countOf({ count: 0 })], [51, 0]);
  for (const body of [undefined, null, [], 7, 'x', {}, { count: -1 }, { count: 1.5 }, { count: '7' }, { count: 1e300 }])
    assert.equal(countOf(body), undefined, JSON.stringify(body));
});

test('the backends and the cloud take turns, a backend that is out goes first, and nothing is asked for twice', () => {
  const backends = backendsOf('a@1', 'bad@1', 'c@1');
  const asked = round(createCounts(5), backends, 0);
  const words = asked.map(({ what, status, host }) => `${host ?? what} ${status}`);
  assert.deepEqual(words.slice(0, 6), [
    'bad@1 in-use',
    'volumes error',
    'bad@1 available',
    'snapshots error',
    'a@1 in-use',
    'backups error',
  ]);
  assert.equal(new Set(words).size, words.length);
  assert.equal(words.length, 3 * 2 + 19);
});

test('many backends do not keep the counts of the cloud waiting', () => {
  const counts = createCounts(5);
  const hosts = Array.from({ length: 1000 }, (_, i) => `h${i}@b`);
  const asked = round(counts, backendsOf(...hosts), 0, 38);
  assert.equal(asked.filter(({ host }) => host === undefined).length, 19);
});

test('what was counted stands for an hour when it cannot be renewed, and is asked for again after minutes', () => {
  const counts = createCounts(5);
  const backends = backendsOf('a@1');
  round(counts, backends, 0);
  assert.deepEqual(counts.ofBackends(backends, MINUTE).get('a@1'), { inUse: 1, available: 3, ageMs: MINUTE });
  assert.equal(counts.next(backends, MINUTE), undefined);
  const again = counts.next(backends, 6 * MINUTE);
  assert.ok(again);
  counts.answered(again, undefined, 6 * MINUTE);
  assert.notDeepEqual(counts.next(backends, 6 * MINUTE), again, 'in vain is asked as well');
  assert.equal(counts.ofBackends(backends, 60 * MINUTE).size, 1);
  assert.equal(counts.ofBackends(backends, 61 * MINUTE).size, 0);
  assert.equal(counts.ofCloud(60 * MINUTE).length, 19);
  assert.equal(counts.ofCloud(61 * MINUTE).length, 0);
});

test('a cluster has the volumes of all its members, once all are counted; a backend that is gone is forgotten', () => {
  const counts = createCounts(5);
  const cluster = judge([service('a@s', { cluster: 'k@s' }), service('b@s', { cluster: 'k@s' })]);
  const question = { what: 'volumes', status: 'in-use' } as const;
  counts.next(cluster, 0);
  counts.answered({ ...question, host: 'a@s' }, 4, 0);
  assert.equal(counts.ofBackends(cluster, 0).size, 0);
  counts.answered({ ...question, host: 'b@s' }, 5, 1000);
  assert.deepEqual(counts.ofBackends(cluster, 1000).get('k@s'), { inUse: 9, available: undefined, ageMs: 1000 });
  counts.next([], 2000);
  counts.next(cluster, 3000);
  assert.equal(counts.ofBackends(cluster, 3000).size, 0);
});

test('volume types that no other usable backend serves', () => {
  const backends = backendsOf('a@1', 'bad@1', 'c@1');
  const volumeTypes = [
    { volumeType: 'gold', host: 'a@1' },
    { volumeType: 'gold', host: 'bad@1' },
    { volumeType: 'silver', host: 'a@1' },
    { volumeType: 'silver', host: 'c@1' },
    { volumeType: 'lone', host: 'bad@1' },
  ];
  assert.deepEqual(
    [...typesWithoutAnother({ volumeTypes, backends })],
    [
      ['a@1', 1],
      ['bad@1', 1],
    ],
  );
});

test("a type that is the canary's alone hits nobody; one that users share does", () => {
  const backends = backendsOf('bad@1');
  const volumeTypes = ['canary', 'shared'].map((volumeType) => ({ volumeType, host: 'bad@1' }));
  const canary = [canaryRow('canary', { judges: true }), canaryRow('shared', { judges: false })];
  assert.deepEqual([...typesWithoutAnother({ volumeTypes, backends, canary })], [['bad@1', 1]]);
  assert.deepEqual(typesWithoutUsable({ volumeTypes, backends, canary }), ['shared']);
  assert.deepEqual(typesWithoutUsable({ volumeTypes, backends }), ['canary', 'shared']);
});

test('who is hit, in a few words', () => {
  const say = (inUse: number | undefined, types: number): string | undefined =>
    whoIsHit(
      {
        volumes: new Map(inUse === undefined ? [] : [['h', { inUse, available: undefined, ageMs: 0 }]]),
        typesAlone: new Map([['h', types]]),
      },
      'h',
    );
  assert.equal(say(412, 3), '412 volumes in use, 3 volume types without another backend');
  assert.equal(say(1, 1), '1 volume in use, 1 volume type without another backend');
  assert.equal(say(0, 0), 'no volume in use');
  assert.equal(say(undefined, 0), undefined);
});
