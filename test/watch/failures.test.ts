import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MONITOR_POLICY } from '../support/monitor-policy.ts';
import { success, watched } from './watched.ts';
import { waitFor } from '../support/wait-for.ts';

test('a member may read neither: said once in the log, and nothing is called up or down', async (t) => {
  const { refresh, log } = await watched(t, { who: 'member' });
  for (let i = 0; i < 4; i += 1) await refresh();
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 0);
  assert.deepEqual([success(page, 'services'), success(page, 'pools')], [0, 0]);
  assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'forbidden' }), 5);
  assert.equal(page.value('cinder_exporter_errors_total', { collector: 'pools', reason: 'forbidden' }), 5);
  for (const name of page.families.keys()) assert.match(name, /^cinder_(up$|scrape_collector_|exporter_)/);
  assert.deepEqual(
    log.map(({ message, collector, reason }) => [message, collector, reason]),
    [
      ['Collector fails', 'services', 'forbidden'],
      ['Collector fails', 'pools', 'forbidden'],
    ],
  );
  assert.match(String(log[0]?.['error']), /403: Policy doesn't allow volume_extension:services:index/);
});

test('only the pools are forbidden: the list tells what it can', async (t) => {
  const { simulator, refresh, conditions } = await watched(t);
  simulator.cloud.setPolicy({ ...MONITOR_POLICY, pools: [] });
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 1);
  assert.deepEqual([success(page, 'services'), success(page, 'pools')], [1, 0]);
  assert.deepEqual(await conditions(), {
    'c1@reported': 'up_assumed',
    'c1@silent.example': 'up_assumed',
    'c2@broken "x"': 'down',
    'k@ssd': 'unknown',
  });
  assert.equal(page.samples('cinder_backend_state_reported').length, 0);
});

test('only the list is forbidden: the pools are there, no backend is claimed', async (t) => {
  const { simulator, refresh } = await watched(t);
  simulator.cloud.setPolicy({ ...MONITOR_POLICY, services: [] });
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 0);
  assert.deepEqual([success(page, 'services'), success(page, 'pools')], [0, 1]);
  assert.equal(page.samples('cinder_pool_state').length, 4);
  assert.equal(page.families.has('cinder_backend_condition'), false);
});

test('an API that ends at 3.48: conditions from the pools, no scheduler needed for the list', async (t) => {
  const { simulator, refresh, conditions } = await watched(t, { settings: { maxMicroversion: '3.48' } });
  const page = await refresh();
  assert.deepEqual(await conditions(), {
    'c1@reported': 'up',
    'c1@silent.example': 'up_assumed',
    'c2@broken "x"': 'down',
    'k@ssd': 'up',
  });
  assert.equal(page.value('cinder_api_backend_state_supported'), 0);
  assert.equal(page.samples('cinder_api_info')[0]?.labels['used_version'], '3.48');
  assert.equal(page.families.has('cinder_service_backend_state'), false);
  assert.deepEqual(
    simulator.requests.last.filter(({ operation }) => operation === 'services').map((r) => r.microversion),
    ['volume 3.48'],
  );
});

test('an API below 3.7 knows no clusters; its hosts are the backends', async (t) => {
  const { refresh, conditions } = await watched(t, { settings: { maxMicroversion: '3.6' } });
  await refresh();
  assert.equal((await conditions())['a@ssd'], 'unknown');
});

test('discovery that is hidden: 3.49 is tried, and a 406 tells the range', async (t) => {
  const { simulator, refresh, log } = await watched(t, { settings: { maxMicroversion: '3.48' } });
  simulator.cloud.answerWith('discovery', { status: 404, body: 'no' });
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 1);
  assert.equal(page.samples('cinder_api_info')[0]?.labels['max_version'], '3.48');
  await refresh();
  assert.equal(simulator.requests.count('discovery'), 1, 'a refusal is an answer');
  assert.equal(log.filter((line) => line.message === 'Part of an answer could not be used').length, 1);
});

