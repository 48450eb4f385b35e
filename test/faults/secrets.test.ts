import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { FLAGS, parseFlags } from '../../src/cli/flags.ts';
import { load, serve } from '../../src/cli/serve.ts';
import { loadConfig } from '../../src/config/load.ts';
import { parseListenAddress } from '../../src/web/listen.ts';
import { loadWebConfig } from '../../src/web/config.ts';
import { createLog } from '../../src/log.ts';
import type { Auth, CloudAccess } from '../../src/openstack/access.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { logIn } from '../../src/openstack/login.ts';
import { createTransport } from '../../src/openstack/transport.ts';
import { Secret } from '../../src/config/secret.ts';
import { quoted } from '../../src/config/tree.ts';
import { webAccess } from '../../src/report/access.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { assertLinear } from '../support/growth.ts';
import { waitFor } from '../support/wait-for.ts';
import { ALL_FAULTS, STRUCK } from './all-faults.ts';
import type { Fault } from './fault.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { STORM_CLOUD } from './storm-cloud.ts';
import { CORE, PASSWORD, assertHidden } from './planted.ts';
import { encode } from './wire.ts';

/** A server, or a proxy before it, that shows what it was sent in every place that ends in a message. */
function echoing(status: number): Fault {
  return {
    name: `echo with ${status}`,
    reason: 'http',
    words: /^/,
    act({ socket, request }) {
      const token = String(request.headers['x-auth-token'] ?? '');
      const password = /"(?:password|secret|id)":"((?:[^"\\]|\\.)*)"\}/.exec(request.body.toString('utf8'))?.[1] ?? '';
      const said = `${token} ${password} ${encodeURIComponent(password)} ${request.body.toString('utf8')}`;
      const headers = {
        'content-type': `text/x; echo="${token}${encodeURIComponent(password)}"`,
        location: `http://127.0.0.1/${token}${encodeURIComponent(password)}`,
        'x-openstack-request-id': `req-${token.slice(0, 400)}`,
        'content-encoding': status === 299 ? token || 'x' : 'identity',
      };
      const body = status === 200 ? said : JSON.stringify({ error: { message: said } });
      socket.write(encode({ status: status === 299 ? 200 : status, headers, body: Buffer.from(body) }));
    },
  };
}

/** Some of the faults that fail at once, and leave no long pause. */
const QUICK = ALL_FAULTS.filter(
  ({ reason, hangs, asksToWait, status }) => reason !== undefined && !hangs && !asksToWait && (status ?? 0) < 502,
).filter((_, i) => i % 4 === 0);
const ECHOES = [200, 299, 302, 400, 401, 404, 500].map(echoing);

interface Cloud {
  readonly proxy: FaultProxy;
  readonly env: Record<string, string>;
  /** Tokens that were sent so far, and the password. */
  readonly secrets: () => string[];
  readonly revoke: () => void;
}

async function cloud(t: TestContext): Promise<Cloud> {
  const simulator = await startSimulator({ cloud: STORM_CLOUD, settings: { tokenCacheMs: 0 } });
  const proxy = await startFaultProxy(simulator.url);
  t.after(async () => {
    await proxy.close();
    await simulator.close();
  });
  simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url: `${proxy.url}/volume/v3` }]);
  simulator.cloud.changePassword('admin', PASSWORD);
  const tokens = (): string[] => proxy.passed.flatMap(({ headers }) => headers['x-auth-token'] ?? []).map(String);
  return {
    proxy,
    env: { ...simulator.environment(), OS_AUTH_URL: `${proxy.url}/identity/v3`, OS_PASSWORD: PASSWORD },
    secrets: () => [CORE, ...new Set(tokens())],
    revoke: () => simulator.cloud.revokeTokens(),
  };
}

