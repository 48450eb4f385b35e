import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JsonValue, isObject, jsonText } from '../../src/simulator/definition.ts';
import { idOf } from '../../src/simulator/keystone-identity.ts';
import { bench, login, password, recordedJson, recording, request, START, tokenOf } from './client.ts';
import { LAB_CLOUD } from './lab-cloud.ts';

const SECRET = 'lab-appcred-secret';
const PROJECT = { project: { name: 'admin', domain: { name: 'Default' } } };

function appcred(credential: JsonValue, scope?: JsonValue): JsonValue {
  const identity = { methods: ['application_credential'], application_credential: credential };
  return { auth: { identity, ...(scope === undefined ? {} : { scope }) } };
}

/** The names in a body, without ids, URLs and times. */
function shape(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(shape);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shape(each)]));
  return typeof value === 'string' && /\d{4}|:\/\/|^[\w-]{22}$|^[0-9a-f]{32}$/.test(value) ? 'text' : value;
}

/** The order of a token's roles is the database's. */
function roles(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value).replace(/("name":)"(admin|member|reader)"/g, '$1"role"')) as JsonValue;
}

test('discovery', async (t) => {
  const { simulator } = await bench(t, { cloud: LAB_CLOUD });
  const url = `${simulator.url}/identity`;
  const root = await request(`${url}/`);
  assert.deepEqual([root.status, root.headers.get('location')], [300, `${url}/v3/`]);
  assert.deepEqual(root.json, JSON.parse(recording('keystone-root.json').replaceAll('http://127.0.0.1:5000', url)));
  const v3 = await request(`${url}/v3`);
  assert.deepEqual(v3.json, JSON.parse(recording('keystone-v3.json').replaceAll('http://127.0.0.1:5000', url)));
});

test('tokens have the keys of the recorded ones, whatever the way in and the scope', async (t) => {
  const { simulator } = await bench(t, { cloud: LAB_CLOUD });
  const user = { name: 'admin', domain: { id: 'default' } };
  for (const [body, file, query] of [
    [password('admin', PROJECT), 'token-admin.json', ''],
    [password('admin', { system: { all: true } }), 'token-system.json', ''],
    [password('admin', { system: { all: true } }), 'token-nocatalog.json', '?nocatalog'],
    [password('monitor'), 'auth-unscoped.json', ''],
    [appcred({ name: 'lab', user, secret: SECRET }), 'auth-appcred-by-name.json', ''],
    [appcred({ id: idOf('application_credential', 'lab'), secret: SECRET }), 'auth-appcred-by-name.json', ''],
  ] as const) {
    const reply = await login(simulator, body, query);
    assert.equal(reply.status, 201, file);
    const recorded = recordedJson(file);
    assert.deepEqual(roles(shape(reply.json)), roles(shape(recorded)), file);
    assert.equal(reply.headers.get('vary'), 'X-Auth-Token');
  }
});

test('refusals, word for word', async (t) => {
  const { simulator } = await bench(t, { cloud: LAB_CLOUD });
  const id = idOf('application_credential', 'lab');
  for (const [body, status, file] of [
    [password('admin', PROJECT, 'wrong'), 401, 'auth-wrong-password.json'],
    [password('nobody', PROJECT), 401, 'auth-wrong-password.json'],
    [password('admin', { project: { name: 'nope', domain: { name: 'Default' } } }), 401, 'auth-wrong-password.json'],
    [password('member', PROJECT), 401, 'auth-wrong-password.json'],
    [appcred({ id, secret: 'wrong' }), 401, 'auth-wrong-password.json'],
    [appcred({ id: '00', secret: SECRET }), 404, 'auth-unknown-appcred.json'],
    [appcred({ id, secret: SECRET }, PROJECT), 401, 'auth-appcred-with-scope.json'],
  ] as const) {
    const reply = await login(simulator, body);
    assert.deepEqual([reply.status, reply.json], [status, recordedJson(file)]);
    assert.equal(reply.headers.has('www-authenticate'), status === 401);
  }
  const bad = await request(`${simulator.authUrl}/auth/tokens`, { method: 'POST', body: '{"auth":' });
  assert.deepEqual([bad.status, bad.json], [400, recordedJson('auth-bad-json.json')]);
});

test('a token gets another token, which does not live longer', async (t) => {
  const { simulator, clock } = await bench(t, { cloud: LAB_CLOUD });
  const first = await tokenOf(simulator, password('admin', PROJECT));
  clock.advance(60_000);
  const scope = { domain: { name: 'Default' } };
  const reply = await login(simulator, { auth: { identity: { methods: ['token'], token: { id: first } }, scope } });
  assert.equal(reply.status, 201);
  const token = reply.json['token'];
  assert.ok(isObject(token));
  assert.deepEqual(token['methods'], ['token', 'password']);
  assert.deepEqual(token['domain'], { id: 'default', name: 'Default' });
  assert.equal(Date.parse(jsonText(token['expires_at'])), START + 3_600_000);
});

