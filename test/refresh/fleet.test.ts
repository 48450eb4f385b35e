import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Gauge, Registry } from 'prom-client';
import { loadAccess } from '../../src/openstack/clouds.ts';
import { createFleet, type Fleet, type Target } from '../../src/refresh/fleet.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { parseExposition } from '../exposition-parser.ts';
import { CONFIG, SMALL_CLOUD, until, type LogLine } from './watched.ts';

const QUIET = { kind: 'interval', everyMs: 3_600_000 } as const;

async function fleetOf(t: TestContext): Promise<{ fleet: Fleet; simulator: Simulator; log: LogLine[] }> {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  const registry = new Registry();
  new Gauge({ name: 'process_thing', help: 'H.', registers: [registry] }).set(1);
  const log: LogLine[] = [];
  const fleet = createFleet(registry, (level, message, fields) => void log.push({ ...fields, level, message }));
  t.after(async () => {
    fleet.close();
    await simulator.close();
  });
  return { fleet, simulator, log };
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
  await until('read', () => ready(fleet));
  const one = await namesOn(fleet);
  assert.ok(
    one.includes('process_thing') && one.includes('cinder_up') && one.includes('cinder_exporter_refreshes_total'),
  );
  await fleet.watch([target(simulator, 'one'), target(simulator, 'two')]);
  assert.deepEqual(await namesOn(fleet), ['process_thing']);
  assert.ok(ready(fleet), 'a changed cloud is shown after its first refresh');
  const own = await fleet.clouds()[1]?.page.page('text');
  const families = parseExposition(gunzipSync(Buffer.concat(own?.gzip ?? [])).toString('utf8'), 'text').families;
  assert.ok(families.has('cinder_up') && !families.has('process_thing'));
});

test('a reload that changes nothing keeps the watcher; a changed secret, certificate or setting is a new one', async (t) => {
  const { fleet, simulator } = await fleetOf(t);
  await fleet.watch([target(simulator, 'one')]);
  await until('read', () => ready(fleet));
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
  await until('read', () => ready(fleet));
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
  const { fleet, simulator } = await fleetOf(t);
  const often = { kind: 'interval', everyMs: 20 } as const;
  await fleet.watch([target(simulator, 'a')]);
  const reload = fleet.watch([target(simulator, 'b', { schedule: often })]);
  fleet.close();
  await reload;
  await until('the last request is over', () => simulator.requests.waitingNow === 0);
  simulator.requests.reset();
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  assert.deepEqual(simulator.requests.counts, {});
});
