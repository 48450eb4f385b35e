import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OpenStackError } from '../../src/openstack/errors.ts';
import type { Request } from '../../src/openstack/request.ts';
import { createTransport, type Transport } from '../../src/openstack/transport.ts';
import { BAD_ANSWERS, MAX_BODY } from './bad-answers.ts';
import { manualTime, type ManualTime } from '../support/manual-time.ts';
import { startRawServer, whole, type RawServer, type Received } from './raw-server.ts';
import { waitFor } from '../support/wait-for.ts';

interface Pair {
  readonly server: RawServer;
  readonly transport: Transport;
  readonly observed: string[];
  readonly time: ManualTime;
  readonly ask: (patch?: Partial<Request>) => ReturnType<Transport['send']>;
}

async function pair(t: TestContext, answer: (socket: Socket, received: Received) => void): Promise<Pair> {
  const server = await startRawServer(answer);
  const observed: string[] = [];
  const time = manualTime();
  const transport = createTransport({
    tls: { verify: true },
    maxBodyBytes: MAX_BODY,
    userAgent: 'cinder-exporter/test',
    clock: time.clock,
    observe: (operation, status, seconds) => {
      assert.ok(seconds >= 0);
      observed.push(`${operation} ${status}`);
    },
  });
  t.after(async () => {
    transport.close();
    await server.close();
  });
  const request: Request = {
    operation: 'services',
    method: 'GET',
    url: new URL('/v3/os-services?secret=in-query', server.url),
    headers: { 'x-auth-token': 'gAAAA-planted-token' },
    timeoutMs: 60_000,
  };
  return { server, transport, observed, time, ask: (patch = {}) => transport.send({ ...request, ...patch }) };
}

test('every kind of bad answer is an error in time, with its reason, and without a secret', async (t) => {
  for (const { what, answer, reason, message } of BAD_ANSWERS) {
    // No time passes but for a timeout; the deadline is for an answer that is waited for in vain.
    await t.test(what, { timeout: 60_000 }, async (inner) => {
      const { ask, observed, server, time } = await pair(inner, answer);
      let settled = false;
      const outcome = ask().then(
        () => assert.fail('an answer'),
        (cause: unknown) => {
          settled = true;
          return cause;
        },
      );
      if (reason === 'timeout') {
        await waitFor('it is asked', () => server.received.length > 0);
        time.advance(59_999);
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        assert.ok(!settled, 'it has its time');
        time.advance(1);
      }
      const error = await outcome;
      assert.ok(error instanceof OpenStackError);
      assert.deepEqual([error.reason, error.details.operation], [reason, 'services']);
      assert.match(error.message, /^GET http:\/\/127\.0\.0\.1:\d+\/v3\/os-services: /);
      assert.match(error.message, message);
      assert.ok(!/secret|planted/.test(error.message + error.details.url));
      assert.deepEqual(observed, ['services error']);
    });
  }
});

test('an answer without a length, ended by closing the connection, is whole', async (t) => {
  const { ask } = await pair(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"services":[]}'));
  assert.equal((await ask()).body.toString(), '{"services":[]}');
});

test('gzip is asked for and unpacked; an empty body is a body', async (t) => {
  const { ask, server, observed } = await pair(t, (socket, { connection }) =>
    socket.write(
      connection === 0
        ? ''
        : whole('200 OK', { 'Content-Encoding': 'gzip' }, server.received.length === 1 ? gzipSync('{"a":1}') : ''),
    ),
  );
  assert.equal((await ask()).body.toString(), '{"a":1}');
  assert.equal((await ask()).body.length, 0);
  assert.match(server.received[0]?.head ?? '', /^accept-encoding: gzip$/im);
  assert.match(server.received[0]?.head ?? '', /^user-agent: cinder-exporter\/test$/im);
  assert.deepEqual(observed, ['services 200', 'services 200']);
  assert.equal(server.connections(), 1, 'the connection is kept');
});

