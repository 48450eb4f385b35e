import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backend } from '../../src/cinder/model.ts';
import { CONDITION_TABLE } from './condition-table.ts';
import { judge, NOW_MS, pool, service } from '../support/samples.ts';

test('the condition table, first match first', async (t) => {
  for (const row of CONDITION_TABLE) {
    await t.test(row.what, () => {
      const [backend, ...others] = judge(row.services, row);
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
  const backends = judge([
    service('z@1'),
    service('controller', { binary: 'cinder-scheduler' }),
    service('controller', { binary: 'cinder-backup' }),
    service('b@ssd', { cluster: 'k@ssd' }),
    service('a@ssd', { cluster: 'k@ssd' }),
    service('a@1'),
  ]);
  assert.deepEqual(
    backends.map(({ host, services }) => [host, services.length]),
    [
      ['a@1', 1],
      ['k@ssd', 2],
      ['z@1', 1],
    ],
  );
});

test('a service in a cluster does not take the pools of its own host, and its heartbeat is the newest of the rows that are in use', () => {
  const [backend] = judge(
    [
      service('a@ssd', { cluster: 'k@ssd', updatedAtMs: NOW_MS - 9000 }),
      service('b@ssd', { cluster: 'k@ssd', updatedAtMs: undefined }),
      service('c@ssd', { cluster: 'k@ssd', updatedAtMs: NOW_MS - 1000, enabled: false }),
    ],
    { pools: [pool('a@ssd#x'), pool('k@ssd#y', { statsAtMs: NOW_MS - 1 })] },
  ) as [Backend];
  assert.deepEqual(
    backend.pools.map((p) => p.pool),
    ['y'],
  );
  assert.equal(backend.heartbeatAtMs, NOW_MS - 9000);
  assert.equal(backend.statsAtMs, NOW_MS - 1);
});
