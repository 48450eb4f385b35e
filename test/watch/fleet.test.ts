import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Gauge, Registry } from 'prom-client';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { createFleet, type Fleet, type Target } from '../../src/watch/fleet.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { manualTime, type ManualTime } from '../support/manual-time.ts';
import { CONFIG, SMALL_CLOUD, type LogLine } from './watched.ts';
import { waitFor } from '../support/wait-for.ts';

const QUIET = { kind: 'interval', everyMs: 3_600_000 } as const;

async function fleetOf(
  t: TestContext,
  maxAtOnce?: number,
): Promise<{ fleet: Fleet; simulator: Simulator; log: LogLine[]; time: ManualTime }> {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  const registry = new Registry();
  new Gauge({ name: 'process_thing', help: 'H.', registers: [registry] }).set(1);
  const log: LogLine[] = [];
  const time = manualTime();
  const fleet = createFleet(
    registry,
    (level, message, fields) => void log.push({ ...fields, level, message }),
    time.clock,
    maxAtOnce,
  );
  t.after(async () => {
    fleet.close();
    await simulator.close();
  });
  return { fleet, simulator, log, time };
}

function target(simulator: Simulator, name: string, patch: Partial<Target['config']> = {}): Target {
  const access = loadAccess({ env: simulator.environment(), cwd: '/nonexistent', home: '/nonexistent' });
  return { config: { ...CONFIG, name, schedule: QUIET, ...patch }, access };
}

async function namesOn(fleet: Fleet): Promise<string[]> {
  const { gzip } = await fleet.metrics().page('text');
  return [...parseExposition(gunzipSync(Buffer.concat(gzip)).toString('utf8'), 'text').families.keys()];
}

const ready = (fleet: Fleet): boolean =>
  fleet.clouds().length > 0 && fleet.clouds().every(({ watcher }) => watcher.snapshot());

test('with one cloud all is on /metrics, with several what belongs to the process', async (t) => {
  const { fleet, simulator } = await fleetOf(t);
  await fleet.watch([target(simulator, 'one')]);
  await waitFor('read', () => ready(fleet));
  const one = await namesOn(fleet);
  assert.ok(
    one.includes('process_thing') && one.includes('cinder_up') && one.includes('cinder_exporter_refreshes_total'),
  );
  const lists: number[] = [];
  const unlisten = fleet.onClouds(() => void lists.push(fleet.clouds().length));
  await fleet.watch([target(simulator, 'one'), target(simulator, 'two')]);
  unlisten();
  assert.deepEqual(lists, [2]);
  assert.deepEqual(await namesOn(fleet), ['process_thing']);
  assert.ok(ready(fleet), 'a changed cloud is shown after its first refresh');
  const own = await fleet.clouds()[1]?.page.page('text');
  const families = parseExposition(gunzipSync(Buffer.concat(own?.gzip ?? [])).toString('utf8'), 'text').families;
  assert.ok(families.has('cinder_up') && !families.has('process_thing'));
});

test('a reload that changes nothing keeps the watcher; a changed secret, certificate or setting is a new one', async (t) => {
  const { fleet, simulator } = await fleetOf(t);
  await fleet.watch([target(simulator, 'one')]);
  await waitFor('read', () => ready(fleet));
  const before = fleet.clouds()[0]?.watcher;
  await fleet.watch([target(simulator, 'one')]);
  assert.equal(fleet.clouds()[0]?.watcher, before);
  const same = target(simulator, 'one');
  await fleet.watch([{ ...same, access: { ...same.access, tls: { verify: false } } }]);
  assert.notEqual(fleet.clouds()[0]?.watcher, before);
  assert.ok(ready(fleet));
});

test('reloads at the same time: the last one wins, and nobody that is shown has been stopped', async (t) => {
  const { fleet, simulator } = await fleetOf(t);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => target(simulator, name)) as [Target, Target, Target];
  await fleet.watch([a]);
  await waitFor('read', () => ready(fleet));
  await Promise.all([fleet.watch([b]), fleet.watch([a, c])]);
  assert.deepEqual(
    fleet.clouds().map(({ name }) => name),
    ['a', 'c'],
  );
  for (const { watcher, name } of fleet.clouds()) {
    await watcher.refresh();
    assert.equal(watcher.snapshot()?.up, true, `${name} still reads its cloud`);
  }
});

