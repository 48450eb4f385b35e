import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { viewBackend, viewCloud } from '../../src/api/view.ts';
import { createExporterReader } from '../../src/cli/check-exporter.ts';
import { renderPlugin } from '../../src/cli/check-plugin.ts';
import { renderCheck } from '../../src/cli/check-table.ts';
import { codesOf, exitCodeOf } from '../../src/cli/check-verdict.ts';
import { MINUTE } from '../../src/duration.ts';
import { listen } from '../../src/web/listen.ts';
import { watchWebConfig } from '../../src/web/watch.ts';
import { pool, volume } from '../pages/cinder.ts';
import { startServer } from '../pages/server.ts';
import { type Ended, runHere, runProgram } from '../support/program.ts';
import { type CloudState, serve, watchedCloud } from '../pages/watched.ts';
import { HASH, PASSWORD, webFolder } from '../web/web-folder.ts';

const ALL = { hosts: [], codes: codesOf({}) };
const PLAIN = { colour: false, width: undefined };

function mixed(atMs: number): CloudState {
  return {
    atMs,
    services: [volume('c@x', {}, atMs), volume('c@y', {}, atMs), volume('c@z', { frozen: true }, atMs)],
    pools: [
      pool('c@x', 'x', { backendState: 'down' }, atMs),
      pool('c@y', 'y', { totalBytes: Infinity, freeBytes: Infinity }, atMs),
      pool('c@z', 'z', { totalBytes: undefined }, atMs),
    ],
    volumes: new Map([['c@x', { inUse: 3, available: 1, ageMs: 0 }]]),
    failures: { volume_types: { reason: 'forbidden', message: 'extra specs are hidden' } },
  };
}

function check(...args: readonly string[]): Promise<Ended> {
  return runProgram(['check', ...args]);
}

/** A server in the exporter's place. */
async function stand(t: TestContext, answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function read(url: string, cloud?: string, maxAgeMs = 5 * MINUTE) {
  const reader = createExporterReader({ url, file: undefined, cloud, maxAgeMs });
  return reader.read().finally(() => reader.close());
}

test('what an exporter answers is judged and shown as the snapshot itself', async (t) => {
  const cloud = watchedCloud('c');
  cloud.become(mixed(Date.now() - 60_000));
  const snapshot = cloud.become(mixed(Date.now()));
  const { url } = await startServer(t, serve([cloud]));
  const { checked } = await read(url);
  const own = [{ name: 'c', snapshot }];
  for (const asked of [ALL, { ...ALL, hosts: ['x'] }, { ...ALL, hosts: ['c@*', 'nobody'] }]) {
    assert.equal(renderCheck(checked, asked, PLAIN), renderCheck(own, asked, PLAIN));
    assert.equal(renderPlugin(checked, asked), renderPlugin(own, asked));
    assert.equal(exitCodeOf(checked, asked), exitCodeOf(own, asked));
  }
  assert.match(
    renderPlugin(checked, ALL),
    /^CRITICAL: 1 down, 1 frozen of 3 backends: c@x \(at least 60 s\), .*Cinder does not show this user all extra specs/,
  );
});

test('one of several clouds, and one that is not there', async (t) => {
  const clouds = ['a', 'b'].map((name) => watchedCloud(name, mixed(Date.now())));
  const { url } = await startServer(t, serve(clouds));
  assert.deepEqual(
    (await read(url)).checked.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(
    (await read(url, 'b')).checked.map(({ name }) => name),
    ['b'],
  );
  await assert.rejects(read(url, 'z'), /\/api\/v1\/backends: HTTP 404: no cloud "z"; known: a, b$/);
});

test('old knowledge is unknown, whatever it says, and by the clock of the exporter', async (t) => {
  const cloud = watchedCloud('c', mixed(Date.now() - 6.5 * MINUTE));
  const { url } = await startServer(t, serve([cloud]));
  const { checked } = await read(url);
  assert.equal(exitCodeOf(checked, ALL), 3);
  assert.match(
    renderPlugin(checked, ALL),
    /^UNKNOWN: what the exporter knows is 6 min old \(--max-age is 5 min\); .*; 1 down, 1 frozen of 3/,
  );
  assert.equal(exitCodeOf((await read(url, undefined, 7 * MINUTE)).checked, ALL), 2);
  const slow = new Date(Date.now() - 60 * MINUTE);
  const snapshot = cloud.become(mixed(slow.getTime()));
  const wrong = await stand(t, (_, response) => {
    response.writeHead(200, { date: slow.toUTCString() });
    response.end(
      JSON.stringify({
        clouds: [viewCloud('c', snapshot)],
        backends: snapshot.backends.map((one) => viewBackend('c', snapshot, one)),
      }),
    );
  });
  assert.equal(exitCodeOf((await read(wrong)).checked, ALL), 2, 'its clock is an hour behind ours');
});

test('an exporter that has only been started, and one that is newer', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('c')]));
  const { checked } = await read(url);
  assert.match(renderPlugin(checked, ALL), /^UNKNOWN: nothing could be read \| backends=0;;;0 /);
  const snapshot = watchedCloud('c').become(mixed(Date.now()));
  const backends = snapshot.backends.map((one) => ({ ...viewBackend('c', snapshot, one), more: 1 }));
  const newer = await stand(t, (_, response) => {
    const clouds = [{ ...viewCloud('c', snapshot), more: [] }];
    clouds[0]?.collectors.push({
      collector: 'later' as 'pools',
      success: false,
      last_success_at: null,
      failing_since: null,
      reason: 'x',
      message: 'y',
    });
    response.end(
      JSON.stringify({
        clouds,
        backends: backends.map((one, i) => (i === 0 ? { ...one, condition: 'later' } : one)),
        more: {},
      }),
    );
  });
  const later = await read(newer);
  assert.deepEqual(
    later.checked[0]?.snapshot?.backends.map(({ condition }) => condition),
    ['unknown', 'up', 'frozen'],
  );
  assert.deepEqual(
    (later.json(['c@y']) as { backends: unknown }).backends,
    [backends[1]],
    'JSON has all that was said',
  );
});

