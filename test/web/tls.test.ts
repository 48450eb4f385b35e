import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';
import tls from 'node:tls';
import { listen } from '../../src/web/listen.ts';
import { subjectNames } from '../../src/web/tls.ts';
import { watchWebConfig } from '../../src/web/watch.ts';
import { connect, readAll, send } from './raw-client.ts';
import { HASH, webFolder } from './web-folder.ts';

const PAIR = 'cert_file: server.crt, key_file: server.key';
const MUTUAL = `${PAIR}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt`;

/** Serves over TLS with these settings, and answers how to ask as which client. */
async function start(t: TestContext, settings: string, more = '') {
  const folder = webFolder(t);
  const document = (inner: string): string => `tls_server_config: {${inner}}\n${more}`;
  const reasons: string[] = [];
  const web = watchWebConfig(folder.write('web.yml', document(settings)), {
    log: (_level, message, fields) => reasons.push(`${message}: ${String(fields?.['reason'] ?? fields?.['error'])}`),
    intervalMs: 3_600_000,
  });
  const listening = await listen(
    (_request, response) => void response.end('hello'),
    { host: '127.0.0.1', port: 0 },
    {
      web,
      log: (_level, message, fields) => reasons.push(`${message}: ${String(fields?.['reason'])}`),
    },
  );
  t.after(() => (web.close(), listening.close(0)));
  const pem = (name: string): Buffer => readFileSync(join(folder.path, name));
  const port = Number(listening.address.split(':')[1]);
  const options = (client?: string) => ({
    host: '127.0.0.1',
    port,
    ca: pem('ca.crt'),
    ...(client === undefined ? {} : { cert: pem(`${client}.crt`), key: pem(`${client}.key`) }),
  });
  return {
    folder,
    web,
    listening,
    reasons,
    options,
    rewrite: (inner: string) => folder.write('web.yml', document(inner)),
    /** The status, or the code of the error that ends the connection. */
    ask: async (client?: string, own: tls.ConnectionOptions = {}): Promise<string> => {
      const request = https.get({ ...options(client), ...own, agent: false });
      try {
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        await response.resume().toArray();
        return String(response.statusCode);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error);
      }
    },
    /** The common name of the server's certificate. */
    served: async (): Promise<string> => {
      const socket = tls.connect(options());
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    },
  };
}

test('TLS 1.2 and 1.3 are served, older versions and plain HTTP are not', async (t) => {
  const { ask, listening } = await start(t, PAIR);
  assert.equal(listening.tls, true);
  assert.equal(await ask(undefined, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), '200');
  assert.equal(await ask(undefined, { minVersion: 'TLSv1.3' }), '200');
  const old = await ask(undefined, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  assert.equal(old, 'EPROTO');
  assert.equal(await send(listening.address, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), '');
});

test('versions, ciphers and curves are those of the file', async (t) => {
  const { ask, options } = await start(
    t,
    `${PAIR}, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], curve_preferences: [CurveP384]`,
  );
  const agreed = async (own: tls.ConnectionOptions): Promise<string> => {
    const socket = tls.connect({ ...options(), ...own });
    await once(socket, 'secureConnect');
    const { standardName } = socket.getCipher();
    socket.destroy();
    return standardName;
  };
  assert.equal(await agreed({ maxVersion: 'TLSv1.2' }), 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
  assert.match(await agreed({ minVersion: 'TLSv1.3' }), /^TLS_(?:AES|CHACHA20)_/);
  assert.match(await ask(undefined, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }), /^EPROTO$/);
  assert.match(await ask(undefined, { ecdhCurve: 'prime256v1' }), /^EPROTO$/);
});

test('each of the client policies of Go lets in whom it should', async (t) => {
  const policies: [string, string, string, string][] = [
    ['NoClientCert', '200', '200', '200'],
    ['RequestClientCert', '200', '200', '200'],
    ['RequireClientCert', 'cut', '200', '200'],
    ['RequireAnyClientCert, client_ca_file: ca.crt', 'cut', '200', '200'],
    ['VerifyClientCertIfGiven, client_ca_file: ca.crt', '200', '200', 'cut'],
    ['RequireAndVerifyClientCert, client_ca_file: ca.crt', 'cut', '200', 'cut'],
  ];
  for (const [policy, none, client, stranger] of policies) {
    const { ask } = await start(t, `${PAIR}, client_auth_type: ${policy}`);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const outcome = async (name?: string): Promise<string> =>
        (await ask(name, { maxVersion: version })) === '200' ? '200' : 'cut';
      assert.deepEqual(
        [await outcome(), await outcome('client'), await outcome('stranger')],
        [none, client, stranger],
        `${policy} ${version}`,
      );
    }
  }
});

test('a verified client must have an allowed name, and the log says what it had', async (t) => {
  for (const [name, expected] of [
    ['prometheus.example', '200'],
    ['ops@example.com', '200'],
    ['2001:db8::7', '200'],
    ['2001:0DB8::0007', '200'],
    ['spiffe://example/prometheus', '200'],
    ['example', 'ECONNRESET'],
    ['Prometheus.example', 'ECONNRESET'],
  ]) {
    const { ask, reasons } = await start(t, `${MUTUAL}, client_allowed_sans: [other.example, ${JSON.stringify(name)}]`);
    assert.equal(await ask('client', { maxVersion: 'TLSv1.2' }), expected, name);
    if (expected !== '200') {
      assert.deepEqual(reasons, [
        'A client was turned away: no allowed subject alternative name in the client certificate: prometheus.example, ops@example.com, 2001:db8::7, spiffe://example/prometheus',
      ]);
    }
  }
});

