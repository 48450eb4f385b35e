import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectorPaths } from '../../src/watch/cinder-api.ts';
import { CLOUD, ON, probing } from './probing.ts';
import { success } from './watched.ts';

test('each backend is asked once a minute, and nothing else is', async (t) => {
  const { pass, asked, page, conditions, simulator } = await probing(t);
  await pass(70, 1);
  assert.deepEqual(Object.keys(simulator.requests.counts).toSorted(), [
    'GET capabilities',
    'GET pools',
    'GET services',
  ]);
  const round = ['c1@one', 'c1@two', 'c2@three'];
  assert.deepEqual(asked(), [...round, ...round]);
  await pass(30);
  assert.equal(success(await page(), 'capabilities'), 1);
  assert.equal((await page()).value('cinder_volume_services_unresponsive'), 0);
  assert.deepEqual(await conditions(), { 'c1@one': 'up', 'c1@two': 'up', 'c2@three': 'up_assumed' });
});

test('five are asked right after each other, then none until two seconds for each are over; who does not answer is followed by nobody', async (t) => {
  const hosts = Array.from({ length: 12 }, (_, i) => `c1@b${String(i).padStart(2, '0')}`);
  const { pass, asked, simulator } = await probing(t, {
    cloud: { ...CLOUD, backends: hosts.map((host) => ({ host, driver: { backend_state: 'up' } })) },
  });
  const seen = asked();
  const each = async (): Promise<readonly number[]> => {
    const counts: number[] = [];
    for (let second = 0; second < 10; second += 1) {
      await pass(1, 1);
      const more = asked();
      seen.push(...more);
      counts.push(more.length);
    }
    return counts;
  };
  assert.deepEqual(await each(), [0, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(await each(), [0, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(await each(), [0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(seen, hosts);
  simulator.cloud.holdThreads('c1@b01');
  await pass(50);
  assert.deepEqual(asked(), ['c1@b00', 'c1@b01']);
});

test('a service that is stuck: unresponsive after two questions, the others go on being asked; a restart ends it', async (t) => {
  const { pass, asked, page, conditions, simulator, reasonOf, log } = await probing(t);
  simulator.cloud.holdThreads('c1@one');
  await pass(100);
  assert.equal((await conditions())['c1@one'], 'up', 'one question is not enough');
  assert.deepEqual(asked(), ['c1@one', 'c1@two', 'c2@three', 'c1@one']);
  await pass(90);
  assert.equal((await conditions())['c1@one'], 'unresponsive');
  const told = await page();
  assert.equal(told.value('cinder_backend_usable', { host: 'c1@one' }), 0);
  assert.equal(told.value('cinder_backend_state', { host: 'c1@one' }), 1, "the driver's word");
  assert.equal(told.value('cinder_volume_services_unresponsive'), 0);
  assert.equal(success(told, 'capabilities'), 1);
  assert.match(reasonOf('c1@one'), /^heartbeats arrive, but its cinder-volume has answered no request for \d+ min/);
  assert.doesNotMatch(reasonOf('c1@one'), /cluster/);
  assert.deepEqual(
    log.map(({ level, host, to }) => [level, host, to]),
    [['warn', 'c1@one', 'unresponsive']],
  );
  simulator.cloud.restartService('cinder-volume', 'c1@one');
  await pass(250);
  assert.equal((await conditions())['c1@one'], 'up');
});

test('what is asked is what the access rules of a credential allow, and all of them are needed', async (t) => {
  const { pass, simulator } = await probing(t);
  simulator.cloud.holdThreads('c1@one');
  await pass(90);
  const paths = simulator.requests.last.map(({ url }) =>
    new URL(url, simulator.url).pathname.replace(/^.*\/v3(\/[0-9a-f]{32})?/, ''),
  );
  const rules = collectorPaths(ON).map((path) => new RegExp(`^${path.replace(/\{[^}]*\}/, '[^/]+')}$`));
  for (const path of paths)
    assert.ok(
      rules.some((rule) => rule.test(path)),
      path,
    );
  for (const rule of rules)
    assert.ok(
      paths.some((path) => rule.test(path)),
      rule.source,
    );
});

test('a service that is busy with deletions is not unresponsive; one whose deletions hang is', async (t) => {
  const { pass, page, conditions, simulator, reasonOf } = await probing(t, {
    cloud: {
      ...CLOUD,
      backends: [
        { host: 'c1@one', driver: { backend_state: 'up', total_capacity_gb: 1000, free_capacity_gb: 1000 } },
        { host: 'c2@three', driver: { total_capacity_gb: 0, free_capacity_gb: 0 } },
      ],
      volumeTypes: [{ name: 'any', extraSpecs: {} }],
    },
    settings: { rpcThreads: 2, driverMs: 0 },
  });
  const ids = Array.from({ length: 40 }, () => simulator.cloud.makeVolume('any', 1));
  await pass(60);
  assert.deepEqual(new Set(ids.map((id) => simulator.cloud.volumeStatus(id))), new Set(['available']));
  simulator.cloud.setDriver('c1@one', { _slow_delete: 50 });
  for (const id of ids) simulator.cloud.deleteVolume(id);
  const said = new Set<string>();
  for (let minutes = 0; minutes < 7; minutes += 1) {
    await pass(60);
    assert.equal((await conditions())['c1@one'], 'up', `after ${minutes + 1} min`);
    said.add(`${(await page()).value('cinder_backend_service_answering', { host: 'c1@one' })} ${reasonOf('c1@one')}`);
  }
  assert.match(
    [...said].join('\n'),
    /^0 its driver reports up\. Its cinder-volume has left requests unanswered for \d+ min: busy, or about to be unresponsive$/m,
  );
  simulator.cloud.setDriver('c1@one', { _hang_delete: true });
  await pass(400);
  assert.equal((await conditions())['c1@one'], 'unresponsive');
});

test('all are stuck: that is told once two are, not when each has been asked twice', async (t) => {
  const { pass, page, conditions, simulator } = await probing(t);
  for (const { host } of CLOUD.backends) simulator.cloud.holdThreads(host);
  await pass(480);
  const told = await page();
  assert.equal(told.value('cinder_volume_services_unresponsive'), 1);
  const out = Object.values(await conditions()).filter((condition) => condition === 'unresponsive');
  assert.ok(out.length >= 2);
  for (const { host } of CLOUD.backends) simulator.cloud.restartService('cinder-volume', host);
  await pass(400);
  assert.equal((await page()).value('cinder_volume_services_unresponsive'), 0);
  assert.deepEqual(await conditions(), { 'c1@one': 'up', 'c1@two': 'up', 'c2@three': 'up_assumed' });
});

test('while a scheduler owes an answer nobody is asked', async (t) => {
  const { pass, asked, simulator } = await probing(t);
  await pass(40);
  simulator.cloud.hangScheduler();
  await pass(45);
  asked();
  await pass(60);
  assert.deepEqual(asked(), []);
  simulator.cloud.resumeScheduler();
  await pass(240);
  assert.ok(asked().length >= 3);
});

test('a bus that is down is not many services that are stuck', async (t) => {
  const { pass, page, conditions, simulator } = await probing(t);
  await pass(25);
  simulator.cloud.stopBus();
  await pass(200);
  simulator.cloud.startBus();
  await pass(300);
  assert.equal((await page()).value('cinder_volume_services_unresponsive'), 0);
  assert.deepEqual(await conditions(), { 'c1@one': 'up', 'c1@two': 'up', 'c2@three': 'up_assumed' });
});

test('a 502 that comes sooner tells nothing, keeps the slot taken for a minute, and fails the collector', async (t) => {
  const { pass, asked, page, conditions, simulator, watcher } = await probing(t, {
    settings: { rpcResponseTimeoutMs: 1000 },
  });
  simulator.cloud.holdThreads('c1@one');
  await pass(5);
  assert.deepEqual(asked(), ['c1@one']);
  await pass(50);
  assert.deepEqual(asked(), []);
  await pass(300);
  assert.deepEqual(await conditions(), { 'c1@one': 'up', 'c1@two': 'up', 'c2@three': 'up_assumed' });
  assert.ok(asked().includes('c1@two'));
  assert.equal(success(await page(), 'capabilities'), 0);
  const told = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'capabilities');
  assert.match(told?.failure?.message ?? '', /502.*given up after \d+ s, and only 60 s without an answer/);
});

test('forbidden: all is as without, the collector says so once, and the question is rare', async (t) => {
  const { pass, asked, page, conditions, simulator, log } = await probing(t);
  simulator.cloud.setPolicy({ capabilities: [] });
  simulator.cloud.holdThreads('c1@one');
  await pass(240);
  assert.equal(asked().length, 1);
  assert.deepEqual(await conditions(), { 'c1@one': 'up', 'c1@two': 'up', 'c2@three': 'up_assumed' });
  assert.equal(success(await page(), 'capabilities'), 0);
  assert.deepEqual(
    log.map(({ message, collector, reason }) => [message, collector, reason]),
    [['Collector fails', 'capabilities', 'forbidden']],
  );
});

test('what is under way cannot be counted: no condition, and the collector says why', async (t) => {
  const { pass, page, conditions, simulator, watcher } = await probing(t, { settings: { maxMicroversion: '3.43' } });
  simulator.cloud.holdThreads('c1@one');
  await pass(300);
  assert.equal((await conditions())['c1@one'], 'up');
  assert.equal(success(await page(), 'capabilities'), 0);
  const told = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'capabilities');
  assert.match(told?.failure?.message ?? '', /so nobody can tell whether cinder-volume is stuck or only busy$/);
});

test('a cluster is asked as a whole, and its reason says so', async (t) => {
  const { pass, asked, conditions, simulator, reasonOf } = await probing(t, {
    cloud: {
      backends: [
        { host: 'a@ssd', cluster: 'k@ssd', driver: { backend_state: 'up' } },
        { host: 'b@ssd', cluster: 'k@ssd', driver: { backend_state: 'up' } },
      ],
      schedulers: ['c1'],
    },
  });
  simulator.cloud.holdThreads('k@ssd');
  await pass(200);
  assert.deepEqual(new Set(asked()), new Set(['k@ssd']));
  assert.deepEqual(await conditions(), { 'k@ssd': 'unresponsive' });
  assert.match(reasonOf('k@ssd'), /A cluster is asked as a whole, and any of its members may answer$/);
});

test('without a heartbeat: a driver that failed to initialise is told from a process that is gone', async (t) => {
  const { pass, asked, conditions, simulator, reasonOf } = await probing(t);
  simulator.cloud.setDriver('c1@one', { _fail_setup: 'no such array' });
  simulator.cloud.restartService('cinder-volume', 'c1@one');
  simulator.cloud.stopService('cinder-volume', 'c1@two');
  await pass(100);
  assert.deepEqual(await conditions(), {
    'c1@one': 'service_down',
    'c1@two': 'service_down',
    'c2@three': 'up_assumed',
  });
  await pass(140);
  assert.match(reasonOf('c1@one'), /: the process lives and answers, but its driver failed to initialise$/);
  assert.match(reasonOf('c1@two'), /: the process does not answer either: it is gone, or its host is$/);
  asked();
  await pass(60);
  assert.deepEqual(new Set(asked()), new Set(['c2@three']), 'not asked again so soon');
  await pass(300);
  const later = asked();
  assert.ok(later.includes('c1@one') && later.includes('c1@two'), 'after five minutes');
});

test('one in doubt is asked again before one that is dead', async (t) => {
  const { pass, asked, conditions, simulator } = await probing(t);
  await pass(70, 1);
  simulator.cloud.holdThreads('c1@one');
  await pass(30, 1);
  simulator.cloud.stopService('cinder-volume', 'c1@two');
  // Until its heartbeat is missed it is asked as one that lives.
  const sinceDead: string[] = [];
  for (let steps = 0; steps < 40 && (await conditions())['c1@one'] !== 'unresponsive'; steps += 1) {
    const dead = (await conditions())['c1@two'] === 'service_down';
    asked();
    await pass(5);
    if (dead) sinceDead.push(...asked());
  }
  assert.equal((await conditions())['c1@one'], 'unresponsive');
  assert.equal((await conditions())['c1@two'], 'service_down');
  assert.ok(!sinceDead.includes('c1@two'));
  await pass(240);
  assert.ok(asked().includes('c1@two'));
});

test('many are still to be asked after a restart: one in doubt is asked again before them, once another has answered', async (t) => {
  const others = Array.from({ length: 40 }, (_, index) => ({ host: `c2@b${index}`, driver: { backend_state: 'up' } }));
  const cloud = { ...CLOUD, backends: [{ host: 'c1@one', driver: { backend_state: 'up' } }, ...others] };
  const { pass, asked, conditions, simulator } = await probing(t, { cloud });
  simulator.cloud.holdThreads('c1@one');
  await pass(180);
  const order = asked();
  assert.equal(order[0], 'c1@one');
  assert.notEqual(order[1], 'c1@one', 'it has a rest first');
  assert.ok(new Set(order).size < others.length, 'not all were asked');
  assert.equal((await conditions())['c1@one'], 'unresponsive');
});

test('a process that is gone is no failure of the collector where the cloud waits for a shorter time', async (t) => {
  const { pass, page, simulator, reasonOf } = await probing(t, { settings: { rpcResponseTimeoutMs: 5000 } });
  await pass(40);
  assert.equal((await page()).value('cinder_backend_service_answering', { host: 'c1@two' }), 1);
  simulator.cloud.stopService('cinder-volume', 'c1@two');
  for (let seconds = 0; seconds < 240; seconds += 10) {
    await pass(10);
    assert.doesNotMatch(reasonOf('c1@two'), /lives/, 'what it answered while it lived says nothing now');
  }
  assert.match(reasonOf('c1@two'), /: the process does not answer either: it is gone, or its host is$/);
  assert.equal(success(await page(), 'capabilities'), 1);
});

test('switched off, or without pools, nobody is asked and nothing is told', async (t) => {
  for (const collectors of [
    { ...ON, capabilities: false },
    { ...ON, pools: false },
  ]) {
    const { pass, asked, page } = await probing(t, { config: { collectors } });
    await pass(65);
    assert.deepEqual(asked(), []);
    assert.equal(success(await page(), 'capabilities'), undefined);
    assert.equal((await page()).value('cinder_volume_services_unresponsive'), undefined);
  }
});
