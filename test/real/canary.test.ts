import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Canary, createCanary } from '../../src/canary/canary.ts';
import type { CanaryRow } from '../../src/cinder/canary.ts';
import type { Clock } from '../../src/clock.ts';
import type { CanaryConfig } from '../../src/config/config.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { type Answer, send } from '../lab/answer.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { labRelease } from '../lab/release.ts';
import { persist } from '../lab/sqlite.ts';
import { waitFor } from '../support/wait-for.ts';

const LAB = { backends: ['single', 'pools'] };
const PROJECT = 'demo';

/** The waits of a round pass so many times as fast: what Cinder does takes its real time. */
const SPEED = 10;
const CLOCK: Clock = {
  now: () => performance.now() * SPEED,
  wall: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms / SPEED);
    return () => clearTimeout(timer);
  },
};

interface Volume {
  readonly id: string;
  readonly status: string;
}

describe(`the canary beside a real Cinder ${labRelease()}`, () => {
  let lab: Lab;
  let canary: Canary;
  let project = '';
  before(async () => {
    lab = await startLab(LAB);
    project = await projectId();
    for (const [name, backend] of [
      ['canary-single', 'single'],
      ['canary-nowhere', 'nowhere'],
    ] as const)
      await privateType(name, backend);
    canary = await canaryOf('member');
  });
  after(async () => {
    canary?.close();
    await lab?.down();
  });

  async function admin(method: string, path: string, body?: object): Promise<Answer> {
    const headers = { 'x-auth-token': await lab.token(), 'openstack-api-version': 'volume 3.0' };
    const answer = await persist(() => send(`${lab.cinder}/v3${path}`, { method, headers, ...(body && { body }) }));
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
    return answer;
  }

  async function projectId(): Promise<string> {
    const headers = { 'x-auth-token': await lab.token() };
    const { json } = await send(`${lab.keystone}/v3/projects?name=${PROJECT}`, { headers });
    return (json as { readonly projects: readonly { readonly id: string }[] }).projects[0]?.id ?? '';
  }

  async function privateType(name: string, backend: string): Promise<void> {
    const volume_type = {
      name,
      'os-volume-type-access:is_public': false,
      extra_specs: { volume_backend_name: backend },
    };
    const { json } = await admin('POST', '/types', { volume_type });
    const { id } = (json as { readonly volume_type: { readonly id: string } }).volume_type;
    await admin('POST', `/types/${id}/action`, { addProjectAccess: { project } });
  }

  async function canaryOf(who: 'member' | 'admin', more: Partial<CanaryConfig> = {}): Promise<Canary> {
    return createCanary({
      config: {
        ...more,
        osCloud: who,
        types: [{ volumeType: 'canary-single', backend: 'lab@single' }, { volumeType: 'canary-nowhere' }],
        everyMs: 1_800_000,
      },
      access: loadAccess({ env: await lab.environment(who), cwd: '/nonexistent', home: '/nonexistent' }),
      clock: CLOCK,
      log: () => {},
      requestTimeoutMs: 10_000 * SPEED,
      surroundings: () => ({ schedulerAnswers: true, backendsOf: () => undefined, conditionOf: () => 'up' }),
    });
  }

  const volumes = async (): Promise<readonly Volume[]> =>
    ((await admin('GET', '/volumes/detail?all_tenants=1')).json as { readonly volumes: readonly Volume[] }).volumes;

  const failureOf = ({ runs }: CanaryRow): object | undefined => {
    const run = runs.at(-1);
    return run?.failure && { ...run.failure, message: undefined, success: run.success };
  };
  const words = ({ runs }: CanaryRow): string => runs.at(-1)?.failure?.message ?? '';
  /** SQLite, the lab's database, refuses a write now and then, and the API answers 500. Such a round says nothing, and another one is begun. */
  const round = async (volumeType: string, by = canary): Promise<CanaryRow> => {
    const row = await by.once(volumeType);
    const { reason } = row.runs.at(-1)?.failure ?? {};
    const is500 = reason === 'http' && / 500\b/.test(words(row));
    return is500 ? by.once(volumeType) : row;
  };
  const listed = async (what: 'snapshots' | 'attachments'): Promise<readonly { readonly id: string }[]> => {
    const headers = { 'x-auth-token': await lab.token(), 'openstack-api-version': 'volume 3.27' };
    const { json } = await send(`${lab.cinder}/v3/${what}?all_tenants=1`, { headers });
    return (json as Readonly<Record<string, readonly { readonly id: string }[]>>)[what] ?? [];
  };
  const nothingIsLeft = async (): Promise<void> =>
    assert.deepEqual([await volumes(), await listed('snapshots'), await listed('attachments')], [[], [], []]);

  test('a round goes well, and nothing is left', async () => {
    const row = await round('canary-single');
    assert.equal(row.last?.success, true, words(row));
    assert.equal(row.judges, true);
    assert.equal(row.leaked, 0);
    assert.deepEqual(await volumes(), []);
  });

  test("the driver fails to make it: Cinder's own words, and nothing is left", async () => {
    await lab.backend('single', { _fail_create: 'no LUN' });
    const row = await round('canary-single');
    await lab.backend('single', { _fail_create: null });
    assert.deepEqual(failureOf(row), {
      phase: 'create',
      reason: 'driver',
      storage: true,
      message: undefined,
      success: false,
    });
    assert.match(words(row), /Driver failed to create the volume/);
    assert.deepEqual(await volumes(), []);
  });

  test('the driver fails to delete it: a left-over, which goes when an administrator has reset it', async () => {
    await lab.backend('single', { _fail_delete: 'busy' });
    const row = await round('canary-single');
    await lab.backend('single', { _fail_delete: null });
    assert.deepEqual(failureOf(row), {
      phase: 'delete',
      reason: 'error_deleting',
      storage: true,
      message: undefined,
      success: false,
    });
    assert.equal(row.leaked, 1);
    // The driver is well again, and a member may still not delete it.
    assert.equal((await canary.clean()).left, 1);
    const [left] = await volumes();
    assert.equal(left?.status, 'error_deleting');
    await admin('POST', `/volumes/${left.id}/action`, { 'os-reset_status': { status: 'error' } });
    const after = await round('canary-single');
    assert.equal(after.last?.success, true, words(after));
    assert.deepEqual(await volumes(), []);
  });

  test('a full quota says nothing of the storage', async () => {
    await admin('PUT', `/os-quota-sets/${project}`, { quota_set: { volumes: 0 } });
    const row = await round('canary-single');
    await admin('PUT', `/os-quota-sets/${project}`, { quota_set: { volumes: 10 } });
    assert.deepEqual(failureOf(row), {
      phase: 'create',
      reason: 'quota',
      storage: false,
      message: undefined,
      success: undefined,
    });
    assert.equal(row.last?.success, true, 'the last result stays');
  });

  test('a type without a backend points at no storage, and its volume is taken away', async () => {
    const row = await round('canary-nowhere');
    assert.deepEqual(failureOf(row), {
      phase: 'create',
      reason: 'no_backend',
      storage: false,
      message: undefined,
      success: false,
    });
    assert.deepEqual(await volumes(), []);
  });

  test('the driver hangs: the round ends, and the volume that comes late is taken away', async () => {
    await lab.backend('single', { _slow_create: 60 });
    const row = await round('canary-single');
    const [late] = await volumes();
    await lab.backend('single', { _slow_create: null });
    assert.deepEqual(failureOf(row), {
      phase: 'create',
      reason: 'stuck',
      storage: true,
      message: undefined,
      success: false,
    });
    assert.equal(late?.status, 'creating');
    await waitFor('it is made after all', async () => (await volumes())[0]?.status === 'available');
    assert.deepEqual(await canary.clean(), { left: 0, otherIsAtIt: false, refusal: undefined });
    assert.deepEqual(await volumes(), []);
  });

  test('the backend goes down in the middle of a round: stuck, and what is left goes when it is back', async () => {
    await lab.backend('single', { _slow_create: 20 });
    const calls = await lab.calls('single', 'create');
    const going = round('canary-single');
    // Before that the message can be lost with the cinder-volume, and the volume is `creating` for ever.
    await waitFor('the driver makes it', async () => (await lab.calls('single', 'create')) > calls);
    await lab.kill('volume-single');
    const row = await going;
    assert.deepEqual(failureOf(row), {
      phase: 'create',
      reason: 'stuck',
      storage: true,
      message: undefined,
      success: false,
    });
    await lab.backend('single', { _slow_create: null });
    await lab.start('volume-single');
    // A cinder-volume that begins again gives up what it was making, or gets the message once more.
    await waitFor('its volume has come to an end', async () =>
      ['error', 'available'].includes((await volumes())[0]?.status ?? ''),
    );
    assert.deepEqual(await canary.clean(), { left: 0, otherIsAtIt: false, refusal: undefined });
    await nothingIsLeft();
    await lab.ready();
    const after = await round('canary-single');
    assert.equal(after.last?.success, true, words(after));
  });

  test('with a snapshot and an export: a round that goes well, and the driver that fails at each of them', async () => {
    const connector = { host: 'lab', initiator: 'iqn.1993-08.org.debian:01:canary' };
    const further = await canaryOf('member', { snapshot: true, connector });
    const well = await round('canary-single', further);
    assert.equal(well.last?.success, true, words(well));
    assert.deepEqual(Object.keys(well.last.tookMs), ['look', 'create', 'snapshot', 'attach', 'delete']);
    await nothingIsLeft();

    for (const phase of ['snapshot', 'attach'] as const) {
      await lab.backend('single', { [`_fail_${phase}`]: 'no room, or no path' });
      const failed = await round('canary-single', further);
      await lab.backend('single', { [`_fail_${phase}`]: null });
      const { failure } = failed.last ?? {};
      assert.deepEqual([failure?.phase, failure?.reason, failure?.storage], [phase, 'driver', true], words(failed));
      // What a failed attach leaves holds the volume, and went before it.
      await nothingIsLeft();
    }

    await lab.backend('single', { _fail_delete_snapshot: 'busy' });
    const stays = await round('canary-single', further);
    await lab.backend('single', { _fail_delete_snapshot: null });
    assert.equal(stays.last?.failure?.reason, 'error_deleting', words(stays));
    assert.equal(stays.leaked, 1);
    const [snapshot] = await listed('snapshots');
    assert.ok(snapshot);
    await admin('POST', `/snapshots/${snapshot.id}/action`, { 'os-reset_status': { status: 'error' } });
    assert.equal((await further.clean()).left, 0);
    await nothingIsLeft();
    further.close();
  });

  test('the login of an administrator is refused, and so is a project with a volume of somebody else', async () => {
    const wrong = await canaryOf('admin');
    assert.match((await wrong.once('canary-single')).paused?.message ?? '', /role admin/);
    wrong.close();
    const headers = { 'x-auth-token': await lab.token('member') };
    const body = { volume: { size: 1, name: 'theirs', volume_type: 'canary-single' } };
    const made = await persist(() => send(`${lab.cinder}/v3/volumes`, { method: 'POST', headers, body }));
    assert.equal(made.status, 202, made.text);
    const row = await round('canary-single');
    assert.equal(row.paused?.why, 'refused');
    assert.match(row.paused.message, /without the mark of the canary/);
    assert.equal((await volumes()).length, 1);
  });
});
