import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { bench, request } from './client.ts';
import { labBackend, LAB_CLOUD } from './lab-cloud.ts';

/** An answer byte for byte. */
async function raw(url: string, path: string, headers: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  return text(socket);
}

test('headers of the web server: Date by the cloud’s clock, Content-Length, gzip when asked for', async (t) => {
  const { simulator, token } = await bench(t, { cloud: LAB_CLOUD });
  const path = '/volume/v3/scheduler-stats/get_pools?detail=true';
  const plain = await raw(simulator.url, path, `X-Auth-Token: ${token}\r\nConnection: close\r\n`);
  assert.match(
    plain,
    /^HTTP\/1\.1 200 OK\r\nDate: Sun, 22 Nov 2026 11:20:00 GMT\r\nContent-Type: application\/json\r\nx-compute-request-id: req-/,
  );
  assert.match(plain, /\r\nContent-Length: \d+\r\n/);
  assert.doesNotMatch(plain, /Content-Encoding/);
  for (const [accept, zipped] of [
    ['gzip, deflate', true],
    ['gzip;q=0', false],
    ['br, gzip;q=0.5', true],
    ['identity', false],
  ]) {
    const { headers } = await request(simulator.url + path, {
      headers: { 'X-Auth-Token': token, 'Accept-Encoding': String(accept) },
    });
    assert.equal(headers.get('content-encoding') === 'gzip', zipped, String(accept));
  }
});

test('as Debian’s uwsgi: the connection’s end is the body’s end', async (t) => {
  const settings = { keepAlive: false, dateHeader: false, gzip: false };
  const { simulator, token } = await bench(t, { cloud: LAB_CLOUD, settings });
  const answer = await raw(
    simulator.url,
    '/volume/v3/os-services',
    `X-Auth-Token: ${token}\r\nAccept-Encoding: gzip\r\n`,
  );
  assert.match(answer, /\r\nConnection: close\r\n/);
  assert.doesNotMatch(answer, /^(Date|Content-Length|Transfer-Encoding|Content-Encoding):/m);
  assert.ok(answer.endsWith('}]}'));
});

test('requests are counted on the wire by operation', async (t) => {
  const { simulator, get } = await bench(t, { cloud: LAB_CLOUD });
  simulator.requests.reset();
  const next = simulator.requests.next('pools');
  await Promise.all([
    get('/os-services', '3.49'),
    get('/scheduler-stats/get_pools?detail=true', '3.50'),
    get('/types'),
  ]);
  assert.deepEqual(simulator.requests.counts, { 'GET services': 1, 'GET pools': 1, 'GET types': 1 });
  const { url, microversion, status } = await next;
  assert.deepEqual(
    [url, microversion, status],
    ['/volume/v3/scheduler-stats/get_pools?detail=true', 'volume 3.50', 200],
  );
  assert.equal(simulator.requests.waitingNow, 0);
  assert.ok(simulator.requests.maxWaiting >= 1);
});

test('faults over HTTP', async (t) => {
  const { simulator, service } = await bench(t, { cloud: { backends: [labBackend('x', { backend_state: 'up' })] } });
  const act = (name: string, ...args: unknown[]) =>
    request(`${simulator.url}/admin/${name}`, { method: 'POST', body: JSON.stringify(args) });
  assert.equal((await act('setDriver', 'lab@x', { backend_state: 'down' })).status, 204);
  assert.equal((await act('poll')).status, 204);
  assert.equal((await service('lab@x'))['backend_state'], 'down');
  assert.equal((await act('disable', 'lab@x', 'a "reason"')).status, 204);
  assert.equal((await service('lab@x'))['disabled_reason'], 'a "reason"');
  const wrong = await act('disable', 'lab@y');
  assert.deepEqual([wrong.status, wrong.json], [400, { error: 'no such service: lab@y' }]);
  assert.equal((await act('constructor')).status, 404);
  assert.equal((await request(`${simulator.url}/admin/requests`, { method: 'DELETE' })).status, 204);
  await service('lab@x');
  const { json } = await request(`${simulator.url}/admin/requests`);
  assert.deepEqual(json['counts'], { 'GET services': 1 });
});

test('nothing keeps the process alive after close, hanging requests included', async () => {
  const script = `
    import { startSimulator } from './src/simulator/simulator.ts';
    const simulator = await startSimulator();
    simulator.cloud.stopBus();
    const init = { method: 'POST', body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user: {
      name: 'admin', password: 'admin-pw', domain: { id: 'default' } } } }, scope: { system: { all: true } } } }) };
    const login = await fetch(simulator.authUrl + '/auth/tokens', init);
    const headers = { 'X-Auth-Token': login.headers.get('x-subject-token') };
    const hanging = fetch(simulator.url + '/volume/v3/scheduler-stats/get_pools', { headers }).catch((error) => error.message);
    while (simulator.requests.waitingNow === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await simulator.close();
    console.log(await hanging);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.deepEqual([said.trim(), code], ['fetch failed', 0]);
});

test('what the cloud does not know is a 404, and stands in the log', async (t) => {
  const { simulator, token } = await bench(t, { cloud: LAB_CLOUD });
  for (const [path, type] of [
    ['/volume/v3/no-such-thing', 'text/html; charset=UTF-8'],
    ['/volume/v3/volumes/x/no-such-thing', 'text/html; charset=UTF-8'],
    ['/identity/v3/no-such-thing', 'application/json'],
  ] as const) {
    const { status, headers } = await request(simulator.url + path, { headers: { 'X-Auth-Token': token } });
    assert.deepEqual([status, headers.get('content-type')], [404, type], path);
    const { url, status: logged } = simulator.requests.last.at(-1) ?? {};
    assert.deepEqual([url, logged], [path, 404]);
  }
});
