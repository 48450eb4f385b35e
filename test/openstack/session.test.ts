import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpenStackError, type FailureDetails } from '../../src/openstack/errors.ts';
import { createPauses } from '../../src/openstack/pause.ts';
import type { Answer, Request } from '../../src/openstack/request.ts';
import { createSession } from '../../src/openstack/session.ts';
import { manualTime } from '../support/manual-time.ts';
import { ACCESS, CINDER_URL, catalogOf, fakeCloud, json, tokenAnswer } from './fake-cloud.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GET = { operation: 'services', path: '/os-services', timeoutMs: 1000 } as const;
const OK = json(200, { services: [] });
const UNAUTHORIZED = json(401, { error: { message: 'token revoked' } });

function session(answer: (request: Request, n: number) => Answer | Promise<Answer>, access = ACCESS) {
  const { clock, advance } = manualTime();
  const cloud = fakeCloud(answer);
  const pauses = createPauses(30_000, clock, () => 1);
  return { ...cloud, pauses, session: createSession(access, cloud.transport, 5000, pauses, clock), advance };
}

function outage(details: Partial<FailureDetails> = {}): OpenStackError {
  return new OpenStackError('keystone is away', { reason: 'connect', operation: 'token', url: '', ...details });
}

/** Keystone's clock is hours off: it must not matter. */
const token = (n: number, lifetimeMs = HOUR): Answer => tokenAnswer(n, Date.UTC(2031, 0, 1), lifetimeMs);

test('many callers, one login, and the token goes to Cinder only', async () => {
  const { session: asked, count, requests } = session((request, n) => (request.operation === 'token' ? token(n) : OK));
  await Promise.all(Array.from({ length: 20 }, () => asked.get(GET)));
  assert.deepEqual([count('token'), count('services')], [1, 20]);
  const cinder = requests.filter((request) => request.operation === 'services');
  assert.ok(
    cinder.every(
      ({ url, headers }) => url.href === `${CINDER_URL}/os-services` && headers['x-auth-token'] === 'planted-token-1',
    ),
  );
  await asked.getOpen('discovery', new URL('http://cinder.example.org/volume/'), 1000);
  assert.equal(requests.at(-1)?.headers['x-auth-token'], undefined);
  assert.equal(asked.generation(), 1);
  assert.equal(asked.tokenExpiresAtMs(), Date.UTC(2031, 0, 1) + HOUR);
});

test('renewed two minutes before it ends, by the monotonic clock', async () => {
  const { session: asked, count, advance } = session((request, n) => (request.operation === 'token' ? token(n) : OK));
  await asked.get(GET);
  advance(HOUR - 2 * MINUTE - 1);
  await asked.get(GET);
  assert.equal(count('token'), 1);
  advance(1);
  await Promise.all([asked.get(GET), asked.get(GET)]);
  assert.equal(count('token'), 2);
});

test('a token of a short life, or of none by mixed clocks, does not bring a login with every request', async () => {
  for (const lifetimeMs of [90_000, 1000, 0, -HOUR]) {
    const { session: asked, count } = session((request, n) =>
      request.operation === 'token' ? token(n, lifetimeMs) : OK,
    );
    for (let i = 0; i < 5; i += 1) await asked.get(GET);
    assert.equal(count('token'), 1, `${lifetimeMs}`);
  }
});

test('a 401 is one new login and one more try', async () => {
  const {
    session: asked,
    count,
    requests,
  } = session((request, n) => {
    if (request.operation === 'token') return token(n);
    return request.headers['x-auth-token'] === 'planted-token-1' ? UNAUTHORIZED : OK;
  });
  assert.equal((await asked.get(GET)).answer.status, 200);
  assert.deepEqual([count('token'), count('services')], [2, 2]);
  assert.equal(requests.at(-1)?.headers['x-auth-token'], 'planted-token-2');
});

test('many callers with one revoked token: one login for all', async () => {
  const { session: asked, count } = session((request, n) => {
    if (request.operation === 'token') return token(n);
    return request.headers['x-auth-token'] === 'planted-token-1' ? UNAUTHORIZED : OK;
  });
  await asked.endpoint();
  await Promise.all(Array.from({ length: 10 }, () => asked.get(GET)));
  assert.equal(count('token'), 2);
});

