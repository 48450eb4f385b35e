import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assess, type Judgement } from '../../src/cinder/assess.ts';
import type { Backend } from '../../src/cinder/model.ts';
import { CONDITION_TABLE } from './condition-table.ts';
import { NOW_MS, pool, service } from './samples.ts';

const JUDGEMENT: Judgement = { nowMs: NOW_MS, poolsReadAtMs: NOW_MS, staleAfterMs: 300_000 };

test('the condition table, first match first', async (t) => {
  for (const row of CONDITION_TABLE) {
    await t.test(row.what, () => {
      const words = new Map(Object.entries(row.words ?? {}));
      const [backend, ...others] = assess(row.services, row.pools, words, { ...JUDGEMENT, ...row.judgement });
      assert.deepEqual(others, []);
      assert.deepEqual(
        { condition: backend?.condition, state: backend?.state, reported: backend?.reported },
        { condition: row.condition, state: row.state, reported: row.reported },
      );
      assert.match(backend?.reason ?? '', row.reason);
    });
  }
});

test('every condition is in the table', () => {
  const seen = new Set(CONDITION_TABLE.map((row) => row.condition));
  assert.equal(seen.size, 9);
});

test('only cinder-volume rows are backends, clusters by their name, sorted', () => {
  const backends = assess(
    [
      service('z@1'),
      service('controller', { binary: 'cinder-scheduler' }),
      service('controller', { binary: 'cinder-backup' }),
      service('b@ssd', { cluster: 'k@ssd' }),
      service('a@ssd', { cluster: 'k@ssd' }),
      service('a@1'),
    ],
    undefined,
    new Map(),
    JUDGEMENT,
  );
  assert.deepEqual(
    backends.map(({ host, services }) => [host, services.length]),
    [
      ['a@1', 1],
      ['k@ssd', 2],
      ['z@1', 1],
    ],
  );
});

test('a service in a cluster does not take the pools of its own host, and heartbeats are the newest of all rows', () => {
  const [backend] = assess(
    [
      service('a@ssd', { cluster: 'k@ssd', updatedAtMs: NOW_MS - 9000 }),
      service('b@ssd', { cluster: 'k@ssd', updatedAtMs: undefined }),
    ],
    [pool('a@ssd#x'), pool('k@ssd#y', { statsAtMs: NOW_MS - 1 })],
    new Map(),
    JUDGEMENT,
  ) as [Backend];
  assert.deepEqual(
    backend.pools.map((p) => p.pool),
    ['y'],
  );
  assert.equal(backend.heartbeatAtMs, NOW_MS - 9000);
  assert.equal(backend.statsAtMs, NOW_MS - 1);
});
