import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { listen } from '../../src/web/listen.ts';
import { createApp } from '../../src/api/app.ts';
import { watchWebConfig } from '../../src/web/watch.ts';
import { HASH, PASSWORD, webFolder } from './web-folder.ts';

const hello: RequestListener = (_request, response) => void response.end('hello');

/** Serves with this web configuration, and answers how to ask. */
async function start(t: TestContext, document: string, app = hello) {
  const web = watchWebConfig(webFolder(t).write('web.yml', document), { log: () => undefined });
  const listening = await listen(app, { host: '127.0.0.1', port: 0 }, { web });
  t.after(() => (web.close(), listening.close(0)));
  return (path: string, authorization?: string, method = 'GET') =>
    fetch(`http://${listening.address}${path}`, {
      method,
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    });
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

test('every path and method wants the password, and says so as RFC 7617 does', async (t) => {
  const ask = await start(t, `basic_auth_users: {alice: ${HASH}, "b@b.example": ${HASH}}`);
  for (const path of ['/', '/metrics', '/-/healthy', '/-/ready', '/nowhere', '/%2e%2e/x']) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE']) {
      const answer = await ask(path, undefined, method);
      assert.equal(answer.status, 401, `${method} ${path}`);
      assert.equal(answer.headers.get('www-authenticate'), 'Basic realm="cinder-exporter", charset="UTF-8"');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    }
  }
  assert.equal(await (await ask('/metrics')).text(), 'Unauthorized.\n');
  for (const user of ['alice', 'b@b.example'])
    assert.equal((await ask('/-/healthy', basic(user, PASSWORD))).status, 200);
  assert.equal((await ask('/', basic('alice', PASSWORD).replace('Basic', 'bAsIc'))).status, 200);
});

test('wrong and malformed credentials are refused', async (t) => {
  const ask = await start(t, `basic_auth_users: {alice: ${HASH}}`);
  const encoded = (bytes: Buffer): string => `Basic ${bytes.toString('base64')}`;
  const wrong = [
    basic('alice', 'wrong'),
    basic('alice', ''),
    basic('alice', `${PASSWORD} `),
    basic('Alice', PASSWORD),
    basic('mallory', PASSWORD),
    basic('', PASSWORD),
    basic('__proto__', PASSWORD),
    encoded(Buffer.from(`alice:${PASSWORD}`, 'latin1')),
    encoded(Buffer.from(`alice${PASSWORD}`)),
    'Basic',
    'Basic ****',
    `Bearer ${basic('alice', PASSWORD).slice(6)}`,
    basic('alice', PASSWORD).slice(6),
  ];
  for (const authorization of wrong) assert.equal((await ask('/metrics', authorization)).status, 401, authorization);
});

test('configured headers win over the defaults, and an empty one takes the default away', async (t) => {
  const ask = await start(
    t,
    `http_server_config:
  headers:
    X-Frame-Options: sameorigin
    X-Content-Type-Options:
    Content-Security-Policy: "default-src https:"
    Strict-Transport-Security: max-age=60`,
  );
  const { headers } = await ask('/');
  assert.equal(headers.get('x-frame-options'), 'sameorigin');
  assert.equal(headers.get('x-content-type-options'), null);
  assert.equal(headers.get('content-security-policy'), 'default-src https:');
  assert.equal(headers.get('strict-transport-security'), 'max-age=60');
});

test('the status page has a looser policy than the rest, unless the file has one or takes it away', async (t) => {
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  const served = {
    clouds: () => [],
    onClouds: () => () => {},
    metrics: () => assert.fail('not asked for'),
    grafanaUrl: () => undefined,
    runbookUrl: () => undefined,
  };
  const app = createApp({
    served,
    telemetryPath: '/metrics',
    reload: undefined,
    stopping: stopping.signal,
    log: () => undefined,
  });
  const policies = async (document: string): Promise<(string | null)[]> => {
    const ask = await start(t, document, app);
    const answers = await Promise.all(['/', '/status.css', '/api/v1/backends'].map((path) => ask(path)));
    for (const { headers } of answers)
      assert.equal(headers.get('x-content-type-options'), document === '' ? 'nosniff' : null);
    return answers.map(({ headers }) => headers.get('content-security-policy'));
  };
  const strict = "default-src 'none'; frame-ancestors 'none'";
  const [page = '', , data] = await policies('');
  assert.match(page ?? '', /^default-src 'none'; script-src 'self';/);
  assert.equal(data, strict);
  const file = (policy: string): string =>
    `http_server_config: {headers: {X-Content-Type-Options: "", Content-Security-Policy: "${policy}"}}`;
  assert.deepEqual(await policies(file('default-src https:')), Array(3).fill('default-src https:'));
  assert.deepEqual(await policies(file(strict)), Array(3).fill(strict));
  assert.deepEqual(await policies(file('')), [null, null, null]);
});

test('the rate limit lets a burst pass and answers 429 to the rest', async (t) => {
  const ask = await start(t, 'rate_limit: {interval: 1h, burst: 2}');
  const answers = await Promise.all([1, 2, 3, 4].map(() => ask('/metrics')));
  assert.deepEqual(
    answers.map(({ status }) => status === 429).sort((a, b) => Number(a) - Number(b)),
    [false, false, true, true],
  );
  assert.equal(answers.find(({ status }) => status === 429)?.headers.get('retry-after'), '1');
});
