import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { send } from '../lab/answer.ts';
import { waitFor } from '../support/wait-for.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

test('demo --alerts: URLs, the first page on the terminal, and nothing left behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cinder-demo-test-'));
  const child = spawn(process.execPath, [main, 'demo', '--alerts', '--web.listen-address', '127.0.0.1:0'], {
    env: { PATH: process.env['PATH'], TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const ended = once(child, 'exit');
  const told = (pattern: RegExp): Promise<string> =>
    waitFor(String(pattern), () => pattern.exec(said)?.[1], 120_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${said}`, { cause: error });
    });
  try {
    const prometheus = await told(/Prometheus +(http:\S+)\/alerts/);
    const alertmanager = await told(/Alertmanager +(http:\S+)\//);
    // Of any backend: on a busy machine the first fault may be over before Prometheus has seen it long enough.
    await told(/\d  PAGE +(CinderBackendDown  The driver of \S+ reports .*)\n/);
    const { json } = await send(`${alertmanager}/api/v2/alerts?receiver=pager`);
    const names = (json as readonly { readonly labels: Record<string, string> }[]).map(
      ({ labels }) => labels['alertname'],
    );
    assert.ok(names.includes('CinderBackendDown'), names.join());
    const metrics = await told(/Metrics +(http:\S+)/);
    const well = /^cinder_canary_success\{.*\} 1$/gm;
    await waitFor('a round of each canary goes well', async () => (await send(metrics)).text.match(well)?.length === 3);
    const rules = await send(`${prometheus}/api/v1/rules?type=alert`);
    assert.doesNotMatch(rules.text, /"health":"err"/);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    for (const url of [prometheus, alertmanager]) await assert.rejects(send(`${url}/-/ready`), /fetch failed/);
    assert.deepEqual(await readdir(folder), []);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});
