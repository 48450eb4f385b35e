import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import type { CloudAccess } from '../../../src/openstack/access.ts';
import { BAD_CLOUDS } from './bad-clouds.ts';
import { sandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

function within<Result>(files: Record<string, string>, use: (box: Sandbox) => Result): Result {
  const box = sandbox(files);
  try {
    return use(box);
  } finally {
    box.remove();
  }
}

/** The access with its secrets shown, and files by their path in the sandbox. */
function open(box: Sandbox, env: Record<string, string> = {}, cloud?: string) {
  const access: CloudAccess = box.load(env, cloud);
  const { auth } = access;
  const secret = auth.method === 'password' ? auth.password : auth.method === 'token' ? auth.token : auth.secret;
  return { ...access, secret: secret.reveal(), files: access.files.map((file) => file.slice(box.root.length + 1)) };
}

const AUTH = 'auth: {auth_url: https://k/v3, username: u, user_domain_id: default, password: s3cret, project_id: p}';

/** An entry `prod` with a login that works and the given keys. */
function prod(...keys: readonly string[]): Record<string, string> {
  return { 'cwd/clouds.yaml': ['clouds:', '  prod:', `    ${AUTH}`, ...keys.map((key) => `    ${key}`)].join('\n') };
}

const ENV = {
  OS_AUTH_URL: 'http://k:5000',
  OS_USERNAME: 'u',
  OS_PASSWORD: 's3cret',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_NAME: 'admin',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};

test('one entry of clouds.yaml, as Horizon writes it', () => {
  const document = `
# This is a clouds.yaml file, which can be used by OpenStack tools.
clouds:
  openstack:
    auth:
      auth_url: https://keystone.example:5000/v3
      username: "admin"
      project_id: 0a1b2c3d4e5f60718293a4b5c6d7e8f9
      project_name: "admin"
      user_domain_name: "Default"
      password: 'o''brien: "#1"'
    region_name: "RegionOne"
    interface: "public"
    identity_api_version: 3
    networks: [{name: ignored}]
cache: {expiration_time: 3600}
client: {force_ipv4: true}
`;
  within({ 'cwd/clouds.yaml': document }, (box) => {
    const { auth, secret, ...rest } = open(box);
    assert.equal(secret, `o'brien: "#1"`);
    assert.deepEqual(auth.method === 'password' && auth.user, { name: 'admin', domain: { name: 'Default' } });
    assert.deepEqual(rest, {
      name: 'openstack',
      authUrl: 'https://keystone.example:5000/v3',
      scope: { kind: 'project', project: { id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9' } },
      region: 'RegionOne',
      interface: 'public',
      tls: { verify: true },
      files: ['cwd/clouds.yaml'],
    });
  });
});

test('which cloud: the one asked for, OS_CLOUD, the variables, the only one', () => {
  const two = { 'cwd/clouds.yaml': `clouds:\n  a: {${AUTH}}\n  b@x.y: {${AUTH}}\n` };
  within(two, (box) => {
    assert.equal(open(box, { OS_CLOUD: 'a' }, 'b@x.y').name, 'b@x.y');
    assert.equal(open(box, { ...ENV, OS_CLOUD: 'a' }).name, 'a');
    assert.equal(open(box, ENV).name, 'envvars');
    assert.equal(open(box, { ...ENV, OS_CLOUD: 'envvars' }).name, 'envvars');
    assert.equal(open(box, { ...ENV, OS_CLOUD_NAME: 'mine' }).name, 'mine');
    assert.equal(open(box, { ...ENV, OS_CLOUD: 'a', OS_PASSWORD: 'other' }).secret, 's3cret');
  });
  within(prod(), (box) => {
    assert.equal(open(box, { OS_CLOUD: '' }).name, 'prod');
    assert.equal(open(box, { OS_CACERT: '/nonexistent', OS_REGION_NAME: 'r' }).name, 'prod');
  });
});

test('the first file found counts, for each kind: directory before suffix', () => {
  const named = (name: string) => `clouds: {${name}: {${AUTH}}}`;
  const order = [
    'cwd/clouds.yaml',
    'cwd/clouds.yml',
    'cwd/clouds.json',
    'xdg/openstack/clouds.yaml',
    'home/.config/openstack/clouds.yaml',
    'home/.config/openstack/clouds.yml',
    'etc/clouds.yaml',
    'etc/clouds.json',
  ];
  const json = JSON.stringify({ clouds: { json: { auth: { auth_url: 'http://k', token: 't' } } } }, undefined, '\t');
  for (const [index, first] of order.entries()) {
    const files = Object.fromEntries(
      order.slice(index).map((file) => [file, file.endsWith('json') ? json : named('yaml')]),
    );
    within(files, (box) => {
      const { name, files } = open(box, { XDG_CONFIG_HOME: join(box.root, 'xdg') });
      assert.deepEqual([name, files], [first.endsWith('json') ? 'json' : 'yaml', [first]]);
    });
  }
});

test('the three variables that name files', () => {
  within({ ...prod(), 'a/c': `clouds: {c: {profile: p, ${AUTH.replace('password: s3cret, ', '')}}}` }, (box) => {
    box.write('a/s.json', '{"clouds": {"c": {"auth": {"password": "from secure"}}}}');
    box.write('a/v', 'public-clouds: {p: {region_name: R}}');
    const { secret, region, files } = open(box, {
      OS_CLIENT_CONFIG_FILE: join(box.root, 'a/c'),
      OS_CLIENT_SECURE_FILE: join(box.root, 'a/s.json'),
      OS_CLIENT_VENDOR_FILE: join(box.root, 'a/v'),
    });
    assert.deepEqual([secret, region, files], ['from secure', 'R', ['a/c', 'a/s.json', 'a/v']]);
  });
});

test('secure.yaml is merged over clouds.yaml at every depth', () => {
  const files = {
    'etc/clouds.yaml':
      'clouds:\n  prod:\n    auth: {auth_url: https://k, user_id: u, password: wrong}\n    verify: true\n',
    'cwd/secure.yml': 'clouds:\n  prod:\n    auth: {password: right}\n    verify: no\n  unused: {}\n',
  };
  within(files, (box) => {
    const { secret, tls, authUrl } = open(box, { OS_CLOUD: 'prod' });
    assert.deepEqual([secret, tls.verify, authUrl], ['right', false, 'https://k']);
  });
  within({ ...prod(), 'home/.config/openstack/secure.yaml': '# nothing yet\n' }, (box) => {
    assert.equal(open(box).secret, 's3cret');
  });
});

test('a profile lies under the entry, a region over it', () => {
  const files = {
    'etc/clouds-public.yaml':
      'public-clouds:\n  pub:\n    auth: {auth_url: "https://{region_name}.k/v3", username: nobody}\n    interface: internal\n    verify: false\n',
    'cwd/clouds.yaml': `clouds:
  prod:
    cloud: pub
    verify: yes
    auth: {username: u, user-domain-id: d, password: s, project_id: p1}
    regions:
    - name: one
      values: {auth: {project_id: p2}, interface: [admin, public]}
    - two
`,
  };
  within(files, (box) => {
    const one = open(box);
    assert.deepEqual(
      [one.authUrl, one.region, one.interface, one.tls.verify, one.scope],
      ['https://one.k/v3', 'one', 'admin', true, { kind: 'project', project: { id: 'p2' } }],
    );
    const two = open(box, { OS_REGION_NAME: 'two' });
    assert.deepEqual([two.authUrl, two.interface], ['https://two.k/v3', 'internal']);
    assert.deepEqual(two.auth.method === 'password' && two.auth.user, { name: 'u', domain: { id: 'd' } });
    assert.equal(open(box, { OS_REGION_NAME: 'two' }, 'prod').region, 'one');
  });
});

test('an unknown profile is passed over when the entry says everything itself', () => {
  within(prod('profile: vexxhost'), (box) => assert.equal(open(box).authUrl, 'https://k/v3'));
});

test('the regions of older files', () => {
  within(prod('region_name: one,two'), (box) => {
    assert.equal(open(box).region, 'one');
    assert.equal(open(box, { OS_REGION_NAME: 'two' }).region, 'two');
  });
  within(prod('region_name: [r-1, r-2]'), (box) => assert.equal(open(box).region, 'r-1'));
  within(prod(), (box) => assert.equal(open(box, { OS_REGION_NAME: 'r' }).region, 'r'));
  within(prod('region_name: one', 'block_storage_region_name: two'), (box) => assert.equal(open(box).region, 'two'));
});

test('YAML 1.1: merge keys, words for booleans, anchors', () => {
  const document = `
base: &base {region_name: R, verify: off, auth: &login {auth_url: https://k, user_id: u, password: s3cret}}
clouds:
  prod:
    <<: *base
    region_name: Q
    auth: {<<: [*login], project_id: 007}
`;
  within({ 'cwd/clouds.yaml': document }, (box) => {
    const { region, tls, scope } = open(box);
    assert.deepEqual([region, tls.verify], ['Q', false]);
    assert.deepEqual(scope, { kind: 'project', project: { id: '007' } });
  });
});

test('a password that YAML takes for something else is what was written', () => {
  for (const password of [
    '12345',
    '0123',
    '1_000',
    '12:30:45',
    '1e3',
    '0x1F',
    'yes',
    'false',
    '2001-12-14',
    '.inf',
    '!!str 5',
  ]) {
    within(
      { 'cwd/clouds.yaml': `clouds: {p: {auth: {auth_url: http://k, user_id: 1, password: ${password}}}}` },
      (box) => {
        assert.equal(open(box).secret, password.replace('!!str ', ''));
      },
    );
  }
});

test('any password survives, in quotes and as a variable, and is never shown', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() !== ''),
      (password) => {
        const auth = { auth_url: 'http://k', user_id: 'u', password };
        within({ 'cwd/clouds.json': JSON.stringify({ clouds: { p: { auth } } }) }, (box) => {
          assert.equal(open(box).secret, password);
        });
      },
    ),
    { numRuns: 30 },
  );
  within({}, (box) => {
    const access = box.load({ ...ENV, OS_PASSWORD: 'pl4nted' });
    for (const text of [inspect(access, { depth: 9, showHidden: true }), JSON.stringify(access)]) {
      assert.ok(!text.includes('pl4nted'), text);
    }
  });
});

