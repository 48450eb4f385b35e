import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AccessError } from '../../src/openstack/clouds/files.ts';
import { defaultAuthorities } from '../../src/openstack/authorities.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { proxyChoice } from '../../src/openstack/proxy.ts';
import { createTransport, type Transport } from '../../src/openstack/transport.ts';

const pemFile = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
const pem = (name: string): string => readFileSync(pemFile(name), 'utf8');

test('which proxy: by scheme, then ALL_PROXY; small letters win; a scheme may be left out', () => {
  const env = {
    HTTP_PROXY: 'http://big:1',
    http_proxy: 'small:2',
    HTTPS_PROXY: 'u%40x:p%3Aw@tls:3',
    ALL_PROXY: 'http://all',
  };
  const via = (url: string, more: Record<string, string> = {}) => {
    const proxy = proxyChoice({ ...env, ...more })(new URL(url));
    return proxy && [proxy.variable, proxy.url.href, proxy.authorization?.reveal()];
  };
  assert.deepEqual(via('http://k/'), ['http_proxy', 'http://small:2/', undefined]);
  const login = `Basic ${Buffer.from('u@x:p:w').toString('base64')}`;
  assert.deepEqual(via('https://k/'), ['HTTPS_PROXY', 'http://tls:3/', login]);
  assert.deepEqual(via('https://k/', { HTTPS_PROXY: '' }), ['ALL_PROXY', 'http://all/', undefined]);
  assert.deepEqual(via('http://k/', { http_proxy: '' }), ['ALL_PROXY', 'http://all/', undefined]);
  assert.equal(via('http://k/', { http_proxy: ' ', ALL_PROXY: '' }), undefined);
  assert.equal(via('http://k/', { NO_PROXY: '*' }), undefined);
  assert.deepEqual(via('http://k/', { no_proxy: 'other', NO_PROXY: '*' })?.[0], 'http_proxy');
});

test('NO_PROXY: names and what is below them, addresses, ranges, ports', () => {
  const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'k.example.org',
      ['http://k.example.org', 'http://a.k.example.org:5000', 'https://K.EXAMPLE.ORG.'],
      ['http://xk.example.org', 'http://example.org'],
    ],
    [
      '.example.org, *.example.net',
      ['http://k.example.org', 'http://example.org', 'http://k.example.net'],
      ['http://example.com', 'http://badexample.org'],
    ],
    ['10.0.0.0/8', ['http://10.1.2.3:5000'], ['http://11.0.0.1', 'http://ten.example', 'http://[::1]']],
    [
      '127.0.0.0/8 192.168.1.7',
      ['http://127.9.9.9', 'http://192.168.1.7'],
      ['http://192.168.1.70', 'http://localhost'],
    ],
    [
      'fd00::/8,[::1]',
      ['http://[fd12::1]:5000', 'http://[::1]', 'http://[0:0:0:0:0:0:0:1]'],
      ['http://[fe80::1]', 'http://10.0.0.1'],
    ],
    ['2001:db8::1', ['http://[2001:db8:0::1]:80'], ['http://[2001:db8::2]']],
    ['k:5000,10.0.0.1:443', ['http://k:5000', 'https://10.0.0.1'], ['http://k', 'http://10.0.0.1', 'https://k']],
    ['[::1]:8776', ['http://[::1]:8776'], ['http://[::1]:5000']],
    ['10.0.0.0/99,/8,:::,,.', [], ['http://10.0.0.1', 'http://k']],
  ];
  for (const [NO_PROXY, exempt, not] of table) {
    const choice = proxyChoice({ ALL_PROXY: 'http://p', NO_PROXY });
    for (const url of exempt) assert.equal(choice(new URL(url)), undefined, `${NO_PROXY} ${url}`);
    for (const url of not) assert.ok(choice(new URL(url)), `${NO_PROXY} ${url}`);
  }
});

