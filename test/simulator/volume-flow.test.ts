import assert from 'node:assert/strict';
import { test } from 'node:test';
import { list } from './client.ts';
import { jsonText } from '../../src/simulator/definition.ts';
import { IMAGE, volumeBench } from './volume-client.ts';

test('a volume passes through its states in time', async (t) => {
  const { make, state, show, pass, ask } = await volumeBench(t);
  const id = await make({ name: 'Ä "b"\n' });
  assert.deepEqual(await state(id), ['creating', 'h1@one#one']);
  await pass(300);
  assert.deepEqual(await state(id), ['creating', 'h1@one#one']);
  await pass(200);
  assert.deepEqual(await state(id), ['available', 'h1@one#one']);
  const { updated_at: updated, name, service_uuid: service } = await show(id);
  assert.equal(name, 'Ä "b"');
  assert.notEqual(service, null);
  assert.equal((await ask('DELETE', `/volumes/${id}`)).status, 202);
  assert.deepEqual(await state(id), ['deleting', 'h1@one#one']);
  assert.notEqual((await show(id))['updated_at'], updated);
  await pass(500);
  assert.equal((await ask('GET', `/volumes/${id}`)).status, 404);
});

test('a driver that fails: three tries, each clears the host, and the last one ends without', async (t) => {
  const { cloud, make, state, pass, get } = await volumeBench(t);
  cloud.setDriver('h1@one', { _fail_create: 'no', _slow_create: 10 });
  const id = await make();
  for (const _ of [1, 2, 3]) {
    assert.deepEqual(await state(id), ['creating', 'h1@one#one']);
    await pass(10_000);
  }
  assert.deepEqual(await state(id), ['error', null]);
  const pool = (await get('/scheduler-stats/get_pools?detail=true')).text;
  assert.doesNotMatch(pool, /"allocated_capacity_gb":1/);
});

test('an image that cannot be copied is an error with its host: no other backend is tried', async (t) => {
  const { cloud, make, state, pass } = await volumeBench(t);
  cloud.setDriver('h1@one', { _fail_copy: 'cannot convert', _slow_copy: 5 });
  const id = await make({ imageRef: IMAGE });
  await pass(500);
  assert.deepEqual(await state(id), ['downloading', 'h1@one#one']);
  await pass(5000);
  assert.deepEqual(await state(id), ['error', 'h1@one#one']);
});

test('an image that is too big: the user is told so', async (t) => {
  const { cloud, make, get, pass } = await volumeBench(t);
  cloud.setDriver('h1@one', { _fail_copy: 'ImageTooBig' });
  const id = await make({ imageRef: IMAGE });
  await pass(5000);
  const { text } = await get(`/messages?resource_uuid=${id}`, '3.31');
  assert.match(text, /"event_id":"VOLUME_VOLUME_005_007"/);
  assert.match(text, /"user_message":"copy image to volume:Image used for creating volume exceeds available space\."/);
});

test('a cinder-volume that is started anew: what it was making is an error with its host, what it was deleting it deletes', async (t) => {
  const { cloud, make, state, pass, ask } = await volumeBench(t);
  const old = await make();
  await pass(500);
  cloud.setDriver('h1@one', { _hang_create: true, _hang_delete: true });
  const id = await make();
  assert.equal((await ask('DELETE', `/volumes/${old}`)).status, 202);
  await pass(600_000);
  assert.deepEqual(
    [await state(id), await state(old)],
    [
      ['creating', 'h1@one#one'],
      ['deleting', 'h1@one#one'],
    ],
  );
  cloud.setDriver('h1@one', { _hang_create: null, _hang_delete: null });
  cloud.restartService('cinder-volume', 'h1@one');
  assert.deepEqual(await state(id), ['error', 'h1@one#one']);
  await pass(500);
  assert.equal((await ask('GET', `/volumes/${old}`)).status, 404);
});

test('a message waits for a scheduler that hangs, and for a cinder-volume that is stopped', async (t) => {
  const { cloud, make, state, pass } = await volumeBench(t);
  cloud.hangScheduler();
  const early = await make();
  await pass(30_000);
  assert.deepEqual(await state(early), ['creating', null]);
  cloud.stopService('cinder-volume', 'h1@one');
  cloud.resumeScheduler();
  assert.deepEqual(await state(early), ['creating', 'h1@one#one']);
  await pass(20_000);
  assert.deepEqual(await state(early), ['creating', 'h1@one#one']);
  cloud.startService('cinder-volume', 'h1@one');
  await pass(500);
  assert.deepEqual(await state(early), ['available', 'h1@one#one']);
});