test('no secret in logs, pages, JSON and the inspected state, whatever the cloud says', async (t) => {
  const { proxy, env, secrets, revoke } = await cloud(t);
  const { values } = parseFlags(['--web.listen-address=127.0.0.1:0'], FLAGS);
  let logged = '';
  const write = (line: string): void => void (logged += line);
  const logs = (['logfmt', 'json'] as const).map((format) => createLog({ level: 'debug', format, write }));
  const often = { schedule: { kind: 'interval', everyMs: 25 }, maxRandomDelayMs: 0, volumeTypesEveryMs: 1 } as const;
  // No fault of these lasts that long: a slow machine is no fault.
  const patient = { requestTimeoutMs: 60_000, schedulerPatienceMs: 60_000, schedulerTimeoutMs: 60_000 };
  const loadAnew = async () => {
    const { config, targets } = await load(values, { env, cwd: '/nonexistent', home: '/nonexistent' });
    return {
      config,
      targets: targets.map((target) => ({ ...target, config: { ...target.config, ...often, ...patient } })),
    };
  };
  const serving = await serve(values, loadAnew, (level, message, fields) => {
    for (const log of logs) log(level, message, fields);
  });
  t.after(() => serving.close());
  const page = (path: string): Promise<Response> => fetch(`http://${serving.addresses[0]}${path}`);
  const up = (wanted: number) => async (): Promise<true | undefined> =>
    (await (await page('/metrics')).text()).includes(`\ncinder_up ${wanted}\n`) ? true : undefined;
  const look = async (where: string): Promise<void> => {
    for (const path of [
      '/metrics',
      '/probe?cloud=envvars',
      '/sd',
      '/api/v1/backends',
      '/',
      '/cloud?name=envvars',
      '/backend?host=n2@off',
      '/api/v1/backend?host=n2@off',
      '/-/ready',
      '/openapi.json',
    ]) {
      assertHidden(await (await page(path)).text(), secrets(), `${where} ${path}`);
    }
  };
  await waitFor('it is up', up(1));
  await look('healthy');
  for (const fault of [...ECHOES, ...QUICK]) {
    for (const struck of STRUCK) await proxy.strike(struck, fault);
    revoke();
    await waitFor(`it has failed: ${fault.name}`, up(0));
    if (ECHOES.includes(fault)) await look(fault.name);
    for (const struck of STRUCK) await proxy.strike(struck, undefined);
    await waitFor(`it is up after ${fault.name}`, up(1));
  }
  await look('at the end');
  assertHidden(logged, secrets(), 'log');
  assert.match(logged, /level=error/);
  assert.match(logged, /<secret>/, 'the echo was told, without the secret');
  assertHidden(inspect(serving, { depth: Infinity, showHidden: true }), secrets(), 'inspected');
});

test('no secret in errors, their causes and the access, by any method of logging in', async (t) => {
  const { proxy } = await cloud(t);
  const user = { name: 'admin', domain: { name: 'Default' } };
  const auths: readonly Auth[] = [
    { method: 'password', user, password: new Secret(PASSWORD) },
    { method: 'application_credential', credential: { name: 'x', user }, secret: new Secret(PASSWORD) },
    { method: 'token', token: new Secret(PASSWORD) },
  ];
  const key = readFileSync(new URL('../fixtures/tls/client.key', import.meta.url), 'utf8');
  const cert = readFileSync(new URL('../fixtures/tls/client.crt', import.meta.url), 'utf8');
  for (const auth of auths) {
    const access: CloudAccess = {
      name: 'x',
      authUrl: `${proxy.url}/identity/v3`,
      auth,
      scope: { kind: 'none' },
      interface: 'public',
      tls: { verify: true, key: new Secret(key), cert: new Secret(cert) },
      files: [],
    };
    const transport = createTransport({ tls: access.tls, maxBodyBytes: 100_000, userAgent: 'test' });
    t.after(transport.close);
    const keyCore = key.split('\n')[1] ?? '';
    for (const fault of [...ECHOES, ...ALL_FAULTS.filter(({ hangs }) => !hangs)]) {
      await proxy.strike('token', fault);
      const error = await logIn(access, transport, 60_000).catch((cause: unknown) => cause);
      const where = `${auth.method}, ${fault.name}`;
      for (const shown of [error, access, transport]) {
        assertHidden(inspect(shown, { depth: Infinity, showHidden: true }), [CORE, keyCore], where);
        assertHidden(JSON.stringify(shown) ?? '', [CORE, keyCore], where);
        assertHidden(String(shown), [CORE, keyCore], where);
      }
      if (!(error instanceof OpenStackError)) continue;
      for (let one: unknown = error; one instanceof Error; one = one.cause)
        assertHidden(one.stack ?? '', [CORE, keyCore], where);
      await proxy.strike('token', undefined);
    }
  }
});

test('what is loaded keeps its secrets to itself', () => {
  const env = {
    OS_AUTH_URL: 'http://127.0.0.1:1/v3',
    OS_USERNAME: 'a',
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: 'p',
    OS_USER_DOMAIN_ID: 'd',
    OS_PROJECT_DOMAIN_ID: 'd',
  };
  const access = loadAccess({ env, cwd: '/nonexistent', home: '/nonexistent' });
  for (const text of [
    inspect(access, { depth: Infinity, showHidden: true }),
    JSON.stringify(access),
    inspect(access.auth),
  ])
    assertHidden(text, [CORE], text);
  assert.ok(access.auth.method === 'password' && access.auth.password.reveal() === PASSWORD);
});

/** Addresses with a user and password, in spellings that some program takes or that people mistype. */
const ODD_ADDRESSES = [
  'http://user:planted@h.example.org/v3',
  'http:user:planted@h.example.org/v3',
  'http:/user:planted@h.example.org/v3',
  'http:\\\\user:planted@h.example.org/v3',
  'HTTP://user:pla/planted@h.example.org/v3',
  'user:planted@h.example.org',
  '//user:planted@h.example.org',
  'http//user:planted@h.example.org',
  'htp://user:planted@h.example.org',
  'ftp://user:planted@h.example.org',
  'http://user:planted%40h.example.org',
  'http://user:planted\uff20h.example.org',
  'http://user:planted',
  'http://user:planted/v3',
  'http://user:planted?h.example.org',
  'http://[::1/?password=planted',
  'x://h.example.org/?token=planted',
  '-----BEGIN PRIVATE KEY-----planted',
  ' http://user:planted@h.example.org:port/v3',
];