test('the method that the keys imply, and the one that is written', () => {
  const url = { OS_AUTH_URL: 'https://k' };
  const credential = { ...url, OS_APPLICATION_CREDENTIAL_SECRET: 's' };
  const methodOf = (env: Record<string, string>) => within({}, (box) => box.load(env).auth);
  const byId = methodOf({ ...credential, OS_APPLICATION_CREDENTIAL_ID: 'a', OS_TOKEN: 't' });
  assert.deepEqual(byId.method === 'application_credential' && byId.credential, { id: 'a' });
  const byName = methodOf({
    ...credential,
    OS_APPLICATION_CREDENTIAL_NAME: 'mon',
    OS_USERNAME: 'u',
    OS_USER_DOMAIN_ID: 'd',
    OS_AUTH_TYPE: 'v3applicationcredential',
  });
  assert.deepEqual(byName.method === 'application_credential' && byName.credential, {
    name: 'mon',
    user: { name: 'u', domain: { id: 'd' } },
  });
  assert.equal(methodOf({ ...url, OS_AUTH_TOKEN: 't' }).method, 'token');
  assert.equal(methodOf({ ...ENV, OS_TOKEN: 't', OS_AUTH_TYPE: 'v3password' }).method, 'password');
  assert.equal(methodOf({ ...ENV, OS_TOKEN: 't', OS_AUTH_TYPE: 'v3token' }).method, 'token');
});

