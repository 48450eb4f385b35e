import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewBackend, viewCloud } from '../../src/api/view.ts';
import { NOW_MS, pool, service } from '../support/samples.ts';
import { snapshotOf } from '../metrics/snapshot.ts';

test('a backend for the API: nothing is undefined, Infinity is a word', () => {
  const snapshot = snapshotOf(
    [service('h@a.b', { zone: 'az "1"', updatedAtMs: undefined })],
    [pool('h@a.b#p', { backendState: 'down', totalBytes: Infinity, freeBytes: 5, statsAtMs: NOW_MS - 1500 })],
    NOW_MS,
  );
  const [backend] = snapshot.backends;
  assert.ok(backend);
  const view = viewBackend('lab', snapshot, backend);
  assert.deepEqual(JSON.parse(JSON.stringify(view)), view, 'nothing is lost in JSON');
  assert.deepEqual(
    [view.state, view.condition, view.backend, view.heartbeat_at, view.stats_age_seconds],
    ['down', 'down', 'a.b', null, 1.5],
  );
  assert.deepEqual(
    [view.pools[0]?.total_bytes, view.pools[0]?.free_bytes, view.pools[0]?.allocated_bytes],
    ['infinite', 5, null],
  );
  assert.equal(view.since, '2026-11-22T12:00:00.000Z');
});

test('a cloud for the API, also before anything is known', () => {
  assert.deepEqual(viewCloud('lab', undefined), { cloud: 'lab', up: false, refreshed_at: null, collectors: [] });
  const view = viewCloud('lab', snapshotOf([], [], NOW_MS));
  assert.deepEqual(view.collectors[1], {
    collector: 'pools',
    success: false,
    last_success_at: null,
    failing_since: '2026-11-22T12:00:00.000Z',
    reason: 'timeout',
    message: 'no answer',
  });
});

test('what the driver shows in an outage of its array, where that is known', () => {
  const outages = ['SolidFire Inc', 'unheard of'].map((vendorName) => {
    const pools = [pool('h@b#p', { vendorName, storageProtocol: 'iSCSI', driverVersion: '2.2.5' })];
    const snapshot = snapshotOf([service('h@b')], pools, NOW_MS);
    return snapshot.backends.map((backend) => viewBackend('lab', snapshot, backend).array_outage);
  });
  assert.deepEqual(outages, [['no_capacity'], [null]]);
});

test('who is hit: the volumes that were counted, and the volume types that have no other backend', () => {
  const plain = snapshotOf([service('h@b')], [pool('h@b#p')], NOW_MS);
  const [backend] = plain.backends;
  assert.ok(backend);
  const before = viewBackend('lab', plain, backend);
  assert.deepEqual([before.volumes, before.volume_types_without_another], [null, 0]);
  const counted = {
    ...plain,
    volumes: new Map([['h@b', { inUse: 412, available: undefined, ageMs: 60_000 }]]),
    typesAlone: new Map([['h@b', 3]]),
  };
  const after = viewBackend('lab', counted, backend);
  assert.deepEqual(
    [after.volumes, after.volume_types_without_another],
    [{ in_use: 412, available: null, counted_at: '2026-11-22T11:59:00.000Z' }, 3],
  );
});

test('what operations on volumes tell of a backend', () => {
  const plain = snapshotOf([service('h@b')], [pool('h@b#p')], NOW_MS);
  const [backend] = plain.backends;
  assert.ok(backend);
  const before = viewBackend('lab', plain, backend);
  assert.deepEqual([before.last_creation_at, before.operations_stuck], [null, {}]);
  const operations = {
    lastCreations: new Map([['h@b', NOW_MS - 60_000]]),
    creations: [],
    failures: [],
    stuck: [
      { host: 'h@b', operation: 'creating', count: 2 },
      { host: 'h@other', operation: 'deleting', count: 1 },
    ] as const,
    looks: [],
    weighed: undefined,
    failing: new Map(),
  };
  const after = viewBackend('lab', { ...plain, operations }, backend);
  assert.deepEqual([after.last_creation_at, after.operations_stuck], ['2026-11-22T11:59:00.000Z', { creating: 2 }]);
});
