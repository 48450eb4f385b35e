import assert from 'node:assert/strict';
import http from 'node:http';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Registry } from 'prom-client';
import { createApp, type AppOptions } from '../../src/api/app.ts';
import { createMetricsHandler } from '../../src/api/metrics-handler.ts';
import { listen } from '../../src/web/listen.ts';
import { createCloudMetrics } from '../../src/metrics/exporter.ts';
import { renderSnapshot } from '../../src/metrics/families.ts';
import { compress } from '../../src/metrics/page.ts';
import type { FleetCloud } from '../../src/watch/fleet.ts';
import { createPageSource } from '../../src/watch/pipeline.ts';
import { service } from '../support/samples.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { snapshotOf } from '../metrics/snapshot.ts';

interface Got {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

type Get = (path: string, options?: { method?: string; headers?: Record<string, string> }) => Promise<Got>;

async function cloud(name: string, read = true): Promise<FleetCloud> {
  const snapshot = read ? snapshotOf([service(`${name}@a.b "x"`)], [], Date.UTC(2026, 10, 22)) : undefined;
  const pages = snapshot && (await compress(() => renderSnapshot(snapshot)));
  const metrics = createCloudMetrics();
  const watcher = {
    name,
    metrics,
    refresh: () => assert.fail('no request may reach a cloud'),
    pages: () => pages,
    snapshot: () => snapshot,
    onSwap: () => () => {},
    close() {},
  };
  return { name, watcher, page: createPageSource(() => pages, [metrics.registry]) };
}

async function site(t: TestContext, clouds: readonly FleetCloud[], options: Partial<AppOptions> = {}): Promise<Get> {
  const log: string[] = [];
  const processPage = createPageSource(() => undefined, [new Registry()]);
  const all: AppOptions = {
    served: {
      clouds: () => clouds,
      onClouds: () => () => {},
      metrics: () => (clouds.length === 1 ? (clouds[0]?.page ?? processPage) : processPage),
      grafanaUrl: () => undefined,
      runbookUrl: () => undefined,
    },
    telemetryPath: '/metrics',
    reload: undefined,
    log: (_level, message) => void log.push(message),
    ...options,
  };
  const server = await listen(createMetricsHandler({ ...all, routes: () => Promise.resolve(createApp(all)) }), {
    host: '127.0.0.1',
    port: 0,
  });
  t.after(() => server.close(0));
  return (path, { method = 'GET', headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const [host, port] = server.address.split(':');
      const request = http.request({ host, port, path, method, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end();
    });
}

test('/metrics in both formats, gzip and identity, whole and with the right headers', async (t) => {
  const get = await site(t, [await cloud('one')]);
  const types = {
    text: 'text/plain; version=0.0.4; charset=utf-8',
    openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
  };
  for (const [format, accept] of [
    ['text', '*/*'],
    ['openmetrics', 'application/openmetrics-text;version=1.0.0'],
  ] as const) {
    const identity = await get('/metrics', { headers: { accept } });
    const gzip = await get('/metrics', { headers: { accept, 'accept-encoding': 'gzip' } });
    assert.deepEqual([identity.status, gzip.status], [200, 200]);
    assert.equal(identity.headers['content-type'], types[format]);
    assert.equal(gzip.headers['content-encoding'], 'gzip');
    assert.equal(identity.headers['content-encoding'], undefined);
    assert.equal(Number(identity.headers['content-length']), identity.body.length);
    assert.equal(Number(gzip.headers['content-length']), gzip.body.length);
    assert.equal(identity.headers.vary, 'Accept, Accept-Encoding');
    assert.deepEqual(gunzipSync(gzip.body), identity.body);
    assert.equal(parseExposition(identity.body.toString(), format).value('cinder_up'), 1);
  }
});

test('HEAD tells the same headers and sends nothing', async (t) => {
  const get = await site(t, [await cloud('one')]);
  for (const headers of [{}, { 'accept-encoding': 'gzip' }] as Record<string, string>[]) {
    const whole = await get('/metrics', { headers });
    const head = await get('/metrics', { method: 'HEAD', headers });
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(head.headers['content-length'], whole.headers['content-length']);
    assert.equal(head.headers['content-type'], whole.headers['content-type']);
  }
});

test('/probe knows the configured clouds only, and names them', async (t) => {
  const get = await site(t, [await cloud('one'), await cloud('two.b')]);
  const page = await get('/probe?cloud=two.b');
  assert.ok(
    parseExposition(page.body.toString(), 'text')
      .samples('cinder_service_state')[0]
      ?.labels['host']?.startsWith('two.b@'),
  );
  for (const name of ['three', 'http://evil.example.org', '__proto__', 'ONE', '', 'one%00']) {
    const { status, body } = await get(`/probe?cloud=${encodeURIComponent(name)}`);
    assert.equal(status, 404, name);
    assert.match(body.toString(), /; known: one, two\.b\n$/);
  }
  for (const query of ['', '?cloud=one&cloud=two.b', '?cloud[]=one', '?target=one']) {
    const { status, body } = await get(`/probe${query}`);
    assert.ok(status === 400 || status === 404, query);
    assert.match(body.toString(), /known: one, two\.b/);
  }
});

test('/metrics of several clouds holds nothing of any one', async (t) => {
  const get = await site(t, [await cloud('one'), await cloud('two')]);
  assert.ok(!(await get('/metrics')).body.toString().includes('cinder_up'));
});

test('/sd lists the clouds as targets at the address that was asked', async (t) => {
  const get = await site(t, [await cloud('one'), await cloud('two')]);
  const targets = async (host: string) =>
    JSON.parse((await get('/sd', { headers: { host } })).body.toString()) as {
      targets: string[];
      labels: Record<string, string>;
    }[];
  const said = await targets('exporter.example.org:10776');
  assert.deepEqual(
    said.map((one) => one.targets),
    [['exporter.example.org:10776'], ['exporter.example.org:10776']],
  );
  assert.deepEqual(
    said.map(({ labels }) => [labels['__metrics_path__'], labels['__param_cloud'], labels['cloud']]),
    [
      ['/probe', 'one', 'one'],
      ['/probe', 'two', 'two'],
    ],
  );
  assert.match((await targets('<script>'))[0]?.targets[0] ?? '', /^127\.0\.0\.1:\d+$/);
});

test('ready after the first refresh of every cloud, and not before there is one', async (t) => {
  assert.equal((await (await site(t, []))('/-/ready')).status, 503);
  const waiting = await (await site(t, [await cloud('one'), await cloud('two', false)]))('/-/ready');
  assert.deepEqual([waiting.status, waiting.body.toString()], [503, 'Waiting for the first refresh of: two\n']);
  const get = await site(t, [await cloud('one')]);
  assert.deepEqual([(await get('/-/ready')).status, (await get('/-/healthy')).status], [200, 200]);
});

test('/-/reload: POST, only when enabled, and says why not', async (t) => {
  const off = await site(t, [await cloud('one')]);
  assert.deepEqual([(await off('/-/reload', { method: 'POST' })).status, (await off('/-/reload')).status], [403, 405]);
  let reloads = 0;
  const on = await site(t, [await cloud('one')], {
    reload: () => Promise.resolve((reloads += 1) === 1 ? undefined : new Error('clouds.yaml:3:1: bad')),
  });
  assert.equal((await on('/-/reload')).status, 405);
  assert.equal((await on('/-/reload', { method: 'DELETE' })).headers.allow, 'POST');
  assert.equal(reloads, 0);
  // A form or a script of any page, also of one whose name leads to this address by now (DNS rebinding).
  for (const headers of [
    { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'http://rebound.example:10776', host: 'rebound.example:10776', 'sec-fetch-site': 'same-origin' },
    { origin: 'http://rebound.example:10776', host: 'rebound.example:10776' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
  ])
    for (const method of ['POST', 'PUT']) assert.equal((await on('/-/reload', { method, headers })).status, 403);
  assert.equal(reloads, 0);
  assert.equal((await on('/-/reload', { method: 'POST' })).status, 200);
  const bad = await on('/-/reload', { method: 'POST' });
  assert.deepEqual([bad.status, bad.body.toString()], [500, 'The old configuration stays: clouds.yaml:3:1: bad\n']);
});

test('/api/v1/backends: one cloud, all, and none', async (t) => {
  const get = await site(t, [await cloud('one'), await cloud('two'), await cloud('late', false)]);
  const read = async (query = '') =>
    JSON.parse((await get(`/api/v1/backends${query}`)).body.toString()) as {
      clouds: { cloud: string; up: boolean }[];
      backends: { cloud: string; host: string; condition: string; state: string | null; reason: string }[];
    };
  const all = await read();
  assert.deepEqual(
    all.clouds.map(({ cloud, up }) => [cloud, up]),
    [
      ['one', true],
      ['two', true],
      ['late', false],
    ],
  );
  assert.deepEqual(
    (await read('?cloud=two')).backends.map(({ cloud, host, condition, state }) => [cloud, host, condition, state]),
    [['two', 'two@a.b "x"', 'unknown', null]],
  );
  assert.equal((await get('/api/v1/backends?cloud=nobody')).status, 404);
});

test('unknown paths and odd requests get a status, not a stack', async (t) => {
  const get = await site(t, [await cloud('one')]);
  const cases: readonly [string, string, number][] = [
    ['GET', '/nope', 404],
    ['GET', '/metrics/', 200],
    ['GET', '/METRICS?x', 200],
    ['HEAD', 'http://proxied.example/metrics', 200],
    ['GET', '/metrics/extra', 404],
    ['GET', '/metricsx', 404],
    ['GET', '/%ff', 404],
    ['GET', '/..%2f..%2fetc/passwd', 404],
    ['GET', '//evil.example.org/metrics', 404],
    ['GET', `/${'x'.repeat(5000)}`, 404],
    ['DELETE', '/metrics', 404],
    ['PROPFIND', '/metrics', 404],
    ['POST', '/probe?cloud=one', 404],
  ];
  for (const [method, path, expected] of cases) {
    const { status, headers, body } = await get(path, { method });
    assert.ok(status === expected || (expected === 404 && [400, 405].includes(status)), `${method} ${path}: ${status}`);
    assert.ok(!/node_modules|at \w+ \(/.test(body.toString()), 'no stack');
    assert.equal(headers['x-powered-by'], undefined);
  }
});

test('a range, a condition and a query do not make half a page', async (t) => {
  const get = await site(t, [await cloud('one')]);
  const whole = await get('/metrics');
  for (const headers of [
    { range: 'bytes=0-10' },
    { 'if-none-match': '*' },
    { 'if-modified-since': new Date().toUTCString() },
  ] as Record<string, string>[]) {
    const got = await get('/metrics?collect[]=x', { headers });
    assert.deepEqual([got.status, got.body.length], [200, whole.body.length]);
  }
});

test('many scrapes at once, all of them whole', async (t) => {
  const get = await site(t, [await cloud('one')]);
  const all = await Promise.all(
    Array.from({ length: 60 }, (_, i) => get('/metrics', { headers: i % 2 ? { 'accept-encoding': 'gzip' } : {} })),
  );
  const sizes = new Set(all.map(({ body, headers }) => (headers['content-encoding'] ? gunzipSync(body) : body).length));
  assert.equal(sizes.size, 1);
});

test('/api/v1/backends is rendered once a snapshot, compressed, and not sent to who has it', async (t) => {
  const clouds = [await cloud('one'), await cloud('two')];
  const get = await site(t, clouds);
  const packed = await get('/api/v1/backends', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(Number(packed.headers['content-length']), packed.body.length);
  const plain = await get('/api/v1/backends');
  assert.deepEqual(JSON.parse(gunzipSync(packed.body).toString()), JSON.parse(plain.body.toString()));
  assert.equal(JSON.parse(plain.body.toString()).backends.length, 2);
  const { etag = '' } = plain.headers;
  assert.equal(packed.headers.etag, etag);
  const again = await get('/api/v1/backends', { headers: { 'if-none-match': etag } });
  assert.deepEqual([again.status, again.body.length], [304, 0]);
  const one = await get('/api/v1/backends?cloud=one', { headers: { 'if-none-match': etag } });
  assert.equal(one.status, 200);
  assert.notEqual(one.headers.etag, etag);
  assert.equal(JSON.parse(one.body.toString()).backends.length, 1);
  assert.equal((await get('/api/v1/backends?cloud=none')).status, 404);
  const snapshot = snapshotOf([service('other@b')], [], Date.UTC(2026, 10, 23));
  Object.assign(clouds[0]?.watcher ?? {}, { snapshot: () => snapshot });
  const next = await get('/api/v1/backends?cloud=one', { headers: { 'if-none-match': one.headers.etag ?? '' } });
  assert.equal(next.status, 200);
  assert.match(next.body.toString(), /other@b/);
});

test('a scrape loads none of the other routes; who asks for one of them waits until they are there', async (t) => {
  const metrics = createPageSource(() => undefined, [new Registry()]);
  const served = {
    clouds: () => [],
    onClouds: () => () => {},
    metrics: () => metrics,
    grafanaUrl: () => undefined,
    runbookUrl: () => undefined,
  };
  let loads = 0;
  const routes = async (): Promise<http.RequestListener> => {
    loads += 1;
    await new Promise(setImmediate);
    return (_request, response) => void response.end('a route');
  };
  const handler = createMetricsHandler({ served, telemetryPath: '/metrics', routes, log: () => {} });
  const server = await listen(handler, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close(0));
  assert.equal((await fetch(`http://${server.address}/metrics`)).status, 200);
  assert.equal(loads, 0);
  for (let i = 0; i < 2; i += 1) assert.equal(await (await fetch(`http://${server.address}/`)).text(), 'a route');
  assert.equal(loads, 1);
});
