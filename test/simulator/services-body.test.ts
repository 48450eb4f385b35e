import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/simulator/definition.ts';
import { bench } from './client.ts';
import { labBackend } from './lab-cloud.ts';

const TWO = (first: JsonObject, last: JsonObject): JsonObject => ({
  pools: [
    { pool_name: 'fast', ...first },
    { pool_name: 'slow', ...last },
  ],
});

/** What a driver reports, and what the two lists make of it. */
const TABLE: readonly [
  what: string,
  stats: JsonObject,
  inServices: string | null,
  inPools: Readonly<Record<string, string | undefined>>,
][] = [
  ['no pools, down', { backend_state: 'down' }, 'down', { x: 'down' }],
  ['no pools, nothing said', {}, 'up', { x: undefined }],
  ['a word of its own', { backend_state: 'degraded "7"\n' }, 'degraded "7"\n', { x: 'degraded "7"\n' }],
  ['said at the top only', { backend_state: 'down', ...TWO({}, {}) }, 'up', { fast: undefined, slow: undefined }],
  [
    'the last pool wins: up',
    TWO({ backend_state: 'down' }, { backend_state: 'up' }),
    'up',
    { fast: 'down', slow: 'up' },
  ],
  [
    'the last pool wins: down',
    TWO({ backend_state: 'up' }, { backend_state: 'down' }),
    'down',
    { fast: 'up', slow: 'down' },
  ],
  ['the last pool says nothing', TWO({ backend_state: 'down' }, {}), 'up', { fast: 'down', slow: undefined }],
  ['an empty list of pools', { backend_state: 'down', pools: [] }, 'down', { x: 'down' }],
];

for (const [what, stats, inServices, inPools] of TABLE) {
  test(`driver stats: ${what}`, async (t) => {
    const { service, pools } = await bench(t, { cloud: { backends: [labBackend('x', stats)] } });
    assert.equal((await service('lab@x'))['backend_state'], inServices);
    const states = [...(await pools())].map(([name, said]) => [name.replace('lab@x#', ''), said['backend_state']]);
    assert.deepEqual(Object.fromEntries(states), inPools);
  });
}

test('an empty list of pools on a backend with volumes leaves no pool at all', async (t) => {
  const cloud = { backends: [labBackend('x', { pools: [] }, { volumes: { gone: 3 } })] };
  const { service, pools } = await bench(t, { cloud });
  assert.equal((await service('lab@x'))['backend_state'], null);
  assert.equal((await pools()).size, 0);
});

test('a cluster: null for its hosts, one pool under its name', async (t) => {
  const backends = ['stor-1@c', 'stor-2@c'].map((host) => ({
    ...labBackend('c', { backend_state: 'down' }),
    host,
    cluster: 'cluster@c',
  }));
  const { cloud, service, pools } = await bench(t, { cloud: { backends } });
  const row = await service('stor-2@c');
  assert.deepEqual([row.state, row['backend_state'], row['cluster']], ['up', null, 'cluster@c']);
  assert.deepEqual([...(await pools()).keys()], ['cluster@c#c']);
  cloud.disable('stor-1@c');
  assert.equal((await pools()).size, 1, 'the scheduler looks at the cluster, not at the service');
  cloud.disable('cluster@c');
  assert.equal((await pools()).size, 0);
});

test('driver stats travel once per polling interval, heartbeats apart from them', async (t) => {
  const { cloud, clock, service, pools } = await bench(t, {
    cloud: { backends: [labBackend('x', { backend_state: 'up' })] },
  });
  cloud.setDriver('lab@x', { backend_state: 'down' });
  clock.advance(59_999);
  assert.equal((await service('lab@x'))['backend_state'], 'up');
  assert.equal((await service('lab@x'))['updated_at'], '2026-11-22T11:20:50.000183');
  clock.advance(1);
  assert.equal((await service('lab@x'))['backend_state'], 'down');
  assert.equal((await pools()).get('lab@x#x')?.['timestamp'], '2026-11-22T11:21:00.000111');
  cloud.setDriver('lab@x', { backend_state: null });
  clock.advance(60_000);
  assert.equal((await pools()).get('lab@x#x')?.['backend_state'], undefined);
});

for (const [what, patch] of [
  ['raises', { _fail_stats: 'connection timed out' }],
  ['hangs', { _hang: true }],
] as const) {
  test(`a driver that ${what}: the lists stay as they were, only the timestamp stops`, async (t) => {
    const { cloud, clock, service, pools } = await bench(t, {
      cloud: { backends: [labBackend('x', { backend_state: 'up' })] },
    });
    cloud.setDriver('lab@x', { ...patch, backend_state: 'down' });
    clock.advance(3_000_000);
    const row = await service('lab@x');
    assert.deepEqual([row.state, row['backend_state']], ['up', 'up']);
    assert.equal((await pools()).get('lab@x#x')?.['timestamp'], '2026-11-22T11:20:00.000111');
    cloud.setDriver('lab@x', { _fail_stats: null, _hang: null });
    cloud.poll();
    assert.equal((await service('lab@x'))['backend_state'], 'down');
  });
}

test('a slow driver: stale until it returns', async (t) => {
  const { cloud, clock, service } = await bench(t, { cloud: { backends: [labBackend('x', { backend_state: 'up' })] } });
  cloud.setDriver('lab@x', { backend_state: 'down', _sleep: 15 });
  clock.advance(74_999);
  assert.equal((await service('lab@x'))['backend_state'], 'up');
  clock.advance(1);
  assert.equal((await service('lab@x'))['backend_state'], 'down');
});

test('a driver that fails to initialise: no heartbeat although the process runs', async (t) => {
  const { cloud, clock, service, pools } = await bench(t, {
    cloud: { backends: [labBackend('x', { _fail_setup: 'no' })] },
  });
  const fresh = await service('lab@x');
  assert.deepEqual([fresh.state, fresh['backend_state'], fresh['replication_status']], ['up', null, 'not-capable']);
  clock.advance(60_001);
  const later = await service('lab@x');
  assert.deepEqual([later.state, later['backend_state'], later['updated_at']], ['down', null, fresh['updated_at']]);
  assert.equal((await pools()).size, 0);
  cloud.setDriver('lab@x', { _fail_setup: null });
  clock.advance(60_000);
  assert.equal((await service('lab@x')).state, 'down', 'repaired, but not yet restarted');
  cloud.restartService('cinder-volume', 'lab@x');
  const back = await service('lab@x');
  assert.deepEqual([back.state, back['backend_state'], back['replication_status']], ['up', 'up', 'disabled']);
});

test('cinder-volume stopped: down after service_down_time, null, its pools vanish', async (t) => {
  const { cloud, clock, service, pools } = await bench(t, { cloud: { backends: [labBackend('x', {})] } });
  cloud.stopService('cinder-volume', 'lab@x');
  clock.advance(60_000);
  assert.deepEqual([(await service('lab@x')).state, (await pools()).size], ['up', 1]);
  clock.advance(1);
  const row = await service('lab@x');
  assert.deepEqual([row.state, row.status, row['backend_state']], ['down', 'enabled', null]);
  assert.equal((await pools()).size, 0);
  cloud.startService('cinder-volume', 'lab@x');
  assert.equal((await service('lab@x'))['backend_state'], 'up');
});

test('a heartbeat from the future: down in the list, alive for the scheduler', async (t) => {
  const { cloud, service } = await bench(t, { cloud: { backends: [labBackend('x', {})] } });
  cloud.setClockSkew('lab@x', 61_000);
  const row = await service('lab@x');
  assert.deepEqual([row.state, row['backend_state']], ['down', 'up']);
});