test('a 401 for a fresh token is given up; half a minute later one login tries again', async () => {
  const {
    session: asked,
    count,
    advance,
  } = session((request, n) => (request.operation === 'token' ? token(n) : UNAUTHORIZED));
  await assert.rejects(asked.get(GET), {
    reason: 'auth',
    message: /401: token revoked; Cinder refuses .*access rules/,
  });
  assert.deepEqual([count('token'), count('services')], [2, 2]);
  await assert.rejects(asked.get(GET), { reason: 'auth' });
  assert.equal(count('token'), 2, 'another token would fare no better');
  advance(30_000);
  await assert.rejects(asked.get(GET), { reason: 'auth' });
  assert.equal(count('token'), 3);
});

test('one path that Cinder refuses, as access rules do, costs one login a try and does not touch the others', async () => {
  const { session: asked, count } = session((request, n) => {
    if (request.operation === 'token') return token(n);
    return request.operation === 'services' ? UNAUTHORIZED : OK;
  });
  const pools = { ...GET, operation: 'pools' };
  assert.equal((await asked.get(pools)).answer.status, 200);
  for (let i = 1; i <= 3; i += 1) {
    await assert.rejects(asked.get(GET), { reason: 'auth' });
    assert.equal((await asked.get(pools)).answer.status, 200);
    assert.equal(count('token'), 1 + i);
  }
});

test('Keystone that refuses, or says when to come back, hears nothing before; a token that is still good goes on', async () => {
  let answer: Answer = json(429, {}, { 'retry-after': '50' });
  const { session: asked, count, advance } = session((request) => (request.operation === 'token' ? answer : OK));
  for (let i = 0; i < 5; i += 1) {
    await assert.rejects(asked.get(GET), (error: OpenStackError) => (error.details.notAsked === true) === i > 0);
    if (i < 4) advance(12_000);
  }
  assert.equal(count('token'), 1);
  advance(2000);
  answer = token(1);
  await asked.get(GET);
  assert.equal(count('token'), 2);
  answer = json(429, {}, { 'retry-after': '50' });
  advance(HOUR - 2 * MINUTE);
  assert.equal((await asked.get(GET)).answer.status, 200);
  advance(31_000);
  assert.equal((await asked.get(GET)).answer.status, 200);
  assert.equal(count('token'), 3);
});

test('a version document that says when to come back costs no login and no question before', async () => {
  let document: Answer = json(429, {}, { 'retry-after': '50' });
  const {
    session: asked,
    count,
    advance,
  } = session((request, n) => {
    if (request.operation === 'token') return tokenAnswer(n, 0, HOUR, catalogOf('http://h/volume'));
    return request.operation === 'discovery' ? document : OK;
  });
  for (let i = 0; i < 5; i += 1) {
    await assert.rejects(asked.get(GET), (error: OpenStackError) => {
      assert.deepEqual([error.details.operation, error.details.status], ['discovery', 429]);
      return (error.details.notAsked === true) === i > 0;
    });
    if (i < 4) advance(12_000);
  }
  assert.deepEqual([count('token'), count('discovery')], [1, 1]);
  advance(2000);
  document = json(300, { versions: [{ id: 'v3.0' }] });
  assert.equal((await asked.get(GET)).request.url.href, 'http://h/volume/v3/os-services');
  // In doubt, and told to wait: the token and the endpoint go on, with one login.
  document = json(429, {}, { 'retry-after': '50' });
  asked.doubtEndpoint();
  for (let i = 0; i < 3; i += 1) {
    assert.equal((await asked.get(GET)).answer.status, 200);
    advance(16_000);
  }
  assert.deepEqual([count('token'), count('discovery')], [3, 3]);
});

