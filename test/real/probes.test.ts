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
import { startPaging } from './e2e-site.ts';
import { type Watch, watch } from './e2e-watch.ts';
import { makeVolume } from './runbook-volumes.ts';
import { conditionOf } from './watched.ts';
import { tapped } from './wire.ts';
import type { Tapped } from './wire.ts';

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

describe(`does cinder-volume answer? beside a real Cinder ${labRelease()} with its minute of rpc_response_timeout`, () => {
  let lab: Lab | undefined;
  before(async () => {
    lab = await startLab(LAB);
  });
  after(() => lab?.down());

  test('one is stuck, one busy, one dead, one without its driver: each is told as what it is', async () => {
    assert.ok(lab);
    await prepare(lab);
    await paged(lab, (parts, seen) => several(lab as Lab, parts, seen));
  });
  if (process.env['NIGHT'] === '1')
    test('all are stuck: that is told as one', async () => {
      assert.ok(lab);
      await paged(lab, (parts, seen) => all(lab as Lab, parts, seen));
    });
});

if (process.env['NIGHT'] === '1')
  describe(`does a cluster answer? beside a real Cinder ${labRelease()}`, () => {
    let lab: Lab | undefined;
    before(async () => {
      lab = await startLab({ ...LAB, backends: ['pools', 'clustered', 'clustered-b'] });
    });
    after(() => lab?.down());

    test('when all of its members are stuck, that is told of the cluster as a whole', async () => {
      assert.ok(lab);
      // Room everywhere: a full pool is another story.
      await lab.backend('pools', ROOMY);
      for (const name of ['pools', 'clustered']) await lab.volumeType(name, { volume_backend_name: name });
      await paged(lab, (parts, seen) => cluster(lab as Lab, parts, seen));
    });
  });

/** With the shipped rules, and who is told by them. */
async function paged(lab: Lab, scene: (parts: Tapped, seen: Watch) => Promise<void>): Promise<void> {
  await tapped(lab, CONFIG, async (parts) => {
    const { exporter } = parts;
    const paging = await startPaging(new URL(exporter.url).host, 60_000);
    const logs = async (): Promise<string> => `${exporter.logs.slice(-60).join('\n')}\n${await lab.logs()}`;
    try {
      await scene(parts, watch({ ...paging, logs }));
    } finally {
      await paging.close();
    }
  });
}

/** Volume types, and the volumes that are to be deleted. */
async function prepare(lab: Lab): Promise<void> {
  await prepareBackends(lab);
  for (const name of ['single', 'nas', 'pools']) await lab.volumeType(name, { volume_backend_name: name });
  for (let index = 0; index < MASS; index += 1) await makeVolume(lab, `mass ${index}`, 'nas');
}

async function several(lab: Lab, { exporter, cinder }: Tapped, seen: Watch): Promise<void> {
  await exporter.waitFor('those that live have answered', (page) => [STUCK, BUSY, WELL].every(answers(page)));
  const uninitialised = `CinderVolumeServiceDown ${UNINITIALISED}`;
  // At this pace one request that is left unanswered, which takes its minute, is a ticket already. Busy is who may answer the next.
  seen.allows([STUCK, BUSY].map((host) => `CinderVolumeServiceBusy ${host}`));
  await seen.becomes({ pages: [uninitialised] });
  await lab.kill('volume-dead');
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
  const reasons = await reasonsOf(exporter);
  assert.match(
    reasons.get(STUCK) ?? '',
    /^heartbeats arrive, but its cinder-volume has answered no request for \d+ min/,
  );
  assert.match(reasons.get(GONE) ?? '', /the process does not answer either: it is gone, or its host is$/);
  assert.match(reasons.get(UNINITIALISED) ?? '', /the process lives and answers, but its driver failed to initialise$/);

  const gone = `CinderVolumeServiceDown ${GONE}`;
  const muted = ['single', 'gold'].map((type) => `CinderVolumeTypeDown ${STUCK} ${type}`);
  await seen.becomes({ pages: [uninitialised, gone, `CinderBackendUnresponsive ${STUCK}`], muted });
  await seen.stays();

  const isProbe = ({ path }: { readonly path: string }): boolean => path.includes('/capabilities/');
  assert.ok(cinder.passed.some(isProbe));
  assert.equal(cinder.mostOpen(isProbe), 1, 'one request open at a time');

  await lab.backend('single', { _slow_create: null });
  await lab.backend('nas', { _slow_delete: null });
  await exporter.waitFor(
    'both answer again',
    (now) => [STUCK, BUSY].every((host) => answers(now)(host) && conditionOf(now, host) === 'up'),
    DEADLINE_MS,
  );
  await seen.becomes({ pages: [uninitialised, gone] });
}

