import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waitFor } from '../support/wait-for.ts';
import { commandBlocks, countedBlocks } from '../packaging/doc-commands.ts';
import { bootDebian, type BootedDebian } from './booted-debian.ts';
import { checkout } from './checkout.ts';
import { addNpm, makeDebianTree, packNodejs } from './debian-tree.ts';
import type { PageShell } from './page-shell.ts';
import { scrape } from './scrape.ts';
import { tool } from './tool.ts';
import { startWatchedCloud, type WatchedCloud } from './watched-cloud.ts';

/**
 * The pages for hosts, followed word for word on a Debian 12 whose systemd runs: each of their blocks of commands is taken from the page,
 * in its order.
 */
const root = new URL('../../', import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const PORT = 10776;
const REPOSITORY = '/root/cinder-exporter';
const scratch = mkdtempSync(join(tmpdir(), 'cinder-host-'));
const tree = join(scratch, 'debian');
let cloud: WatchedCloud;
let host: BootedDebian;
/** Root's shell, in the home folder and in the checkout. */
let home: PageShell;
let repository: PageShell;

before(async () => {
  const node = join(scratch, 'node');
  makeDebianTree(tree, node, 24);
  addNpm(tree, node);
  packNodejs(join(scratch, 'nodejs'), node, join(tree, 'root/nodejs.deb'));
  checkout(join(tree, REPOSITORY));
  cloud = await startWatchedCloud();
  writeFileSync(join(tree, REPOSITORY, 'clouds.yaml'), cloud.cloudsYaml);
  host = await bootDebian(tree);
  home = host.shell('/root');
  repository = host.shell(REPOSITORY);
  await home.run('dpkg -i nodejs.deb');
});

after(async () => {
  await host?.stop();
  await cloud?.simulator.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** What the page of the running service says of the cloud. */
async function serves(): Promise<void> {
  const page = await scrape(PORT);
  assert.match(page, /^cinder_up 1$/m);
  assert.match(page, /^cinder_backend_state\{host="c1@ssd",backend="ssd"\} 1$/m);
}

async function show(property: string): Promise<string> {
  return (await home.run(`systemctl show --property=${property} --value cinder-exporter`)).trim();
}

/** Every path of the tree, without what dpkg, npm and systemd keep of their own work. */
function paths(): string[] {
  const own =
    /^(proc|sys|dev|tmp|run)\/|^var\/(log|cache|tmp)\/|^var\/lib\/(dpkg|systemd|apt|private)|^root\/|^etc\/\.pwd\.lock/;
  return readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .filter((path) => !own.test(path))
    .toSorted();
}

/** The paths that are there now and were not, or the other way round. */
function changed(before: readonly string[]): string[] {
  const now = paths();
  return [...now.filter((path) => !before.includes(path)), ...before.filter((path) => !now.includes(path))];
}

test('README.md: both commands of the first screen, and a cloud', async () => {
  const [start = '', , , watch = ''] = commandBlocks('README.md');
  assert.equal(start.trim(), 'npm ci && npm start');
  const showing = repository.start(start);
  assert.match(await scrape(PORT, '/metrics', 90_000), /condition="down"\} 1$/m);
  await showing.interrupt();
  const folder = join(tree, 'etc/openstack');
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(tree, REPOSITORY, 'clouds.yaml'), join(folder, 'clouds.yaml'));
  const watching = repository.start(watch);
  await serves();
  await watching.interrupt();
  rmSync(folder, { recursive: true });
});

test('npm.md: packed, installed for all, the demo, a cloud, and gone again', async () => {
  const [install = '', demo = '', watch = '', files = '', remove = ''] = countedBlocks('npm', 5);
  assert.match(await repository.run(install), new RegExp(`^cinder-exporter ${version} \\(node v24\\.`, 'm'));
  const showing = home.start(demo);
  assert.match(await scrape(PORT), /condition="down"\} 1$/m);
  await showing.interrupt();

  mkdirSync(join(tree, 'etc/openstack'), { recursive: true });
  copyFileSync(join(tree, REPOSITORY, 'clouds.yaml'), join(tree, 'etc/openstack/clouds.yaml'));
  const watching = home.start(watch);
  await serves();
  await watching.interrupt();
  rmSync(join(tree, 'etc/openstack'), { recursive: true });

  assert.match(await home.run(files), /^cinder\.rules\.yml$[^]*^cinder-\w+\.json$/m);
  await home.run(remove);
  assert.equal((await home.run('command -v cinder-exporter || echo none')).trim(), 'none');
});

