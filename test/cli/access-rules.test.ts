import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { accessRules, accessRulesFor, type AccessRule } from '../../src/cli/access-rules.ts';
import { CONFIG, watched } from '../watch/watched.ts';
import { waitFor } from '../support/wait-for.ts';

/** What `access-rules` prints with these flags. */
function printed(t: TestContext, ...flags: readonly string[]): readonly AccessRule[] {
  let text = '';
  const write = t.mock.method(process.stdout, 'write', (chunk: string) => (text += chunk) !== '');
  try {
    void accessRules(flags, { env: {} });
  } finally {
    write.mock.restore();
  }
  return JSON.parse(text) as readonly AccessRule[];
}

const paths = (rules: readonly AccessRule[]): readonly string[] => rules.map(({ path }) => path);

test('a GET for each collector, at a URL with and without a project id', (t) => {
  assert.deepEqual(printed(t), [
    { service: 'block-storage', method: 'GET', path: '/v3/os-services' },
    { service: 'block-storage', method: 'GET', path: '/v3/scheduler-stats/get_pools' },
    { service: 'block-storage', method: 'GET', path: '/v3/types' },
    { service: 'block-storage', method: 'GET', path: '/v3/volumes' },
    { service: 'block-storage', method: 'GET', path: '/v3/snapshots' },
    { service: 'block-storage', method: 'GET', path: '/v3/backups' },
    { service: 'block-storage', method: 'GET', path: '/v3/capabilities/{host}' },
    { service: 'block-storage', method: 'GET', path: '/v3/{project_id}/os-services' },
    { service: 'block-storage', method: 'GET', path: '/v3/{project_id}/scheduler-stats/get_pools' },
    { service: 'block-storage', method: 'GET', path: '/v3/{project_id}/types' },
    { service: 'block-storage', method: 'GET', path: '/v3/{project_id}/volumes' },
    { service: 'block-storage', method: 'GET', path: '/v3/{project_id}/snapshots' },
    { service: 'block-storage', method: 'GET', path: '/v3/{project_id}/backups' },
    { service: 'block-storage', method: 'GET', path: '/v3/{project_id}/capabilities/{host}' },
  ]);
  assert.deepEqual(new Set(printed(t, '--service-type=volumev3').map(({ service }) => service)), new Set(['volumev3']));
});

test('only the collectors that are on, of all the clouds or of one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-access-rules-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    'defaults: {collectors: {pools: false, volume_types: false, volumes: false, capabilities: false}}\nclouds: {a: , b: {collectors: {pools: true, volume_types: true}}}\n',
  );
  const flags = [`--config.file=${file}`, '--url=https://api.example.org/v3'];
  assert.deepEqual(paths(printed(t, ...flags)), ['/v3/os-services', '/v3/scheduler-stats/get_pools', '/v3/types']);
  assert.deepEqual(paths(printed(t, ...flags, '--cloud=a')), ['/v3/os-services']);
  writeFileSync(file, 'defaults: {collectors: {pools: false, volumes: false, operations: true}}\n');
  assert.deepEqual(paths(printed(t, ...flags)), [
    '/v3/os-services',
    '/v3/volumes',
    '/v3/volumes/detail',
    '/v3/messages',
    '/v3/backups',
  ]);
});

test('a cloud that is not in the file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-access-rules-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, 'clouds: {a: , b: }\n');
  const flags = [`--config.file=${file}`];
  assert.throws(() => printed(t, ...flags, '--cloud=c'), /--cloud: expected one of a, b, got "c"/);
});

test('the path of the URL that the catalog has', (t) => {
  for (const [url, first] of [
    ['http://10.0.0.1:8776/v3', '/v3/os-services'],
    ['http://10.0.0.1/volume/v3/', '/volume/v3/os-services'],
    ['https://x/volume/v3/0123abcd', '/volume/v3/0123abcd/os-services'],
    ['https://x/volume/v3/%(project_id)s', '/volume/v3/{project_id}/os-services'],
    ['https://x/v3/$(tenant_id)s', '/v3/{project_id}/os-services'],
  ] as const)
    assert.equal(paths(printed(t, `--url=${url}`))[0], first, url);
  for (const url of [
    '/v3',
    'x',
    'https://u:planted@x/v2',
    'https://u:planted@:0:0/v3',
    'ftp://x/v3',
    'http://x/v3/a/b',
  ])
    assert.throws(
      () => printed(t, `--url=${url}`),
      (error: Error) => error.message.startsWith('--url: expected') && !error.message.includes('planted'),
      url,
    );
});

/** As Cinder's middleware compares. Source: keystonemiddleware, auth_token/__init__.py, _path_matches. */
function allows({ method, path }: AccessRule, asked: { readonly method: string; readonly path: string }): boolean {
  return method === asked.method && new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, '[^/]+')}$`).test(asked.path);
}

test('every request that carries a token is allowed by a rule, and every rule is used', async (t) => {
  for (const pools of [true, false])
    for (const volumeTypes of [true, false]) {
      const collectors = { pools, volumeTypes, volumes: pools, capabilities: false, operations: false };
      const { simulator, refresh } = await watched(t, { config: { ...CONFIG, collectors, volumeTypesEveryMs: 1 } });
      const asked = (): readonly { readonly method: string; readonly path: string }[] =>
        simulator.requests.last
          .filter(({ operation }) => operation !== 'token' && operation !== 'discovery')
          .map(({ method, url }) => ({ method, path: new URL(url, simulator.url).pathname }));
      await refresh();
      const base = asked()[0]?.path.replace(/\/os-services$/, '') ?? '';
      const rules = accessRulesFor([collectors], 'block-storage', [base]);
      const everyRuleIsUsed = async (): Promise<boolean> => {
        await refresh();
        return rules.every((rule) => asked().some((one) => allows(rule, one)));
      };
      await waitFor('every rule is used', everyRuleIsUsed);
      for (const one of asked())
        assert.ok(
          rules.some((rule) => allows(rule, one)),
          `${one.method} ${one.path}`,
        );
    }
});
