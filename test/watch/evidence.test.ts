import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import type { CloudDefinition } from '../../src/simulator/definition.ts';
import { password, request, tokenOf } from '../simulator/client.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import { CONFIG, watched, type Watched } from './watched.ts';

const DRIVER = { total_capacity_gb: 1000, free_capacity_gb: 900, storage_protocol: 'iSCSI' };

/** Two backends with a type each, and a type whose extra spec is mistyped. */
const CLOUD: CloudDefinition = {
  backends: [
    { host: 'c1@one', driver: { ...DRIVER, volume_backend_name: 'one' } },
    { host: 'c1@two', driver: { ...DRIVER, volume_backend_name: 'two' } },
  ],
  schedulers: ['c1'],
  volumeTypes: [
    { name: 'one', extraSpecs: { volume_backend_name: 'one' } },
    { name: 'two', extraSpecs: { volume_backend_name: 'two' } },
    { name: 'typo', extraSpecs: { volume_backend_name: 'tow' } },
  ],
};

/** A cloud whose operations are looked at, with types and pools known, and what may be done to it. */
interface Scene extends Watched {
  readonly minutes: (count: number) => Promise<Exposition>;
  /** So many requests, by two projects in turn, one each minute. */
  readonly users: (type: string, count: number, from?: 'image' | 'nothing' | 'snapshot') => Promise<Exposition>;
}

async function scene(t: TestContext): Promise<Scene> {
  const collectors = { ...CONFIG.collectors, volumeTypes: true, operations: true };
  const cloud = await watched(t, { cloud: CLOUD, config: { collectors } });
  await cloud.refresh();
  async function minutes(count: number): Promise<Exposition> {
    for (let i = 0; i < 2 * count; i += 1) {
      await cloud.refreshUnseen();
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    }
    return cloud.page();
  }
  await minutes(3);
  return {
    ...cloud,
    minutes,
    async users(type, count, from = 'nothing') {
      for (let i = 0; i < count; i += 1) {
        cloud.simulator.cloud.makeVolume(type, 1, { project: i % 2 === 0 ? 'demo' : 'admin', from });
        await minutes(1);
      }
      return minutes(2);
    },
  };
}

const FAILING_ONE = ['cinder_backend_creations_failing c1@one', 'cinder_backend_failing_info c1@one'];
const FAILING_TWO = ['cinder_backend_creations_failing c1@two', 'cinder_backend_failing_info c1@two'];
const STUCK = 'cinder_backend_operations_stuck creating';

/** All that was decided, by what it is about. */
function decided(page: Exposition): readonly string[] {
  return [
    ['cinder_backend_creations_failing', 'host'],
    ['cinder_backend_failing_info', 'host'],
    ['cinder_volume_type_creations_failing', 'volume_type'],
    ['cinder_volume_type_unschedulable', 'volume_type'],
    ['cinder_creations_failing', ''],
    ['cinder_backend_operations_stuck', 'operation'],
  ].flatMap(([family = '', label = '']) =>
    page
      .samples(family)
      .filter(({ value }) => value > 0)
      .map(({ labels }) => `${family} ${labels[label] ?? ''}`.trim()),
  );
}

test('the array refuses to make volumes: failing, until one is made', async (t) => {
  const { simulator, users } = await scene(t);
  let page = await users('one', 2);
  assert.equal(page.value('cinder_backend_creations_failing', { host: 'c1@one' }), 0);
  simulator.cloud.setDriver('c1@one', { _fail_create: 'the array refuses' });
  page = await users('one', 2);
  assert.deepEqual(decided(page), [], 'two requests are few');
  page = await users('one', 4);
  assert.deepEqual(decided(page), FAILING_ONE);
  assert.equal(page.value('cinder_backend_condition', { host: 'c1@one', condition: 'failing' }), 1);
  assert.equal(page.value('cinder_backend_usable', { host: 'c1@one' }), 0);
  assert.equal(page.value('cinder_backend_failing_info', { host: 'c1@one', by: 'creations' }), 1);
  assert.equal(page.value('cinder_backend_state', { host: 'c1@one' }), 1, "the driver's word stays");
  simulator.cloud.setDriver('c1@one', { _fail_create: null });
  page = await users('one', 1);
  assert.deepEqual(decided(page), []);
  assert.equal(page.value('cinder_backend_usable', { host: 'c1@one' }), 1);
});

