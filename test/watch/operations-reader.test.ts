import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import type { CloudDefinition } from '../../src/simulator/definition.ts';
import { CONFIG, success, watched, type Watched, type WatchedOptions } from './watched.ts';

const DRIVER = { total_capacity_gb: 100, free_capacity_gb: 90, storage_protocol: 'iSCSI' };

/** Two backends whose drivers never say how they are, with a type each, and one that both serve. */
const CLOUD: CloudDefinition = {
  backends: [
    { host: 'c1@one', driver: { ...DRIVER, volume_backend_name: 'one' } },
    { host: 'c1@two', driver: { ...DRIVER, volume_backend_name: 'two' } },
  ],
  schedulers: ['c1'],
  volumeTypes: [
    { name: 'one', extraSpecs: { volume_backend_name: 'one' } },
    { name: 'two', extraSpecs: { volume_backend_name: 'two' } },
    { name: 'nowhere', extraSpecs: { volume_backend_name: 'typo' } },
  ],
};

interface Played extends Watched {
  /** Lets so many minutes pass, with two refreshes each, and gives the last page. */
  readonly minutes: (count: number) => ReturnType<Watched['refresh']>;
}

async function played(t: TestContext, options: WatchedOptions = {}): Promise<Played> {
  const collectors = { ...CONFIG.collectors, volumeTypes: true, operations: true };
  const cloud = await watched(t, { cloud: CLOUD, config: { collectors }, ...options });
  await cloud.refresh();
  return {
    ...cloud,
    async minutes(count) {
      let page = await cloud.page();
      for (let i = 0; i < 2 * count; i += 1) {
        page = await cloud.refresh();
        for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      }
      return page;
    },
  };
}

test('the last volume that was made is on the page, in the reason of a backend that is assumed up, and counted for its type', async (t) => {
  const { simulator, minutes, watcher } = await played(t);
  await minutes(2);
  simulator.cloud.makeVolume('one', 1);
  const page = await minutes(3);
  const at = page.value('cinder_backend_last_creation_timestamp_seconds', { host: 'c1@one' });
  assert.ok(at !== undefined && at * 1000 > watcher.snapshot()!.atMs - 200_000);
  assert.equal(page.value('cinder_backend_last_creation_timestamp_seconds', { host: 'c1@two' }), undefined);
  assert.equal(page.value('cinder_volume_type_creations_seen_total', { volume_type: 'one' }), 1);
  const reasons = watcher.snapshot()!.backends.map(({ reason }) => reason);
  assert.match(reasons[0] ?? '', /Its stats arrive; a volume was made on it (2|3) min ago$/);
  assert.match(reasons[1] ?? '', /Its stats arrive$/);
});

test('fewer than ten requests in any minute, and each is asked for again and again', async (t) => {
  const { simulator, refresh } = await played(t);
  const asked = (): number =>
    simulator.requests.last.filter(({ url }) => /\/(volumes|messages|backups)\b/.test(url)).length;
  const after: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    await refresh();
    after.push(asked());
  }
  for (let i = 0; i + 2 < after.length; i += 1) assert.ok((after[i + 2] ?? 0) - (after[i] ?? 0) < 10);
  const urls = simulator.requests.last.map(({ url }) => url);
  assert.ok(urls.filter((url) => url.includes('created_at:desc')).length > 15, 'the newest volumes');
  for (const status of ['creating', 'deleting', 'maintenance', 'restoring-backup'])
    assert.ok(
      urls.some((url) => url.includes(`status=${status}&sort=`)),
      status,
    );
});

test('a creation that hangs is stuck after half an hour, one that ends no longer', async (t) => {
  const { simulator, minutes } = await played(t);
  simulator.cloud.setDriver('c1@one', { _hang_create: true });
  simulator.cloud.makeVolume('one', 1);
  const stuck = { host: 'c1@one', operation: 'creating' };
  let page = await minutes(28);
  assert.equal(page.value('cinder_backend_operations_stuck', stuck), undefined);
  assert.equal(page.value('cinder_operations_judged', { operation: 'creating' }), 1);
  page = await minutes(5);
  assert.equal(page.value('cinder_backend_operations_stuck', stuck), 1);
  assert.equal(page.value('cinder_backend_operations_stuck', { host: 'c1@two', operation: 'creating' }), undefined);
  simulator.cloud.setDriver('c1@one', { _hang_create: null });
  simulator.cloud.restartService('cinder-volume', 'c1@one');
  page = await minutes(4);
  assert.equal(page.value('cinder_backend_operations_stuck', stuck), undefined);
});

test('a request that fails three times on a backend is one failure', async (t) => {
  const { simulator, minutes } = await played(t);
  await minutes(2);
  simulator.cloud.setDriver('c1@one', { _fail_create: 'no room on the array' });
  simulator.cloud.makeVolume('one', 1);
  simulator.cloud.makeVolume('nowhere', 1);
  const page = await minutes(4);
  const failed = (volume_type: string, reason: string): number | undefined =>
    page.value('cinder_volume_type_creation_failures_seen_total', { volume_type, reason });
  assert.deepEqual([failed('one', 'driver'), failed('one', 'no_backend')], [1, 1]);
  assert.deepEqual([failed('nowhere', 'driver'), failed('nowhere', 'no_backend')], [undefined, 1]);
});

test('messages that are refused: the rest goes on, the collector says so, and they are asked for again in an hour', async (t) => {
  const { simulator, minutes, watcher } = await played(t);
  simulator.cloud.answerWith('messages', { status: 403, body: '{}' });
  await minutes(2);
  simulator.cloud.makeVolume('one', 1);
  const page = await minutes(10);
  assert.equal(page.value('cinder_volume_type_creations_seen_total', { volume_type: 'one' }), 1);
  assert.equal(success(page, 'operations'), 0);
  const told = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'operations');
  assert.equal(told?.failure?.reason, 'forbidden');
  assert.equal(
    simulator.requests.last.filter(({ url, status }) => url.includes('/messages') && status === 403).length,
    1,
  );
});

test('an API without the comparison of times is asked without it', async (t) => {
  const { simulator, minutes } = await played(t, {
    cloud: CLOUD,
    settings: { maxMicroversion: '3.59' },
    config: { collectors: { ...CONFIG.collectors, operations: true } },
  });
  simulator.cloud.makeVolume('one', 1);
  const page = await minutes(8);
  assert.equal(success(page, 'operations'), 1);
  assert.notEqual(page.value('cinder_backend_last_creation_timestamp_seconds', { host: 'c1@one' }), undefined);
  assert.equal(page.value('cinder_operations_left_over', { operation: 'creating' }), 0);
  assert.ok(!simulator.requests.last.some(({ url }) => /_at=(gt|lt)/.test(url)));
});

test('switched off, nothing is asked and there is no such collector', async (t) => {
  const { refresh, simulator } = await watched(t);
  const page = await refresh();
  assert.equal(success(page, 'operations'), undefined);
  assert.ok(!simulator.requests.last.some(({ url }) => url.includes('/messages')));
});
