import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CANARY_CLOUD, EVERYTHING } from '../canary/bench.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { type Ended, runProgram } from '../support/program.ts';

interface Desk {
  readonly simulator: Simulator;
  readonly pauseFile: string;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
}

/** The program with a configuration that has a canary, who logs in as `who`, in a simulated cloud. */
async function desk(t: TestContext, who = ['canary', 'canary'], more: object = {}): Promise<Desk> {
  const simulator = await startSimulator({ cloud: CANARY_CLOUD });
  const folder = mkdtempSync(join(tmpdir(), 'canary-'));
  t.after(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true });
  });
  const [user = '', project = ''] = who;
  const login = (username: string, project_name: string): object => ({
    auth: {
      auth_url: simulator.authUrl,
      username,
      password: `${username}-pw`,
      project_name,
      user_domain_name: 'Default',
      project_domain_name: 'Default',
    },
  });
  const clouds = { clouds: { watch: login('admin', 'admin'), own: login(user, project) } };
  writeFileSync(join(folder, 'clouds.yaml'), JSON.stringify(clouds));
  const pauseFile = join(folder, 'paused');
  const canary = {
    os_cloud: 'own',
    volume_types: { 'canary-one': 'h1@one', 'canary-two': 'h1@two' },
    pause_file: pauseFile,
    ...more,
  };
  const file = join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify({ clouds: { watch: { canary } } }));
  const env = { OS_CLIENT_CONFIG_FILE: join(folder, 'clouds.yaml') };
  return {
    simulator,
    pauseFile,
    run: (...args) => runProgram(['canary', '--config.file', file, ...args], { env }),
  };
}

test('--once: a table of the phases, and 0; with a driver that fails 2, and why', async (t) => {
  const { run, simulator } = await desk(t);
  const well = await run('--once');
  assert.equal(well.code, 0, well.stderr);
  assert.match(well.stdout, /^VOLUME TYPE +BACKEND +RESULT +LOOK +CREATE +DELETE$/m);
  assert.match(well.stdout, /^canary-one +h1@one +ok +\d\.\d s +\d\.\d s +\d\.\d s$/m);
  assert.match(well.stdout, /^canary-two +h1@two +ok /m);

  simulator.cloud.setDriver('h1@one', { _fail_create: 'no' });
  const bad = await run('--once', 'canary-one');
  assert.equal(bad.code, 2);
  assert.match(bad.stdout, /^canary-one +h1@one +failed +\d\.\d s +failed +-$/m);
  assert.match(bad.stdout, /^canary-one: create: driver: .*Driver failed to create the volume\.$/m);
  assert.doesNotMatch(bad.stdout, /canary-two/);
  assert.equal((await run('--clean')).stdout, 'nothing is left\n');
});

test('--clean: what cannot be deleted is 2, and stays', async (t) => {
  const { run, simulator } = await desk(t);
  simulator.cloud.setDriver('h1@one', { _fail_delete: 'no' });
  assert.equal((await run('--once', 'canary-one')).code, 2);
  const ended = await run('--clean');
  assert.equal(ended.code, 2, ended.stdout);
  assert.match(ended.stdout, /a volume is left that may be of a round of another process: in 16 min it is none/);
});

test('--once and --clean with the login of an administrator: 3, and nothing is touched', async (t) => {
  const { run, simulator } = await desk(t, ['admin', 'admin']);
  const once = await run('--once');
  assert.equal(once.code, 3);
  assert.match(once.stdout, /canary-one: its login has the role admin/);
  const clean = await run('--clean');
  assert.equal(clean.code, 3);
  assert.equal(clean.stdout, 'nothing was touched: its login has the role admin\n');
  assert.equal(simulator.requests.counts['POST other'] ?? 0, 0);
  assert.equal(simulator.requests.counts['DELETE other'] ?? 0, 0);
});

test('--pause and --resume: the file comes and goes, and --once says why it does nothing', async (t) => {
  const { run, pauseFile } = await desk(t);
  assert.equal((await run('--pause')).code, 0);
  assert.match(readFileSync(pauseFile, 'utf8'), /^\d{4}-\d\d-\d\dT.*canary --pause\n$/);
  const once = await run('--once', 'canary-one');
  assert.equal(once.code, 1);
  assert.match(once.stdout, /canary-one: the file .*paused exists/);
  assert.equal((await run('--resume')).code, 0);
  assert.ok(!existsSync(pauseFile));
  mkdirSync(join(pauseFile, 'a folder'), { recursive: true });
  for (const flag of ['--pause', '--resume'])
    assert.match(
      (await run(flag)).stderr,
      /^cinder-exporter: canary\.pause_file: expected a file that can be made and removed, got .*paused: E\w+$/m,
    );
});