test('the scope: project, domain, system, none', () => {
  const { OS_PROJECT_NAME: _name, OS_PROJECT_DOMAIN_NAME: _domain, ...user } = ENV;
  const scopeOf = (env: Record<string, string>) => within({}, (box) => box.load(env).scope);
  assert.deepEqual(scopeOf(user), { kind: 'none' });
  assert.deepEqual(scopeOf({ ...user, OS_SYSTEM_SCOPE: 'all' }), { kind: 'system' });
  assert.deepEqual(scopeOf({ ...user, OS_DOMAIN_ID: 'd' }), { kind: 'domain', domain: { id: 'd' } });
  assert.deepEqual(scopeOf({ ...user, OS_TENANT_ID: 't' }), { kind: 'project', project: { id: 't' } });
  assert.deepEqual(scopeOf({ ...user, OS_TENANT_NAME: 't', OS_DEFAULT_DOMAIN_NAME: 'D' }), {
    kind: 'project',
    project: { name: 't', domain: { name: 'D' } },
  });
  const credential = { ...ENV, OS_APPLICATION_CREDENTIAL_ID: 'a', OS_APPLICATION_CREDENTIAL_SECRET: 's' };
  assert.deepEqual(scopeOf(credential), { kind: 'none' });
});

test('a domain written once beside a project is that of the user and the project', () => {
  const auth = 'auth: {auth_url: http://k, username: u, password: s, project_name: p, domain_id: d}';
  within({ 'cwd/clouds.yaml': `clouds: {p: {${auth}}}` }, (box) => {
    const access = open(box);
    assert.deepEqual(access.auth.method === 'password' && access.auth.user, { name: 'u', domain: { id: 'd' } });
    assert.deepEqual(access.scope, { kind: 'project', project: { name: 'p', domain: { id: 'd' } } });
  });
});

