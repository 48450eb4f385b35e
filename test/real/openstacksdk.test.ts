import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { createPauses } from '../../src/openstack/pause.ts';
import { createTransport } from '../../src/openstack/transport.ts';
import { createSession } from '../../src/openstack/session.ts';

/** A configuration that the real `openstack` command reads services with; so must we. `BASE` is the cloud's URL. */
interface Case {
  readonly name: string;
  /** Keys of the entry `c`, beside `auth`. */
  readonly keys?: string;
  readonly auth?: string;
  readonly env?: Record<string, string>;
  /** URLs of the catalog, below the cloud's, with type and interface. */
  /** openstacksdk 1.0 of Debian 12 cannot, the current one can: only ours is asked for when theirs fails. */
  readonly newer?: true;
  readonly catalog?: readonly (readonly [type: string, path: string, kind?: string])[];
}

const PROJECT = 'fc47eeb7fcb543a39a14c7fbc7b2bba4';
const USER = 'auth_url: "BASE/identity/v3", username: u, password: p';
const AUTH = `${USER}, user_domain_name: D, project_name: p, project_domain_name: D`;
const CREDENTIAL = 'auth_url: "BASE/identity/v3", application_credential_id: a';

const CASES: readonly Case[] = [
  { name: 'plain' },
  { name: 'a URL without version', catalog: [['block-storage', '/volume']] },
  {
    name: 'v2 beside v3',
    catalog: [
      ['block-storage', `/volume/v2/${PROJECT}`],
      ['block-storage', `/volume/v3/${PROJECT}`],
    ],
  },
  { name: 'v2 alone', newer: true, catalog: [['volumev2', `/volume/v2/${PROJECT}`]] },
  { name: 'an interface list', keys: 'interface: [internal, public]' },
  { name: 'no domain', keys: 'identity_api_version: 3', auth: `${USER}, project_name: p` },
  { name: 'OS_INTERFACE', env: { OS_INTERFACE: 'internal' }, catalog: [['volumev3', '/volume/v3', 'internal']] },
  { name: 'OS_PASSWORD', auth: AUTH.replace(', password: p', ''), env: { OS_PASSWORD: 'q' } },
  {
    name: 'a credential',
    keys: 'auth_type: v3applicationcredential',
    auth: `${CREDENTIAL}, application_credential_secret: s`,
  },
  { name: 'system scope', auth: `${USER}, user_domain_name: D, system_scope: all` },
  { name: 'regions', keys: 'regions: [R, S]' },
  { name: 'an override without version', newer: true, keys: 'volume_endpoint_override: "BASE/volume"' },
];

/** Keystone and Cinder as far as a login and the list of services need them. */
async function startCloud(logins: Map<string, unknown>): Promise<{ url: string; close: () => void }> {
  const server = http.createServer((request, response) => {
    const [, who = '', ...rest] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    const [path, root] = [`/${rest.join('/')}`.replace(/(.)\/$/, '$1'), `http://${request.headers.host}/${who}`];
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    const self = (href: string) => [{ rel: 'self', href }];
    if (path === '/identity/v3') {
      return send(200, { version: { id: 'v3.14', status: 'stable', links: self(`${root}/identity/v3/`) } });
    }
    if (path === '/identity/v3/auth/tokens') {
      void text(request).then((body) => {
        logins.set(who, (JSON.parse(body) as { auth: unknown }).auth);
        const { catalog = [['block-storage', `/volume/v3/${PROJECT}`]] } = CASES[Number(who.slice(4))] ?? {};
        const domain = { id: 'default', name: 'Default' };
        const token = {
          methods: ['password'],
          user: { id: 'u', name: 'u', domain },
          project: { id: PROJECT, name: 'p', domain },
          roles: [],
          issued_at: new Date().toISOString(),
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
          catalog: catalog.map(([type, url, kind = 'public']) => ({
            type,
            id: type,
            name: 'cinder',
            endpoints: [{ id: url, interface: kind, region: 'R', region_id: 'R', url: root + url }],
          })),
        };
        send(201, { token }, { 'x-subject-token': 'token' });
      });
      return undefined;
    }
    if (path === '/volume') {
      const v3 = {
        id: 'v3.0',
        status: 'CURRENT',
        version: '3.70',
        min_version: '3.0',
        links: self(`${root}/volume/v3/`),
      };
      return send(300, { versions: [v3] });
    }
    if (!/^\/volume\/v3(\/[0-9a-f]{32})?\/os-services$/.test(path)) return send(404, {});
    return send(200, {
      services: [{ binary: 'cinder-volume', host: 'h@b', zone: 'z', status: 'enabled', state: 'up' }],
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('what the openstack command reads services with, with that we read them too', { timeout: 600_000 }, async (t) => {
  const python = process.env['SDK_PYTHON'] ?? '/usr/bin/python3';
  execFileSync(python, ['-c', 'import openstack, openstackclient']);
  const logins = new Map<string, unknown>();
  const cloud = await startCloud(logins);
  const root = mkdtempSync(join(tmpdir(), 'openstacksdk-'));
  t.after(() => {
    cloud.close();
    rmSync(root, { recursive: true });
  });
  const prepare = (who: string, { name, keys = '', auth = AUTH, env = {} }: Case) => {
    const cwd = join(root, who);
    mkdirSync(cwd);
    const entry = `clouds:\n  c:\n    auth: {${auth}}\n    ${keys}\n`.replaceAll('BASE', `${cloud.url}/${who}`);
    writeFileSync(join(cwd, 'clouds.yaml'), entry);
    return { name, cwd, home: cwd, env: { OS_CLOUD: 'c', ...env } };
  };
  const theirs = spawn(python, [new URL('openstacksdk.py', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  theirs.stdin.end(JSON.stringify(CASES.map((one, n) => prepare(`sdk-${n}`, one))));
  const lines = (await text(theirs.stdout)).trim().split('\n');
  assert.equal(lines.length, CASES.length);
  for (const [n, one] of CASES.entries()) {
    await t.test(one.name, async () => {
      const { ok, said } = JSON.parse(lines[n] ?? '') as { ok: boolean; said: string };
      assert.ok(ok || one.newer, said);
      const access = loadAccess({ ...prepare(`our-${n}`, one), systemDirs: [] });
      const transport = createTransport({ tls: access.tls, maxBodyBytes: 100_000, userAgent: 'test', env: {} });
      const session = createSession(access, transport, 60_000, createPauses(60_000));
      const { answer } = await session.get({ operation: 'services', path: '/os-services', timeoutMs: 60_000 });
      transport.close();
      assert.match(answer.body.toString(), /cinder-volume/);
      if (ok) assert.deepEqual(logins.get(`our-${n}`), logins.get(`sdk-${n}`));
    });
  }
});