test('an answer that is none ends in one sentence', async (t) => {
  const cases: readonly (readonly [status: number, body: string, message: RegExp])[] = [
    [200, '<html>Grafana</html>', /the answer is not one of cinder-exporter; is it the right URL\?$/],
    [200, '{"clouds": [], "backends": [7]}', /is it the right URL\?$/],
    [200, '['.repeat(500_000), /is it the right URL\?$/],
    [401, `no ${PASSWORD}`, /HTTP 401; --http\.config\.file may have a password or a certificate$/],
    [502, 'a\u001b[2J\npage', /HTTP 502: a {1,2}\[2J page$/],
    [502, `echo ${PASSWORD}`, /HTTP 502: \(not shown/],
  ];
  for (const [status, body, message] of cases) {
    const url = await stand(t, (_, response) => response.writeHead(status).end(body));
    await assert.rejects(read(url.replace('//', `//me:${encodeURIComponent(PASSWORD)}@`)), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes(PASSWORD));
      return true;
    });
  }
  assert.deepEqual(exitCodeOf([], ALL), 3);
  const none = await stand(t, (_, response) => response.end('{"clouds": [], "backends": []}'));
  assert.match(renderPlugin((await read(none)).checked, ALL), /^UNKNOWN: no cloud is watched \|/);
});

test('a command: whoever cannot be asked is UNKNOWN, on standard output for a plugin', async () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [
      ['--from=http://127.0.0.1:1'],
      /http:\/\/127\.0\.0\.1:1\/api\/v1\/backends: the connection was refused \(connect ECONNREFUSED 127\.0\.0\.1:1\)$/,
    ],
    [['--from=exporter:10776'], /--from: expected the URL of an exporter, such as .*, got "exporter:10776"$/],
    [['--from=http://a', '--config.file=x'], /--config\.file: expected no --from beside it, got both$/],
    [['--from=http://a', '--max-age=5'], /--max-age: expected a duration, such as 5m, got "5"$/],
    [['--max-age=5m'], /--max-age: expected beside --from, got it without$/],
    [['--warning=bad'], /--warning: expected none, or some of .*, got "bad"$/],
    [['--form=http://a'], /unknown flag --form, did you mean --from\?$/],
    [['--config.file=/nowhere.yaml'], /\/nowhere\.yaml/],
  ];
  for (const [args, message] of cases) {
    const plugin = await runHere(['check', '--output', 'plugin', ...args]);
    const table = await runHere(['check', ...args]);
    assert.deepEqual([plugin.code, plugin.stderr, table.code, table.stdout], [3, '', 3, ''], args.join(' '));
    assert.match(plugin.stdout.trimEnd(), message);
    assert.match(plugin.stdout, /^UNKNOWN: [^\n|]*\n$/);
    assert.match(table.stderr.trimEnd(), message);
  }
});

