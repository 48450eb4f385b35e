import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { send } from '../lab/answer.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { labRelease } from '../lab/release.ts';
import { persist } from '../lab/sqlite.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import type { Exporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { prepareBackends } from './e2e-faults-backends.ts';
import { SCALE, startPaging } from './e2e-site.ts';
import { type Watch, watch } from './e2e-watch.ts';
import { askForVolume, makeVolume, volumesOf } from './runbook-volumes.ts';
import { conditionOf } from './watched.ts';
import { tapped } from './wire.ts';
import type { Tapped } from './wire.ts';

const NIGHT = process.env['NIGHT'] === '1';
const STUCK = 'lab@single';
const BUSY = 'lab@nas';
const WELL = 'lab@pools';
const GONE = 'lab@dead';
const UNINITIALISED = 'lab@broken';
const CLUSTER = 'labcluster@clustered';

const ROOMY = { pools: [{ pool_name: 'fast', backend_state: 'up', total_capacity_gb: 1000, free_capacity_gb: 900 }] };

const CONFIG = 'defaults: {interval: 2s, max_random_delay: 0s, volume_types_interval: 5s}';
/** Two threads for each service: two requests that hang make it deaf. */
const LAB = { backends: ['single', 'nas', 'pools', 'dead', 'broken'], rpcThreads: 2, rpcTimeoutSeconds: 60 };
/** Eight deletions of a minute each by two threads: longer than two requests that are left unanswered. */
const MASS = 8;
/** Five requests, a minute each, and what lies between them. */
const DEADLINE_MS = 10 * 60_000;
/** Longer than a page outlives its cause at this pace, and less than it takes an exporter that has restarted to find out that nobody answers. */
const HELD_MS = 40_000;
/** A second backend is asked in real minutes, for which the page of the first waits: its three minutes are real ones here. */
const ONE_BY_ONE = [`backend_unresponsive_for=${3 / SCALE}m`];

function services(): void {
  describe('its services', { concurrency: 1 }, () => {
    let lab: Lab | undefined;
    before(async () => {
      lab = await startLab(LAB);
      await prepareBackends(lab);
      for (const name of ['single', 'nas', 'pools']) await lab.volumeType(name, { volume_backend_name: name });
    });
    after(() => lab?.down());

    test('one is stuck, one busy, one dead, one without its driver: each is told as what it is; the exporter restarts, and the stuck one dies: nobody is told twice', async () => {
      assert.ok(lab);
      for (let index = 0; index < MASS; index += 1) await makeVolume(lab, `mass ${index}`, 'nas');
      await paged(lab, (parts, seen) => several(lab as Lab, parts, seen));
    });
    if (NIGHT)
      test('all are stuck: that is told as one; the exporter restarts: it stands', async () => {
        assert.ok(lab);
        await paged(lab, (parts, seen) => all(lab as Lab, parts, seen), ONE_BY_ONE);
      });
  });
}

function clusters(): void {
  describe('a mass delete, and a cluster', { concurrency: 1 }, () => {
    let lab: Lab | undefined;
    before(async () => {
      lab = await startLab({ ...LAB, backends: ['pools', 'clustered', 'clustered-b'] });
      // Room everywhere: a full pool is another story.
      await lab.backend('pools', ROOMY);
      for (const name of ['pools', 'clustered']) await lab.volumeType(name, { volume_backend_name: name });
    });
    after(() => lab?.down());

    test('a mass delete: a ticket and no page; the exporter restarts: one ticket', async () => {
      assert.ok(lab);
      for (let index = 0; index < MASS + 2; index += 1) await makeVolume(lab, `mass ${index}`, 'pools');
      await paged(lab, (parts, seen) => massDelete(lab as Lab, parts, seen));
    });
    test('all members of a cluster are stuck: that is told of the cluster as a whole; the exporter restarts, and both members die: one incident', async () => {
      assert.ok(lab);
      await paged(lab, (parts, seen) => cluster(lab as Lab, parts, seen));
    });
  });
}

describe(
  `does cinder-volume answer? beside a real Cinder ${labRelease()} with its minute of rpc_response_timeout`,
  { concurrency: 2 },
  () => {
    services();
    if (NIGHT) clusters();
  },
);

/** With the shipped rules, and who is told by them. */
async function paged(
  lab: Lab,
  scene: (parts: Tapped, seen: Watch) => Promise<void>,
  more: readonly string[] = [],
): Promise<void> {
  await tapped(lab, CONFIG, async (parts) => {
    const paging = await startPaging(new URL(parts.exporter.url).host, 60_000, more);
    const logs = async (): Promise<string> => `${parts.exporter.logs.slice(-60).join('\n')}\n${await lab.logs()}`;
    try {
      await scene(parts, watch({ ...paging, logs }));
    } finally {
      await paging.close();
    }
  });
}

