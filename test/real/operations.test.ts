import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { send } from '../lab/answer.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab, Who } from '../lab/lab.ts';
import { persist } from '../lab/sqlite.ts';
import { labRelease } from '../lab/release.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import { startExporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';

const CONFIG =
  'defaults: {interval: 2s, max_random_delay: 0s, volume_types_interval: 5s, collectors: {operations: true, capabilities: false}}';
const BACKENDS = ['single', 'nas', 'pools'];
/** Two looks of the collector, a minute apart, and what lies between. */
const DEADLINE_MS = 200_000;

const ONE = { host: 'lab@single' };

describe(`what operations tell, beside a real Cinder ${labRelease()}`, () => {
  let lab: Lab | undefined;
  before(async () => {
    lab = await startLab({ backends: BACKENDS });
  });
  after(() => lab?.down());

  test('an array that refuses is evidence; a redeploy, a quota and one project alone are none; a wrong extra spec is told of its type', async () => {
    assert.ok(lab);
    const cloud = lab;
    for (const name of BACKENDS) await cloud.volumeType(name, { volume_backend_name: name });
    await cloud.volumeType('typo', { volume_backend_name: 'singel' });
    const exporter = await startExporter({ environment: await cloud.environment(), config: CONFIG });
    try {
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
      for (const type of ['single', 'nas'])
        assert.equal(page.value('cinder_volume_type_creations_failing', { volume_type: type }), 0, type);
      const reasons = { volume_type: 'single', reason: 'driver' };
      assert.equal(page.value('cinder_volume_type_creation_failures_seen_total', reasons), 3, 'distinct requests');

      await cloud.backend('single', { _fail_create: null });
      const made = await make(cloud, 'member', 'single');
      await exporter.waitFor(
        'it ends with one that is made',
        (now) => now.value('cinder_backend_creations_failing', ONE) === 0,
        DEADLINE_MS,
      );
      assert.equal((await rowOf(cloud, made)).status, 'available');
      const after = await exporter.metrics();
      const at = after.value('cinder_backend_last_creation_timestamp_seconds', ONE) ?? 0;
      assert.ok(Math.abs(Date.now() / 1000 - at) < 300, `made at ${at}`);
      assert.ok(collectorIsWell(after, 'operations'));
    } finally {
      await exporter.stop();
    }
  });
});

function isJudged(page: Exposition): boolean {
  return page.value('cinder_operations_judged', { operation: 'creating' }) === 1;
}

function collectorIsWell(page: Exposition, collector: string): boolean {
  return page.value('cinder_scrape_collector_success', { collector }) === 1;
}

async function ask(lab: Lab, who: Who, type: string, size: number) {
  const headers = { 'x-auth-token': await lab.token(who), 'openstack-api-version': 'volume 3.23' };
  return persist(() => send(`${lab.cinder}/v3/volumes`, { headers, body: { volume: { size, volume_type: type } } }));
}

/** Asks for a volume; its id. */
async function make(lab: Lab, who: Who, type: string): Promise<string> {
  const { status, json } = await ask(lab, who, type, 1);
  assert.equal(status, 202);
  return (json as { readonly volume: { readonly id: string } }).volume.id;
}

async function rowOf(lab: Lab, id = ''): Promise<{ readonly status: string; readonly host: string | null }> {
  const { json } = await lab.get(`/volumes/${id}`);
  const { volume } = json as { readonly volume: Readonly<Record<string, string | null>> };
  return { status: volume['status'] ?? '', host: volume['os-vol-host-attr:host'] ?? null };
}