test('an address with a password, however it is spelt, is not echoed by a message about it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-addresses-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'config.yaml');
  const web = join(folder, 'web.yaml');
  const password = { OS_USERNAME: 'a', OS_PASSWORD: 'b', OS_PROJECT_ID: 'c', OS_USER_DOMAIN_ID: 'd' };
  for (const address of ODD_ADDRESSES) {
    const env = { ...password, OS_AUTH_URL: 'http://h/v3' };
    writeFileSync(config, JSON.stringify({ grafana_url: address }));
    writeFileSync(
      web,
      JSON.stringify({ tls_server_config: { min_version: address, cert_file: address, key_file: 'x' } }),
    );
    for (const attempt of [
      () => loadAccess({ env: { ...env, OS_AUTH_URL: address }, cwd: folder, home: folder }),
      () => loadAccess({ env: { ...env, OS_BLOCK_STORAGE_ENDPOINT_OVERRIDE: address }, cwd: folder, home: folder }),
      () => loadAccess({ env: { ...env, OS_INTERFACE: address }, cwd: folder, home: folder }),
      () => loadAccess({ env: { OS_CLOUD: address }, cwd: folder, home: folder }),
      () => loadConfig(config, {}),
      () => loadWebConfig(web),
      () => parseListenAddress(address),
      () => parseFlags([`--log.level=${address}`], FLAGS),
      () => parseFlags(['--log.level', `--${address}`], FLAGS),
      () => parseFlags([`--config.check=${address}`], FLAGS),
      () => parseFlags([`--${address}`], FLAGS),
    ]) {
      try {
        attempt();
      } catch (error) {
        assertHidden(String(error), [CORE], `${address}: ${attempt.toString()}`);
        assertHidden(inspect(error, { depth: 9 }), [CORE], `${address}: ${attempt.toString()}`);
      }
    }
  }
});

const PEM = '-----BEGIN PRIVATE KEY-----\\nplanted\\n-----END PRIVATE KEY-----';

/** Passwords and keys in the wrong place of a file, as people write them by mistake. */
const MISPLACED: Readonly<Record<'clouds' | 'http' | 'web', readonly string[]>> = {
  clouds: [
    // No blank behind the colon, or no colon: the key is the password.
    'clouds: {p: {auth: {auth_url: http://k/v3, username: u, password:planted}}}',
    'clouds: {p: {auth: {auth_url: http://k/v3, username: u, password=planted}}}',
    'clouds: {p: {auth: {auth_url: http://k/v3, username: u, password planted}}}',
    'clouds: {p: {auth: {password:planted, password:planted}}}',
    'clouds: {p: {cacert: "https://user:planted@pki.example.org/ca.pem"}}',
    'clouds: {p: {cert: "user:planted@pki.example.org"}}',
    `clouds: {p: {key: ${'planted-_'.repeat(10)}}}`,
  ],
  http: [
    'basic_auth: user:planted',
    'authorization: Bearer planted',
    'http_headers: "X-Key: planted"',
    'http_headers: {X-Key: planted}',
    'http_headers: {X-Key: {values: planted}}',
    'basic_auth: {username: u, password:planted}',
    'basic_auth: {username: u, password_file: planted}',
    'authorization: {credentials_file: planted}',
    `authorization: {credentials_file: "${PEM}"}`,
    `tls_config: {key_file: "${PEM}"}`,
    'tls_config: {ca_file: "https://user:planted@pki.example.org/ca.pem"}',
    'tls_config: {insecure_skip_verify: planted}',
  ],
  web: [
    'basic_auth_users: {admin:planted}',
    'basic_auth_users: {admin planted: }',
    '{basic_auth_users:{admin:planted}}',
    `tls_server_config: {cert_file: "${PEM}", key_file: "${PEM}"}`,
  ],
};

test('a password or a key in the wrong place of a file is not echoed by the message about it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-misplaced-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'clouds.yaml');
  const readers = {
    clouds: () => loadAccess({ env: {}, cwd: folder, home: folder, cloud: 'p' }),
    http: () => webAccess({ flag: '--from', expected: 'a URL', url: 'http://h', headers: [], file }),
    web: () => loadWebConfig(file),
  };
  for (const [kind, read] of Object.entries(readers))
    for (const text of MISPLACED[kind as keyof typeof readers]) {
      writeFileSync(file, text);
      assert.throws(read, (error: Error) => {
        assertHidden(String(error), [CORE], text);
        assert.match(error.message, /expected/, 'and yet it says what is wrong');
        return true;
      });
    }
});

test('a huge value that is no text of ours is looked at once, however it is made', async () => {
  for (const part of ['?', '#a', '&;', '//', '//a:', '\r', '%4', '$2'])
    await assertLinear(`quoted ${part}`, (scale) => () => quoted(part.repeat(scale * 20_000)), 3);
});
