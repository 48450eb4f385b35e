import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from '../lab/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { addNode, makeDebianTree } from './debian-tree.ts';
import { imageBase } from './image-base.ts';
import { scrape } from './scrape.ts';
import { tool } from './tool.ts';

const root = new URL('../../', import.meta.url).pathname;
const { version, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
};
const base = imageBase();
const NAME = 'ghcr.io/cinder-exporter/cinder-exporter:test';

const scratch = mkdtempSync(join(tmpdir(), 'cinder-image-'));
const tree = join(scratch, 'debian');
const node = join(scratch, 'node');
const storage = ['--root', join(scratch, 'storage'), '--runroot', join(scratch, 'run')];
/** The container's root file system, and its name. */
let mounted = '';
let container = '';

function buildah(...args: readonly string[]): string {
  return tool(['buildah', ...storage, ...args], { env: { ...process.env, STORAGE_DRIVER: 'overlay' } }).trim();
}

before(() => {
  makeDebianTree(tree, node, base.major);
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const scratchContainer = buildah('from', 'scratch');
  buildah('copy', '--quiet', scratchContainer, tree, '/');
  const localNode = join(scratch, 'local');
  mkdirSync(join(localNode, 'usr/local/bin'), { recursive: true });
  addNode(localNode, node);
  buildah('copy', '--quiet', scratchContainer, localNode, '/');
  buildah('config', '--env', `PATH=${path}`, scratchContainer);
  buildah('commit', '--quiet', '--rm', scratchContainer, base.name);
  buildah(
    'bud',
    '--isolation',
    'chroot',
    '--pull-never',
    '--format',
    'docker',
    '--build-arg',
    `VERSION=${version}`,
    '-t',
    NAME,
    root,
  );
  container = buildah('from', '--pull-never', NAME);
  mounted = buildah('mount', container);
});

after(() => {
  for (const command of [
    ['umount', '--all'],
    ['rm', '--all'],
    ['rmi', '--all', '--force'],
  ]) {
    spawnSync('buildah', [...storage, ...command], { env: { ...process.env, STORAGE_DRIVER: 'overlay' } });
  }
  rmSync(scratch, { recursive: true, force: true });
});

interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly StopSignal: string;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Env: readonly string[];
  readonly Healthcheck: { readonly Test: readonly string[] };
}

function imageConfig(): ImageConfig {
  const inspected = JSON.parse(buildah('inspect', '--type', 'image', NAME)) as { Docker: { config: ImageConfig } };
  return inspected.Docker.config;
}

test('the image says how it wants to be run', () => {
  const config = imageConfig();
  assert.match(config.User, /^[1-9]\d*:[1-9]\d*$/);
  assert.deepEqual(config.Entrypoint, ['node', '/app/dist/main.js']);
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.deepEqual(Object.keys(config.ExposedPorts), ['10776/tcp']);
  assert.deepEqual(config.Healthcheck.Test, ['CMD', 'node', '/app/dist/main.js', 'healthcheck']);
  assert.equal(config.Labels['org.opencontainers.image.version'], version);
  assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
  for (const key of ['title', 'description', 'source', 'revision', 'created']) {
    assert.ok(config.Labels[`org.opencontainers.image.${key}`], key);
  }
});

test('the image holds the program and its libraries, and nothing else of the repository', (t) => {
  const files = readdirSync(join(mounted, 'app'), { recursive: true, encoding: 'utf8' });
  assert.deepEqual(readdirSync(join(mounted, 'app')).toSorted(), ['LICENSE', 'dist', 'node_modules', 'package.json']);
  assert.deepEqual(
    files.filter(
      (file) =>
        /\.(map|ts|mts|cts)$|\.test\.[cm]?js$|(^|\/)(test|tests|__tests__|src)(\/|$)/.test(file) &&
        !file.startsWith('node_modules/debug/src'),
    ),
    [],
  );
  assert.deepEqual(
    Object.keys(devDependencies).filter((name) => files.includes(`node_modules/${name}`)),
    [],
  );
  assert.ok(!readdirSync(join(mounted, 'usr/local/bin')).includes('npm'));
  const kib = (path: string): number => Number(tool(['du', '-sk', join(mounted, path)]).split('\t')[0]);
  const size = `/app ${(kib('app') / 1024).toFixed(1)} MiB, node ${(kib('usr/local/bin/node') / 1024).toFixed(0)} MiB`;
  t.diagnostic(`image: ${size}; on top of the base ${base.name}`);
  assert.ok(kib('app') < 30 * 1024, size);
});