test('the array refuses, and nobody asks any more: failing until an administrator disables it, or a day is over', async (t) => {
  const { simulator, users, minutes, time, watcher } = await scene(t);
  const reason = () => watcher.snapshot()?.backends.find(({ host }) => host === 'c1@one')?.reason;
  simulator.cloud.setDriver('c1@one', { _fail_create: 'the array refuses' });
  assert.deepEqual(decided(await users('one', 5)), FAILING_ONE);
  assert.equal(
    reason(),
    'its driver failed to make a volume for 5 requests of several projects, and none has been made on it since',
  );
  const standing = ['cinder_backend_failing_info c1@one'];
  assert.deepEqual(decided(await minutes(75)), standing);
  assert.match(
    reason() ?? '',
    /^its driver failed to make a volume for .* since\. That was last seen (4\d|5\d|1 h).* ago: only a volume that is made tells whether it works again$/,
  );
  // What is worse is told, and ends nothing.
  simulator.cloud.setDriver('c1@one', { backend_state: 'down' });
  let page = await minutes(3);
  assert.equal(page.value('cinder_backend_condition', { host: 'c1@one', condition: 'down' }), 1);
  assert.deepEqual(decided(page), []);
  simulator.cloud.setDriver('c1@one', { backend_state: 'up' });
  assert.deepEqual(decided(await minutes(3)), standing);
  time.advance(25 * 3_600_000);
  page = await minutes(3);
  assert.deepEqual(decided(page), []);
  assert.deepEqual(decided(await users('one', 5)), FAILING_ONE);
  simulator.cloud.disable('c1@one', 'maintenance');
  assert.deepEqual(decided(await minutes(2)), []);
  simulator.cloud.enable('c1@one');
  assert.deepEqual(decided(await minutes(2)), [], 'it was taken out of use, and nothing has failed since');
});

test('the requests of one project alone are not enough', async (t) => {
  const { simulator, minutes } = await scene(t);
  simulator.cloud.setDriver('c1@one', { _fail_create: 'the array refuses' });
  for (let i = 0; i < 12; i += 1) simulator.cloud.makeVolume('one', 1);
  assert.deepEqual(decided(await minutes(5)), []);
});

test('creations hang: failing after half an hour, and one that ends is enough to end it', async (t) => {
  const { simulator, users, minutes, watcher } = await scene(t);
  simulator.cloud.setDriver('c1@two', { _hang_create: true });
  await users('two', 3);
  assert.deepEqual(decided(await minutes(20)), []);
  assert.deepEqual(decided(await minutes(15)), [...FAILING_TWO, STUCK]);
  assert.equal(
    watcher.snapshot()?.backends.find(({ host }) => host === 'c1@two')?.reason,
    '3 creations hang on it, each for more than 30 min, and none has been made on it since',
  );
  simulator.cloud.setDriver('c1@two', { _hang_create: null });
  assert.deepEqual(decided(await users('two', 1)), [STUCK]);
});

test('creations hang: what hung before one went well hides nothing, nor does one that is older than a day', async (t) => {
  const { simulator, users, minutes, time } = await scene(t);
  simulator.cloud.setDriver('c1@two', { _hang_create: true });
  await users('two', 3);
  simulator.cloud.setDriver('c1@two', { _hang_create: null });
  await users('two', 1);
  assert.deepEqual(decided(await minutes(45)), [STUCK], 'one ended since');
  simulator.cloud.setDriver('c1@two', { _hang_create: true });
  await users('two', 3);
  assert.deepEqual(decided(await minutes(20)), [STUCK]);
  const both = [...FAILING_TWO, STUCK];
  assert.deepEqual(decided(await minutes(15)), both);
  time.advance(25 * 3_600_000);
  assert.deepEqual(decided(await minutes(45)), [STUCK], 'left-overs');
  await users('two', 3);
  assert.deepEqual(decided(await minutes(35)), both);
});

test('a cinder-volume that was away: what waited for it has not hung', async (t) => {
  const { simulator, users, minutes } = await scene(t);
  simulator.cloud.setDriver('c1@two', { _slow_create: 600 });
  simulator.cloud.stopService('cinder-volume', 'c1@two');
  await users('two', 3);
  await minutes(45);
  simulator.cloud.startService('cinder-volume', 'c1@two');
  const after = await minutes(5);
  assert.equal(after.value('cinder_backend_creations_failing', { host: 'c1@two' }), 0);
  assert.deepEqual(decided(await minutes(10)), []);
});

test('lists that cannot be read: nothing new is decided, neither that creations still fail, nor that they hang, nor that all is well', async (t) => {
  const { simulator, users, minutes } = await scene(t);
  simulator.cloud.setDriver('c1@one', { _fail_create: 'the array refuses' });
  simulator.cloud.setDriver('c1@two', { _slow_create: 240 });
  for (let i = 0; i < 4; i += 1)
    simulator.cloud.makeVolume('two', 1, { project: i % 2 === 0 ? 'demo' : 'admin', from: 'nothing' });
  assert.deepEqual(decided(await users('one', 6)), FAILING_ONE);
  simulator.cloud.setDriver('c1@two', { _slow_create: 600 });
  for (let i = 0; i < 4; i += 1)
    simulator.cloud.makeVolume('two', 1, { project: i % 2 === 0 ? 'demo' : 'admin', from: 'nothing' });
  await minutes(3);
  simulator.cloud.answerWith('other', { status: 500, body: '' });
  for (let passed = 10; passed <= 50; passed += 10) {
    const page = await minutes(10);
    assert.deepEqual(decided(page), ['cinder_backend_failing_info c1@one'], `after ${passed} minutes`);
    assert.equal(page.value('cinder_backend_creations_failing', { host: 'c1@one' }), undefined);
    assert.equal(page.value('cinder_creations_failing', {}), undefined);
  }
  simulator.cloud.answerWith('other', null);
  const page = await minutes(10);
  assert.equal(page.value('cinder_creations_failing', {}), 0, 'what happened meanwhile is read from the lists');
});

