import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';
import { ConfigError } from '../../src/config/error.ts';
import { loadWebConfig } from '../../src/web/config.ts';
import { BAD_WEB_FILES } from './bad-web-files.ts';
import { HASH, webFolder } from './web-folder.ts';

test('every bad file is refused with exactly these lines', async (t) => {
  const folder = webFolder(t);
  folder.write('broken.crt', '-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n');
  for (const [name, document, lines] of BAD_WEB_FILES) {
    await t.test(name, () => {
      const file = folder.write('web.yml', document);
      assert.throws(
        () => loadWebConfig(file),
        (error) => {
          assert.ok(error instanceof ConfigError, String(error));
          const told = error.problems.map((line) => line.replace(`${file}:`, '').replaceAll(folder.path, 'DIR'));
          assert.deepEqual(told, lines);
          return true;
        },
      );
    });
  }
});

test('a file that cannot be read says so', () => {
  assert.throws(
    () => loadWebConfig('/nowhere/web.yml'),
    /^ConfigError: \/nowhere\/web\.yml: expected a file, got nothing of that name$/,
  );
  assert.throws(() => loadWebConfig('/dev/zero'), /expected a regular file, got a device/);
});

test('an empty file, comments and a section without headers configure nothing, as in exporter-toolkit', (t) => {
  const folder = webFolder(t);
  const documents = ['', '\n---\n# TLS later\n', 'http_server_config:\n', 'http_server_config: {headers: {}}\n'];
  for (const document of documents) {
    const config = loadWebConfig(folder.write('web.yml', document));
    assert.equal(config.tls, undefined);
    assert.equal(config.users.size, 0);
    assert.equal(config.headers.size, 0);
    assert.equal(config.rateLimit, undefined);
  }
});

test('the whole format is understood', (t) => {
  const folder = webFolder(t);
  const config = loadWebConfig(
    folder.write(
      'web.yml',
      `
tls_server_config:
  cert_file: server.crt
  key_file: ./server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ${join(folder.path, 'ca.crt')}
  client_allowed_sans: [prometheus.example, "2001:db8::7"]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: no
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: off
  headers:
    X-XSS-Protection: 0
    X-Frame-Options: sameorigin
    Content-Security-Policy:
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  alice: ${HASH}
  "": ${HASH.replace('$2b$', '$2y$')}
  yes: ${HASH.replace('$2b$', '$2a$')}
rate_limit: {interval: 1m0.5s, burst: 3}
`,
    ),
  );
  assert.deepEqual(
    config.files,
    ['web.yml', 'server.crt', 'server.key', 'ca.crt'].map((name) => join(folder.path, name)),
  );
  assert.equal(config.tls?.clientAuth, 'RequireAndVerifyClientCert');
  assert.deepEqual(config.tls.allowedSans, ['prometheus.example', '2001:db8::7']);
  assert.equal(
    config.tls.ciphers,
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
  );
  assert.equal(config.tls.curves, 'X25519:prime256v1');
  assert.equal(config.tls.preferServerCiphers, false);
  assert.equal(new Date(config.tls.expiresAtMs).toISOString(), '2126-01-01T00:00:00.000Z');
  assert.deepEqual(Object.fromEntries(config.headers), {
    'X-XSS-Protection': '0',
    'X-Frame-Options': 'sameorigin',
    'Content-Security-Policy': '',
    'Strict-Transport-Security': 'max-age=31536000',
  });
  assert.deepEqual([...config.users.keys()], ['alice', '', 'yes']);
  assert.deepEqual(config.rateLimit, { intervalMs: 60_500, burst: 3 });
  assert.deepEqual(config.warnings, []);
});

test('certificate and key may stand in the file itself, and neither key nor hash is ever printed', (t) => {
  const folder = webFolder(t);
  const pem = (name: string): string => JSON.stringify(readFileSync(join(folder.path, name), 'utf8'));
  const document = `tls_server_config: {cert: ${pem('server.crt')}, key: ${pem('server.key')}}\nbasic_auth_users: {alice: ${HASH}}\n`;
  const config = loadWebConfig(folder.write('web.yml', document));
  assert.deepEqual(config.files, [join(folder.path, 'web.yml')]);
  assert.match(config.tls?.key.reveal() ?? '', /^-----BEGIN EC PRIVATE KEY/);
  for (const shown of [inspect(config, { depth: 9 }), JSON.stringify(config), JSON.stringify([...config.users])]) {
    assert.doesNotMatch(shown, /PRIVATE KEY|\$2b\$/);
  }
});

test('what is allowed but unwise is a warning', (t) => {
  const folder = webFolder(t);
  const warnings = (document: string): readonly string[] => loadWebConfig(folder.write('web.yml', document)).warnings;
  assert.deepEqual(warnings('tls_server_config: {cert_file: expired.crt, key_file: expired.key}'), [
    "The server's certificate ended on 2020-01-01.",
  ]);
  assert.deepEqual(
    warnings('tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireClientCert}'),
    ['client_auth_type RequireAnyClientCert lets in clients without a verified certificate.'],
  );
  assert.deepEqual(warnings(`basic_auth_users: {alice: ${HASH}}`), [
    'Basic authentication without TLS sends passwords in the clear.',
  ]);
});