async function all(lab: Lab, { exporter }: Tapped, seen: Watch): Promise<void> {
  await exporter.waitFor('those that live have answered', (page) => [STUCK, BUSY, WELL].every(answers(page)));
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
  // One answers before the other.
  seen.allows(muted);
  for (const name of ['single', 'nas', 'pools']) await lab.backend(name, { _slow_create: null });
  await exporter.waitFor(
    'all answer again',
    (page) => page.value('cinder_volume_services_unresponsive') === 0 && [STUCK, BUSY, WELL].every(answers(page)),
    DEADLINE_MS,
  );
  await seen.becomes({ pages: dead });
}

/** A member that is stuck leaves every other probe to the one that is not; when both are, nobody takes it. */
async function cluster(lab: Lab, { exporter, cinder }: Tapped, seen: Watch): Promise<void> {
  await exporter.waitFor('both have answered', (page) => [CLUSTER, WELL].every(answers(page)));
  seen.allows([`CinderVolumeServiceBusy ${CLUSTER}`]);
  await seen.becomes({});
  for (const member of ['clustered', 'clustered-b']) await lab.backend(member, { _slow_create: 3600 });
  // Twice as many as there are threads: the bus gives them out in turn, probes as well.
  for (let index = 0; index < 8; index += 1) await create(lab, `hangs ${index}`, 'clustered');
  const page = await exporter.waitFor(
    'the cluster is told',
    (now) => conditionOf(now, CLUSTER) === 'unresponsive',
    DEADLINE_MS,
  );
  assert.equal(conditionOf(page, WELL), 'up');
  assert.equal(page.value('cinder_backend_usable', { host: CLUSTER }), 0);
  assert.match((await reasonsOf(exporter)).get(CLUSTER) ?? '', /A cluster is asked as a whole/);
  await seen.becomes({
    pages: [`CinderBackendUnresponsive ${CLUSTER}`],
    muted: [`CinderVolumeTypeDown ${CLUSTER} clustered`],
  });
  await seen.stays();
  const asked = cinder.passed.flatMap(({ path }) => /\/capabilities\/(.*)$/.exec(decodeURIComponent(path))?.[1] ?? []);
  assert.deepEqual([...new Set(asked)].toSorted(), [WELL, CLUSTER].toSorted(), 'its members are not asked');
  for (const member of ['clustered', 'clustered-b']) await lab.backend(member, { _slow_create: null });
  await exporter.waitFor(
    'it answers again',
    (now) => answers(now)(CLUSTER) === true && conditionOf(now, CLUSTER) === 'up',
    DEADLINE_MS,
  );
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
  for (const index of [1, 2]) await create(lab, `hangs ${index}`, name);
  const host = `lab@${name}`;
  await waitFor('both are with its cinder-volume', async () => {
    const creating = (await volumes(lab)).filter(
      (one) => one.status === 'creating' && one['os-vol-host-attr:host']?.startsWith(host),
    );
    return creating.length === 2;
  });
}

async function create(lab: Lab, name: string, volumeType: string): Promise<void> {
  const body = { volume: { name, size: 1, volume_type: volumeType } };
  const made = await ask(lab, '/volumes', { method: 'POST', body });
  assert.equal(made.status, 202, made.text);
}

async function deleteAll(lab: Lab, prefix: string): Promise<void> {
  for (const { id, name } of await volumes(lab))
    if (name.startsWith(prefix)) assert.equal((await ask(lab, `/volumes/${id}`, { method: 'DELETE' })).status, 202);
}

interface Volume {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly 'os-vol-host-attr:host': string | null;
}

async function volumes(lab: Lab): Promise<readonly Volume[]> {
  return ((await lab.get('/volumes/detail')).json as { readonly volumes: readonly Volume[] }).volumes;
}

async function ask(lab: Lab, path: string, question: Parameters<typeof send>[1]): ReturnType<typeof send> {
  const headers = { 'x-auth-token': await lab.token() };
  return persist(() => send(`${lab.cinder}/v3${path}`, { ...question, headers }));
}

async function reasonsOf(exporter: Exporter): Promise<ReadonlyMap<string, string>> {
  const answer = await fetch(`${exporter.url}/api/v1/backends`);
  const { backends } = (await answer.json()) as {
    readonly backends: readonly { readonly host: string; readonly reason: string }[];
  };
  return new Map(backends.map(({ host, reason }) => [host, reason]));
}
