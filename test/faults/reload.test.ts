import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashSync } from 'bcryptjs';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import { startExporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { STORM_CLOUD } from './storm-cloud.ts';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');
const basic = (password: string): string => `Basic ${Buffer.from(`prometheus:${password}`).toString('base64')}`;
const webConfig = (password: string): string => `basic_auth_users:\n  prometheus: ${hashSync(password, 4)}\n`;

function cloudsYaml(authUrl: string, password: string): string {
  return `clouds:
  lab:
    auth:
      auth_url: ${authUrl}
      username: admin
      password: ${password}
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
    cacert: ca.crt
`;
}

test('files that change on disk: taken on SIGHUP and POST /-/reload; a bad one keeps the old state and says so', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-reload-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const simulator = await startSimulator({ cloud: STORM_CLOUD, settings: { tokenCacheMs: 0 } });
  t.after(() => simulator.close());
  const proxy = await startFaultProxy(simulator.url, { cert: fixture('server.crt'), key: fixture('server.key') });
  t.after(() => proxy.close());
  simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url: `${proxy.url}/volume/v3` }]);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const good = {
    'clouds.yaml': cloudsYaml(`${proxy.url}/identity/v3`, 'admin-pw'),
    'config.yaml': 'clouds:\n  lab:\ndefaults:\n  interval: 1s\n  max_random_delay: 0s\n',
    'web.yaml': webConfig('first'),
    'ca.crt': fixture('ca.crt'),
  };
  for (const [name, text] of Object.entries(good)) write(name, text);
  const exporter = await startExporter({
    cwd: folder,
    args: ['--config.file=config.yaml', '--web.config.file=web.yaml', '--web.enable-lifecycle'],
    authorization: basic('first'),
  });
  t.after(exporter.stop);
  const post = async (password = 'first'): Promise<readonly [number, string]> => {
    const answer = await fetch(`${exporter.url}/-/reload`, {
      method: 'POST',
      headers: { authorization: basic(password) },
    });
    return [answer.status, await answer.text()];
  };
  const isUp = (value: number) => (page: Exposition) => page.value('cinder_up') === value;
  const successful = (value: number) => (page: Exposition) =>
    page.value('cinder_exporter_config_last_reload_successful') === value;
  await exporter.waitFor('it is up', isUp(1));
  await exporter.waitFor('it has loaded', successful(1));

  for (const [name, bad, words] of [
    ['clouds.yaml', 'clouds: [\n', /clouds\.yaml/],
    ['clouds.yaml', 'clouds:\n  other: {}\n', /lab/],
    ['config.yaml', 'clouds:\n  lab:\n    interval: never\n', /interval/],
    ['ca.crt', 'no certificate', /ca\.crt/],
    ['web.yaml', 'basic_auth_users: 7\n', /web\.yaml/],
  ] as const) {
    write(name, bad);
    const [status, said] = await post();
    assert.equal(status, 500, name);
    assert.match(said, /^The old configuration stays: /);
    assert.match(said, words);
    assert.match(exporter.output(), words);
    const page = await exporter.waitFor(`${name} is bad`, successful(0));
    assert.equal(page.value('cinder_up'), 1, name);
    write(name, good[name]);
    exporter.signal('SIGHUP');
    await exporter.waitFor(`${name} is good again`, successful(1));
  }

  for (const name of ['clouds.yaml', 'config.yaml', 'ca.crt', 'web.yaml'] as const) {
    rmSync(join(folder, name));
    symlinkSync(name, join(folder, name));
    exporter.signal('SIGHUP');
    const page = await exporter.waitFor(`${name} is a circle of links`, successful(0));
    assert.equal(page.value('cinder_up'), 1, name);
    rmSync(join(folder, name));
    write(name, good[name]);
    exporter.signal('SIGHUP');
    await exporter.waitFor(`${name} can be read again`, successful(1));
  }

  simulator.cloud.changePassword('admin', 'another one');
  await exporter.waitFor('the old password is refused', isUp(0));
  assert.match(exporter.output(), /collector=services reason=auth/);
  write('clouds.yaml', cloudsYaml(`${proxy.url}/identity/v3`, 'another one'));
  exporter.signal('SIGHUP');
  await exporter.waitFor('the new password is taken', isUp(1));

  write('ca.crt', fixture('other-ca.crt'));
  assert.equal((await post())[0], 200);
  await exporter.waitFor('the authority is another', isUp(0));
  assert.match(exporter.output(), /the certificate is not trusted/);
  write('ca.crt', good['ca.crt']);
  assert.equal((await post())[0], 200);
  await exporter.waitFor('the authority is right', isUp(1));

  write('web.yaml', webConfig('second'));
  assert.equal((await post())[0], 200);
  assert.equal((await post())[0], 401, 'the old password of the page');
  assert.equal((await post('second'))[0], 200);
  assert.equal(await exporter.stop(), 0);
});

test('SIGHUP in the first moments does not end it, and is not lost', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-reload-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const simulator = await startSimulator({ cloud: STORM_CLOUD });
  t.after(() => simulator.close());
  // Before our first line has run nothing can be done: the unit starts it again. The turn after it is the earliest moment.
  const early = join(folder, 'early.cjs');
  writeFileSync(
    early,
    `process.on('newListener', (name) => {
      if (name !== 'SIGHUP' || process.listenerCount('SIGHUP') > 0) return;
      setImmediate(() => {
        process.stderr.write('early\\n');
        for (let times = 0; times < 20; times += 1) process.kill(process.pid, 'SIGHUP');
      });
    });`,
  );
  const exporter = await startExporter({
    cwd: folder,
    environment: { ...simulator.environment(), NODE_OPTIONS: `--require=${early}` },
  });
  t.after(exporter.stop);
  await waitFor('it has reloaded', () => exporter.output().includes('Configuration reloaded') || undefined);
  assert.match(exporter.output(), /^early\n[^]*Listening on/);
  await exporter.waitFor('it is up', (page) => page.value('cinder_up') === 1);
  assert.equal(await exporter.stop(), 0);
});
