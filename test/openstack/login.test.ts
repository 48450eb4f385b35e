import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from '../../src/config/secret.ts';
import type { CloudAccess } from '../../src/openstack/access.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { logIn } from '../../src/openstack/login.ts';
import type { Answer } from '../../src/openstack/request.ts';
import { recording } from '../support/recording.ts';
import { ACCESS, PASSWORD, fakeCloud, json, tokenAnswer } from './fake-cloud.ts';

const ISSUED = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

async function bodyOf(access: Partial<CloudAccess>): Promise<unknown> {
  const cloud = fakeCloud(() => tokenAnswer(1, ISSUED, HOUR));
  await logIn({ ...ACCESS, ...access }, cloud.transport, 1000);
  return JSON.parse(cloud.requests[0]?.body ?? '');
}

async function failureOf(answer: Answer, access: Partial<CloudAccess> = {}): Promise<OpenStackError> {
  const error = await logIn({ ...ACCESS, ...access }, fakeCloud(() => answer).transport, 1000).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof OpenStackError);
  return error;
}

const APPCRED: Partial<CloudAccess> = {
  auth: { method: 'application_credential', credential: { id: '00' }, secret: new Secret('planted-secret') },
  scope: { kind: 'none' },
};

test('the login of each method and scope', async () => {
  assert.deepEqual(await bodyOf({}), {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: 'admin', domain: { name: 'Default' }, password: PASSWORD } },
      },
      scope: { project: { name: 'admin', domain: { id: 'default' } } },
    },
  });
  assert.deepEqual(
    await bodyOf({
      auth: { method: 'password', user: { id: 'u1' }, password: new Secret('p"\\') },
      scope: { kind: 'project', project: { id: 'p1' } },
    }),
    {
      auth: {
        identity: { methods: ['password'], password: { user: { id: 'u1', password: 'p"\\' } } },
        scope: { project: { id: 'p1' } },
      },
    },
  );
  assert.deepEqual(await bodyOf(APPCRED), {
    auth: {
      identity: { methods: ['application_credential'], application_credential: { id: '00', secret: 'planted-secret' } },
    },
  });
  assert.deepEqual(
    await bodyOf({
      auth: {
        method: 'application_credential',
        credential: { name: 'lab', user: { name: 'admin', domain: { name: 'Default' } } },
        secret: new Secret('s'),
      },
      scope: { kind: 'none' },
    }),
    {
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { name: 'lab', user: { name: 'admin', domain: { name: 'Default' } }, secret: 's' },
        },
      },
    },
  );
  assert.deepEqual(await bodyOf({ auth: { method: 'token', token: new Secret('t') }, scope: { kind: 'system' } }), {
    auth: { identity: { methods: ['token'], token: { id: 't' } }, scope: { system: { all: true } } },
  });
  const domain = (await bodyOf({ scope: { kind: 'domain', domain: { name: 'Default' } } })) as {
    auth: { scope: unknown };
  };
  assert.deepEqual(domain.auth.scope, { domain: { name: 'Default' } });
});

test('the URL of Keystone with or without its version and slashes', async () => {
  const urls: string[] = [];
  for (const authUrl of [
    'http://k/identity',
    'http://k/identity/',
    'http://k/identity/v3',
    'http://k/identity/v3//',
    'http://k/identity/v2.0',
    'http://k:5000',
  ]) {
    const cloud = fakeCloud(() => tokenAnswer(1, ISSUED, HOUR));
    await logIn({ ...ACCESS, authUrl }, cloud.transport, 1000);
    urls.push(cloud.requests[0]?.url.href ?? '');
  }
  assert.deepEqual(urls, [
    ...Array<string>(5).fill('http://k/identity/v3/auth/tokens'),
    'http://k:5000/v3/auth/tokens',
  ]);
});