test('systemd.md: the unit runs as nobody that exists, with a clouds.yaml that only it is given', async () => {
  const [install = '', look = '', remove = ''] = countedBlocks('systemd', 3);
  const before = paths();
  await repository.run(install);
  assert.match(await home.run(look), /Active: active \(running\)[^]*msg="Listening on"[^]*^cinder_up 1$/m);

  const pid = await show('MainPID');
  const status = await home.run(`cat /proc/${pid}/status`);
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
  const uid = Number(/^Uid:\t(\d+)/m.exec(status)?.[1]);
  assert.ok(uid >= 61184 && uid <= 65519, `a dynamic user, not ${uid}`);
  assert.equal((await home.run('stat -c "%a %U" /etc/cinder-exporter/clouds.yaml')).trim(), '600 root');

  await home.run('systemctl reload cinder-exporter');
  await serves();
  assert.equal(await show('MainPID'), pid, 'a reload keeps the process');

  await home.run(`kill -KILL ${pid}`);
  await waitFor('systemd starts it again', async () => Number(await show('MainPID')) > 1 || undefined, 60_000);
  await serves();

  // What `systemctl edit` writes.
  const [, override = ''] =
    /^ *```ini\n([^]*?)^ *```$/m.exec(readFileSync(join(root, 'docs/install/systemd.md'), 'utf8')) ?? [];
  const folder = join(tree, 'etc/systemd/system/cinder-exporter.service.d');
  mkdirSync(folder);
  writeFileSync(join(folder, 'override.conf'), override.replaceAll(/^ +/gm, ''));
  writeFileSync(join(tree, 'etc/cinder-exporter/openrc'), cloud.openrc, { mode: 0o600 });
  rmSync(join(tree, 'etc/cinder-exporter/clouds.yaml'));
  await home.run('systemctl daemon-reload && systemctl restart cinder-exporter');
  await serves();
  rmSync(folder, { recursive: true });

  const told = performance.now();
  await home.run(remove);
  assert.ok(performance.now() - told < 10_000, 'it stops when it is told, not when systemd loses patience');
  rmSync(join(tree, 'etc/cinder-exporter'), { recursive: true });
  assert.deepEqual(changed(before), []);
});

test('debian.md: installed, started when clouds.yaml comes, and removed without a trace', async () => {
  const [install = '', start = '', rules = '', remove = ''] = countedBlocks('debian', 4);
  const before = paths();
  await repository.run(install);
  assert.equal(await show('ActiveState'), 'inactive', 'no clouds.yaml, no service, and no failure');
  assert.equal(await show('UnitFileState'), 'enabled');
  assert.equal(await home.run('dpkg --verify cinder-exporter'), '');
  for (const path of [
    'cinder-exporter/checkmk/cinder',
    'cinder-exporter/icinga/cinder.conf',
    'cinder-exporter/sloth/cinder.yml',
    'cinder-exporter/zabbix/cinder.yaml',
    'bash-completion/completions/cinder-exporter',
    'zsh/vendor-completions/_cinder-exporter',
    'fish/vendor_completions.d/cinder-exporter.fish',
    'man/man1/cinder-exporter.1.gz',
  ])
    assert.ok(statSync(join(tree, 'usr/share', path)).size > 500, path);
  await repository.run(start);
  await serves();
  mkdirSync(join(tree, 'etc/prometheus'));
  await home.run(rules);
  assert.match(tool(['promtool', 'check', 'rules', join(tree, 'etc/prometheus/cinder.rules.yml')]), /SUCCESS/);
  rmSync(join(tree, 'etc/prometheus'), { recursive: true });
  await home.run(remove);
  assert.ok(existsSync(join(tree, 'etc/cinder-exporter/clouds.yaml')), 'what the operator wrote is left alone');
  rmSync(join(tree, 'etc/cinder-exporter'), { recursive: true });
  assert.deepEqual(changed(before), []);
});

test('debian.md: a package that brings Node.js along, where there is none', async () => {
  const [command = ''] =
    /deploy\/debian\/build\.sh --with-node \/\w+/.exec(readFileSync(join(root, 'docs/install/debian.md'), 'utf8')) ??
    [];
  await repository.run(command);
  await home.run('apt-get purge -y nodejs && ! command -v node');
  const architecture = (await home.run('dpkg --print-architecture')).trim();
  await home.run(`apt-get install -y /tmp/cinder-exporter_${version}_${architecture}.deb`);
  await repository.run(commandBlocks('docs/install/debian.md')[1] ?? 'false');
  await serves();
  await home.run('apt-get purge -y cinder-exporter');
});