test('a failed login is everybody’s failure, and the next caller tries again', async () => {
  let away = true;
  const { session: asked, count } = session((request, n) => {
    if (request.operation !== 'token') return OK;
    if (away) throw outage();
    return token(n);
  });
  const [first, second] = await Promise.allSettled([asked.get(GET), asked.endpoint()]);
  assert.deepEqual([first.status, second.status, count('token')], ['rejected', 'rejected', 1]);
  away = false;
  assert.equal((await asked.get(GET)).answer.status, 200);
});

test('while Keystone is away a token that is still good goes on, and Keystone is asked again now and then', async () => {
  let away = false;
  const {
    session: asked,
    count,
    advance,
  } = session((request, n) => {
    if (request.operation !== 'token') return OK;
    if (away) throw outage({ reason: 'timeout' });
    return token(n);
  });
  await asked.get(GET);
  away = true;
  advance(HOUR - 2 * MINUTE);
  for (let i = 0; i < 5; i += 1) await asked.get(GET);
  assert.equal(count('token'), 2);
  advance(30_000);
  await asked.get(GET);
  assert.equal(count('token'), 3);
  advance(MINUTE + 30_000);
  await assert.rejects(asked.get(GET), { reason: 'timeout' }, 'but not longer than it is good');
  away = false;
  await asked.get(GET);
});

test('a refused renewal is no outage', async () => {
  const { session: asked, advance } = session((request, n) => {
    if (request.operation !== 'token') return OK;
    return n === 1 ? token(n) : json(401, { error: { message: 'wrong password' } });
  });
  await asked.get(GET);
  advance(HOUR - MINUTE);
  await assert.rejects(asked.get(GET), { reason: 'auth' });
});

test('a doubted endpoint is looked up in a fresh catalog, with growing pauses between the looks', async () => {
  let url = 'http://old.example.org/v3';
  const {
    session: asked,
    count,
    advance,
  } = session((request, n) =>
    request.operation === 'token' ? tokenAnswer(n, 0, HOUR, catalogOf(url)) : json(503, ''),
  );
  assert.equal(await asked.endpoint(), 'http://old.example.org/v3');
  url = 'http://new.example.org/v3';
  asked.doubtEndpoint();
  assert.equal(await asked.endpoint(), url);
  assert.equal(asked.generation(), 2);
  for (let i = 0; i < 10; i += 1) {
    asked.doubtEndpoint();
    await asked.endpoint();
  }
  assert.equal(count('token'), 2);
  advance(MINUTE);
  asked.doubtEndpoint();
  await asked.endpoint();
  assert.equal(count('token'), 3);
});

test('doubting does not throw a good token away while Keystone is away', async () => {
  let away = false;
  const { session: asked } = session((request, n) => {
    if (request.operation !== 'token') return OK;
    if (away) throw outage({ reason: 'http', status: 503 });
    return token(n);
  });
  await asked.get(GET);
  away = true;
  asked.doubtEndpoint();
  assert.equal((await asked.get(GET)).answer.status, 200);
});

test('an override needs no catalog and is never doubted', async () => {
  const access = { ...ACCESS, endpointOverride: 'http://override.example.org/v3/' };
  const { session: asked, count } = session(
    (request, n) => (request.operation === 'token' ? tokenAnswer(n, 0, HOUR, []) : OK),
    access,
  );
  asked.doubtEndpoint();
  assert.equal(await asked.endpoint(), 'http://override.example.org/v3');
  asked.doubtEndpoint();
  await asked.get(GET);
  assert.equal(count('token'), 1);
});

test('nothing of a large catalog is kept once the endpoint is found', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => (collect(), process.memoryUsage().heapUsed);
  const before = heap();
  // Made anew for each answer, so that only the session could keep it.
  const catalog = (): unknown[] => [
    ...(catalogOf(CINDER_URL) as unknown[]),
    ...Array.from({ length: 300_000 }, () => ({})),
  ];
  const asked = session(({ operation }) => (operation === 'token' ? tokenAnswer(1, 0, HOUR, catalog()) : OK));
  await asked.session.get(GET);
  const grown = heap() - before;
  assert.equal(asked.session.generation(), 1);
  assert.ok(grown < 8_000_000, `${grown} bytes`);
});
