import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Bench, bench } from './client.ts';
import { labBackend } from './lab-cloud.ts';

const one = (t: TestContext): Promise<Bench> =>
  bench(t, { cloud: { backends: [labBackend('x', { backend_state: 'up', replication_enabled: true })] } });

const COLUMNS = [
  'status',
  'state',
  'backend_state',
  'disabled_reason',
  'frozen',
  'replication_status',
  'active_backend_id',
];

async function row({ service }: Bench): Promise<unknown[]> {
  const found = await service('lab@x');
  return COLUMNS.map((column) => found[column]);
}

test('disabling takes the pools away at once; the reason stays after enabling', async (t) => {
  const all = await one(t);
  all.cloud.disable('lab@x', 'maintenance: disk "7" swap\nline2');
  assert.deepEqual(await row(all), [
    'disabled',
    'up',
    null,
    'maintenance: disk "7" swap\nline2',
    false,
    'enabled',
    null,
  ]);
  assert.equal((await all.pools()).size, 0);
  all.cloud.enable('lab@x');
  assert.deepEqual(await row(all), [
    'enabled',
    'up',
    'up',
    'maintenance: disk "7" swap\nline2',
    false,
    'enabled',
    null,
  ]);
  all.cloud.disable('lab@x');
  assert.equal((await row(all))[3], 'maintenance: disk "7" swap\nline2', 'without a reason the old one stays');
});

test('frozen and thawed', async (t) => {
  const all = await one(t);
  all.cloud.freeze('lab@x');
  assert.deepEqual(await row(all), ['disabled', 'up', null, 'frozen', true, 'enabled', null]);
  assert.equal((await all.pools()).size, 0);
  all.cloud.thaw('lab@x');
  assert.deepEqual(await row(all), ['enabled', 'up', 'up', '', false, 'enabled', null]);
});

test('failed over and back', async (t) => {
  const all = await one(t);
  all.cloud.failover('lab@x');
  assert.deepEqual(await row(all), ['disabled', 'up', null, 'failed-over', false, 'failed-over', 'second-site']);
  all.cloud.failback('lab@x');
  assert.deepEqual(await row(all), ['enabled', 'up', 'up', '', false, 'enabled', '']);
});

test('the same over HTTP, as the command-line client does it', async (t) => {
  const all = await one(t);
  const put = (action: string, body: object): Promise<Response> =>
    fetch(`${all.simulator.url}/volume/v3/os-services/${action}`, {
      method: 'PUT',
      headers: { 'X-Auth-Token': all.token, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const host = 'lab@x';
  const service = { host, binary: 'cinder-volume' };
  assert.equal((await put('disable-log-reason', { ...service, disabled_reason: 'why' })).status, 200);
  assert.deepEqual((await row(all)).slice(0, 4), ['disabled', 'up', null, 'why']);
  assert.equal((await put('enable', service)).status, 200);
  assert.equal((await put('freeze', { host })).status, 200);
  assert.deepEqual((await row(all))[4], true);
  assert.equal((await put('thaw', { host })).status, 200);
  assert.equal((await put('failover_host', { host, backend_id: 'b' })).status, 202);
  assert.equal((await row(all))[6], 'b');
  assert.equal((await put('enable', { ...service, host: 'nobody@x' })).status, 404);
});

test('a removed backend keeps its row until it is removed from the database', async (t) => {
  const all = await one(t);
  all.cloud.removeBackend('lab@x');
  all.clock.advance(60_001);
  assert.deepEqual((await row(all)).slice(0, 3), ['enabled', 'down', null]);
  all.cloud.removeService('cinder-volume', 'lab@x');
  const reply = await all.get('/os-services?binary=cinder-volume', '3.49');
  assert.deepEqual(reply.json, { services: [] });
  all.cloud.addBackend(labBackend('x', { backend_state: 'down' }));
  assert.deepEqual((await row(all)).slice(0, 3), ['enabled', 'up', 'down']);
});

test('two rows of one host; names that do not exist are errors', async (t) => {
  const all = await one(t);
  all.cloud.duplicateRow('cinder-volume', 'lab@x', { updatedAtMs: 0, disabledReason: 'old' });
  const reply = await all.get('/os-services?host=lab%40x', '3.49');
  assert.equal((reply.json['services'] as unknown[]).length, 2);
  assert.throws(() => all.cloud.disable('lab@y'), /no such service: lab@y/);
  assert.throws(() => all.cloud.setDriver('lab@y', {}), /no such backend: lab@y/);
});

test('allocated gigabytes follow the volumes, whatever the driver says', async (t) => {
  const all = await one(t);
  all.cloud.setDriver('lab@x', { allocated_capacity_gb: 99 });
  all.cloud.createVolume('lab@x', 'x', 3);
  all.cloud.poll();
  assert.equal((await all.pools()).get('lab@x#x')?.['allocated_capacity_gb'], 3);
});
