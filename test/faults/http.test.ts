import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { FLAGS, parseFlags } from '../../src/cli/flags.ts';
import { load, serve } from '../../src/cli/serve.ts';
import type { Fields } from '../../src/log.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { send } from '../web/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { hostileRequests } from './hostile-requests.ts';
import { STORM_CLOUD } from './storm-cloud.ts';

interface Running {
  readonly address: string;
  readonly simulator: Simulator;
  readonly log: Fields[];
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
}

/** The whole exporter, with nothing to do after its first refresh. */
async function run(t: TestContext): Promise<Running> {
  const simulator = await startSimulator({ cloud: STORM_CLOUD });
  t.after(() => simulator.close());
  const { values } = parseFlags(['--web.listen-address=127.0.0.1:0'], FLAGS);
  const log: Fields[] = [];
  const rarely = { schedule: { kind: 'interval', everyMs: 86_400_000 }, maxRandomDelayMs: 0 } as const;
  const loadAnew = async () => {
    const { config, targets } = await load(values, {
      env: simulator.environment(),
      cwd: '/nonexistent',
      home: '/nonexistent',
    });
    // Whether each cinder-volume answers is asked after the refresh, at a pace of its own, and makes a new page.
    const still = targets.map((target) => {
      const collectors = { ...target.config.collectors, capabilities: false };
      return { ...target, config: { ...target.config, ...rarely, collectors } };
    });
    return { config, targets: still };
  };
  const serving = await serve(
    values,
    loadAnew,
    (level, message, fields) => void log.push({ ...fields, level, message }),
  );
  t.after(() => serving.close());
  const address = serving.addresses[0] ?? '';
  const get: Running['get'] = (path, headers = {}) => fetch(`http://${address}${path}`, { headers });
  await waitFor('ready', async () => ((await get('/-/ready')).status === 200 ? true : undefined));
  // The volume types are the last thing that a refresh reads, and the page is made anew when they are there.
  await waitFor('the first refresh is on the page', async () => {
    const page = parseExposition(await (await get('/metrics')).text(), 'text');
    return page.value('cinder_scrape_collector_success', { collector: 'volume_types' }) === 1 || undefined;
  });
  return { address, simulator, log, get };
}

test('odd methods, paths, queries and headers: an answer that fits, and all goes on', async (t) => {
  const { address, simulator, log, get } = await run(t);
  const before = { ...simulator.requests.counts };
  await fc.assert(
    fc.asyncProperty(hostileRequests, async ({ method, path, query, headers }) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
      const answer = await send(
        address,
        `${method} ${path}${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.join('')}\r\n`,
      );
      const status = Number(/^HTTP\/1\.1 (?:100 Continue\r\n\r\nHTTP\/1\.1 )?(\d+)/.exec(answer)?.[1] ?? 0);
      // Nothing at all is what CONNECT gets.
      const fits = [0, 200, 304, 400, 403, 404, 405, 408, 413, 417, 431].includes(status);
      assert.ok(fits, `${status}`);
      assert.doesNotMatch(answer, /\bat .*\.(ts|js):\d+|node_modules|\/src\//, 'no stack');
      if (status === 405) assert.match(answer, /^allow: /im);
      if (method === 'HEAD' && status === 200) assert.match(answer, /\r\n\r\n$/);
    }),
    { numRuns: 150 },
  );
  assert.equal((await get('/metrics')).status, 200);
  assert.deepEqual(simulator.requests.counts, before, 'no request here reaches a cloud');
  assert.deepEqual(
    log.filter(({ level }) => level === 'error'),
    [],
  );
});

test('range and conditional requests of the page get all of it: it changes with every refresh', async (t) => {
  const { get } = await run(t);
  for (const headers of [
    { range: 'bytes=0-10' },
    { range: 'bytes=0-10,20-30' },
    { range: 'bytes=-1' },
    { 'if-none-match': '*' },
    { 'if-modified-since': new Date(Date.now() + 3_600_000).toUTCString() },
    { 'if-match': '"x"', 'if-range': '"x"', range: 'bytes=0-1' },
  ]) {
    const answer = await get('/metrics', headers);
    assert.equal(answer.status, 200, JSON.stringify(headers));
    assert.equal(answer.headers.get('etag'), null);
    assert.equal(answer.headers.get('content-range'), null);
    assert.equal(parseExposition(await answer.text(), 'text').value('cinder_up'), 1);
  }
});

test('a cloud that is named in a request is one of ours or none: nothing is connected to', async (t) => {
  const { get, simulator } = await run(t);
  const met: string[] = [];
  const evil = createServer((socket) => {
    met.push('connection');
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    evil.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => evil.close());
  const url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/`;
  const before = { ...simulator.requests.counts };
  for (const value of [
    url,
    `${url}#default`,
    'default@evil',
    '../default',
    'default\0',
    'DEFAULT',
    '__proto__',
    'constructor',
    '',
  ]) {
    for (const path of ['/probe', '/api/v1/backends', '/cloud', '/backend', '/api/v1/backend'])
      for (const name of ['cloud', 'name', 'target', 'host']) {
        const { status } = await get(`${path}?${name}=${encodeURIComponent(value)}`);
        assert.ok(
          status === 404 || status === 400 || (path === '/api/v1/backends' && name !== 'cloud'),
          `${path} ${name} ${value}: ${status}`,
        );
      }
  }
  assert.ok([400, 404].includes((await get('/probe?cloud=envvars&cloud=envvars')).status));
  assert.equal((await get('/probe?cloud=envvars')).status, 200);
  assert.deepEqual([met, simulator.requests.counts], [[], before]);
});

test('many scrapes at once are all answered, and the same', async (t) => {
  const { get } = await run(t);
  const wanted = await (await get('/api/v1/backends')).json();
  const all = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => {
      const answer = await get(i % 3 === 0 ? '/api/v1/backends' : '/metrics', {
        // Answers that are not compressed are 64 at the same time at most.
        'accept-encoding': i % 5 ? 'gzip' : 'identity',
      });
      return { status: answer.status, text: await answer.text() };
    }),
  );
  assert.deepEqual([...new Set(all.map(({ status }) => status))], [200]);
  for (const [i, { text }] of all.entries()) {
    if (i % 3 === 0) assert.deepEqual(JSON.parse(text), wanted);
    else assert.equal(parseExposition(text, 'text').value('cinder_up'), 1);
  }
});