test('a proxy that cannot be used is named by its variable, and its password not shown', () => {
  for (const [value, got] of [
    ['http://user:SECRETPW@proxy host:3128', 'a text that is no URL'],
    ['user:SECRETPW@proxy host:3128', 'a text that is no URL'],
    ['http://user:SECRETPW@', 'a text that is no URL'],
    ['socks5h://user:SECRETPW@proxy:1080', 'one of scheme socks5h'],
  ] as const) {
    const env = { OS_AUTH_URL: 'http://k.example/v3', OS_TOKEN: 't', HTTP_PROXY: value };
    const load = (more: Record<string, string> = {}) =>
      loadAccess({ env: { ...env, ...more }, cwd: '/nonexistent', home: '/nonexistent', systemDirs: [] });
    assert.throws(load, (error: AccessError) => {
      assert.equal(
        error.message,
        `HTTP_PROXY: expected the URL of a proxy, such as http://proxy.example:3128, got ${got}`,
      );
      return error instanceof AccessError;
    });
    assert.equal(load({ NO_PROXY: 'k.example' }).name, 'envvars', 'one that is not used does no harm');
  }
});

interface Site {
  /** `METHOD target authorization` of all that the proxy was asked. */
  readonly asked: string[];
  readonly proxyUrl: string;
  readonly open: () => number;
  readonly url: (scheme: 'http' | 'https') => string;
  readonly transport: (env: Record<string, string>, ca?: string) => Transport;
}

/** A server for both schemes, and a proxy before it that answers CONNECT as told. */
async function site(t: TestContext, onConnect?: (socket: Socket) => void): Promise<Site> {
  const answer: http.RequestListener = (request, response) =>
    response.end(JSON.stringify({ path: request.url, host: request.headers.host }));
  const plain = http.createServer(answer);
  const secure = https.createServer({ cert: pem('server.crt'), key: pem('server.key') }, answer);
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    const target = new URL(request.url ?? '');
    http.get(
      {
        host: target.hostname,
        port: target.port,
        path: target.pathname,
        headers: { host: target.host },
        agent: new http.Agent(),
      },
      (from) => from.pipe(response),
    );
  });
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  });
  proxy.on('connect', (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    if (onConnect) return onConnect(socket);
    const [host = '', port] = String(request.url).split(':');
    const to = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      to.pipe(socket).pipe(to);
    });
    socket.on('close', () => to.destroy());
    return to.on('error', () => socket.destroy());
  });
  const servers = [plain, secure, proxy];
  for (const server of servers) {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  }
  const [httpPort, httpsPort, proxyPort] = servers.map((server) => (server.address() as AddressInfo).port);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });
  return {
    asked,
    proxyUrl: `http://user:SECRETPW@127.0.0.1:${proxyPort}`,
    open: () => sockets.size,
    url: (scheme) => `${scheme}://127.0.0.1:${scheme === 'http' ? httpPort : httpsPort}/v3/x`,
    transport(env, ca) {
      const tls = { verify: true, ...(ca !== undefined && { ca }) };
      const transport = createTransport({ tls, maxBodyBytes: 10_000, userAgent: 'test', env });
      t.after(() => transport.close());
      return transport;
    },
  };
}

function ask(transport: Transport, url: string, timeoutMs = 60_000) {
  return transport.send({ operation: 'x', method: 'GET', url: new URL(url), headers: {}, timeoutMs });
}

const LOGIN = `Basic ${Buffer.from('user:SECRETPW').toString('base64')}`;

test('http goes through the proxy by its whole URL, https through a tunnel, and connections are kept', async (t) => {
  const { asked, proxyUrl, url, transport } = await site(t);
  const proxied = transport({ HTTP_PROXY: proxyUrl, https_proxy: proxyUrl.slice('http://'.length) }, pem('ca.crt'));
  for (const scheme of ['http', 'https', 'http', 'https'] as const) {
    const { status, body } = await ask(proxied, url(scheme));
    assert.deepEqual([status, JSON.parse(body.toString())], [200, { path: '/v3/x', host: new URL(url(scheme)).host }]);
  }
  const [plain, tunnel] = [`GET ${url('http')} ${LOGIN}`, `CONNECT ${new URL(url('https')).host} ${LOGIN}`];
  assert.deepEqual(asked, [plain, tunnel, plain], 'one tunnel for both');
  const exempt = transport({ ALL_PROXY: proxyUrl, NO_PROXY: '10.0.0.0/8,127.0.0.0/8' }, pem('ca.crt'));
  for (const scheme of ['http', 'https'] as const) assert.equal((await ask(exempt, url(scheme))).status, 200);
  assert.equal(asked.length, 3);
});

