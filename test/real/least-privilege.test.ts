import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { send, type Answer } from '../lab/answer.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { persist } from '../lab/sqlite.ts';
import { waitFor } from '../support/wait-for.ts';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { pageShell } from './page-shell.ts';
import { withExporter } from './watched.ts';

const PAGE = 'docs/least-privilege/README.md';
const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Cinder's API with a token, at the version that the exporter uses or the newest. */
type Ask = (method: string, path: string, body?: object) => Promise<Answer>;

function asking(lab: Lab, token: string): Ask {
  const headers = { 'x-auth-token': token, 'openstack-api-version': 'volume 3.70' };
  return async (method, path, body) =>
    persist(() => send(`${lab.cinder}/v3${path}`, { method, headers, ...(body && { body }) }));
}

const idOf = (answer: Answer, kind: string): string => {
  assert.ok(answer.status < 300, answer.text);
  return (answer.json as Record<string, { readonly id: string }>)[kind]?.id ?? '';
};

/** A volume of the project `demo`, as its member makes it. */
async function foreignVolume(lab: Lab): Promise<string> {
  const member = asking(lab, await lab.token('member'));
  const id = idOf(await member('POST', '/volumes', { volume: { size: 1, name: 'theirs' } }), 'volume');
  await until(lab, id, 'available');
  return id;
}

async function until(lab: Lab, id: string, status: string): Promise<void> {
  const admin = asking(lab, await lab.token());
  const current = async (): Promise<true | undefined> => {
    const answer = await admin('GET', `/volumes/${id}`);
    if (answer.status === 404) return status === 'gone' || undefined;
    return (answer.json as { readonly volume: { readonly status: string } }).volume.status === status || undefined;
  };
  await waitFor(`volume ${id} is ${status}`, current, 60_000);
}

/** What a thief would try on a volume of another project; `undo` as an administrator. In an order in which each can succeed. */
interface Attempt {
  readonly name: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: (volume: string) => string;
  readonly body?: (volume: string) => object;
  /** By the role of the policy file. */
  readonly allowed: boolean;
  readonly undo?: (admin: Ask, made: Answer) => Promise<unknown>;
}

const action = (name: string, allowed: boolean, body: object): Attempt => ({
  name,
  method: 'POST',
  path: (volume) => `/volumes/${volume}/action`,
  body: () => body,
  allowed,
});

const CONNECTOR = { host: 'thief', initiator: 'iqn.thief', ip: '10.0.0.66', mountpoint: '/dev/vdb' };

const ATTEMPTS: readonly Attempt[] = [
  { name: 'list', method: 'GET', path: () => '/volumes/detail?all_tenants=1', allowed: true },
  { name: 'show', method: 'GET', path: (volume) => `/volumes/${volume}`, allowed: true },
  {
    name: 'rename',
    method: 'PUT',
    path: (volume) => `/volumes/${volume}`,
    body: () => ({ volume: { name: 'mine' } }),
    allowed: true,
  },
  {
    name: 'set metadata',
    method: 'POST',
    path: (volume) => `/volumes/${volume}/metadata`,
    body: () => ({ metadata: { mine: 'yes' } }),
    allowed: true,
  },
  action('set read-only', true, { 'os-update_readonly_flag': { readonly: false } }),
  action('extend', true, { 'os-extend': { new_size: 2 } }),
  {
    name: 'snapshot',
    method: 'POST',
    path: () => '/snapshots',
    body: (volume) => ({ snapshot: { volume_id: volume, name: 'copy' } }),
    allowed: true,
    undo: async (admin, made) => {
      const path = `/snapshots/${idOf(made, 'snapshot')}`;
      const gone = async (): Promise<true | undefined> => (await admin('DELETE', path)).status === 404 || undefined;
      await waitFor('the snapshot is gone', gone, 60_000);
    },
  },
  {
    name: 'transfer',
    method: 'POST',
    path: () => '/volume-transfers',
    body: (volume) => ({ transfer: { volume_id: volume, name: 'to me' } }),
    allowed: true,
    undo: async (admin, made) => {
      assert.match(made.text, /"auth_key": "\w+"/);
      await admin('DELETE', `/volume-transfers/${idOf(made, 'transfer')}`);
    },
  },
  action('reset its state', false, { 'os-reset_status': { status: 'available' } }),
  action('delete by force', false, { 'os-force_delete': {} }),
  action('unmanage', false, { 'os-unmanage': {} }),
  action('migrate', false, { 'os-migrate_volume': { host: 'lab@pools#fast' } }),
  { name: 'read a quota', method: 'GET', path: () => '/os-quota-sets/x', allowed: true },
  {
    name: 'create a volume',
    method: 'POST',
    path: () => '/volumes',
    body: () => ({ volume: { size: 1 } }),
    allowed: true,
    undo: (admin, made) => admin('POST', `/volumes/${idOf(made, 'volume')}/action`, { 'os-force_delete': {} }),
  },
  {
    name: 'disable a service',
    method: 'PUT',
    path: () => '/os-services/disable',
    body: () => ({ host: 'lab@single', binary: 'cinder-volume' }),
    allowed: false,
  },
  {
    name: 'create a volume type',
    method: 'POST',
    path: () => '/types',
    body: () => ({ volume_type: { name: 'mine' } }),
    allowed: false,
  },
  { name: 'delete', method: 'DELETE', path: (volume) => `/volumes/${volume}`, allowed: true },
  {
    name: 'attach',
    method: 'POST',
    path: () => '/attachments',
    body: (volume) => ({
      attachment: {
        volume_uuid: volume,
        instance_uuid: '11111111-1111-1111-1111-111111111111',
        mode: 'rw',
        connector: CONNECTOR,
      },
    }),
    allowed: true,
  },
];

