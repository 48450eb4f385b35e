import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { freePorts } from '../lab/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

// A place of its own, so that no other running exporter is taken for the one of this test.
const scratch = mkdtempSync(join(tmpdir(), 'cinder-health-'));
after(() => rmSync(scratch, { recursive: true }));
symlinkSync(new URL('../../dist', import.meta.url).pathname, join(scratch, 'dist'));
const main = join(scratch, 'dist/main.js');

interface Outcome {
  readonly code: number;
  readonly stderr: string;
}

function healthcheck(...flags: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'healthcheck', ...flags], (error, _stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr });
    });
  });
}

async function answering(server: http.Server | https.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `--web.listen-address=127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const TLS = new URL('../fixtures/tls/', import.meta.url);

test('it finds the address of the exporter that runs, and fails when that is gone', async (t) => {
  const [port = 0] = await freePorts(1);
  const exporter = spawn(process.execPath, [main, 'demo', '--web.listen-address', `127.0.0.1:${port}`], {
    stdio: 'ignore',
  });
  t.after(() => exporter.kill('SIGKILL'));
  await waitFor('the exporter', async () =>
    (await fetch(`http://127.0.0.1:${port}/-/healthy`)).ok ? true : undefined,
  );
  assert.deepEqual(await healthcheck(), { code: 0, stderr: '' });
  const exited = once(exporter, 'exit');
  exporter.kill('SIGTERM');
  await exited;
  const { code, stderr } = await healthcheck(`--web.listen-address=127.0.0.1:${port}`);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^cinder-exporter: no answer from 127\\.0\\.0\\.1 port ${port}: .*ECONNREFUSED`));
});

test('a refusal is a sign of life', async (t) => {
  const server = http.createServer((request, response) => {
    response.statusCode = request.url === '/-/healthy' ? 401 : 500;
    response.end();
  });
  t.after(() => server.close());
  assert.deepEqual(await healthcheck(await answering(server)), { code: 0, stderr: '' });
});

for (const requestCert of [false, true]) {
  test(`TLS ${requestCert ? 'that wants a client certificate' : 'with a certificate for another name'} is a sign of life`, async (t) => {
    const read = (name: string): string => readFileSync(new URL(name, TLS), 'utf8');
    const server = https.createServer(
      {
        cert: read('server.crt'),
        key: read('server.key'),
        ca: read('ca.crt'),
        requestCert,
        rejectUnauthorized: requestCert,
      },
      (_request, response) => response.end(),
    );
    t.after(() => server.close());
    assert.deepEqual(await healthcheck(await answering(server)), { code: 0, stderr: '' });
  });
}

test('a process that accepts and never answers is not healthy', async (t) => {
  const server = http.createServer(() => {});
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { code, stderr } = await healthcheck(await answering(server));
  assert.equal(code, 1);
  assert.match(stderr, /no answer from 127\.0\.0\.1 port \d+: /);
});