test('interface, endpoint override and timeout, with their variables and older names', () => {
  for (const [key, value] of [
    ['interface: internal', 'internal'],
    ['interface: [admin, public]', 'admin'],
    ['endpoint_type: internalURL', 'internal'],
    ['endpoint-type: publicURL', 'public'],
    ['volumev3_interface: admin', 'admin'],
  ] as const) {
    within(prod(key), (box) => assert.equal(open(box).interface, value, key));
  }
  within({}, (box) => {
    const {
      interface: chosen,
      apiTimeoutMs,
      endpointOverride,
    } = open(box, {
      ...ENV,
      OS_ENDPOINT_TYPE: 'adminURL',
      OS_API_TIMEOUT: '2.5',
      OS_VOLUMEV3_ENDPOINT_OVERRIDE: 'http://c:8776/v3/%(project_id)s',
    });
    assert.deepEqual([chosen, apiTimeoutMs, endpointOverride], ['admin', 2500, 'http://c:8776/v3/%(project_id)s']);
  });
  within(
    prod('api_timeout: 30', 'block_storage_endpoint_override: http://a/', 'volume_endpoint_override: http://b/'),
    (box) => {
      const { apiTimeoutMs, endpointOverride } = open(box);
      assert.deepEqual([apiTimeoutMs, endpointOverride], [30_000, 'http://a/']);
    },
  );
});

test('interface as a list is an order of preference', () => {
  within(prod('interface: [internal, publicURL]'), (box) => {
    const { interface: first, otherInterfaces } = open(box);
    assert.deepEqual([first, otherInterfaces], ['internal', ['public']]);
  });
  within(prod('endpoint_type: [admin, admin]', 'volumev2_endpoint_type: internal'), (box) => {
    assert.deepEqual([open(box).interface, open(box).otherInterfaces], ['internal', undefined]);
  });
});

