import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { send } from '../lab/answer.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab, Who } from '../lab/lab.ts';
import { type ImageService, startImageService } from '../lab/image-service.ts';
import { persist } from '../lab/sqlite.ts';
import { labRelease } from '../lab/release.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import { type Exporter, startExporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { freePorts } from '../lab/free-port.ts';
import { startPaging } from './e2e-site.ts';
import { type Watch, watch } from './e2e-watch.ts';
import { threePools } from './incidents.ts';
import { conditionOf } from './watched.ts';

const CONFIG =
  'defaults: {interval: 2s, max_random_delay: 0s, volume_types_interval: 5s, collectors: {operations: true, capabilities: false}}';
const BACKENDS = ['single', 'nas', 'pools'];
/** Two looks of the collector, a minute apart, and what lies between. */
const DEADLINE_MS = 200_000;

const ONE = { host: 'lab@single' };
const IMAGE = { imageRef: '0b6d3e4a-5a1c-4f0e-9d2b-7c8e9f001122' };
const THIN = { total_capacity_gb: 1000, thin_provisioning_support: true, max_over_subscription_ratio: '20.0' };
const FULL = { ...THIN, free_capacity_gb: 1, provisioned_capacity_gb: 2000 };
const EMPTY = { ...THIN, free_capacity_gb: 900, provisioned_capacity_gb: 100 };
const NOWHERE = { volume_type: 'single', reason: 'no_backend' };