test('bodies that are no list: decode, and what stood stands', async (t) => {
  const { simulator, refresh, conditions } = await watched(t);
  await refresh();
  const before = await conditions();
  simulator.cloud.answerWith('services', {
    status: 200,
    headers: { 'Content-Type': 'text/html' },
    body: '<html>login</html>',
  });
  simulator.cloud.answerWith('pools', { status: 200, body: '{"pools":[{"name":"c1@reported#x"' });
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 0);
  assert.deepEqual([success(page, 'services'), success(page, 'pools')], [0, 0]);
  assert.equal(page.value('cinder_exporter_errors_total', { collector: 'pools', reason: 'decode' }), 1);
  assert.deepEqual(await conditions(), before);
  simulator.cloud.answerWith('services', null);
  simulator.cloud.answerWith('pools', null);
  const after = await refresh();
  assert.deepEqual([after.value('cinder_up'), success(after, 'services'), success(after, 'pools')], [1, 1, 1]);
});

test('a bad row costs itself, is counted, and is said once', async (t) => {
  const { simulator, refresh, log } = await watched(t);
  const row = { binary: 'cinder-volume', host: 'h@b', status: 'enabled', state: 'up', backend_state: 'up' };
  simulator.cloud.answerWith('services', {
    status: 200,
    body: JSON.stringify({ services: [row, { host: 'x' }, null] }),
  });
  await refresh();
  const page = await refresh();
  assert.equal(page.value('cinder_exporter_rejected_rows_total', { collector: 'services' }), 4);
  assert.equal(page.value('cinder_service_state', { host: 'h@b' }), 1);
  assert.deepEqual(
    log.map(({ message, what, problem }) => [message, what, problem]),
    [['Part of an answer could not be used', 'services', '2 rows rejected: a row has no "binary"']],
  );
});

test('get_pools asks us to wait: the list goes on, for as long as that takes', async (t) => {
  const { simulator, refresh } = await watched(t);
  await refresh();
  simulator.cloud.answerWith('pools', { status: 503, headers: { 'Retry-After': '3600' }, body: '<html>' });
  await refresh();
  simulator.requests.reset();
  for (let i = 0; i < 3; i += 1) {
    const page = await refresh();
    assert.deepEqual([page.value('cinder_up'), success(page, 'services'), success(page, 'pools')], [1, 1, 0]);
  }
  assert.deepEqual(simulator.requests.counts, { 'GET services': 3 });
});

test('a proxy answers 503 for the API for long: its pools are read at once when it is back, no scheduler was silent', async (t) => {
  const { simulator, refresh } = await watched(t);
  await refresh();
  for (const operation of ['services', 'pools'] as const)
    simulator.cloud.answerWith(operation, { status: 503, body: '<html>' });
  let page = await refresh();
  while ((page.value('cinder_exporter_pause_seconds', { operation: 'pools' }) ?? 0) < 100) page = await refresh();
  assert.deepEqual([success(page, 'services'), success(page, 'pools')], [0, 0]);
  for (const operation of ['services', 'pools'] as const) simulator.cloud.answerWith(operation, null);
  page = await refresh();
  assert.deepEqual([success(page, 'services'), success(page, 'pools')], [1, 1]);
});

test('429 of get_pools: the pools are left in peace, the list goes on, and all of it is said', async (t) => {
  const { simulator, refresh, log, time } = await watched(t);
  await refresh();
  simulator.cloud.answerWith('pools', { status: 429, headers: { 'Retry-After': '100' }, body: '{}' }, 1);
  await refresh();
  simulator.requests.reset();
  for (let i = 1; i <= 3; i += 1) {
    const page = await refresh();
    assert.deepEqual([page.value('cinder_up'), success(page, 'services'), success(page, 'pools')], [1, 1, 0]);
    assert.equal(page.value('cinder_exporter_errors_total', { collector: 'pools', reason: 'http' }), 1 + i);
    assert.equal(page.value('cinder_exporter_pause_seconds', { operation: 'pools' }), 100 - 30 * i);
  }
  assert.deepEqual(simulator.requests.counts, { 'GET services': 3 });
  const end = new Date(time.clock.wall() + 10_000).toISOString().slice(11, 19);
  assert.deepEqual(
    log.map(({ message, collector, reason }) => [message, collector, reason]),
    [['Collector fails', 'pools', 'http']],
  );
  assert.ok(String(log[0]?.['error']).endsWith(`: 429; not asked again before ${end} UTC`), String(log[0]?.['error']));
  const after = await refresh();
  assert.deepEqual([success(after, 'pools'), simulator.requests.count('pools')], [1, 1]);
});