test('keys for the service alone, by each of its names', () => {
  const keys = ['volumev2_region_name: R', 'volume_service_type: volumev3', 'block_store_service_name: cinder'];
  within(prod(...keys, 'volume_endpoint: "http://{region_name}.c/v3"'), (box) => {
    const { region, serviceType, serviceName, endpointOverride } = open(box);
    assert.deepEqual(
      [region, serviceType, serviceName, endpointOverride],
      ['R', 'volumev3', 'cinder', 'http://R.c/v3'],
    );
  });
});

test('without a domain, identity_api_version 3 means the one with the id default', () => {
  const auth = 'auth: {auth_url: http://k, username: u, password: s, project_name: p}';
  const named = (access: CloudAccess) => [access.auth.method === 'password' && access.auth.user, access.scope];
  const expected = (id: string) => [
    { name: 'u', domain: { id } },
    { kind: 'project', project: { name: 'p', domain: { id } } },
  ];
  within({ 'cwd/clouds.yaml': `clouds: {p: {${auth}, identity_api_version: 3}}` }, (box) => {
    assert.deepEqual(named(box.load()), expected('default'));
    assert.deepEqual(named(box.load({ OS_CLOUD: 'p', OS_DEFAULT_DOMAIN: 'dd' })), expected('dd'));
  });
  within({ 'cwd/clouds.yaml': `clouds: {p: {${auth}}}` }, (box) => {
    assert.deepEqual(named(box.load({ OS_CLOUD: 'p', OS_IDENTITY_API_VERSION: '3' })), expected('default'));
    assert.match(box.refusal({ OS_CLOUD: 'p' }).message, /user_domain_name: expected the domain of the user/);
  });
});

test('beside OS_CLOUD, variables for the way there replace what the entry says', () => {
  within(prod('interface: public', 'cacert: /nonexistent'), (box) => {
    const env = { OS_CLOUD: 'prod', OS_INTERFACE: 'internal', OS_CACERT: 'CERT', OS_CERT: 'CERT', OS_KEY: 'KEY' };
    const { interface: chosen, tls } = open(box, env);
    assert.equal(chosen, 'internal');
    assert.match(tls.ca ?? '', /BEGIN CERTIFICATE/);
    assert.match(tls.key?.reveal() ?? '', /PRIVATE KEY/);
    // One variable cannot be right for each cloud of a configuration file.
    assert.match(box.refusal(env, 'prod').message, /clouds\.prod\.cacert: \/nonexistent/);
  });
});

test('beside OS_CLOUD, a login that the entry leaves open is taken from variables; one that is written stays', () => {
  const login = {
    OS_CLOUD: 'p',
    OS_USERNAME: 'v',
    OS_USER_DOMAIN_NAME: 'V',
    OS_PASSWORD: 'from env',
    OS_PROJECT_ID: 'vp',
  };
  within({ 'cwd/clouds.yaml': 'clouds: {p: {auth: {auth_url: http://k, user_id: "7"}}}' }, (box) => {
    const access = open(box, { ...login, OS_TOKEN: 't', OS_APPLICATION_CREDENTIAL_SECRET: 's' });
    assert.equal(access.secret, 'from env');
    assert.deepEqual(access.auth.method === 'password' && access.auth.user, { id: '7' });
    assert.deepEqual(access.scope, { kind: 'project', project: { id: 'vp' } });
  });
  const written = `auth: {auth_url: http://k, username: u, user_domain_id: d, password: s3cret, system_scope: all}`;
  within({ 'cwd/clouds.yaml': `clouds: {p: {${written}}}` }, (box) => {
    const access = open(box, { ...login, OS_AUTH_URL: 'http://other' });
    assert.deepEqual([access.secret, access.authUrl, access.scope], ['s3cret', 'http://k', { kind: 'system' }]);
    assert.deepEqual(access.auth.method === 'password' && access.auth.user, { name: 'u', domain: { id: 'd' } });
  });
  const credential = 'auth: {auth_url: http://k, application_credential_id: a}';
  within({ 'cwd/clouds.yaml': `clouds: {p: {${credential}}}` }, (box) => {
    const access = open(box, { ...login, OS_APPLICATION_CREDENTIAL_SECRET: 'from env' });
    assert.deepEqual(
      [access.auth.method, access.secret, access.scope],
      ['application_credential', 'from env', { kind: 'none' }],
    );
  });
});

