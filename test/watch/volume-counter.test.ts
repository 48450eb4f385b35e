import assert from 'node:assert/strict';
import { test } from 'node:test';
import { success, watched } from './watched.ts';

const CONFIG = {
  collectors: { pools: true, volumeTypes: false, volumes: true, capabilities: false, operations: false },
};

test('counts come slowly, are on the page, and in no minute are there ten requests', async (t) => {
  const { refresh, simulator, watcher } = await watched(t, { config: CONFIG });
  const counted = (): number => simulator.requests.last.filter(({ url }) => url.includes('with_count')).length;
  const after: number[] = [];
  let page = await refresh();
  for (let i = 0; i < 30; i += 1) {
    after.push(counted());
    page = await refresh();
  }
  for (let i = 0; i + 2 < after.length; i += 1) {
    const inAMinute = (after[i + 2] ?? 0) - (after[i] ?? 0);
    assert.ok(inAMinute < 10, `${inAMinute} within a minute`);
  }
  assert.equal(success(page, 'volumes'), 1);
  assert.equal(page.value('cinder_backend_volumes', { host: 'c1@reported', status: 'in-use' }), 0);
  assert.equal(page.value('cinder_backend_volumes', { host: 'k@ssd', status: 'available' }), 0);
  assert.equal(page.value('cinder_volumes', { status: 'error' }), 0);
  assert.equal(page.value('cinder_backups', { status: 'restoring' }), 0);
  assert.deepEqual(watcher.snapshot()?.volumes.get('c2@broken "x"')?.inUse, 0);
});

test('an API that is older than 3.45 is not asked, everything else is as before, and the page says so', async (t) => {
  const { refresh, conditions, watcher } = await watched(t, { config: CONFIG, settings: { maxMicroversion: '3.44' } });
  const page = await refresh();
  assert.deepEqual([success(page, 'services'), success(page, 'pools'), success(page, 'volumes')], [1, 1, 0]);
  assert.equal(page.samples('cinder_backend_volumes').length + page.samples('cinder_volumes').length, 0);
  assert.equal((await conditions())['c2@broken "x"'], 'down');
  const told = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'volumes');
  assert.equal(told?.failure?.message, 'the API of this Cinder ends at 3.44, and counts from 3.45 on');
});

test('switched off, nothing is asked and there is no such collector', async (t) => {
  const { refresh } = await watched(t);
  const page = await refresh();
  assert.equal(page.value('cinder_scrape_collector_success', { collector: 'volumes' }), undefined);
});