test('429 of the list: not asked at any version meanwhile, for five minutes at most, and the reason is not a timeout', async (t) => {
  for (const seconds of ['3600', '1000000000']) {
    const { simulator, watcher, refresh } = await watched(t);
    await refresh();
    simulator.cloud.answerWith('services', { status: 429, headers: { 'Retry-After': seconds }, body: '{}' }, 1);
    await refresh();
    simulator.requests.reset();
    for (let i = 1; i < 10; i += 1) {
      const page = await refresh();
      assert.deepEqual([page.value('cinder_up'), success(page, 'services'), success(page, 'pools')], [0, 0, 1]);
      assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'http' }), 1 + i);
      assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'timeout' }), 0);
    }
    const failure = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'services')?.failure;
    assert.match(
      String(failure?.message),
      /: 429; not asked again before \d\d:\d\d:\d\d UTC, though it asks for more than 300 s$/,
    );
    assert.equal(simulator.requests.count('services'), 0);
    assert.equal((await refresh()).value('cinder_up'), 1);
  }
});

test('429 of the version document: it is left in peace, the list is read at 3.49', async (t) => {
  const { simulator, refresh, log } = await watched(t);
  simulator.cloud.answerWith('discovery', { status: 429, headers: { 'Retry-After': '100' }, body: '' }, 1);
  for (let i = 0; i < 4; i += 1) assert.equal((await refresh()).value('cinder_up'), 1);
  assert.equal(simulator.requests.count('discovery'), 1);
  const page = await refresh();
  assert.equal(simulator.requests.count('discovery'), 2);
  assert.equal(page.samples('cinder_api_info')[0]?.labels['max_version'], '3.70');
  assert.deepEqual(
    log.map(({ message, what }) => [message, what]),
    [['Part of an answer could not be used', 'discovery']],
  );
  assert.match(String(log[0]?.['problem']), /429 .*; not asked again before /);
});

test('429 of Keystone: nothing is asked without a token, and all goes on with one that is still good', async (t) => {
  const first = await watched(t);
  first.simulator.cloud.answerWith('token', { status: 429, headers: { 'Retry-After': '100' }, body: '{}' }, 1);
  const refused = await first.refresh();
  assert.deepEqual([refused.value('cinder_up'), success(refused, 'services'), success(refused, 'pools')], [0, 0, 0]);
  assert.equal(refused.value('cinder_exporter_pause_seconds', { operation: 'token' }), 100);
  first.simulator.requests.reset();
  for (let i = 0; i < 3; i += 1) await first.refresh();
  assert.deepEqual(first.simulator.requests.counts, {});
  assert.equal((await first.refresh()).value('cinder_up'), 1);
});

test('a late answer of a scheduler does not end the pause that Keystone asked for', async (t) => {
  const { simulator, watcher, refresh } = await watched(t);
  await refresh();
  simulator.cloud.hangScheduler();
  await refresh();
  simulator.cloud.changePassword('admin', 'another');
  simulator.cloud.answerWith('services', { status: 401, body: '{}' }, 1);
  const page = await refresh();
  assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'auth' }), 1);
  const pause = page.value('cinder_exporter_pause_seconds', { operation: 'token' }) ?? 0;
  assert.ok(pause > 0);
  simulator.requests.reset();
  const swapped = new Promise<void>((resolve) => void watcher.onSwap(() => resolve()));
  simulator.cloud.resumeScheduler();
  await swapped;
  await watcher.refresh();
  assert.equal(simulator.requests.count('token'), 0, 'a refused login is not tried again');
});

test('a fault of our own: cinder_up is 0, it is said, and the next good refresh mends it', async (t) => {
  const { watcher, refresh, log } = await watched(t);
  await refresh();
  const stop = watcher.onSwap(() => {
    stop();
    throw new TypeError('of our own');
  });
  const page = await refresh();
  assert.equal(page.value('cinder_up'), 0);
  assert.equal(page.families.has('cinder_backend_condition'), false, 'nothing old passes for new');
  assert.equal(success(page, 'services'), 0);
  assert.match(
    String(watcher.snapshot()?.collectors.find(({ collector }) => collector === 'services')?.failure?.message),
    /^unexpected: TypeError: of our own$/,
  );
  assert.ok(
    log.some(({ level, message }) => level === 'error' && message === 'Refresh failed for a reason of our own'),
  );
  const after = await refresh();
  assert.deepEqual([after.value('cinder_up'), success(after, 'services')], [1, 1]);
});

