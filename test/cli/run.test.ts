import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { type Ended, type ProgramOptions, runProgram } from '../support/program.ts';
import { SMALL_CLOUD } from '../watch/watched.ts';

/** Runs the program; `told` sees standard error as it grows, and may send a signal. */
function program(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  told: ProgramOptions['told'] = () => {},
): Promise<Ended> {
  return runProgram(args, { env, told });
}

test('command lines that cannot be used are one sentence and exit code 1', async () => {
  const [none, command, flag, version] = await Promise.all([
    program([], {}),
    program(['watch'], {}),
    program(['--web.listen-adress', ':1'], {}),
    program(['--version'], {}),
  ]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^cinder-exporter: .*\n.*cinder-exporter demo\n$/s);
  assert.deepEqual([command.code, flag.code], [1, 1]);
  assert.match(command.stderr, /unknown command "watch"; the commands are serve, check, demo/);
  assert.match(flag.stderr, /did you mean --web\.listen-address\?/);
  assert.ok(
    [none, command, flag].every(({ stderr }) => !/\n\s+at /.test(stderr)),
    'no stack',
  );
  const [near, ...helps] = await Promise.all([
    program(['chek'], {}),
    ...[['help'], ['-h'], ['check', '-h'], ['help', 'check'], ['healthcheck', '--help']].map((args) =>
      program(args, {}),
    ),
  ]);
  assert.match(near.stderr, /unknown command "chek", did you mean check\?/);
  const usage = helps.map(({ code, stdout, stderr }) => [code, stdout.split('\n')[0], stderr]);
  assert.deepEqual(usage, [
    [0, 'Usage:', ''],
    [0, 'Usage:', ''],
    [0, 'Usage: cinder-exporter check [flags] [HOST...]', ''],
    [0, 'Usage: cinder-exporter check [flags] [HOST...]', ''],
    [0, 'Usage: cinder-exporter healthcheck [flags]', ''],
  ]);
  const [bash, shell, nothing, man] = await Promise.all(
    [['completion', 'bash'], ['completion', 'tcsh'], ['completion'], ['man']].map((args) => program(args, {})),
  );
  assert.match(bash?.stdout ?? '', /^ {8}check\) words='--config\.file\n(?:--[\w.-]+\n)*--help' ;;$/m);
  assert.match(shell?.stderr ?? '', /completion: expected bash, zsh, fish, got "tcsh"/);
  assert.match(nothing?.stderr ?? '', /completion: expected bash, zsh, fish, got ""/);
  assert.match(man?.stdout ?? '', /^\.TH CINDER\\-EXPORTER 1 /);
  assert.deepEqual([version.code, version.stderr], [0, '']);
  assert.match(version.stdout, /^cinder-exporter \d+\.\d+\.\d+ \(node v/);
});

test('SIGHUP reloads, SIGTERM ends with exit code 0, and waits for no cloud that hangs', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-run-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'config.yaml');
  // Who waited for the cloud would wait for ten minutes.
  writeFileSync(config, 'defaults: {interval: 1h, timeouts: {request: 10m}}\n');
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(() => simulator.close());
  simulator.cloud.hangApi();
  let hung = false;
  let stopped = false;
  const args = ['--web.listen-address=127.0.0.1:0', `--config.file=${config}`];
  const ended = await program(args, simulator.environment(), (stderr, kill) => {
    if (!hung && stderr.includes('Listening on')) {
      hung = true;
      void simulator.requests.next('token').then(() => kill('SIGHUP'));
      if (simulator.requests.count('token') > 0) kill('SIGHUP');
    }
    if (!stopped && stderr.includes('Configuration reloaded')) {
      stopped = true;
      kill('SIGTERM');
    }
  });
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stderr, /level=info msg=Stopping signal=SIGTERM\n/);
  assert.ok(!ended.stderr.includes(simulator.environment()['OS_PASSWORD'] ?? '?'));
});