test('recorded tokens: who it is for, and for how long, by the clock of Keystone alone', async () => {
  const login = (name: string, headers: Readonly<Record<string, string>> = {}) =>
    logIn(ACCESS, fakeCloud(() => json(201, recording(name), { 'x-subject-token': 'x', ...headers })).transport, 1000);
  const admin = await login('token-admin', { date: 'Mon, 23 Nov 2026 09:00:00 GMT' });
  assert.equal(admin.projectId, 'fc47eeb7fcb543a39a14c7fbc7b2bba4');
  assert.equal(admin.lifetimeMs, HOUR, 'the Date of a proxy, hours off, does not shorten it');
  assert.equal(admin.expiresAtMs, Date.UTC(2026, 10, 22, 12, 21, 52));
  assert.equal((await login('token-system')).projectId, undefined);
});

test('a refused login is reason auth: wrong password, unknown application credential', async () => {
  const wrong = await failureOf(json(401, recording('auth-wrong-password')));
  assert.equal(wrong.reason, 'auth');
  assert.match(
    wrong.message,
    /^Keystone refused the login by password: POST http:.*401: The request you have made requires/,
  );
  const unknown = await failureOf(json(404, recording('auth-unknown-appcred')), APPCRED);
  assert.equal(unknown.reason, 'auth');
  assert.match(unknown.message, /by application credential: .*404: Could not find Application Credential: 00\./);
});

test('a 404 that is not of Keystone is no refusal', async () => {
  assert.equal((await failureOf(json(404, '<html>nginx</html>'), APPCRED)).reason, 'http');
  assert.equal((await failureOf(json(404, recording('auth-unknown-appcred')))).reason, 'http');
});

test('answers that are no token', async () => {
  const header = { 'x-subject-token': 'x' };
  const cases: readonly [Answer, string, RegExp][] = [
    [json(200, '<html>'), 'decode', /200 with 6 bytes that are no whole JSON/],
    [json(201, ''), 'decode', /201 with an empty body/],
    [json(201, 'null', header), 'decode', /no token with an expires_at/],
    [json(201, '{"token":{"expires_at":"soon"}}', header), 'decode', /no token with an expires_at/],
    [json(201, { token: { expires_at: { toString: false } } }, header), 'decode', /no token with an expires_at/],
    [json(201, { token: { expires_at: '2026-11-22T12:00:00Z' } }), 'decode', /no X-Subject-Token header/],
    [
      json(302, '', { location: 'http://evil.example.org/' }),
      'http',
      /302 to http:\/\/evil\.example\.org\/; redirects are not followed/,
    ],
    [json(503, '<html>Service Unavailable</html>'), 'http', /: 503$/],
    [
      json(429, { error: { message: 'slow\ndown' } }, { 'retry-after': '7' }),
      'http',
      /429: a message that is not of Keystone/,
    ],
  ];
  for (const [answer, reason, message] of cases) {
    const error = await failureOf(answer);
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    assert.equal(error.details.operation, 'token');
  }
});

test('no secret in anything that an error can be printed as', async () => {
  const answers = [
    json(401, { error: { message: 'no' } }),
    json(201, '{', { 'x-subject-token': 'planted-token' }),
    json(201, {}, { 'x-subject-token': 'planted-token' }),
  ];
  const authUrl = `http://user:${PASSWORD}@k/v3?key=${PASSWORD}`;
  for (const answer of answers) {
    for (const access of [{}, { authUrl }, APPCRED]) {
      const error = await failureOf(answer, access);
      const printed = [error.message, error.stack, inspect(error, { depth: 9 }), JSON.stringify(error), String(error)];
      assert.ok(!/planted/.test(printed.join('\n')), printed.join('\n'));
    }
  }
  const token = await logIn(ACCESS, fakeCloud(() => tokenAnswer(1, ISSUED, HOUR)).transport, 1000);
  assert.ok(
    !/planted/.test(inspect(token, { depth: 9, showHidden: true }) + JSON.stringify(token) + String(token.value)),
  );
  assert.equal(token.value.reveal(), 'planted-token-1');
});