test('the program, through TLS, a client certificate and a password from a file', async (t) => {
  const folder = webFolder(t);
  const asked: (string | undefined)[] = [];
  const cloud = watchedCloud('c', mixed(Date.now()));
  const pages = await startServer(t, serve([cloud]));
  const web = watchWebConfig(
    folder.write(
      'web.yml',
      `tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}\nbasic_auth_users: {me: ${HASH}}\n`,
    ),
    { log: () => {}, intervalMs: 3_600_000 },
  );
  const listening = await listen(
    (request, response) => {
      asked.push(request.url);
      void pages.get(request.url ?? '').then(({ text }) => response.end(text));
    },
    { host: '127.0.0.1', port: 0 },
    { web, log: () => {} },
  );
  t.after(() => (web.close(), listening.close(0)));
  const port = listening.address.split(':')[1];
  folder.write('password', `${PASSWORD}\n`);
  const tls = 'tls_config: {ca_file: ca.crt, cert_file: client.crt, key_file: client.key}\n';
  const file = folder.write('http.yml', `${tls}basic_auth: {username: me, password_file: password}\n`);
  const from = `--from=https://localhost:${port}/`;
  const good = await check(from, `--http.config.file=${file}`, '--output=plugin', 'y');
  assert.match(good.stdout, /^OK: 1 backend, it is up \| backends=1;;;0 /, good.stdout);
  assert.deepEqual([good.code, good.stderr, asked], [0, '', ['/api/v1/backends']]);
  const without = await check(from, `--http.config.file=${folder.write('http.yml', tls)}`, '--output=plugin');
  assert.match(without.stdout, /^UNKNOWN: .*HTTP 401; --http\.config\.file may have/);
  const wild = await check(from, '--output=plugin');
  assert.match(wild.stdout, /^UNKNOWN: .*certificate/);
  assert.ok(![good, without, wild].some(({ stdout }) => stdout.includes(PASSWORD)));
});

test('the answer of an exporter with thousands of backends is read', async (t) => {
  const backend = { cloud: 'c', condition: 'up', reason: 'x'.repeat(5000), pools: [] };
  const backends = Array.from({ length: 1000 }, (_, i) => ({ ...backend, host: `c@${i}` }));
  const body = JSON.stringify({ clouds: [{ cloud: 'c', up: true, refreshed_at: null, collectors: [] }], backends });
  assert.ok(body.length > 5_000_000);
  const url = await stand(t, (_, response) => response.end(body));
  const { checked } = await read(url);
  assert.deepEqual(
    checked.map(({ name }) => name),
    ['c'],
  );
});

test('nothing that another exporter says steers the terminal', async (t) => {
  const evil = 'x\u001b[2J\u009b31m\u202ey\r\nz';
  const collectors = [{ collector: 'pools', success: false, reason: evil, message: evil }];
  const clouds = ['c', evil].map((cloud) => ({ cloud, up: true, refreshed_at: new Date().toISOString(), collectors }));
  const backends = [{ cloud: 'c', host: evil, condition: 'down', reason: evil, pools: [] }];
  const url = await stand(t, (_, response) => response.end(JSON.stringify({ clouds, backends })));
  const { checked } = await read(url);
  for (const text of [renderCheck(checked, ALL, PLAIN), renderPlugin(checked, ALL)])
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u);
  const { stdout } = await runHere(['check', '--output=json', `--from=${url}`]);
  assert.doesNotMatch(stdout.trimEnd(), /[\p{Cc}\u202e]/u);
  assert.deepEqual((JSON.parse(stdout) as { backends: { host: string }[] }).backends[0]?.host, evil);
});