async function several(lab: Lab, parts: Tapped, seen: Watch): Promise<void> {
  const { exporter, cinder } = parts;
  await exporter.waitFor('those that live have answered', (page) => [STUCK, BUSY, WELL].every(answers(page)));
  const uninitialised = `CinderVolumeServiceDown ${UNINITIALISED}`;
  // At this pace one request that is left unanswered, which takes its minute, is a ticket already. Busy is who may answer the next.
  seen.allows([STUCK, BUSY].map((host) => `CinderVolumeServiceBusy ${host}`));
  await seen.becomes({ pages: [uninitialised] });
  await lab.kill('volume-dead');
  // Its driver goes on with what it has told before.
  await lab.backend('single', { _caches: true, _fail_stats: 'no answer from 192.0.2.7' });
  await hangs(lab, 'single');
  await lab.backend('nas', { _slow_delete: 60 });
  await deleteAll(lab, 'mass');

  const conditions = new Set<string>();
  let busyWasSilent = false;
  const page = await exporter.waitFor(
    'the stuck one is told, the busy one was silent, the dead one was asked',
    (now) => {
      for (const host of [BUSY, WELL]) conditions.add(`${host} ${conditionOf(now, host)}`);
      busyWasSilent ||= answers(now)(BUSY) === false;
      return conditionOf(now, STUCK) === 'unresponsive' && busyWasSilent && answers(now)(GONE) === false;
    },
    DEADLINE_MS,
  );
  assert.deepEqual([...conditions].toSorted(), [`${BUSY} up`, `${WELL} up`]);
  assert.equal(page.value('cinder_backend_state', { host: STUCK }), 1, "the driver's word stays");
  assert.equal(page.value('cinder_backend_usable', { host: STUCK }), 0);
  assert.equal(page.value('cinder_volume_services_unresponsive'), 0);
  assert.equal(page.value('cinder_scrape_collector_success', { collector: 'capabilities' }), 1);
  const reason = (await reasonsOf(exporter)).get(STUCK) ?? '';
  assert.match(reason, /^heartbeats arrive, but its cinder-volume has answered no request for \d+ min/);
  await tellsGoneFromUninitialised(exporter);

  const gone = `CinderVolumeServiceDown ${GONE}`;
  const muted = ['single', 'gold'].map((type) => `CinderVolumeTypeDown ${STUCK} ${type}`);
  await seen.becomes({ pages: [uninitialised, gone, `CinderBackendUnresponsive ${STUCK}`], muted });
  await seen.stays();

  const isProbe = ({ path }: { readonly path: string }): boolean => path.includes('/capabilities/');
  assert.ok(cinder.passed.some(isProbe));
  assert.equal(cinder.mostOpen(isProbe), 1, 'one request open at a time');

  await parts.restart();
  await seen.stays(HELD_MS);
  await lab.kill('volume-single');
  await seen.becomes({ pages: [uninitialised, gone, `CinderVolumeServiceDown ${STUCK}`], muted });
  await lab.backend('single', { _slow_create: null, _caches: null, _fail_stats: null });
  await lab.backend('nas', { _slow_delete: null });
  await lab.start('volume-single');
  await parts.exporter.waitFor(
    'both answer again, and the others were asked again',
    (now) =>
      [STUCK, BUSY].every((host) => answers(now)(host) && conditionOf(now, host) === 'up') &&
      answers(now)(GONE) === false &&
      answers(now)(UNINITIALISED) === true,
    DEADLINE_MS,
  );
  await tellsGoneFromUninitialised(parts.exporter);
  await seen.becomes({ pages: [uninitialised, gone] });
}

async function tellsGoneFromUninitialised(exporter: Exporter): Promise<void> {
  const reasons = await reasonsOf(exporter);
  assert.match(reasons.get(GONE) ?? '', /the process does not answer either: it is gone, or its host is$/);
  assert.match(reasons.get(UNINITIALISED) ?? '', /the process lives and answers, but its driver failed to initialise$/);
}

async function all(lab: Lab, parts: Tapped, seen: Watch): Promise<void> {
  const { exporter } = parts;
  await exporter.waitFor('those that live have answered', (page) => [STUCK, BUSY, WELL].every(answers(page)));
  await lab.kill('volume-dead');
  const dead = [GONE, UNINITIALISED].map((host) => `CinderVolumeServiceDown ${host}`);
  seen.allows([STUCK, BUSY, WELL].map((host) => `CinderVolumeServiceBusy ${host}`));
  await seen.becomes({ pages: dead });
  for (const name of ['single', 'nas', 'pools']) await hangs(lab, name);
  await exporter.waitFor(
    'none answers',
    (page) => page.value('cinder_volume_services_unresponsive') === 1,
    2 * DEADLINE_MS,
  );
  const muted = [
    ...[STUCK, BUSY, WELL].map((host) => `CinderBackendUnresponsive ${host}`),
    ...['single', 'nas', 'pools'].map((name) => `CinderVolumeTypeDown lab@${name} ${name}`),
    `CinderVolumeTypeDown ${STUCK} gold`,
  ];
  await seen.becomes({ pages: [...dead, 'CinderVolumeServicesUnresponsive'], muted });
  await seen.stays();
  await parts.restart();
  await seen.stays(HELD_MS);
  // One answers before the other.
  seen.allows(muted);
  for (const name of ['single', 'nas', 'pools']) await lab.backend(name, { _slow_create: null });
  await parts.exporter.waitFor(
    'all answer again',
    (page) => page.value('cinder_volume_services_unresponsive') === 0 && [STUCK, BUSY, WELL].every(answers(page)),
    DEADLINE_MS,
  );
  await seen.becomes({ pages: dead });
}

