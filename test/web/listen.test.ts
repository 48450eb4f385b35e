import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { listen, parseListenAddress } from '../../src/web/listen.ts';
import type { ListenLimits, Listening } from '../../src/web/listen.ts';
import { connect, firstBytes, readAll, send } from './raw-client.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const GET = 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_ONCE = 'GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

async function start(t: TestContext, app: RequestListener, limits: Partial<ListenLimits> = {}): Promise<Listening> {
  const listening = await listen(app, LOOPBACK, { limits });
  t.after(() => listening.close(0));
  return listening;
}

const hello: RequestListener = (_request, response) => void response.end('hello');

test('listen addresses are read as Prometheus writes them', () => {
  assert.deepEqual(parseListenAddress(':10776'), { host: undefined, port: 10_776 });
  assert.deepEqual(parseListenAddress('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(parseListenAddress('exporter.example:80'), { host: 'exporter.example', port: 80 });
  for (const bad of ['', '10776', 'a:', ':65536', '::1:80', 'a b', '[::1]', 'http://a:1']) {
    assert.throws(() => parseListenAddress(bad), /expected host:port, :port or \[::1\]:port, got /, bad);
  }
});

test('several addresses are served together, and an address in use is named and leaves none behind', async (t) => {
  const first = await listen(hello, [LOOPBACK, LOOPBACK, { host: undefined, port: 0 }]);
  t.after(() => first.close(0));
  assert.equal(first.addresses.length, 3);
  assert.match(first.addresses[2] ?? '', /^\[::\]:\d+$/);
  for (const address of first.addresses)
    assert.match(await send(address.replace('[::]', '127.0.0.1'), GET_ONCE), /hello$/);
  const taken = parseListenAddress(first.address);
  const free = await listen(hello, LOOPBACK);
  const freed = parseListenAddress(free.address);
  await free.close(0);
  await assert.rejects(listen(hello, [freed, taken]), {
    message: `--web.listen-address: cannot listen on ${first.address}: the address is already in use`,
  });
  await (await listen(hello, freed)).close(0);
  await assert.rejects(
    listen(hello, { host: '192.0.2.1', port: 0 }),
    /cannot listen on 192\.0\.2\.1:0: this machine has no such address/,
  );
});

test('every answer has the security headers, also that of an unknown path or an odd method', async (t) => {
  const { address } = await start(t, hello);
  for (const line of ['GET /', 'DELETE /nowhere', 'PROPFIND /metrics', 'OPTIONS *', 'GET /%00/../..']) {
    const answer = await send(address, `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /X-Content-Type-Options: nosniff\r\n/);
    assert.match(answer, /Referrer-Policy: no-referrer\r\n/);
    assert.match(answer, /X-Frame-Options: deny\r\n/);
    assert.match(answer, /Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n/);
    assert.doesNotMatch(answer, /Strict-Transport-Security/);
  }
});

test('what is no HTTP is refused, and huge headers too', async (t) => {
  const { address } = await start(t, hello);
  assert.match(await send(address, 'FETCH / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await send(address, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), /^HTTP\/1\.1 400 /);
  assert.match(await send(address, 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(
    await send(address, 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n'),
    /^HTTP\/1\.1 400 /,
  );
  assert.equal(await send(address, 'CONNECT cloud.example:443 HTTP/1.1\r\nHost: cloud.example\r\n\r\n'), '');
  assert.match(
    await send(address, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
  assert.match(await send(address, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(
    await send(address, `GET / HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(10_000)}\r\n`),
    /^HTTP\/1\.1 431 /,
  );
});

test('clients that say nothing, or one byte now and then, are cut while others are served', async (t) => {
  const { address } = await start(t, hello, { headersTimeoutMs: 2000, requestTimeoutMs: 3000 });
  const silent = await connect(address);
  const slow = await connect(address);
  const body = await connect(address);
  body.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx');
  slow.write('GET / HTTP/1.1\r\nHost: a\r\n');
  const trickle = setInterval(() => slow.write('X'), 20);
  t.after(() => clearInterval(trickle));
  assert.match(await send(address, GET_ONCE), /hello$/);
  const [fromSilent, fromSlow] = await Promise.all([readAll(silent), readAll(slow), readAll(body)]);
  assert.match(fromSilent, /^HTTP\/1\.1 408 /);
  assert.match(fromSlow, /^HTTP\/1\.1 408 /);
});

test('2000 idle connections take a bounded number of places and stop no scrape', async (t) => {
  const { address, connections } = await start(t, hello, { maxConnections: 100 });
  const scraper = await connect(address);
  scraper.write(GET);
  await firstBytes(scraper);
  const idle = [];
  for (let batch = 0; batch < 20; batch += 1) {
    idle.push(...(await Promise.all(Array.from({ length: 100 }, () => connect(address)))));
    assert.match(await send(address, GET_ONCE), /hello$/);
    assert.ok(connections() <= 100, String(connections()));
  }
  assert.equal(idle.length, 2000);
  // Who has been served before goes last: the connection of the scraper outlives them all.
  scraper.write(GET);
  assert.match(await firstBytes(scraper), /hello$/);
  for (const socket of [...idle, scraper]) socket.destroy();
});

test('with every place taken by a request, the oldest is cut for the next connection, again and again', async (t) => {
  const held: ServerResponse[] = [];
  const app: RequestListener = (request, response) =>
    request.url === '/held' ? held.push(response) : response.end('hello');
  const { address } = await start(t, app, { maxConnections: 3 });
  const holders = await Promise.all([1, 2, 3].map(() => connect(address)));
  for (const [index, holder] of holders.entries()) {
    holder.resume().write('GET /held HTTP/1.1\r\nHost: a\r\n\r\n');
    while (held.length <= index) await new Promise(setImmediate);
  }
  assert.match(await send(address, GET_ONCE), /hello$/);
  const [first, second, third] = holders;
  if (first && !first.closed) await once(first, 'close');
  assert.deepEqual([second?.closed, third?.closed], [false, false]);
  const late = await connect(address);
  late.write('GET /held HTTP/1.1\r\nHost: a\r\n\r\n');
  while (held.length < 4) await new Promise(setImmediate);
  assert.match(await send(address, GET_ONCE), /hello$/);
  if (second && !second.closed) await once(second, 'close');
  assert.deepEqual([third?.closed, late.closed], [false, false]);
  for (const holder of [...holders, late]) holder.destroy();
});

test('of what one packet holds no more requests are made than a client may send, nor of those that Node.js answers itself', async (t) => {
  const { address } = await start(t, () => undefined, { maxPipelined: 4 });
  let made = 0;
  const count = (): void => void (made += 1);
  subscribe('http.server.request.start', count);
  t.after(() => unsubscribe('http.server.request.start', count));
  for (const head of ['Host: a\r\n', 'Host: a\r\nExpect: more\r\n', '']) {
    made = 0;
    const request = `GET / HTTP/1.1\r\n${head}\r\n`;
    await send(address, request.repeat(Math.floor(65_536 / request.length)));
    assert.equal(made, 5, head);
  }
});

test('a client that stops reading its answer is cut', async (t) => {
  const page = Buffer.alloc(64 * 1024 * 1024, 'x');
  let response: ServerResponse | undefined;
  const app: RequestListener = (_request, to) => void (response = to).end(page);
  const { address } = await start(t, app, { stallTimeoutMs: 2000 });
  const socket = await connect(address);
  socket.write(GET);
  await once(socket, 'readable');
  assert.ok(response);
  await once(response, 'close');
  assert.ok((await readAll(socket)).length < page.length / 2);
});

test('many scrapes at once are all answered in full', async (t) => {
  const page = Buffer.alloc(256 * 1024, 'x');
  const { address, connections } = await start(t, (_request, response) => void response.end(page));
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => fetch(`http://${address}/`).then((answer) => answer.arrayBuffer())),
  );
  assert.ok(answers.every(({ byteLength }) => byteLength === page.length));
  assert.ok(connections() <= 100);
});

test('closing finishes the answer under way and waits for no idle or silent client', async (t) => {
  const asked = new EventEmitter<{ slow: [ServerResponse] }>();
  const listening = await start(t, (request, response) => {
    if (request.url === '/slow') asked.emit('slow', response);
    else response.end('hello');
  });
  const silent = await connect(listening.address);
  const idle = await connect(listening.address);
  idle.write(GET);
  await firstBytes(idle);
  const slow = await connect(listening.address);
  const underWay = once(asked, 'slow') as Promise<[ServerResponse]>;
  slow.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  const [response] = await underWay;
  const answer = readAll(slow);
  const closed = listening.close(60_000);
  await Promise.all([readAll(silent), readAll(idle)]);
  response.end('done');
  assert.match(await answer, /done/);
  await closed;
  assert.equal(listening.connections(), 0);
  await assert.rejects(fetch(`http://${listening.address}/`));
});

test('closing gives up on an answer that takes too long', async (t) => {
  const listening = await start(t, () => undefined);
  const stuck = await connect(listening.address);
  stuck.write(GET);
  const closed = listening.close(50);
  assert.equal(await readAll(stuck), '');
  await closed;
});

test('of a pipeline one request at a time is answered, in order; too long a one ends the connection', async (t) => {
  let underWay = 0;
  let most = 0;
  const { address } = await start(
    t,
    (request, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => {
        underWay -= 1;
        response.end(`<${request.url}>`);
      }, 1);
    },
    { maxPipelined: 4 },
  );
  const paths = (count: number): string =>
    Array.from({ length: count }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
  const last = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  const answers = await send(address, paths(4) + last);
  assert.deepEqual(answers.match(/<[^>]*>/g), ['</0>', '</1>', '</2>', '</3>', '</last>']);
  assert.equal(most, 1);
  assert.equal(await send(address, paths(6)), '');
  assert.match(await send(address, GET_ONCE), /<\/metrics>$/);
});