test('closing in the middle of a reload stops what it starts', async (t) => {
  const { fleet, simulator, time } = await fleetOf(t);
  const often = { kind: 'interval', everyMs: 20 } as const;
  await fleet.watch([target(simulator, 'a')]);
  const reload = fleet.watch([target(simulator, 'b', { schedule: often })]);
  fleet.close();
  await reload;
  await waitFor('the last request is over', () => simulator.requests.waitingNow === 0);
  simulator.requests.reset();
  time.advance(1000);
  await new Promise(setImmediate);
  assert.deepEqual(simulator.requests.counts, {});
  assert.deepEqual(time.waiting(), []);
});

test('a reload that changes every cloud keeps the limit of refreshes at once, and counts none as overlapped', async (t) => {
  const { fleet, simulator } = await fleetOf(t, 2);
  const all = (everyMs: number) =>
    ['a', 'b', 'c', 'd', 'e'].map((name) => target(simulator, name, { schedule: { kind: 'interval', everyMs } }));
  await fleet.watch(all(3_600_000));
  await waitFor('read', () => ready(fleet));
  simulator.cloud.hangScheduler();
  simulator.requests.reset();
  const reload = fleet.watch(all(7_200_000));
  await waitFor('as many as may', () => simulator.requests.waitingNow >= 2);
  // The others would have come to this in the same turns of the event loop.
  for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
  assert.deepEqual([simulator.requests.waitingNow, simulator.requests.count('token')], [2, 2]);
  simulator.cloud.resumeScheduler();
  await reload;
  assert.ok(ready(fleet));
  for (const { watcher } of fleet.clouds()) {
    assert.equal((await watcher.metrics.overlapped.get()).values[0]?.value ?? 0, 0);
    assert.equal((await watcher.metrics.refreshes.get()).values[0]?.value, 1);
  }
});

test('a reload with new settings ends the pauses of the old ones; one that changes nothing does not', async (t) => {
  const { fleet, simulator, time } = await fleetOf(t);
  const [minute, hour] = [60_000, 3_600_000].map((everyMs) => ({ schedule: { kind: 'interval', everyMs } as const }));
  await fleet.watch([target(simulator, 'a', hour)]);
  await waitFor('read', () => ready(fleet));
  const read = async (): Promise<boolean> => {
    const [cloud] = fleet.clouds();
    await cloud?.watcher.refresh();
    return cloud?.watcher.snapshot()?.up === true;
  };
  simulator.cloud.answerWith('services', { status: 429, headers: { 'Retry-After': '250' }, body: '{}' }, 1);
  assert.equal(await read(), false);
  await fleet.watch([target(simulator, 'a', hour)]);
  time.advance(200_000);
  assert.equal(await read(), false, 'still in its pause');
  await fleet.watch([target(simulator, 'a', minute)]);
  assert.equal(fleet.clouds()[0]?.watcher.snapshot()?.up, true);
});

test('what the schedule says is on the page: the shortest interval, and when the next refresh is due', async (t) => {
  const { fleet, simulator, time } = await fleetOf(t);
  await fleet.watch([target(simulator, 'a', { schedule: { kind: 'cron', expression: '*/30 * 8-18 * * 1-5' } })]);
  await waitFor('read', () => ready(fleet));
  const page = async () =>
    parseExposition(gunzipSync(Buffer.concat((await fleet.metrics().page('text')).gzip)).toString('utf8'), 'text');
  const first = await page();
  assert.equal(first.value('cinder_exporter_refresh_interval_seconds'), 30);
  const due = (first.value('cinder_exporter_next_refresh_timestamp_seconds') ?? 0) * 1000;
  assert.ok(due > time.clock.wall());
  assert.match(new Date(due).toISOString(), /T(08|09|1[0-8]):\d\d:(00|30)\.000Z$/);
});
