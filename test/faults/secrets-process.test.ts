import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { hashSync } from 'bcryptjs';
import { waitFor } from '../support/wait-for.ts';
import { startExporter } from '../support/exporter.ts';
import { runHere, runProgram } from '../support/program.ts';
import { CORE, assertHidden } from './planted.ts';

test('no secret in what the process writes: bad files, checks, crashes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-secrets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const yaml = (password: string, more = ''): string =>
    `clouds:\n  lab:\n    auth:\n      auth_url: http://127.0.0.1:1/v3\n      username: admin\n      password: ${password}\n      project_name: admin\n      user_domain_name: Default\n      project_domain_name: Default\n${more}`;
  write('config.yaml', 'clouds:\n  lab:\n');
  for (const [i, text] of [
    yaml('"planted'),
    yaml('[planted, planted]'),
    yaml('{planted: planted}'),
    yaml('planted: planted'),
    yaml('&planted *planted'),
    yaml('!!planted planted'),
    yaml('planted', '      passwrod: planted\n'),
    yaml('planted', '    cacert: missing.crt\n'),
    yaml('planted').replace('http://', 'http://admin:planted@'),
    yaml('planted').replace('    auth:', '    auth_type: planted\n    auth:'),
    yaml('planted').replace('username: admin\n', ''),
  ].entries()) {
    write('clouds.yaml', text);
    for (const args of [
      ['--config.check', '--config.file=config.yaml'],
      ['check', '--config.file=config.yaml'],
    ]) {
      // The first also as a process, with all that Node.js may write at its end.
      for (const run of i === 0 ? [runHere, runProgram] : [runHere]) {
        const { stdout, stderr, code } = await run(args, { cwd: folder });
        const output = stdout + stderr;
        // The name of a login method is no secret, and is told.
        const shown = text.includes('auth_type: planted') ? output.replaceAll('"planted"', '') : output;
        assert.ok(code !== null && output !== '', args[0]);
        assertHidden(shown, [CORE], text);
      }
    }
  }
  write('clouds.yaml', yaml('planted'));
  write('web.yaml', `basic_auth_users:\n  prometheus: planted\n`);
  const bad = await runProgram(
    ['--config.file=config.yaml', '--web.config.file=web.yaml', '--web.listen-address=127.0.0.1:0'],
    { cwd: folder },
  );
  assert.equal(bad.code, 1);
  assertHidden(bad.stdout + bad.stderr, [CORE], 'web configuration');

  const hash = hashSync('planted', 4);
  write('web.yaml', `basic_auth_users:\n  prometheus: ${hash}\n`);
  write('crash.cjs', "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('crash'); }));");
  const running = await startExporter({
    cwd: folder,
    environment: { NODE_OPTIONS: `--require=${join(folder, 'crash.cjs')}` },
    args: ['--config.file=config.yaml', '--web.config.file=web.yaml', '--log.level=debug', '--log.format=json'],
    authorization: `Basic ${Buffer.from('prometheus:planted').toString('base64')}`,
  });
  t.after(running.stop);
  await running.waitFor('it has tried', (page) => page.value('cinder_up') === 0);
  await fetch(`${running.url}/metrics`, {
    headers: { authorization: `Basic ${Buffer.from('prometheus:planted too').toString('base64')}` },
  });
  running.signal('SIGUSR2');
  await waitFor('it crashes', () => (running.output().includes('Error: crash') ? true : undefined));
  assertHidden(running.output(), [CORE, hash, Buffer.from('prometheus:planted').toString('base64')], 'crash');
});

test('SIGUSR1 opens no debugger, however early it comes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-debugger-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const auth = '{auth_url: "http://127.0.0.1:1/v3", username: a, password: b, project_id: c, user_domain_id: d}';
  writeFileSync(join(folder, 'clouds.yaml'), `clouds: {lab: {auth: ${auth}}}\n`);
  writeFileSync(join(folder, 'config.yaml'), 'clouds:\n  lab:\n');
  const options = {
    cwd: folder,
    args: ['--config.file=config.yaml'],
    environment: { NODE_OPTIONS: '--inspect-port=0' },
  };
  const start = performance.now();
  await runProgram(['--version'], { env: options.environment });
  const wholeMs = performance.now() - start;
  // Early, Node.js has a listener and ours is not there yet.
  for (const part of [0.3, 0.5, 0.7, 0.9, 1.1]) {
    const running = await startExporter({ ...options, early: { signal: 'SIGUSR1', afterMs: wholeMs * part } }).catch(
      // Before Node.js itself listens, the signal ends the process, as it ends every program.
      (error: Error) => {
        assert.match(error.message, /it ended: $/);
      },
    );
    if (!running) continue;
    t.after(running.stop);
    const opened = (): string[] => running.output().match(/(?<=ws:\/\/)127\.0\.0\.1:\d+/g) ?? [];
    const closed = async (): Promise<true | undefined> => {
      const open = await Promise.all(opened().map((at) => fetch(`http://${at}/json`).catch(() => undefined)));
      return open.every((answer) => answer === undefined) || undefined;
    };
    await waitFor('the debugger is closed', closed);
    const before = opened().length;
    running.signal('SIGUSR1');
    await running.metrics();
    await pause(300);
    assert.equal(opened().length, before, running.output());
    assert.ok(await closed());
    await running.stop();
  }
});