test('a redirect is an answer: nothing is sent to where it points', async (t) => {
  const elsewhere = await startRawServer((socket) => socket.write(whole('200 OK', {}, '{}')));
  t.after(elsewhere.close);
  const { ask } = await pair(t, (socket) => socket.write(whole('302 Found', { Location: elsewhere.url.href }, '')));
  const { status, headers } = await ask();
  assert.deepEqual([status, headers.location], [302, elsewhere.url.href]);
  assert.deepEqual(elsewhere.received, []);
});

test('a kept connection that the server closed meanwhile is no failure', async (t) => {
  const { ask, server } = await pair(t, (socket, { connection }) => {
    if (connection === 1 && server.received.length > 1) socket.resetAndDestroy();
    else socket.write(whole('200 OK', {}, '{}'));
  });
  assert.equal((await ask()).status, 200);
  assert.equal((await ask()).status, 200);
  assert.equal(server.connections(), 2);
});

test('a reset after more than a second on a kept connection is a failure', async (t) => {
  const { ask, server, time } = await pair(t, (socket) => {
    if (server.received.length === 1) return void socket.write(whole('200 OK', {}, '{}'));
    time.advance(1000);
    socket.resetAndDestroy();
  });
  assert.equal((await ask()).status, 200);
  await assert.rejects(ask(), { reason: 'connect' });
  assert.equal(server.received.length, 2);
});

test('a login is not repeated: only GETs are', async (t) => {
  const { ask, server } = await pair(t, (socket) => {
    if (server.received.length > 1) socket.resetAndDestroy();
    else socket.write(whole('200 OK', {}, '{}'));
  });
  await ask();
  await assert.rejects(ask({ method: 'POST', body: '{}' }), { reason: 'connect' });
  assert.equal(server.received.length, 2);
});

test('nobody there, and a name that does not exist', async (t) => {
  const { ask, server } = await pair(t, () => {});
  await server.close();
  await assert.rejects(
    ask(),
    (error: OpenStackError) => error.reason === 'connect' && /ECONNREFUSED/.test(error.message),
  );
  const url = new URL('http://cinder.invalid/v3');
  await assert.rejects(
    ask({ url }),
    (error: OpenStackError) => error.reason === 'connect' && /ENOTFOUND|EAI_AGAIN/.test(error.message),
  );
});

test('closing ends what is under way, and refuses what comes after', async (t) => {
  const { ask, transport } = await pair(t, () => {});
  const waiting = assert.rejects(ask({ timeoutMs: 60_000 }), { reason: 'connect' });
  transport.close();
  await waiting;
  await assert.rejects(ask({ timeoutMs: 60_000 }), { reason: 'connect' });
});

test('what is small by nature is read up to a small limit, and an error with a huge body is that error', async (t) => {
  const big = gzipSync(Buffer.alloc(5_000_000, ' '));
  const server = await startRawServer((socket, { path }) =>
    socket.write(whole(path === '/error' ? '503 Service Unavailable' : '200 OK', { 'Content-Encoding': 'gzip' }, big)),
  );
  const transport = createTransport({ tls: { verify: true }, maxBodyBytes: 256 * 1024 * 1024, userAgent: 'test' });
  t.after(async () => {
    transport.close();
    await server.close();
  });
  const ask = (operation: string, path: string) =>
    transport.send({ operation, method: 'GET', url: new URL(path, server.url), headers: {}, timeoutMs: 60_000 });
  for (const operation of ['token', 'discovery', 'volume_types'])
    await assert.rejects(ask(operation, '/'), /: the answer is larger than 4194304 bytes$/);
  for (const operation of ['services', 'services_fallback', 'pools'])
    assert.equal((await ask(operation, '/')).body.length, 5_000_000);
  const { status, body } = await ask('pools', '/error');
  assert.deepEqual([status, body.length], [503, 0]);
});