test('a prompt 500 of get_pools is one line in the log, not one for each pause and each try', async (t) => {
  const { simulator, refresh, log } = await watched(t);
  await refresh();
  simulator.cloud.answerWith('pools', { status: 500, body: '{"computeFault":{"message":"boom"}}' });
  for (let i = 0; i < 6; i += 1) await refresh();
  const page = await refresh();
  assert.equal(success(page, 'pools'), 0);
  assert.deepEqual(
    log.map(({ message, reason }) => [message, reason]),
    [['Collector fails', 'http']],
  );
});

test('the password is changed: no storm of logins, and all is well once it is changed back', async (t) => {
  const { simulator, refresh, log } = await watched(t);
  await refresh();
  const password = simulator.environment()['OS_PASSWORD'] ?? '';
  simulator.cloud.changePassword('admin', 'another');
  simulator.cloud.answerWith('services', { status: 401, body: '{}' }, 1);
  const failed = await refresh();
  assert.equal(failed.value('cinder_up'), 0);
  assert.equal(failed.value('cinder_exporter_errors_total', { collector: 'services', reason: 'auth' }), 1);
  for (let i = 0; i < 10; i += 1) await refresh();
  assert.ok(simulator.requests.count('token') <= 8, `${simulator.requests.count('token')} logins`);
  assert.ok(!log.some((line) => JSON.stringify(line).includes(password)));
  simulator.cloud.changePassword('admin', password);
  await waitFor('recovered', async () => (await refresh()).value('cinder_up') === 1);
  assert.deepEqual(
    log.filter((line) => line['collector'] === 'services').map(({ message }) => message),
    ['Collector fails', 'Collector succeeds again'],
  );
});

test('Keystone is away while the token is good: nobody notices', async (t) => {
  const { simulator, refresh, log } = await watched(t);
  await refresh();
  simulator.cloud.stopKeystone();
  for (let i = 0; i < 3; i += 1) assert.equal((await refresh()).value('cinder_up'), 1);
  assert.deepEqual(log, []);
});

test('the API is away: said once, stands until it is too old, recovers at the next refresh', async (t) => {
  const { simulator, refresh, conditions, log, time } = await watched(t, { config: { staleAfterMs: 150_000 } });
  const begun = time.clock.now();
  await refresh();
  const before = await conditions();
  simulator.cloud.stopApi();
  const down = await refresh();
  assert.deepEqual([down.value('cinder_up'), success(down, 'services'), success(down, 'pools')], [0, 0, 0]);
  assert.deepEqual(await conditions(), before);
  assert.equal(down.value('cinder_exporter_errors_total', { collector: 'pools', reason: 'connect' }), 1);
  await waitFor('dropped', async () => !(await refresh()).families.has('cinder_backend_condition'));
  assert.ok(time.clock.now() - begun >= 150_000);
  const empty = await refresh();
  for (const name of empty.families.keys()) assert.match(name, /^cinder_(up$|scrape_collector_|exporter_)/);
  assert.ok(empty.value('cinder_scrape_collector_last_success_timestamp_seconds', { collector: 'services' }));
  // By now the drivers' reports are as old as that, too.
  simulator.cloud.poll();
  simulator.cloud.startApi();
  const back = await refresh();
  assert.equal(back.value('cinder_up'), 1);
  assert.deepEqual(await conditions(), before);
  assert.deepEqual(log.map(({ message, collector }) => `${message} ${String(collector)}`).toSorted(), [
    'Collector fails pools',
    'Collector fails services',
    'Collector succeeds again pools',
    'Collector succeeds again services',
  ]);
});

test('an endpoint that moved is found in a fresh catalog, when nobody answers at the old one or somebody else does', async (t) => {
  for (const answer of [
    undefined,
    { status: 502, body: '<html>' },
    { status: 301, headers: { Location: 'http://x/' } },
  ]) {
    await t.test(answer ? `${answer.status}` : 'nobody', async (inner) => {
      const { simulator, refresh } = await watched(inner);
      const other = await watched(inner);
      await refresh();
      simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url: `${other.simulator.url}/volume/v3` }]);
      if (answer) simulator.cloud.answerWith('services', answer);
      else simulator.cloud.stopApi();
      await waitFor('asked at its new place', async () => {
        await refresh();
        return other.simulator.requests.count('services') > 0;
      });
    });
  }
});
