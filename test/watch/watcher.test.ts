import assert from 'node:assert/strict';
import { test } from 'node:test';
import { success, watched } from './watched.ts';

const ALL = { 'c1@reported': 'up', 'c1@silent.example': 'up_assumed', 'c2@broken "x"': 'down', 'k@ssd': 'up' };

test('in steady state a refresh is exactly two GETs and no login, whoever scrapes', async (t) => {
  const { simulator, refresh, page, conditions } = await watched(t);
  await refresh();
  assert.deepEqual(await conditions(), ALL);
  simulator.requests.reset();
  for (let i = 0; i < 5; i += 1) {
    await refresh();
    await Promise.all([page('text'), page('openmetrics'), page('text')]);
  }
  assert.deepEqual(simulator.requests.counts, { 'GET services': 5, 'GET pools': 5 });
  assert.equal(simulator.requests.maxWaiting, 1);
  const [services, pools] = simulator.requests.last;
  assert.match(services?.url ?? '', /\/os-services$/);
  assert.match(pools?.url ?? '', /\/scheduler-stats\/get_pools\?detail=true$/);
  assert.deepEqual([services?.microversion, pools?.microversion], ['volume 3.49', 'volume 3.49']);
});

test('the page of a healthy cloud', async (t) => {
  const { refresh } = await watched(t);
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 1);
  assert.deepEqual([success(page, 'services'), success(page, 'pools')], [1, 1]);
  assert.equal(page.value('cinder_backend_state', { host: 'c2@broken "x"', backend: 'broken "x"' }), 0);
  assert.equal(page.value('cinder_backend_state', { host: 'k@ssd', backend: 'ssd' }), 1);
  assert.equal(page.value('cinder_service_backend_state', { host: 'a@ssd' }), undefined, 'null is no series');
  assert.equal(page.samples('cinder_api_info')[0]?.labels['used_version'], '3.49');
  assert.equal(page.value('cinder_exporter_refreshes_total'), 1);
  assert.ok((page.value('cinder_exporter_token_expiry_timestamp_seconds') ?? 0) > Date.now() / 1000);
  assert.equal(page.value('cinder_exporter_scheduler_requests_open'), 0);
  const operations = page.samples('cinder_exporter_api_request_duration_seconds_count').map(({ labels }) => labels);
  assert.deepEqual(operations, [
    { operation: 'token', status: '201' },
    { operation: 'discovery', status: '300' },
    { operation: 'services', status: '200' },
    { operation: 'pools', status: '200' },
  ]);
});

test('changes of condition are counted, timed and logged with their reason', async (t) => {
  const { simulator, refresh, log } = await watched(t);
  await refresh();
  simulator.cloud.setDriver('c1@reported', { backend_state: 'down' });
  simulator.cloud.poll();
  const page = await refresh();
  assert.equal(page.value('cinder_backend_condition_changes_total', { host: 'c1@reported' }), 1);
  assert.ok(page.value('cinder_backend_condition_change_timestamp_seconds', { host: 'c1@reported' }));
  assert.equal(page.value('cinder_backend_condition_change_timestamp_seconds', { host: 'k@ssd' }), undefined);
  assert.deepEqual(log, [
    {
      level: 'warn',
      message: 'Backend changed its condition',
      host: 'c1@reported',
      from: 'up',
      to: 'down',
      reason: 'its driver reports down',
    },
  ]);
});

test('a call while a refresh runs joins it and is counted', async (t) => {
  const { watcher, simulator, page } = await watched(t);
  const [first, second, third] = [watcher.refresh(), watcher.refresh(), watcher.refresh()];
  assert.ok(first === second && second === third);
  await first;
  assert.equal((await page()).value('cinder_exporter_refreshes_overlapped_total'), 2);
  assert.equal(simulator.requests.count('services'), 1);
  const next = watcher.refresh();
  assert.notEqual(next, first);
  await next;
});

test('listeners hear of each snapshot until they stop', async (t) => {
  const { watcher } = await watched(t);
  let heard = 0;
  const stop = watcher.onSwap(() => {
    heard += 1;
  });
  await watcher.refresh();
  await watcher.refresh();
  stop();
  await watcher.refresh();
  assert.equal(heard, 2);
});

test('duplicate rows and hostile words break nothing', async (t) => {
  const { simulator, refresh, page } = await watched(t);
  simulator.cloud.duplicateRow('cinder-volume', 'c1@reported', {});
  simulator.cloud.disable('c1@silent.example', 'a "quote"\nand \\ back\u0007');
  await refresh();
  const text = await page('openmetrics');
  assert.equal(text.samples('cinder_service_state').filter(({ labels }) => labels['host'] === 'c1@reported').length, 1);
  const info = text.samples('cinder_service_info').find(({ labels }) => labels['host'] === 'c1@silent.example');
  assert.equal(info?.labels['disabled_reason'], 'a "quote"\nand \\ back\u0007');
});

test('only GETs, and the POST of the login', async (t) => {
  const { simulator, refresh } = await watched(t);
  simulator.cloud.revokeTokens();
  await refresh();
  simulator.cloud.revokeTokens();
  await refresh();
  const verbs = new Set(simulator.requests.last.map(({ method, operation }) => `${method} ${operation}`));
  assert.deepEqual([...verbs].toSorted(), ['GET discovery', 'GET pools', 'GET services', 'POST token']);
});

test('after closing nothing is asked, published or logged as a failure of the cloud’s backends', async (t) => {
  const { watcher, simulator, log } = await watched(t);
  await watcher.refresh();
  const before = watcher.snapshot();
  watcher.close();
  simulator.requests.reset();
  await watcher.refresh();
  assert.equal(watcher.snapshot(), before);
  assert.deepEqual(simulator.requests.counts, {});
  assert.ok(log.every((line) => line.message !== 'Backend changed its condition'));
});
