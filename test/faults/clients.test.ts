import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { generateCloud } from '../../src/simulator/generated-cloud.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { startExporter, type Exporter } from '../support/exporter.ts';

/** What the shipped units give the process, in kB. */
const UNIT_KB = 256 * 1024;
const PACKET = 65_536;

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;

/** As many requests as fit one packet. */
const pipeline = (request: string): string => request.repeat(Math.floor(PACKET / request.length));

/** Opens connections that send a text and never read. */
function attack({ url }: Exporter, connections: number, text: string): readonly Socket[] {
  const { hostname, port } = new URL(url);
  return Array.from({ length: connections }, () => {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.pause();
    socket.write(text);
    return socket;
  });
}

/** As Prometheus asks, on a connection of its own. */
async function scrape({ url }: Exporter): Promise<string> {
  const request = httpGet(`${url}/metrics`, { agent: false, headers: { 'accept-encoding': 'gzip' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  return gunzipSync(await buffer(response)).toString();
}

function highestKb({ pid }: Exporter): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('clients that send much and read nothing neither end it nor fill its memory, and scrapes go on', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-clients-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const simulator = await startSimulator({ cloud: generateCloud({ backends: 300, poolsPerBackend: 4 }) });
  t.after(() => simulator.close());
  const exporter = await startExporter({ cwd: folder, environment: simulator.environment() });
  t.after(exporter.stop);
  await exporter.waitFor('it is up', (page) => page.value('cinder_up') === 1);
  const gzip = 'Accept-Encoding: gzip\r\n';
  const host = encodeURIComponent(generateCloud({ backends: 1, poolsPerBackend: 1 }).backends[0]?.host ?? '');
  let page = '';
  for (const [what, connections, text] of [
    ['pipelines of pages', 500, pipeline(get('/metrics'))],
    ['pipelines of compressed pages', 500, pipeline(get('/metrics', gzip))],
    ['pages, one each, from more connections than there are', 700, get('/metrics')],
    ['pages of one cloud', 600, get('/probe?cloud=default')],
    ['pipelines of JSON', 500, pipeline(get('/api/v1/backends'))],
    ['JSON, one each', 600, get('/api/v1/backends')],
    ['JSON of one backend', 600, get(`/api/v1/backend?host=${host}`)],
    ['pipelines of status pages', 500, pipeline(get('/'))],
    ['status pages, one each', 600, get('/')],
    ['compressed status pages, one each', 600, get('/', gzip)],
    ['pipelines of events', 500, pipeline(get('/events'))],
    ['large headers', 500, get('/metrics', `A: ${'a'.repeat(16_000)}\r\n`).repeat(4)],
    ['nothing but what Node.js refuses itself', 500, pipeline('GET / HTTP/1.1\r\n\r\n')],
    ['style sheets and descriptions', 600, get('/status.css') + get('/openapi.json')],
  ] as const) {
    const sockets = attack(exporter, connections, text);
    await sleep(300);
    page = await scrape(exporter);
    assert.match(page, /^cinder_up 1$/m, what);
    for (const socket of sockets) socket.destroy();
    const highest = highestKb(exporter);
    t.diagnostic(`${what}: ${Math.round(highest / 1024)} MiB at the highest`);
    assert.ok(highest < UNIT_KB, `${what}: ${highest} kB`);
  }
  assert.equal(parseExposition(page, 'text').value('cinder_up'), 1, 'the last one, read strictly');
  assert.equal(await exporter.stop(), 0);
});