/** The variables of the image, as an engine sets them. */
function imageEnv(): Record<string, string> {
  return Object.fromEntries(
    imageConfig().Env.map((one) => [one.split('=', 1)[0] ?? '', one.slice(one.indexOf('=') + 1)]),
  );
}

/** The arguments that start the image's program in a PID namespace of its own, on a read-only root, without any capability. */
function confined(port: number): string[] {
  const { User, Entrypoint } = imageConfig();
  const [uid = '', gid = ''] = User.split(':');
  const prepare =
    'mount --bind "$1" "$1" && mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
  const isolate = `--mount --pid --fork --kill-child sh -c`.split(' ');
  const become = `setpriv --reuid ${uid} --regid ${gid} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all`;
  const run = [...become.split(' '), ...Entrypoint, 'demo', `--web.listen-address=127.0.0.1:${port}`];
  return [...isolate, prepare, 'sh', mounted, 'chroot', mounted, ...run];
}

/** The process that runs `main.js` below another one. */
function nodeBelow(child: ChildProcess): Promise<number> {
  return waitFor(
    'the process in the container',
    () => {
      const below = [child.pid as number];
      for (const pid of below) {
        const tasks = readdirSync(`/proc/${pid}/task`);
        const children = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')).join('');
        below.push(...children.split(' ').filter(Boolean).map(Number));
        if (/^[^\0]*node\0\/app\/dist\/main\.js\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) return pid;
      }
      return undefined;
    },
    60_000,
  );
}

test('as PID 1, unprivileged, on a read-only root and without capabilities it serves, knows its health, and stops at once', async (t) => {
  const [port = 0] = await freePorts(1);
  const child = spawn('unshare', confined(port), {
    env: imageEnv(),
    stdio: 'ignore',
  });
  t.after(() => child.kill('SIGKILL'));
  const pid = await nodeBelow(child);
  const page = await scrape(port);
  assert.match(page, /^cinder_up 1$/m);
  assert.match(page, new RegExp(`^cinder_exporter_build_info\\{version="${version}",node_version="v24\\.`, 'm'));

  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^NSpid:\t\d+\t1$/m);
  assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
  for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) assert.match(status, new RegExp(`^Cap${set}:\\t0+$`, 'm'));

  const inside = [
    '--target',
    String(pid),
    '--mount',
    '--pid',
    '--root',
    '--wd',
    'setpriv',
    '--reuid=65532',
    '--regid=65532',
    '--clear-groups',
  ];
  const write = spawnSync('nsenter', [...inside, 'touch', '/app/x', '/tmp/x'], { encoding: 'utf8' });
  assert.match(write.stderr, /\/tmp\/x.*Read-only file system/);
  const health = imageConfig().Healthcheck.Test.slice(1);
  tool(['nsenter', ...inside, ...health], { env: imageEnv() });

  const exited = once(child, 'exit');
  const told = performance.now();
  process.kill(pid, 'SIGTERM');
  const [code] = (await exited) as [number | null];
  assert.equal(code, 0);
  assert.ok(performance.now() - told < 1500, `stopped after ${performance.now() - told} ms`);

  const sick = spawnSync('chroot', ['--userspec=65532:65532', mounted, ...health], {
    env: imageEnv(),
    encoding: 'utf8',
  });
  assert.equal(sick.status, 1);
  assert.match(sick.stderr, /no answer from 127\.0\.0\.1 port 10776: /);
});

test('buildah run starts it as the user of the image', async (t) => {
  const [port = 0] = await freePorts(1);
  const command = [...imageConfig().Entrypoint, 'demo', `--web.listen-address=127.0.0.1:${port}`];
  const child = spawn('buildah', [...storage, 'run', '--isolation', 'chroot', container, '--', ...command], {
    env: { ...process.env, STORAGE_DRIVER: 'overlay' },
    stdio: 'ignore',
  });
  t.after(() => child.kill('SIGKILL'));
  const pid = await nodeBelow(child);
  assert.match(await scrape(port), /^cinder_up 1$/m);
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Uid:\t65532\t/m);
  const exited = once(child, 'exit');
  process.kill(pid, 'SIGTERM');
  assert.deepEqual((await exited)[0], 0);
});