describe(`what operations tell, beside a real Cinder ${labRelease()}`, () => {
  let lab: Lab | undefined;
  let images: ImageService | undefined;
  before(async () => {
    images = await startImageService();
    lab = await startLab({ backends: BACKENDS, imageService: images.url });
    await lab.backend('pools', threePools('up', 'up', 'up'));
  });
  after(async () => {
    await lab?.down();
    images?.close();
  });

  test('an array that refuses is evidence; a redeploy, a quota and one project alone are none; a wrong extra spec is told of its type', async () => {
    assert.ok(lab);
    const cloud = lab;
    for (const name of BACKENDS) await cloud.volumeType(name, { volume_backend_name: name });
    await cloud.volumeType('typo', { volume_backend_name: 'singel' });
    await paged(cloud, async ({ exporter, restart, seen }) => {
      await exporter.waitFor(
        'everything was read once',
        (page) => isJudged(page) && collectorIsWell(page, 'operations') && collectorIsWell(page, 'volume_types'),
        DEADLINE_MS,
      );
      // A redeploy: what is being made turns to error, with its host.
      await cloud.backend('pools', { _slow_create: 60 });
      const interrupted = [
        await make(cloud, 'admin', 'pools'),
        await make(cloud, 'member', 'pools'),
        await make(cloud, 'member', 'pools'),
      ];
      await waitFor(
        'they are on their backend',
        async () => (await rowOf(cloud, interrupted[2])).host !== null,
        30_000,
      );
      await cloud.restart('volume-pools');
      // The array refuses; another refuses one project alone.
      await cloud.backend('single', { _fail_create: 'lab: the array refuses' });
      await cloud.backend('nas', { _fail_create: 'lab: the array refuses' });
      for (const who of ['admin', 'member', 'admin'] as const) await make(cloud, who, 'single');
      for (let i = 0; i < 4; i += 1) await make(cloud, 'admin', 'nas');
      // Ten volumes are the quota of a project.
      for (const who of ['admin', 'member', 'admin', 'member', 'member'] as const) await make(cloud, who, 'typo');
      assert.equal((await ask(cloud, 'member', 'pools', 5000)).status, 413, 'a quota');

      const page = await exporter.waitFor(
        'the evidence is found',
        (now) =>
          now.value('cinder_backend_creations_failing', ONE) === 1 &&
          now.value('cinder_volume_type_unschedulable', { volume_type: 'typo' }) === 1,
        DEADLINE_MS,
      );
      for (const id of interrupted)
        assert.match((await rowOf(cloud, id)).host ?? '', /^lab@pools#/, 'it keeps its host');
      // No series while it has just been started anew.
      assert.notEqual(page.value('cinder_backend_creations_failing', { host: 'lab@pools' }), 1);
      assert.equal(page.value('cinder_backend_creations_failing', { host: 'lab@nas' }), 0);
      assert.equal(page.value('cinder_creations_failing'), 0);
      assert.equal(conditionOf(page, 'lab@single'), 'failing');
      assert.equal(page.value('cinder_backend_usable', ONE), 0);
      assert.equal(page.value('cinder_backend_failing_info', { ...ONE, by: 'creations' }), 1);
      for (const host of ['lab@nas', 'lab@pools']) assert.match(conditionOf(page, host) ?? '', /^up/, host);
      const paging = {
        pages: ['CinderBackendCreationsFailing lab@single'],
        tickets: ['CinderVolumeTypeUnschedulable typo'],
        muted: ['CinderVolumeTypeDown lab@single single'],
      };
      await seen.becomes(paging);
      for (const type of ['single', 'nas'])
        assert.equal(page.value('cinder_volume_type_creations_failing', { volume_type: type }), 0, type);
      const reasons = { volume_type: 'single', reason: 'driver' };
      assert.equal(page.value('cinder_volume_type_creation_failures_seen_total', reasons), 3, 'distinct requests');

      // A second event: the one that knows of it is started anew. Nobody is told twice, nor that it is over.
      await restart();
      await exporter.waitFor('it has decided anew', isJudged, DEADLINE_MS);
      await seen.stays();

      await cloud.backend('single', { _fail_create: null });
      const made = await make(cloud, 'member', 'single');
      await exporter.waitFor(
        'it ends with one that is made',
        (now) =>
          now.value('cinder_backend_creations_failing', ONE) === 0 &&
          now.value('cinder_backend_last_creation_timestamp_seconds', ONE) !== undefined,
        DEADLINE_MS,
      );
      assert.equal((await rowOf(cloud, made)).status, 'available');
      const after = await exporter.metrics();
      const at = after.value('cinder_backend_last_creation_timestamp_seconds', ONE) ?? 0;
      assert.ok(Math.abs(Date.now() / 1000 - at) < 300, `made at ${at}`);
      assert.ok(collectorIsWell(after, 'operations'));
      assert.match(conditionOf(after, 'lab@single') ?? '', /^up/);
      await seen.becomes({ tickets: paging.tickets, muted: paging.muted });
    });
  });

  test('a bad image, a full pool and a failover: nothing beside their own alerts; the image service loses its store: one for the cloud', async () => {
    assert.ok(lab && images);
    const [cloud, glance] = [lab, images];
    await cloud.sql("UPDATE quota_classes SET hard_limit = 100 WHERE resource = 'volumes'");
    for (const name of BACKENDS) {
      await cloud.backend(name, { _fail_create: null, _slow_create: null });
      await cloud.volumeType(name, { volume_backend_name: name });
    }
    await paged(cloud, async ({ exporter, restart, seen }) => {
      const failures = (page: Exposition, type: string, reason: string) =>
        page.value('cinder_volume_type_creation_failures_seen_total', { volume_type: type, reason });
      await exporter.waitFor('everything was read once', isJudged, DEADLINE_MS);
      // What users asked for in the scene before is not half an hour old.
      seen.allows(['CinderVolumeTypeUnschedulable typo', 'CinderServiceDisabledTooLong lab@nas cinder-volume']);
      // One is refused before it is copied, another breaks while it is copied: in error, with its host.
      const made = await make(cloud, 'member', 'pools', IMAGE);
      await becomes(cloud, made, 'available');
      glance.is('bad');
      for (const who of ['admin', 'member', 'admin', 'member'] as const) await make(cloud, who, 'pools', IMAGE);
      await exporter.waitFor('the bad image', (page) => failures(page, 'pools', 'no_backend') === 4, DEADLINE_MS);
      glance.is('well');
      await cloud.backend('pools', { _fail_image: 'lab: no space left on device' });
      const broken: string[] = [];
      for (const who of ['admin', 'member', 'admin', 'member'] as const)
        broken.push(await make(cloud, who, 'pools', IMAGE));
      for (const id of broken) await becomes(cloud, id, 'error');
      assert.match((await rowOf(cloud, broken[0])).host ?? '', /^lab@pools#/, 'it keeps its host');
      await cloud.backend('pools', { _fail_image: null });
      // The thin pool is full: what is still asked of the array fails.
      await cloud.backend('single', { ...FULL, _fail_create: 'lab: no space left' });
      // The other one is failed over.
      const failover = { host: 'lab@nas', backend_id: 'second-site' };
      assert.equal((await cloud.action('failover_host', failover)).status, 202);
      await exporter.waitFor(
        'both are seen',
        (page) =>
          conditionOf(page, 'lab@nas') === 'disabled' &&
          page.value('cinder_pool_free_capacity_bytes', { ...ONE, pool: 'single' }) === 1024 ** 3,
        DEADLINE_MS,
      );
      for (const type of ['single', 'nas'])
        for (const who of ['admin', 'member', 'admin', 'member', 'admin'] as const) await make(cloud, who, type);
      const page = await exporter.waitFor(
        'their failures',
        (now) => failures(now, 'single', 'driver') === 5 && failures(now, 'nas', 'no_backend') === 5,
        DEADLINE_MS,
      );
      for (const host of BACKENDS.map((name) => `lab@${name}`))
        assert.notEqual(page.value('cinder_backend_creations_failing', { host }), 1, host);
      for (const type of BACKENDS)
        assert.notEqual(page.value('cinder_volume_type_creations_failing', { volume_type: type }), 1, type);
      assert.equal(page.value('cinder_creations_failing'), 0);
      const failedOver = 'CinderBackendFailedOver lab@nas cinder-volume';
      await seen.becomes({ pages: ['CinderPoolPhysicalSpaceCritical lab@single single'], tickets: [failedOver] });
      await seen.stays();

      await cloud.backend('single', { free_capacity_gb: 900, _fail_create: null });
      await seen.becomes({ tickets: [failedOver] });
      glance.is('no store');
      for (const type of ['single', 'pools'])
        for (const who of ['admin', 'member', 'admin'] as const) await make(cloud, who, type, IMAGE);
      await exporter.waitFor('it is no array', (now) => now.value('cinder_creations_failing') === 1, DEADLINE_MS);
      const away = { pages: ['CinderVolumeCreationsFailing'], tickets: [failedOver] };
      await seen.becomes(away);
      await restart();
      await exporter.waitFor('it has decided anew', isJudged, DEADLINE_MS);
      await seen.stays();
      glance.is('well');
      await becomes(cloud, await make(cloud, 'member', 'single', IMAGE), 'available');
      await seen.becomes({ tickets: [failedOver] });
      assert.equal((await cloud.action('failover_host', { ...failover, backend_id: 'default' })).status, 202);
      await cloud.enable('lab@nas');
      await seen.becomes({});
      await cloud.backend('single', EMPTY);
    });
  });

  test('what lasts: detaches and deletions are told as stuck; an orphan is a left-over; backups, a retype and a type whose backend is disabled are nothing; copies that fail are told of their type', async () => {
    assert.ok(lab);
    const cloud = lab;
    for (const name of BACKENDS) {
      await cloud.backend(name, { _fail_create: null, _slow_create: null });
      await cloud.volumeType(name, { volume_backend_name: name });
    }
    // What has been under way for longer than a test can wait.
    const lasting: readonly (readonly [string, number])[] = [
      ['deleting', 3 * 365 * 24],
      ['deleting', 5],
      ['deleting', 5],
      ['detaching', 1],
      ['backing-up', 20],
      ['retyping', 30],
    ];
    for (const [status, hours] of lasting) {
      const id = await make(cloud, 'member', 'single');
      await becomes(cloud, id, 'available');
      const since = new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
      await cloud.sql(
        `UPDATE volumes SET status = '${status}', created_at = '${since}', updated_at = '${since}' WHERE id = '${id}'`,
      );
    }
    await paged(cloud, async ({ exporter, seen }) => {
      const stuck = (page: Exposition, operation: string) =>
        page.value('cinder_backend_operations_stuck', { ...ONE, operation });
      await exporter.waitFor(
        'everything was read once',
        (page) => isJudged(page) && page.value('cinder_backend_creations_failing', { host: 'lab@nas' }) === 0,
        DEADLINE_MS,
      );
      // The array makes no more copies; empty volumes it makes.
      await cloud.backend('nas', { _fail_clone: 'lab: the limit of snapshots' });
      for (const [who, copies] of [
        ['admin', 3],
        ['member', 2],
      ] as const) {
        const source = await make(cloud, who, 'nas');
        await becomes(cloud, source, 'available');
        for (let i = 0; i < copies; i += 1) await make(cloud, who, 'nas', { source_volid: source });
      }
      const disabled = { host: 'lab@single', binary: 'cinder-volume', disabled_reason: 'a test' };
      assert.equal((await cloud.action('disable-log-reason', disabled)).status, 200);
      for (const who of ['admin', 'member', 'admin', 'member', 'member'] as const) await make(cloud, who, 'single');
      const page = await exporter.waitFor(
        'what lasts was read',
        (now) =>
          now.value('cinder_volume_type_creations_failing', { volume_type: 'nas' }) === 1 &&
          now.value('cinder_volume_type_creation_failures_seen_total', NOWHERE) === 5 &&
          stuck(now, 'detaching') === 1 &&
          now.value('cinder_operations_judged', { operation: 'maintenance' }) === 1 &&
          now.value('cinder_operations_left_over', { operation: 'deleting' }) === 1,
        3 * DEADLINE_MS,
      );
      assert.equal(stuck(page, 'deleting'), 2);
      for (const operation of ['backing-up', 'retyping']) assert.equal(stuck(page, operation), undefined, operation);
      assert.equal(page.value('cinder_backend_creations_failing', { host: 'lab@nas' }), 0);
      // Disabled, and its type has no other: nobody is told.
      assert.equal(page.value('cinder_backend_creations_failing', ONE), undefined);
      assert.equal(page.value('cinder_volume_type_creations_failing', { volume_type: 'single' }), 0);
      assert.equal(page.value('cinder_volume_type_unschedulable', { volume_type: 'single' }), 0);
      assert.equal(page.value('cinder_creations_failing'), 0);
      assert.ok(collectorIsWell(page, 'operations'));
      // What users asked for in the scene before is not half an hour old.
      seen.allows(['CinderVolumeTypeUnschedulable typo']);
      const stuckThere = 'CinderVolumeOperationsStuck lab@single';
      await seen.becomes({ tickets: [stuckThere, stuckThere, 'CinderVolumeTypeFailing nas'] });
      await seen.stays();
    });
  });

  // Half an hour of real time: .ci/night.
  if (process.env['NIGHT'] === '1')
    test('creations hang: failing after half an hour, one page; the exporter restarts: it stands; they end: so does it', async () => {
      assert.ok(lab);
      const cloud = lab;
      await cloud.enable('lab@single');
      await paged(cloud, async ({ exporter, restart, seen }) => {
        await exporter.waitFor('everything was read once', isJudged, DEADLINE_MS);
        // What hangs since the scene before.
        seen.allows([
          'CinderVolumeTypeUnschedulable typo',
          'CinderVolumeTypeFailing nas',
          'CinderVolumeOperationsStuck lab@single',
        ]);
        await cloud.backend('single', { _slow_create: 3 * 3600 });
        const hanging: string[] = [];
        for (const who of ['admin', 'member', 'admin'] as const) hanging.push(await make(cloud, who, 'single'));
        const begunMs = Date.now();
        await exporter.waitFor(
          'they hang for long enough',
          (page) => page.value('cinder_backend_creations_failing', ONE) === 1,
          45 * 60_000,
        );
        assert.ok(Date.now() - begunMs > 29 * 60_000, 'not before half an hour is over');
        for (const id of hanging) assert.equal((await rowOf(cloud, id)).status, 'creating');
        assert.equal(conditionOf(await exporter.metrics(), 'lab@single'), 'failing');
        const muted = ['CinderVolumeTypeDown lab@single single'];
        await seen.becomes({ pages: ['CinderBackendCreationsFailing lab@single'], muted });
        await restart();
        await exporter.waitFor('it has decided anew', isJudged, DEADLINE_MS);
        await seen.stays();
        await cloud.backend('single', { _slow_create: null });
        for (const id of hanging) await becomes(cloud, id, 'available');
        await seen.becomes({ muted });
      });
    });
});

/** An exporter beside the lab, which keeps its address when it is started anew; with the shipped rules, and who is told by them. */
async function paged(
  lab: Lab,
  scene: (parts: {
    exporter: Pick<Exporter, 'metrics' | 'waitFor'>;
    restart: () => Promise<void>;
    seen: Watch;
  }) => Promise<void>,
): Promise<void> {
  const [port] = await freePorts(1);
  const environment = await lab.environment();
  const start = (): Promise<Exporter> =>
    startExporter({ environment, config: CONFIG, args: [`--web.listen-address=127.0.0.1:${port}`] });
  let running = await start();
  const paging = await startPaging(`127.0.0.1:${port}`, 60_000);
  const logs = async (): Promise<string> => `${running.logs.slice(-60).join('\n')}\n${await lab.logs()}`;
  const seen = watch({ ...paging, logs });
  // Volumes in error are counted as well. A service that was disabled for a while is no news for anybody. At this pace a restart is an outage.
  seen.allows([
    'CinderErrorVolumesGrowing',
    'CinderServiceDisabledTooLong lab@single cinder-volume',
    'CinderVolumeServiceDown lab@pools',
  ]);
  try {
    await scene({
      exporter: {
        metrics: (format) => running.metrics(format),
        waitFor: (what, holds, deadlineMs) => running.waitFor(what, holds, deadlineMs),
      },
      async restart() {
        await running.stop();
        running = await start();
      },
      seen,
    });
  } finally {
    await paging.close();
    await running.stop();
  }
}

function isJudged(page: Exposition): boolean {
  return page.value('cinder_operations_judged', { operation: 'creating' }) === 1;
}

function collectorIsWell(page: Exposition, collector: string): boolean {
  return page.value('cinder_scrape_collector_success', { collector }) === 1;
}

async function ask(lab: Lab, who: Who, type: string, size: number, more: object = {}) {
  const headers = { 'x-auth-token': await lab.token(who), 'openstack-api-version': 'volume 3.23' };
  return persist(() =>
    send(`${lab.cinder}/v3/volumes`, { headers, body: { volume: { size, volume_type: type, ...more } } }),
  );
}

/** Asks for a volume; its id. */
async function make(lab: Lab, who: Who, type: string, more: object = {}): Promise<string> {
  const { status, json, text } = await ask(lab, who, type, 1, more);
  assert.equal(status, 202, text);
  return (json as { readonly volume: { readonly id: string } }).volume.id;
}

async function becomes(lab: Lab, id: string, status: string): Promise<void> {
  await waitFor(`${id} is ${status}`, async () => (await rowOf(lab, id)).status === status, 60_000);
}

async function rowOf(lab: Lab, id = ''): Promise<{ readonly status: string; readonly host: string | null }> {
  const { json } = await lab.get(`/volumes/${id}`);
  const { volume } = json as { readonly volume: Readonly<Record<string, string | null>> };
  return { status: volume['status'] ?? '', host: volume['os-vol-host-attr:host'] ?? null };
}