test('a quota: nothing', async (t) => {
  const { simulator, minutes } = await scene(t);
  const who = password('member', { project: { name: 'demo', domain: { name: 'Default' } } });
  const token = await tokenOf(simulator, who);
  const statuses: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const { status } = await request(`${simulator.url}/volume/v3/volumes`, {
      method: 'POST',
      headers: { 'X-Auth-Token': token },
      body: JSON.stringify({ volume: { size: 1, volume_type: 'one' } }),
    });
    statuses.push(status);
    await minutes(1);
  }
  assert.deepEqual([...new Set(statuses)], [202, 413]);
  assert.deepEqual(decided(await minutes(2)), []);
});

test('a bad image: volumes in error with their host, and nothing', async (t) => {
  const { simulator, users } = await scene(t);
  simulator.cloud.setDriver('c1@one', { _fail_copy: 'ImageTooBig' });
  const page = await users('one', 8, 'image');
  assert.equal(page.value('cinder_backend_creations_failing', { host: 'c1@one' }), 0);
  assert.deepEqual(decided(page), []);
});

test('the image service is away: one for the cloud', async (t) => {
  const { simulator, users } = await scene(t);
  for (const host of ['c1@one', 'c1@two']) simulator.cloud.setDriver(host, { _fail_create: 'GlanceConnectionFailed' });
  await users('one', 6, 'image');
  assert.deepEqual(decided(await users('two', 6, 'image')), ['cinder_creations_failing']);
});

test('a wrong extra spec: a ticket for the type', async (t) => {
  const { users } = await scene(t);
  assert.deepEqual(decided(await users('typo', 6)), ['cinder_volume_type_unschedulable typo']);
});

test("the type's only backend is disabled: nothing", async (t) => {
  const { simulator, users, minutes } = await scene(t);
  simulator.cloud.disable('c1@one', 'maintenance');
  await minutes(2);
  const page = await users('one', 8);
  assert.equal(page.value('cinder_volume_type_creations_failing', { volume_type: 'one' }), 0);
  assert.deepEqual(decided(page), []);
  simulator.cloud.enable('c1@one');
  assert.deepEqual(
    decided(await minutes(5)),
    [],
    'what failed while it was disabled is explained by that, afterwards as well',
  );
});

test('a thin pool is full: its own alert alone', async (t) => {
  const { simulator, users, minutes } = await scene(t);
  simulator.cloud.setDriver('c1@one', {
    free_capacity_gb: 0,
    thin_provisioning_support: true,
    max_over_subscription_ratio: 20,
    provisioned_capacity_gb: 900,
    _fail_create: 'no space left',
  });
  await minutes(2);
  assert.deepEqual(decided(await users('one', 8)), []);
});

test('a redeploy: ten volumes turn to error with their host, and nothing', async (t) => {
  const { simulator, minutes } = await scene(t);
  simulator.cloud.setDriver('c1@one', { _slow_create: 300 });
  const ids = Array.from({ length: 10 }, (_, i) =>
    simulator.cloud.makeVolume('one', 1, { project: i % 2 === 0 ? 'demo' : 'admin' }),
  );
  await minutes(2);
  simulator.cloud.restartService('cinder-volume', 'c1@one');
  const page = await minutes(5);
  assert.deepEqual(new Set(ids.map((id) => simulator.cloud.volumeStatus(id))), new Set(['error']));
  assert.deepEqual(decided(page), []);
});

test('a failover: nothing beyond its own alert', async (t) => {
  const { simulator, users, minutes } = await scene(t);
  simulator.cloud.setDriver('c1@one', { _fail_create: 'the array is gone' });
  simulator.cloud.failover('c1@one');
  await minutes(1);
  assert.deepEqual(decided(await users('one', 8)), []);
});

test('the array has its limit of snapshots: clones find no backend, a ticket for the type', async (t) => {
  const { simulator, users } = await scene(t);
  simulator.cloud.setDriver('c1@one', { _fail_create: 'too many snapshots' });
  const page = await users('one', 6, 'snapshot');
  assert.deepEqual(decided(page), ['cinder_volume_type_creations_failing one']);
});

test('while nobody knows which backend serves which type, none is said to fail for its type', async (t) => {
  const { simulator, users } = await scene(t);
  simulator.cloud.answerWith('types', { status: 500, body: '' });
  const page = await users('typo', 15);
  assert.equal(page.value('cinder_volume_type_unschedulable', { volume_type: 'typo' }), undefined);
});