test('without the message bus a creation hangs, and goes on when the bus is back', async (t) => {
  const { cloud, make, state, pass } = await volumeBench(t);
  cloud.stopBus();
  const hanging = make();
  await new Promise((resolve) => setTimeout(resolve, 50));
  cloud.startBus();
  const id = await hanging;
  await pass(500);
  assert.deepEqual(await state(id), ['available', 'h1@one#one']);
});

test('in a cluster the member that takes the message puts its host in', async (t) => {
  const { make, show, pass } = await volumeBench(t);
  const hosts = new Set<unknown>();
  for (const _ of [1, 2]) {
    const id = await make({ volume_type: 'both' });
    await pass(500);
    const volume = await show(id);
    assert.deepEqual([volume['status'], volume['cluster_name']], ['available', 'c@both#both']);
    hosts.add(volume['os-vol-host-attr:host']);
  }
  assert.deepEqual(hosts, new Set(['h1@both#both', 'h2@both#both']));
});

test('all threads of a cinder-volume are held by a driver that hangs: the next volume waits, heartbeat and stats go on', async (t) => {
  const { cloud, make, state, pass, service, get } = await volumeBench(t, { settings: { rpcThreads: 2 } });
  cloud.setDriver('h1@one', { _hang_create: true });
  const stuck = [await make(), await make()];
  cloud.setDriver('h1@one', { _hang_create: null });
  const waits = await make();
  await pass(600_000);
  for (const id of [...stuck, waits]) assert.deepEqual(await state(id), ['creating', 'h1@one#one']);
  const { state: alive, backend_state: said } = await service('h1@one');
  assert.deepEqual([alive, said], ['up', 'up']);
  const asked = get('/capabilities/h1@one');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await pass(60_000);
  assert.deepEqual(
    [(await asked).status, (await asked).json],
    [502, { computeFault: { code: 502, message: 'Bad gateway.' } }],
  );
});

test('threads that are held until cinder-volume is started anew', async (t) => {
  const { cloud, make, state, pass } = await volumeBench(t);
  cloud.holdThreads('h1@one');
  const id = await make();
  await pass(5000);
  assert.deepEqual(await state(id), ['creating', 'h1@one#one']);
  cloud.restartService('cinder-volume', 'h1@one');
  assert.deepEqual(await state(await make()), ['creating', 'h1@one#one']);
});

test('nothing may be deleted on a frozen backend, and nothing is made on it', async (t) => {
  const { cloud, make, state, pass, ask } = await volumeBench(t);
  const id = await make();
  await pass(500);
  cloud.freeze('h1@one');
  const refused = await ask('DELETE', `/volumes/${id}`);
  assert.equal(refused.status, 400);
  assert.match(refused.text, /Modification operations are not allowed on frozen storage backends/);
  assert.deepEqual(await state(await make()), ['error', null]);
});

test('a private type is for the projects that have access', async (t) => {
  const { make, ask } = await volumeBench(t);
  await make({ volume_type: 'canary' });
  const refused = await ask('POST', '/volumes', { volume: { size: 1, volume_type: 'secret' } });
  assert.match(refused.text, /Volume type with name secret could not be found/);
});

test('pages of volumes made in one moment hold each of them once', async (t) => {
  const { make, ask } = await volumeBench(t);
  const made = new Set<unknown>();
  for (let i = 0; i < 5; i++) made.add(await make());
  const seen: unknown[] = [];
  let path = '/volumes?limit=2&sort=status:asc';
  for (let page = 0; page < 4 && path !== ''; page++) {
    const { json } = await ask('GET', path);
    seen.push(...list(json, 'volumes').map(({ id }) => id));
    const [link] = 'volumes_links' in json ? list(json, 'volumes_links') : [];
    path = jsonText(link?.['href'] ?? '').replace(/^.*\/v3/, '');
  }
  assert.equal(seen.length, 5);
  assert.deepEqual(new Set(seen), made);
});
