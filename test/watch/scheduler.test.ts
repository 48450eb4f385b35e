import assert from 'node:assert/strict';
import { test } from 'node:test';
import { success, watched } from './watched.ts';
import { waitFor } from '../support/wait-for.ts';

test('the scheduler stops: the list goes on at once, one request waits at most, and all comes back', async (t) => {
  const { simulator, refresh, conditions, log } = await watched(t);
  await refresh();
  const before = await conditions();
  simulator.requests.reset();
  simulator.cloud.stopScheduler();

  const first = await refresh();
  assert.deepEqual([first.value('cinder_up'), success(first, 'services'), success(first, 'pools')], [1, 1, 0]);
  assert.deepEqual(await conditions(), before, 'pools stand');
  assert.equal(first.value('cinder_exporter_scheduler_requests_open'), 1);
  assert.equal(first.value('cinder_exporter_errors_total', { collector: 'services', reason: 'timeout' }), 1);

  const asked = (): number => simulator.requests.last.filter((r) => r.microversion === 'volume 3.49').length;
  assert.equal((await refresh()).value('cinder_up'), 1);
  assert.equal(simulator.requests.waitingNow, 1, 'the list did not wait for the open request');
  assert.equal(asked(), 1, 'and nothing more was asked of the scheduler');

  await waitFor('several probes', async () => {
    assert.equal((await refresh()).value('cinder_up'), 1);
    return asked() >= 3;
  });
  assert.equal(simulator.requests.maxWaiting, 1);

  simulator.cloud.startScheduler();
  simulator.cloud.poll();
  await waitFor('recovered', async () => success(await refresh(), 'pools') === 1);
  await refresh();
  assert.deepEqual(await conditions(), before);
  assert.deepEqual(
    log
      .filter(({ collector }) => collector !== undefined)
      .map(({ message, collector }) => `${message} ${String(collector)}`),
    ['Collector fails pools', 'Collector succeeds again pools'],
  );
});

test('a heartbeat that is lost while the scheduler is away shows all the same', async (t) => {
  const { simulator, refresh, conditions } = await watched(t, {});
  await refresh();
  simulator.cloud.stopScheduler();
  simulator.cloud.stopService('cinder-volume', 'c1@reported');
  await waitFor('service_down', async () => {
    await refresh();
    return (await conditions())['c1@reported'] === 'service_down';
  });
  assert.equal((await conditions())['c2@broken "x"'], 'down', 'from the pools that stand');
});

test('pools that stand too long are dropped, and what depended on them is unknown', async (t) => {
  const { simulator, refresh, conditions } = await watched(t, {
    config: { staleAfterMs: 120_000 },
  });
  await refresh();
  simulator.cloud.stopScheduler();
  await waitFor('dropped', async () => !(await refresh()).families.has('cinder_pool_state'));
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 1);
  assert.deepEqual([...new Set(Object.values(await conditions()))], ['unknown']);
  assert.equal(page.families.has('cinder_backend_state'), false);
  assert.equal(page.value('cinder_service_state', { host: 'c1@reported', binary: 'cinder-volume' }), 1);
});

test('an answer that comes late is used, and published without waiting for the next refresh', async (t) => {
  const { simulator, watcher, refresh, page, conditions } = await watched(t);
  simulator.cloud.hangScheduler();
  await refresh();
  assert.deepEqual([...new Set(Object.values(await conditions()))], ['unknown']);
  const swapped = new Promise<void>((resolve) => {
    const stop = watcher.onSwap(() => {
      stop();
      resolve();
    });
  });
  simulator.cloud.resumeScheduler();
  await swapped;
  assert.equal((await conditions())['c2@broken "x"'], 'down');
  assert.equal((await page()).value('cinder_up'), 1);
  const next = await refresh();
  assert.equal(success(next, 'pools'), 1);
});

test('a hung scheduler never has a second question, however often a refresh is wanted', async (t) => {
  const { simulator, watcher, refresh } = await watched(t);
  await refresh();
  simulator.requests.reset();
  simulator.cloud.hangScheduler();
  for (let i = 0; i < 20; i += 1) await Promise.all([refresh(), watcher.refresh(), watcher.refresh()]);
  assert.ok(simulator.requests.count('services') > 20, 'several rounds, each with a probe or the plain list');
  assert.equal(simulator.requests.maxWaiting, 1);
});

test('one empty answer after a restart of the scheduler is unknown, not down, and the next is complete', async (t) => {
  const { simulator, refresh, conditions } = await watched(t);
  await refresh();
  const before = await conditions();
  simulator.cloud.restartScheduler();
  const seen: Record<string, string>[] = [];
  await waitFor('complete again', async () => {
    await refresh();
    seen.push(await conditions());
    simulator.cloud.poll();
    return JSON.stringify(seen.at(-1)) === JSON.stringify(before);
  });
  for (const conditions of seen) {
    assert.ok(['up', 'unknown'].includes(conditions['c1@reported'] ?? ''), JSON.stringify(conditions));
  }
});

test('closing while a question is open leaves nothing behind', async (t) => {
  const { simulator, watcher, refresh } = await watched(t);
  simulator.cloud.hangScheduler();
  await refresh();
  watcher.close();
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  await simulator.close();
  await waitFor('no connection is left', () => sockets() === 0);
});
