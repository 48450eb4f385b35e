import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Who } from '../../src/simulator/keystone-identity.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { pythonEnvironment } from '../lab/python-environment.ts';
import { waitFor } from '../support/wait-for.ts';

const run = promisify(execFile);

test('the openstack and cinder clients of today on the simulated cloud', { timeout: 900_000 }, async (t) => {
  const environment = pythonEnvironment('clients-10');
  const home = mkdtempSync(join(tmpdir(), 'clients-'));
  const simulator = await startSimulator({ release: '29' });
  t.after(async () => {
    await simulator.close();
    rmSync(home, { recursive: true });
  });
  const as =
    (client: 'openstack' | 'cinder', who: Who) =>
    async (...args: readonly string[]): Promise<string> => {
      const env = { PATH: '/usr/bin:/bin', HOME: home, ...simulator.environment(who) };
      return (await run(join(environment, 'bin', client), args, { env, cwd: home })).stdout;
    };
  const [openstack, member, cinder] = [as('openstack', 'admin'), as('openstack', 'member'), as('cinder', 'admin')];

  await t.test('openstack volume service list', async () => {
    assert.match(await openstack('volume', 'service', 'list'), /\| cinder-volume +\| controller-1@lvm-1 +\|/);
  });
  await t.test('openstack volume backend pool list', async () => {
    assert.match(await openstack('volume', 'backend', 'pool', 'list'), /\| controller-1@lvm-1#/);
  });
  await t.test('openstack volume type list', async () => {
    assert.match(await openstack('volume', 'type', 'list', '--long'), /\| ceph-hdd +\| True/);
  });
  await t.test('openstack volume create, and list --all-projects', async () => {
    const id = (await member('volume', 'create', '--size', '1', '-f', 'value', '-c', 'id', 'mine')).trim();
    assert.match(id, /^[0-9a-f-]{36}$/);
    await waitFor(
      'the volume',
      async () => (await openstack('volume', 'list', '--all-projects')).includes(`| ${id} | mine | available |`),
      60_000,
    );
    await member('volume', 'delete', id);
  });
  await t.test('openstack volume message list', async () => {
    const type = (
      await openstack(
        'volume',
        'type',
        'create',
        '--property',
        'volume_backend_name=none',
        '-f',
        'value',
        '-c',
        'id',
        'none',
      )
    ).trim();
    assert.match(type, /^[0-9a-f-]{36}$/);
    await member('volume', 'create', '--size', '1', '--type', 'none', 'nowhere');
    await waitFor(
      'the message',
      async () =>
        (await member('--os-volume-api-version', '3.5', 'volume', 'message', 'list')).includes('VOLUME_VOLUME_001_003'),
      60_000,
    );
    await member('volume', 'delete', 'nowhere');
    await openstack('volume', 'type', 'delete', 'none');
  });
  await t.test('cinder service-list, get-pools, list, type-list', async () => {
    assert.match(
      await cinder('--os-volume-api-version', '3.49', 'service-list'),
      /\| cinder-volume +\| controller-1@lvm-1 +\|/,
    );
    assert.match(await cinder('get-pools'), /\| name +\| controller-1@lvm-1#/);
    assert.match(await cinder('list', '--all-tenants'), /\| ID +\| Tenant ID/);
    assert.match(await cinder('type-list'), /\| ceph-hdd +\|/);
  });
  const refused = simulator.requests.last.filter(({ status }) => status !== undefined && status >= 400);
  // They look for a volume by its name as by an id, and ask what there is before they have a token.
  assert.deepEqual(
    refused
      .filter(({ status, url }) => status !== 404 && url !== '/volume/v3')
      .map(({ url, status }) => `${url} ${status}`),
    [],
  );
});