test('certificate authorities: cacert, verify with a path, then the variables of Python clients; a hashed folder', () => {
  const pem = readFileSync(new URL('pem/client.crt', import.meta.url), 'utf8');
  within(prod('verify: CERT'.replace('CERT', './CERT')), (box) => {
    const { tls, files } = open(box);
    assert.deepEqual([tls.ca, tls.verify, files], [pem, true, ['cwd/clouds.yaml', 'cwd/CERT']]);
  });
  within(prod('cacert: CERT', 'verify: /nonexistent'), (box) => assert.equal(open(box).tls.ca, pem));
  within(prod(), (box) => {
    for (const name of ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'])
      assert.equal(open(box, { [name]: join(box.root, 'cwd/CERT') }).tls.ca, pem, name);
    assert.equal(open(box, { REQUESTS_CA_BUNDLE: '' }).tls.ca, undefined);
  });
  within(prod('cacert: cas'), (box) => {
    box.write('cwd/cas/0a1b2c3d.0', pem);
    box.write('cwd/cas/not-hashed.pem', 'nonsense');
    const { tls, files } = open(box);
    assert.deepEqual([tls.ca, files.at(-1)], [pem, 'cwd/cas']);
  });
  // What is not verified needs no authority: openstacksdk does not look for the file either.
  within(prod('cacert: /nonexistent', 'verify: false'), (box) => assert.deepEqual(open(box).tls, { verify: false }));
});

test('PEM text in place of a path, in the file and in a variable', () => {
  const [crt, key] = ['client.crt', 'client.key'].map((name) =>
    readFileSync(new URL(`pem/${name}`, import.meta.url), 'utf8'),
  ) as [string, string];
  const block = (text: string) => `|\n${text.replace(/^/gm, '      ')}`;
  within(prod(`cacert: ${block(crt)}`, `cert: ${block(crt)}`, `key: ${block(key)}`), (box) => {
    const { tls, files } = open(box);
    assert.deepEqual(
      [tls.ca?.trim(), tls.cert?.reveal().trim(), tls.key?.reveal().trim()],
      [crt, crt, key].map((text) => text.trim()),
    );
    assert.deepEqual(files, ['cwd/clouds.yaml']);
  });
  within({}, (box) => {
    const { tls } = open(box, { ...ENV, OS_CERT: crt, OS_KEY: key.replaceAll('\n', '\\n') });
    assert.equal(tls.key?.reveal(), key);
  });
});

test('TLS files: relative to the working directory, ~ is the home', () => {
  const pem = (name: string) => readFileSync(new URL(`pem/${name}`, import.meta.url), 'utf8');
  within(prod('cacert: ~/ca.pem', 'cert: CERT', 'key: ./KEY'), (box) => {
    box.write('home/ca.pem', `Some words before.\n${pem('client.crt')}\n${pem('client.crt')}`);
    const { tls, files } = open(box);
    assert.deepEqual([tls.cert?.reveal(), tls.key?.reveal(), tls.verify], [pem('client.crt'), pem('client.key'), true]);
    assert.match(tls.ca ?? '', /^Some words/);
    assert.deepEqual(files, ['cwd/clouds.yaml', 'home/ca.pem', 'cwd/CERT', 'cwd/KEY']);
  });
  within(prod('cert: both.pem'), (box) => {
    box.write('cwd/both.pem', pem('client.key') + pem('client.crt'));
    assert.equal(open(box).tls.key?.reveal(), open(box).tls.cert?.reveal());
  });
});

test('certificates are verified unless somebody wrote otherwise; insecure wins', () => {
  for (const [keys, verify] of [
    [[], true],
    [['verify: false'], false],
    [['verify: "False"'], false],
    [['verify:'], true],
    [['insecure: true'], false],
    [['insecure: no', 'verify: no'], false],
    [['insecure: false'], true],
    [['insecure: on', 'verify: on'], false],
  ] as const) {
    within(prod(...keys), (box) => assert.equal(open(box).tls.verify, verify, keys.join()));
  }
  within({}, (box) => assert.equal(open(box, { ...ENV, OS_INSECURE: '' }).tls.verify, true));
});

test('aliases and merge keys that multiply cost nothing', () => {
  const nested = ['l0: &l0 {a: 1}'];
  for (let n = 1; n < 30; n += 1) {
    nested.push(`l${n}: &l${n} {${Array.from({ length: 9 }, (_, k) => `k${k}: *l${n - 1}`).join(', ')}}`);
  }
  const bomb = `${nested.join('\n')}\nclouds: {prod: {${AUTH}, x: *l29}}\n`;
  within({ 'cwd/clouds.yaml': bomb, 'cwd/secure.yaml': bomb, 'cwd/clouds-public.yaml': bomb }, (box) => {
    assert.equal(open(box).secret, 's3cret');
  });
  const merges = Array.from({ length: 3000 }, (_, n) => `l${n + 1}: &l${n + 1} {<<: *l${n}, k${n}: 1}\n`);
  within({ 'cwd/clouds.yaml': `l0: &l0 {a: 1}\n${merges.join('')}clouds: {prod: {<<: *l3000}}\n` }, (box) => {
    assert.match(box.refusal().message, /: expected at most 100000 merged keys, got more$/);
  });
});

/** Runs as a user whom file permissions bind, even where the tests run as root. */
function unprivileged(act: () => void): void {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    act();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

test('a file without read permission is passed over, and named when something is missing then', () => {
  const login = 'auth: {auth_url: https://k, user_id: u}';
  const files = {
    'cwd/clouds.yaml': 'clouds: {other: {}}',
    'etc/clouds.yaml': `clouds: {prod: {${login}}}`,
    'etc/secure.yaml': '',
  };
  within(files, (box) => {
    chmodSync(box.root, 0o755);
    for (const file of ['cwd/clouds.yaml', 'etc/secure.yaml']) chmodSync(join(box.root, file), 0);
    unprivileged(() => {
      assert.deepEqual(box.refusal().message.split('\n'), [
        'etc/clouds.yaml:1:16: clouds.prod.auth.password: expected a password, got nothing (OS_PASSWORD where no clouds.yaml entry is used)',
        'cwd/clouds.yaml: not read, permission denied',
        'etc/secure.yaml: not read, permission denied',
      ]);
      const named = box.refusal({ OS_CLIENT_CONFIG_FILE: join(box.root, 'cwd/clouds.yaml') });
      assert.match(
        named.message,
        /: expected a readable file, got: permission denied \(named by OS_CLIENT_CONFIG_FILE\)$/,
      );
    });
  });
});

test('a path that cannot be a file is not opened', () => {
  within({}, (box) => {
    mkdirSync(join(box.root, 'cwd/secure.yaml'));
    assert.equal(box.refusal(ENV).message, 'cwd/secure.yaml: expected a regular file, got a directory');
  });
});

for (const { name, files, env, cloud, kind, lines } of BAD_CLOUDS) {
  test(`refused: ${name}`, () => {
    const box = sandbox(files);
    const refusal = box.refusal(env, cloud);
    box.remove();
    assert.deepEqual([refusal.kind, ...refusal.message.split('\n')], [kind, ...lines]);
    assert.ok(!refusal.message.includes('s3cret'), refusal.message);
  });
}