/** What an identity may do to volumes of others, item by item. `expected` gives the statuses that are right. */
async function tryAll(lab: Lab, token: string, right: (attempt: Attempt, status: number) => boolean): Promise<void> {
  const admin = asking(lab, await lab.token());
  const thief = asking(lab, token);
  let volume = await foreignVolume(lab);
  for (const attempt of ATTEMPTS) {
    // Deleted, if that was allowed.
    if ((await admin('GET', `/volumes/${volume}`)).status === 404) volume = await foreignVolume(lab);
    const answer = await thief(attempt.method, attempt.path(volume), attempt.body?.(volume));
    assert.ok(right(attempt, answer.status), `${attempt.name}: ${answer.status} ${answer.text}`);
    if (attempt.name === 'attach' && answer.status < 300) assert.match(answer.text, /"connection_info": \{"/);
    if (answer.status >= 300) continue;
    await attempt.undo?.(admin, answer);
    if (attempt.name !== 'attach') await until(lab, volume, attempt.name === 'delete' ? 'gone' : 'available');
  }
  // Whatever its state.
  await admin('POST', `/volumes/${volume}/action`, { 'os-force_delete': {} });
}

/** The two ways of docs/least-privilege/README.md to let the exporter read: what each of them can do. */
describe('least privilege beside a real Keystone and Cinder', () => {
  let started: Lab | undefined;
  const lab = (): Lab => started ?? assert.fail('the lab did not start');
  before(async () => {
    started = await startLab({ backends: ['single', 'pools'] });
  });
  after(() => started?.down());

  test('the role of the policy file: what the page says of it', async () => {
    await tryAll(lab(), await lab().token('monitor'), ({ allowed }, status) =>
      allowed ? status < 300 : status === 403,
    );
  });

  describe('an application credential with access rules', () => accessRules(lab));
});

function accessRules(lab: () => Lab): void {
  let folder = '';
  let credential = { id: '', secret: '' };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cinder-least-privilege-'));
    await symlink(main, join(folder, 'cinder-exporter'));
  });
  after(() => rm(folder, { recursive: true }));

  const logIn = ({ id, secret } = credential): Promise<Answer> =>
    send(`${lab().keystone}/v3/auth/tokens`, {
      body: { auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } } },
    });
  const keystone = async (method: string, path: string, body?: object): Promise<Answer> => {
    const headers = { 'x-auth-token': await lab().token() };
    return persist(() => send(`${lab().keystone}/v3${path}`, { method, headers, ...(body && { body }) }));
  };
  const environment = ({ id, secret }: typeof credential): Readonly<Record<string, string>> => ({
    OS_AUTH_TYPE: 'v3applicationcredential',
    OS_AUTH_URL: `${lab().keystone}/v3`,
    OS_APPLICATION_CREDENTIAL_ID: id,
    OS_APPLICATION_CREDENTIAL_SECRET: secret,
  });
  const find = async (kind: string, name = 'cinder-exporter'): Promise<string> => {
    const { json } = await keystone('GET', `/${kind}?name=${name}`);
    return (json as Record<string, readonly { readonly id: string }[]>)[kind]?.[0]?.id ?? '';
  };
  /** One of the lab's administrator, with a rule for the services alone. */
  const adminCredential = async (name: string) => {
    const rule = { service: 'block-storage', method: 'GET', path: '/v3/os-services' };
    const path = `/users/${await find('users', 'admin')}/application_credentials`;
    const wanted = { name, secret: 'narrow', roles: [{ name: 'admin' }], access_rules: [rule] };
    const id = idOf(await keystone('POST', path, { application_credential: wanted }), 'application_credential');
    return { id, secret: 'narrow', end: () => keystone('DELETE', `${path}/${id}`) };
  };

  test('the commands of the page make it', async () => {
    const [commands = '', ...more] = commandBlocks(PAGE);
    assert.deepEqual(more, []);
    const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder, ...(await lab().environment()) };
    const said = await pageShell(folder, env).run(commands);
    const read = (name: string): string =>
      new RegExp(`^\\| ${name} +\\| (\\S+) +\\|$`, 'gm').exec(tail(said))?.[1] ?? '';
    credential = { id: read('id'), secret: read('secret') };
    assert.ok(credential.id !== '' && credential.secret !== '', said);
    // The page: open the two rules that are commented out.
    const policy = await readFile(new URL('../../docs/least-privilege/cinder-policy.yaml', import.meta.url), 'utf8');
    await lab().policy(policy.replaceAll(/^#"/gm, '"'));
    // Without any type that has a demand, the exporter cannot know that it sees them all.
    await lab().volumeType('gold', { volume_backend_name: 'pools' });
  });

  test('every read of the exporter works with it', async () => {
    // The catalog's own URL, and the one with a project id.
    const project = `${lab().cinder}/v3/%(project_id)s`;
    for (const more of [{}, { OS_BLOCK_STORAGE_ENDPOINT_OVERRIDE: project }]) {
      await withExporter({ ...environment(credential), ...more }, async (exporter) => {
        const page = await exporter.waitFor(
          'all collectors',
          (it) =>
            ['services', 'pools', 'volume_types', 'volumes'].every(
              (collector) => it.value('cinder_scrape_collector_success', { collector }) === 1,
            ),
          120_000,
        );
        assert.equal(page.value('cinder_up'), 1);
        assert.equal(page.value('cinder_pool_state', { host: 'lab@single' }), 1);
      });
    }
  });

  test('everything else is refused, in Cinder and in Keystone', async () => {
    const token = (await logIn()).headers['x-subject-token'] ?? '';
    assert.notEqual(token, '');
    await tryAll(lab(), token, (_attempt, status) => status === 401);
    await inKeystone(token, 403);
  });

  test('with the role admin Keystone obeys, whatever the rules are', async () => {
    const made = await adminCredential('not for Keystone');
    try {
      const token = (await logIn(made)).headers['x-subject-token'] ?? '';
      assert.equal((await asking(lab(), token)('GET', '/volumes')).status, 401);
      await inKeystone(token, 200);
    } finally {
      await made.end();
    }
  });

  /** Lists users, makes one, makes it an administrator, and makes a credential without rules, which only a user's own password may. */
  async function inKeystone(token: string, listed: 200 | 403): Promise<void> {
    const [user, project, role] = await Promise.all([find('users'), find('projects'), find('roles', 'admin')]);
    const ask = (method: string, path: string, body?: object): Promise<Answer> =>
      send(`${lab().keystone}/v3${path}`, { method, headers: { 'x-auth-token': token }, ...(body && { body }) });
    assert.equal((await ask('GET', '/users')).status, listed);
    const thief = { name: 'thief', password: 'x', domain_id: 'default' };
    const created = await ask('POST', '/users', { user: thief });
    assert.equal(created.status, listed === 200 ? 201 : 403, created.text);
    const id = created.status === 201 ? idOf(created, 'user') : user;
    const given = await ask('PUT', `/projects/${project}/users/${id}/roles/${role}`);
    assert.equal(given.status, listed === 200 ? 204 : 403, given.text);
    if (created.status === 201) await keystone('DELETE', `/users/${id}`);
    const body = { application_credential: { name: 'without rules' } };
    assert.equal((await ask('POST', `/users/${user}/application_credentials`, body)).status, 403);
  }

  test('a path that the rules lack: the exporter names access rules', async () => {
    const narrow = await adminCredential('services alone');
    try {
      await withExporter(environment(narrow), async (exporter) => {
        await exporter.waitFor(
          'the refusal of the pools, and the services, which are on the page when the refresh has ended',
          (it) =>
            Boolean(it.value('cinder_exporter_errors_total', { collector: 'pools', reason: 'auth' })) &&
            it.value('cinder_up') === 1,
          120_000,
        );
        assert.match(exporter.logs.join('\n'), /401.*access rules of the application credential/);
      });
    } finally {
      await narrow.end();
    }
  });

  test('when it ends: a password, a disabled user, a role that is taken away, a deleted user', async () => {
    const [user, project] = await Promise.all([find('users'), find('projects')]);
    const [monitor, reader] = await Promise.all([find('roles', 'monitor'), find('roles', 'reader')]);
    const patch = (change: object): Promise<Answer> => keystone('PATCH', `/users/${user}`, { user: change });
    await patch({ password: 'another one' });
    assert.equal((await logIn()).status, 201, 'a changed password');
    await patch({ enabled: false });
    assert.equal((await logIn()).status, 401, 'disabled');
    await patch({ enabled: true });
    assert.equal((await logIn()).status, 201, 'enabled again');
    const assignment = (role: string): string => `/projects/${project}/users/${user}/roles/${role}`;
    await keystone('DELETE', assignment(monitor));
    const left = await logIn();
    assert.equal(left.status, 201, 'with the role reader alone');
    const read = asking(lab(), left.headers['x-subject-token'] ?? '');
    assert.equal((await read('GET', '/os-services')).status, 403, 'which may not read the service list');
    await keystone('DELETE', assignment(reader));
    const taken = (await logIn()).status;
    for (const role of [monitor, reader]) await keystone('PUT', assignment(role));
    assert.deepEqual([taken, (await logIn()).status], [401, 201], 'without the roles, and with them again');
    await keystone('DELETE', `/users/${user}`);
    assert.equal((await logIn()).status, 404, 'the user is deleted');
    await keystone('DELETE', `/projects/${project}`);
  });
}

/** The last of the tables that the commands printed. */
function tail(said: string): string {
  return said.slice(said.lastIndexOf('access_rules'));
}