test('an expired token is refused at its expiry; a revoked one is honoured until the cache forgets it', async (t) => {
  const { simulator, clock, cloud, get } = await bench(t, { cloud: LAB_CLOUD });
  const token = await tokenOf(simulator, password('admin', PROJECT));
  assert.equal((await get('/os-services', '3.0', token)).status, 200);
  cloud.revokeTokens();
  clock.advance(299_999);
  assert.equal((await get('/os-services', '3.0', token)).status, 200);
  clock.advance(1);
  assert.equal((await get('/os-services', '3.0', token)).status, 401);
  const next = await tokenOf(simulator, password('admin', PROJECT));
  clock.advance(3_599_000);
  assert.equal((await get('/os-services', '3.0', next)).status, 200);
  clock.advance(1_000);
  assert.equal((await get('/os-services', '3.0', next)).status, 401);
});

test('a changed password ends the old one and its tokens', async (t) => {
  const { simulator, cloud, get } = await bench(t, { cloud: LAB_CLOUD, settings: { tokenCacheMs: 0 } });
  cloud.changePassword('admin', 'n"ew');
  assert.equal((await get('/os-services')).status, 401);
  assert.equal((await login(simulator, password('admin', PROJECT))).status, 401);
  assert.equal((await login(simulator, password('admin', PROJECT, 'n"ew'))).status, 201);
  assert.equal(simulator.environment()['OS_PASSWORD'], 'n"ew');
});

test('Keystone away: cached tokens work, others get 503 in HTML', async (t) => {
  const { simulator, cloud, get } = await bench(t, { cloud: LAB_CLOUD });
  const fresh = await tokenOf(simulator, password('admin', PROJECT));
  assert.equal((await get('/os-services')).status, 200);
  cloud.stopKeystone();
  assert.equal((await get('/os-services')).status, 200);
  const reply = await get('/os-services', '3.0', fresh);
  assert.deepEqual([reply.status, reply.text], [503, recording('err-keystone-stopped.txt')]);
  await assert.rejects(login(simulator, password('admin', PROJECT)));
});

test('the catalogue is in the token; asking for it needs a project', async (t) => {
  const { simulator, cloud } = await bench(t, { cloud: LAB_CLOUD });
  const url = `${simulator.authUrl}/auth/catalog`;
  const project = await tokenOf(simulator, password('admin', PROJECT));
  const found = await request(url, { headers: { 'X-Auth-Token': project } });
  assert.deepEqual(shape(found.json), shape(recordedJson('catalog-admin.json')));
  const system = await tokenOf(simulator, password('admin', { system: { all: true } }));
  const refused = await request(url, { headers: { 'X-Auth-Token': system } });
  assert.deepEqual([refused.status, refused.json], [403, recordedJson('catalog-system.json')]);
  cloud.setCatalog([{ type: 'block-store', name: 'cinder', url: 'http://127.0.0.1:1/v3' }]);
  assert.match((await login(simulator, password('admin', PROJECT))).text, /127\.0\.0\.1:1\/v3.*block-store/);
});

test('a token is validated and revoked by its owner, and by an administrator', async (t) => {
  const { simulator, token } = await bench(t, { cloud: LAB_CLOUD });
  const own = await tokenOf(simulator, password('member', { project: { name: 'demo', domain: { name: 'Default' } } }));
  const ask = (method: string, asker: string, subject?: string) =>
    request(`${simulator.authUrl}/auth/tokens?nocatalog`, {
      method,
      headers: { 'X-Auth-Token': asker, ...(subject === undefined ? {} : { 'X-Subject-Token': subject }) },
    });
  for (const asker of [own, token]) {
    const valid = await ask('GET', asker, own);
    assert.deepEqual([valid.status, valid.headers.get('x-subject-token')], [200, own]);
    assert.ok(isObject(valid.json['token']));
  }
  assert.equal((await ask('HEAD', token, own)).status, 200);
  for (const [method, asker, subject, status, message] of [
    ['GET', own, token, 403, 'You are not authorized to perform the requested action: identity:validate_token.'],
    ['DELETE', own, token, 403, 'You are not authorized to perform the requested action: identity:revoke_token.'],
    ['GET', token, 'x', 404, 'Could not recognize Fernet token'],
    ['GET', token, undefined, 404, 'No token in the request'],
    ['DELETE', token, own, 204, undefined],
    ['GET', token, own, 404, 'Failed to validate token'],
    ['DELETE', token, own, 404, 'Failed to validate token'],
  ] as const) {
    const { status: answered, json } = await ask(method, asker, subject);
    assert.equal(answered, status);
    assert.equal(isObject(json['error']) ? json['error']['message'] : undefined, message);
  }
});