test('--setup prints commands and asks nobody', async (t) => {
  const { run, simulator } = await desk(t);
  const { code, stdout } = await run('--setup');
  assert.equal(code, 0);
  assert.equal(simulator.requests.connections, 0);
  for (const line of [
    /^openstack project create .* cinder-canary$/m,
    /^openstack quota set --volumes 8 --gigabytes 8 --per-volume-gigabytes 1 --snapshots 0 --backups 0 cinder-canary$/m,
    /^openstack volume type create --private --property volume_backend_name=one canary-one$/m,
    /^openstack volume type set --project cinder-canary canary-two$/m,
    /^openstack role add --project cinder-canary --user cinder-canary member$/m,
    /about 35040 volumes a year/,
  ])
    assert.match(stdout, line);
  assert.deepEqual(rulesOf(stdout), [
    'GET /v3/volumes/detail',
    'GET /v3/volumes/*',
    'GET /v3/types',
    'GET /v3/messages',
    'POST /v3/volumes',
    'DELETE /v3/volumes/*',
    'GET /v3/snapshots/detail',
    'GET /v3/snapshots/*',
    'DELETE /v3/snapshots/*',
    'GET /v3/attachments',
    'DELETE /v3/attachments/*',
  ]);
});

/** The access rules that are printed, without those for an API that has a project in its path. */
function rulesOf(stdout: string): readonly string[] {
  const [, rules = ''] = /--access-rules '(.*)'$/m.exec(stdout) ?? [];
  const all = JSON.parse(rules) as { service: string; method: string; path: string }[];
  assert.ok(all.every(({ service }) => service === 'block-storage'));
  return all.filter(({ path }) => !path.startsWith('/v3/*/')).map(({ method, path }) => `${method} ${path}`);
}

test('--setup and --once of a round that does everything', async (t) => {
  const { connector, ...more } = EVERYTHING;
  const { run } = await desk(t, ['canary', 'canary'], { ...more, attach: { connector } });
  const { stdout } = await run('--setup');
  assert.match(stdout, /^openstack quota set --volumes 8 --gigabytes 16 --per-volume-gigabytes 1 --snapshots 8 /m);
  assert.match(stdout, new RegExp(`^openstack image add project ${EVERYTHING.image} cinder-canary$`, 'm'));
  assert.deepEqual(
    rulesOf(stdout).filter((rule) => rule.startsWith('POST')),
    ['POST /v3/volumes', 'POST /v3/snapshots', 'POST /v3/attachments'],
  );
  const once = await run('--once', 'canary-one');
  assert.equal(once.code, 0, once.stdout);
  assert.match(once.stdout, /^VOLUME TYPE +BACKEND +RESULT +LOOK +CREATE +SNAPSHOT +ATTACH +DELETE$/m);
  assert.match(once.stdout, /^canary-one +h1@one +ok(?: +\d\.\d s){5}$/m);
});

const BAD: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[], /expected one of --setup, --once, --clean, --pause, --resume, got none/],
  [['--once', '--clean'], /got --once and --clean/],
  [['--clean', 'canary-one'], /--clean: expected no volume type, got "canary-one"/],
  [['--once', 'nothing'], /expected a volume type of its configuration \(canary-one, canary-two\), got "nothing"/],
  [['--once', '--cloud', 'x'], /--cloud: expected one of watch, got "x"/],
];

test('a command line that cannot be used says what was expected, and ends with 3', async (t) => {
  const { run } = await desk(t);
  for (const [args, message] of BAD) {
    const ended = await run(...args);
    assert.equal(ended.code, 3, args.join(' '));
    assert.match(ended.stderr, message);
  }
});

test('without a cloud that has a canary: 3', async () => {
  const ended = await runProgram(['canary', '--setup']);
  assert.equal(ended.code, 3);
  assert.match(ended.stderr, /expected a cloud with the key canary in the configuration file/);
});

test('what makes volumes is not loaded at the start: only its command and the demo, loaded themselves when needed, import it as a value', () => {
  const src = new URL('../../src/', import.meta.url);
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const imports = /^import (?!type )[^;]*? from '\.\.\/canary\//m;
  const importing = files.filter((name) => imports.test(readFileSync(new URL(name, src), 'utf8'))).toSorted();
  assert.deepEqual(importing, ['cli/canary.ts', 'cli/demo.ts']);
});