/** A member that is stuck leaves every other probe to the one that is not; when both are, nobody takes it. */
async function cluster(lab: Lab, parts: Tapped, seen: Watch): Promise<void> {
  const { exporter, cinder } = parts;
  await exporter.waitFor('both have answered', (page) => [CLUSTER, WELL].every(answers(page)));
  seen.allows([`CinderVolumeServiceBusy ${CLUSTER}`]);
  await seen.becomes({});
  for (const member of ['clustered', 'clustered-b']) await lab.backend(member, { _slow_create: 3600 });
  // Twice as many as there are threads: the bus gives them out in turn, probes as well.
  for (let index = 0; index < 8; index += 1) await askForVolume(lab, `hangs ${index}`, 'clustered');
  const page = await exporter.waitFor(
    'the cluster is told',
    (now) => conditionOf(now, CLUSTER) === 'unresponsive',
    DEADLINE_MS,
  );
  assert.equal(conditionOf(page, WELL), 'up');
  assert.equal(page.value('cinder_backend_usable', { host: CLUSTER }), 0);
  assert.match((await reasonsOf(exporter)).get(CLUSTER) ?? '', /A cluster is asked as a whole/);
  const muted = [`CinderVolumeTypeDown ${CLUSTER} clustered`];
  await seen.becomes({ pages: [`CinderBackendUnresponsive ${CLUSTER}`], muted });
  await seen.stays();
  const asked = cinder.passed.flatMap(({ path }) => /\/capabilities\/(.*)$/.exec(decodeURIComponent(path))?.[1] ?? []);
  assert.deepEqual([...new Set(asked)].toSorted(), [WELL, CLUSTER].toSorted(), 'its members are not asked');
  await parts.restart();
  await seen.stays(HELD_MS);
  const members = ['clustered', 'clustered-b'];
  await lab.kill(...members.map((name) => `volume-${name}`));
  await seen.becomes({ pages: [`CinderVolumeServiceDown ${CLUSTER}`], muted });
  for (const member of members) await lab.backend(member, { _slow_create: null });
  await lab.start(...members.map((name) => `volume-${name}`));
  await parts.exporter.waitFor(
    'it answers again',
    (now) => answers(now)(CLUSTER) === true && conditionOf(now, CLUSTER) === 'up',
    DEADLINE_MS,
  );
  await seen.becomes({});
}

async function massDelete(lab: Lab, parts: Tapped, seen: Watch): Promise<void> {
  await parts.exporter.waitFor('both have answered', (page) => [CLUSTER, WELL].every(answers(page)));
  await lab.backend('pools', { _slow_delete: 60 });
  await deleteAll(lab, 'mass');
  await seen.becomes({ tickets: [`CinderVolumeServiceBusy ${WELL}`] });
  await seen.stays();
  await parts.restart();
  await seen.stays(HELD_MS);
  assert.equal(
    (await volumesOf(lab)).some(({ status }) => status === 'deleting'),
    true,
    'it is still busy',
  );
  await lab.backend('pools', { _slow_delete: null });
  await parts.exporter.waitFor('it answers again', (page) => answers(page)(WELL) === true, DEADLINE_MS);
  await seen.becomes({});
}

/** undefined: nobody knows. */
function answers(page: Exposition): (host: string) => boolean | undefined {
  return (host) => {
    const value = page.value('cinder_backend_service_answering', { host });
    return value === undefined ? undefined : value === 1;
  };
}

/** Two creations that hang: as many as its service has threads. */
async function hangs(lab: Lab, name: string): Promise<void> {
  await lab.backend(name, { _slow_create: 3600 });
  for (const index of [1, 2]) await askForVolume(lab, `hangs ${index}`, name);
  const host = `lab@${name}`;
  await waitFor('both are with its cinder-volume', async () => {
    const creating = (await volumesOf(lab)).filter(
      (one) => one.status === 'creating' && one['os-vol-host-attr:host']?.startsWith(host),
    );
    return creating.length === 2;
  });
}

async function deleteAll(lab: Lab, prefix: string): Promise<void> {
  const headers = { 'x-auth-token': await lab.token() };
  for (const { id, name } of await volumesOf(lab)) {
    if (!name.startsWith(prefix)) continue;
    const gone = await persist(() => send(`${lab.cinder}/v3/volumes/${id}`, { method: 'DELETE', headers }));
    assert.equal(gone.status, 202, gone.text);
  }
}

async function reasonsOf(exporter: Exporter): Promise<ReadonlyMap<string, string>> {
  const answer = await fetch(`${exporter.url}/api/v1/backends`);
  const { backends } = (await answer.json()) as {
    readonly backends: readonly { readonly host: string; readonly reason: string }[];
  };
  return new Map(backends.map(({ host, reason }) => [host, reason]));
}
