import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Ended, runHere, runProgram } from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'cinder-report-cli-'));
const PASSWORD = 'correct-horse-battery';

function report(...args: readonly string[]): Promise<Ended> {
  return runProgram(['report', ...args], { node: ['--max-old-space-size=256'] });
}

interface Asked {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

/** The same in this process, where it is about what is said. */
const reportHere = (...args: readonly string[]): Promise<Ended> => runHere(['report', ...args]);

/** A server in Prometheus' place. */
async function serve(
  answer: (asked: Asked, response: http.ServerResponse) => void,
): Promise<{ readonly host: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, form: new URLSearchParams(body) };
      asked.push(one);
      answer(one, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
const servers: http.Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

const RANGE = ['--from', '2026-03-01', '--to', '2026-03-01T06:00:00Z'];

/** One backend, up, a sample each minute for ever. */
function steady({ path, form }: Asked, response: http.ServerResponse): void {
  const promql = form.get('query') ?? '';
  const metric = { host: 'a@lvm', backend: 'lvm', condition: 'up', job: 'cinder-exporter' };
  const points: [number, string][] = [];
  if (path.endsWith('/query')) {
    const time = Number(form.get('time'));
    const seconds = Number(/\[(\d+)ms\]/.exec(promql)?.[1]) / 1000;
    for (let at = time - seconds; at <= time; at += 60) points.push([at, '1']);
  } else {
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name))) as [
      number,
      number,
      number,
    ];
    for (let at = start; at <= end; at += step) points.push([at, '60']);
  }
  const result = promql.includes('last_known') ? [{ metric, values: points }] : [];
  response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
}

test('behind a path, with a header of a tenant and credentials of a file: a whole report', async () => {
  const { host, asked } = await serve(steady);
  const file = join(folder, 'http.yml');
  writeFileSync(file, `authorization:\n  credentials_file: token\nhttp_headers:\n  X-Shard: {values: [one]}\n`);
  writeFileSync(join(folder, 'token'), `${PASSWORD}\n`);
  const url = ['--prometheus.url', `http://${host}/prometheus/`, '--prometheus.header', 'X-Scope-OrgID: storage'];
  const { code, stdout, stderr } = await report(...url, '--http.config.file', file, ...RANGE, '--output', 'csv');
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.match(stdout, /\r\nbackend,,a@lvm,2026-03-01T00:00:00.000Z,2026-03-01T06:00:00.000Z,,,,,1,1,0,21600,0,0,0,/);
  for (const { path, headers } of asked) {
    assert.match(path, /^\/prometheus\/api\/v1\/query(?:_range)?$/);
    assert.equal(headers['x-scope-orgid'], 'storage');
    assert.equal(headers['x-shard'], 'one');
    assert.equal(headers.authorization, `Bearer ${PASSWORD}`);
  }
});