test('certificates are verified within the tunnel', async (t) => {
  const { proxyUrl, url, transport } = await site(t);
  await assert.rejects(
    ask(transport({ ALL_PROXY: proxyUrl }, pem('other-ca.crt')), url('https')),
    /the certificate is not trusted/,
  );
});

test('a proxy that refuses, breaks, or is not there: the message names it, and no password', async (t) => {
  const cases: readonly [string, ((socket: Socket) => void) | undefined, RegExp][] = [
    [
      'https',
      (socket) => socket.end('HTTP/1.1 407 Login\r\n\r\n'),
      /the proxy answered 407: it wants a login, through the proxy 127\.0\.0\.1:\d+ \(ALL_PROXY\)$/,
    ],
    ['https', (socket) => socket.end('HTTP/1.1 503 No\r\n\r\n'), /the proxy answered 503, through the proxy/],
    ['https', (socket) => socket.destroy(), /, through the proxy 127\.0\.0\.1:\d+ \(ALL_PROXY\)$/],
    [
      'https',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
      /more headers than we read .*through the proxy/,
    ],
  ];
  for (const [scheme, onConnect, message] of cases) {
    const { proxyUrl, url, transport } = await site(t, onConnect);
    await assert.rejects(
      ask(transport({ ALL_PROXY: proxyUrl }, pem('ca.crt')), url(scheme as 'https')),
      (error: OpenStackError) => {
        assert.match(error.message, message);
        assert.ok(!error.message.includes('SECRETPW'));
        return error instanceof OpenStackError && error.reason === 'connect';
      },
    );
  }
  const { url, transport } = await site(t);
  for (const scheme of ['http', 'https'] as const)
    await assert.rejects(
      ask(transport({ ALL_PROXY: 'http://u:SECRETPW@127.0.0.1:1' }, pem('ca.crt')), url(scheme)),
      /the connection was refused .*, through the proxy 127\.0\.0\.1:1 \(ALL_PROXY\)$/,
    );
  await assert.rejects(
    ask(transport({ HTTP_PROXY: 'socks5://u:SECRETPW@p' }), url('http')),
    /: HTTP_PROXY: expected the URL of a proxy/,
  );
});

test('a proxy that never answers costs no connection for longer than the request', async (t) => {
  const { proxyUrl, url, transport, open, asked } = await site(t, (socket) =>
    socket.resume().on('end', () => socket.end()),
  );
  const proxied = transport({ ALL_PROXY: proxyUrl }, pem('ca.crt'));
  for (let n = 0; n < 3; n += 1)
    await assert.rejects(ask(proxied, url('https'), 2000), /no whole answer within 2 s, through the proxy/);
  const deadline = performance.now() + 60_000;
  while (open() > 0 && performance.now() < deadline)
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  assert.ok(asked.length > 0);
  assert.equal(open(), 0);
});

test('without a configured authority: the list of Node.js, NODE_EXTRA_CA_CERTS and the system, on every version', async (t) => {
  const { url, transport } = await site(t);
  const refused = ask(transport({ SSL_CERT_FILE: '/nonexistent' }), url('https'));
  await assert.rejects(refused, /the certificate is not trusted/);
  for (const env of [{ SSL_CERT_FILE: pemFile('ca.crt') }, { NODE_EXTRA_CA_CERTS: pemFile('ca.crt') }])
    assert.equal((await ask(transport(env), url('https'))).status, 200, JSON.stringify(env));
  const ours = pem('ca.crt').trim();
  const count = defaultAuthorities({}, []).length;
  assert.ok(count > 50);
  assert.equal(defaultAuthorities({}, ['/nonexistent', pemFile('ca.crt'), pemFile('other-ca.crt')]).at(-1), ours);
  assert.equal(defaultAuthorities({}, [pemFile('server.key')]).length, count, 'what is no certificate is passed over');
});