test('names of a certificate are taken apart without being fooled by commas and quotes', () => {
  assert.deepEqual(subjectNames('DNS:a.example, IP Address:10.0.0.1, IP Address:FE80:0:0:0:0:0:0:1'), [
    'a.example',
    '10.0.0.1',
    'fe80::1',
  ]);
  assert.deepEqual(subjectNames('URI:"http://x/?a=1, DNS:evil.example"'), ['http://x/?a=1, DNS:evil.example']);
  assert.deepEqual(subjectNames('othername:<unsupported>, DirName:"CN = x, DNS:evil.example", DNS:b'), ['b']);
  assert.deepEqual(subjectNames('DNS:"unterminated'), []);
  assert.deepEqual(subjectNames(''), []);
});

test('certificate, key and client CA are exchanged without a restart; a bad one changes nothing', async (t) => {
  const { ask, served, folder, web, listening } = await start(
    t,
    MUTUAL.replace('RequireAndVerify', 'Verify').replace('ClientCert,', 'ClientCertIfGiven,'),
  );
  assert.equal(await served(), 'server');
  folder.copy('rotated.crt', 'server.crt');
  assert.match(web.reload()?.message ?? '', /expected the certificate's private key, got the key of another one/);
  assert.equal(await served(), 'server');
  folder.copy('rotated.key', 'server.key');
  assert.equal(web.reload(), undefined);
  assert.equal(await served(), 'rotated');
  assert.deepEqual([await ask('client'), await ask('stranger')], ['200', 'ECONNRESET']);
  const client = tls.connect({
    host: '127.0.0.1',
    port: Number(listening.address.split(':')[1]),
    ca: readFileSync(join(folder.path, 'ca.crt')),
  });
  await once(client, 'secureConnect');
  folder.copy('other-ca.crt', 'ca.crt');
  assert.equal(web.reload(), undefined);
  await once(client.resume(), 'close');
  const trust = { ca: readFileSync(join(folder.path, 'server.crt')), rejectUnauthorized: false };
  assert.deepEqual([await ask('client', trust), await ask('stranger', trust)], ['ECONNRESET', '200']);
});

test('asking for client certificates can be turned on and off', async (t) => {
  const { ask, rewrite, web } = await start(t, PAIR);
  assert.equal(await ask(), '200');
  rewrite(MUTUAL);
  assert.equal(web.reload(), undefined);
  assert.deepEqual([await ask(), await ask('client')], ['ECONNRESET', '200']);
  rewrite(PAIR);
  assert.equal(web.reload(), undefined);
  assert.equal(await ask(), '200');
});

test('a resumed session is worth as much as its certificate, and nothing after the rules have changed', async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { ask, rewrite, web, options } = await start(t, PAIR);
    const session = async (client?: string): Promise<Buffer> => {
      const socket = tls.connect({ ...options(client), maxVersion });
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [ticket] = (await once(socket, 'session')) as [Buffer];
      socket.destroy();
      return ticket;
    };
    const anonymous = await session();
    assert.equal(await ask(undefined, { session: anonymous, maxVersion }), '200');
    rewrite(MUTUAL);
    assert.equal(web.reload(), undefined);
    assert.equal(await ask(undefined, { session: anonymous, maxVersion }), 'ECONNRESET');
    const known = await session('client');
    assert.equal(await ask('client', { session: known, maxVersion }), '200');
    rewrite(MUTUAL.replace('ca.crt', 'other-ca.crt'));
    assert.equal(web.reload(), undefined);
    assert.equal(await ask('client', { session: known, maxVersion }), 'ECONNRESET');
    assert.equal(await ask(undefined, { session: known, maxVersion }), 'ECONNRESET');
  }
});

test('the password is asked for after the certificate', async (t) => {
  const { ask } = await start(t, MUTUAL, `basic_auth_users: {alice: ${HASH}}`);
  assert.equal(await ask('client'), '401');
  assert.equal(await ask(), 'ECONNRESET');
});

test('silent and half-done handshakes are counted, bounded and closed', async (t) => {
  const folder = webFolder(t);
  const web = watchWebConfig(folder.write('web.yml', `tls_server_config: {${PAIR}}`), { log: () => undefined });
  const limits = { maxConnections: 5, handshakeTimeoutMs: 3000 };
  const listening = await listen(
    (_request, response) => void response.end('hello'),
    { host: '127.0.0.1', port: 0 },
    { web, limits },
  );
  t.after(() => (web.close(), listening.close(0)));
  const silent = await Promise.all(Array.from({ length: 20 }, () => connect(listening.address)));
  const ca = readFileSync(join(folder.path, 'ca.crt'));
  const request = https.get(`https://${listening.address}/`, { ca, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  assert.ok(listening.connections() <= 5, String(listening.connections()));
  response.resume();
  await Promise.all(silent.map(readAll));
  while (listening.connections() > 0) await new Promise(setImmediate);
});