test('user and password of the URL are sent and not shown; the matcher of a cloud is quoted', async () => {
  const { host, asked } = await serve(steady);
  const flags = ['--prometheus.url', `http://me:p%40ss@${host}`, '--cloud', 'a"b\\c', ...RANGE];
  const { code, stdout } = await reportHere(...flags);
  assert.equal(code, 0);
  assert.ok(!stdout.includes('p@ss'));
  assert.equal(asked[0]?.headers.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  assert.ok(asked[0]?.form.get('query')?.includes(String.raw`last_known{cloud="a\"b\\c"}`));
});

for (const output of ['table', 'markdown', 'json', 'html']) {
  test(`--output ${output}`, async () => {
    const { host } = await serve(steady);
    const { code, stdout } = await reportHere('--prometheus.url', `http://${host}`, ...RANGE, '--output', output);
    assert.equal(code, 0);
    assert.match(stdout, /a@lvm/);
  });
}

describe('a command line that cannot be used', () => {
  const bad = join(folder, 'bad.yml');
  writeFileSync(bad, `basic_auth:\n  username: me\n  passwort: ${PASSWORD}\n`);
  const both = join(folder, 'both.yml');
  writeFileSync(both, `basic_auth: {username: me, password: x}\nauthorization: {credentials: y}\n`);
  const url = ['--prometheus.url', 'http://127.0.0.1:1'];
  for (const [args, message] of [
    [[], /--prometheus.url: expected the URL of a Prometheus, .*, got nothing/],
    [['--prometheus.url', 'prometheus:9090'], /--prometheus.url: expected the URL/],
    [['--prometheus.url', `http://x:${PASSWORD}@h/?a=b`], /got one with a query or a fragment/],
    [['--prometheus.url', `ftp://x:${PASSWORD}@h/`], /--prometheus.url: expected the URL/],
    [[...url, '--prometheus.header', PASSWORD], /--prometheus.header: expected Name: value/],
    [[...url, '--prometheus.header', `Authorization: ${PASSWORD}`], /credentials belong into --http.config.file/],
    [[...url, '--http.config.file', '/nonexistent/x'], /\/nonexistent\/x: .*expected a file/],
    [[...url, '--http.config.file', bad], /bad.yml:3:3: basic_auth.passwort: .*did you mean password/],
    [[...url, '--http.config.file', both], /expected basic_auth or authorization, got both/],
    [[...url, '--output', 'pdf'], /--output: expected table, markdown, csv, json, html/],
    [[...url, '--replica-labels', 'a) or vector(1'], /--replica-labels: expected names of labels/],
    [[...url, '--month', '2026-3'], /--month: expected a month/],
    [[...url, 'HOST'], /unexpected argument "HOST"/],
    [[...url, ...RANGE], /http:\/\/127.0.0.1:1\/api\/v1\/query_range: the connection was refused/],
  ] as const) {
    test(args.join(' ').replaceAll(PASSWORD, '…') || 'no flag', async () => {
      const { code, stdout, stderr } = await reportHere(...args);
      assert.match(stderr, message);
      assert.deepEqual({ code, stdout, lines: stderr.trim().split('\n').length }, { code: 1, stdout: '', lines: 1 });
      assert.ok(!stderr.includes(PASSWORD), stderr);
    });
  }
});

describe('an answer that is none ends in one sentence', () => {
  const success = (result: unknown): string =>
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
  const metric = { host: 'a@lvm', condition: 'up' };
  const bodies: readonly (readonly [
    what: string,
    status: number,
    body: string | Buffer,
    message: RegExp,
    headers?: http.OutgoingHttpHeaders,
  ])[] = [
    ['HTML', 200, '<html>Grafana</html>', /not one of Prometheus' query API/],
    ['a number', 200, '7', /not one of Prometheus' query API/],
    ['cut off', 200, '{"status":"success","data":{"resu', /not one of Prometheus' query API/],
    ['no list', 200, success({}), /not one of Prometheus' query API/],
    ['no labels', 200, success([{ metric: { host: 7 }, values: [] }]), /not one of Prometheus' query API/],
    ['no samples', 200, success([{ metric, values: [7] }]), /not one of Prometheus' query API/],
    [
      'a time that goes back',
      200,
      success([
        {
          metric,
          values: [
            [2, '1'],
            [1, '1'],
          ],
        },
      ]),
      /not one of Prometheus' query API/,
    ],
    ['nothing found', 200, success([]), /Prometheus has no series of cinder_backend_condition for this time/],
    ['a deep nesting', 200, '['.repeat(1_000_000), /not one of Prometheus' query API/],
    ['a refusal', 400, '{"status":"error","error":"parse error: \\u001b[2J"}', /HTTP 400: parse error: {1,2}\[2J/],
    [
      'too much, always',
      422,
      '{"status":"error","error":"query processing would load too many samples"}',
      /HTTP 422: query processing would load/,
    ],
    ['an echo of the password', 401, `{"status":"error","error":"no user ${PASSWORD}"}`, /HTTP 401: \(not shown/],
    ['a page of a proxy', 502, '<html>'.repeat(50_000), /HTTP 502$/m],
    ['elsewhere', 302, '', /HTTP 302/, { location: 'http://127.0.0.1:1/' }],
    ['nesting', 200, gzipSync(Buffer.alloc(50_000_000, '[')), /right URL/, { 'content-encoding': 'gzip' }],
    ['a bomb', 200, gzipSync(Buffer.alloc(500_000_000)), /the answer is larger than/, { 'content-encoding': 'gzip' }],
  ];
  for (const [what, status, body, message, headers] of bodies) {
    test(what, async () => {
      const { host } = await serve((_, response) => response.writeHead(status, headers).end(body));
      // Large ones against little memory.
      const ask = body.length > 100_000 ? report : reportHere;
      const { code, stdout, stderr } = await ask('--prometheus.url', `http://me:${PASSWORD}@${host}`, ...RANGE);
      assert.match(stderr, message);
      assert.deepEqual({ code, stdout, lines: stderr.trim().split('\n').length }, { code: 1, stdout: '', lines: 1 });
      assert.ok(!stderr.includes(PASSWORD), stderr);
    });
  }

  test('samples of a strange world do no harm', async () => {
    const values = Array.from({ length: 60 }, (_, i) => [i * 60, ['NaN', '+Inf', '-1', '1e400', ''][i % 5]]);
    const strange = [
      { metric: { __proto__: null, host: '__proto__', condition: 'constructor' }, values },
      { metric: { host: 'a@b', condition: 'up' }, values: [[1e300, '1']] },
      { metric: {}, values },
    ];
    const { host } = await serve((_, response) => response.end(success(strange)));
    const { code, stderr } = await report('--prometheus.url', `http://${host}`, ...RANGE);
    assert.ok(code === 0 || (code === 1 && stderr.trim().split('\n').length === 1), stderr);
  });
});
