import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waitFor } from '../support/wait-for.ts';
import { commandBlocks, countedBlocks } from '../packaging/doc-commands.ts';
import { checkout } from './checkout.ts';
import { addNode, makeDebianTree } from './debian-tree.ts';
import { startDocker, type DockerEngine } from './docker-engine.ts';
import { goProgram } from './go-install.ts';
import { imageBase } from './image-base.ts';
import { pageShell, type PageShell } from './page-shell.ts';
import { scrape } from './scrape.ts';
import { tool } from './tool.ts';
import { startWatchedCloud, type WatchedCloud } from './watched-cloud.ts';

/**
 * The pages for containers, followed word for word with a Docker engine and Compose. No image can be pulled: the base is made of Debian and
 * Node.js, and Prometheus and Alertmanager are Debian's under the names of the official images. Grafana is a container that only waits, in
 * which what is mounted can be looked at.
 */
const PORT = 10776;
const base = imageBase();
const scratch = mkdtempSync(join(tmpdir(), 'cinder-container-'));
const repository = join(scratch, 'cinder-exporter');
const clouds = join(scratch, 'clouds.yaml');
let engine: DockerEngine;
let cloud: WatchedCloud;
let shell: PageShell;

before(async () => {
  engine = await startDocker(join(scratch, 'engine'));
  cpSync(goProgram('docker-compose'), join(engine.plugins, 'docker-compose'));
  const tree = join(scratch, 'debian');
  makeDebianTree(tree, join(scratch, 'node'), base.major);
  addNode(tree, join(scratch, 'node'));
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  tool(['sh', '-c', 'tar -C "$0" -c . | docker import --change "$1" - "$2"', tree, path, base.name], {
    env: engine.env,
  });
  checkout(repository);
  cloud = await startWatchedCloud(engine.gateway);
  writeFileSync(clouds, cloud.cloudsYaml);
  shell = pageShell(repository, engine.env);
});

after(async () => {
  await cloud?.simulator.close();
  await engine?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** Waits until the exporter on the page's port tells of a backend, and gives that page. */
async function backend(name: string): Promise<string> {
  return waitFor(
    `the backend ${name}`,
    async () => {
      const page = await scrape(PORT);
      return page.includes(`backend="${name}"`) ? page : undefined;
    },
    60_000,
  ).catch((error: Error) => {
    const names = engine.docker('ps', '--all', '--format', '{{.Names}} ({{.Status}})');
    const logs = engine
      .docker('ps', '--all', '--quiet')
      .split('\n')
      .filter(Boolean)
      .map((id) => tool(['sh', '-c', 'docker logs "$0" 2>&1', id], { env: engine.env }));
    throw new Error([error.message, names, ...logs].join('\n'), { cause: error });
  });
}

test('docker.md: built, the demo, a cloud, its check and its health, and gone again', async () => {
  const [build = '', demo = '', watch = '', look = '', rules = '', remove = ''] = countedBlocks('docker', 6);
  await shell.run(build);
  const showing = shell.start(demo);
  assert.match(await scrape(PORT), /condition="down"\} 1$/m);
  await showing.interrupt();
  await waitFor('the demo is gone', () => engine.docker('ps', '--quiet') === '' || undefined, 60_000);

  await shell.run(watch.replace('-v /etc/openstack/clouds.yaml:', `-v ${clouds}:`));
  assert.match(await backend('ssd'), /^cinder_up 1$/m);
  assert.match(await shell.run(look), /c1@ssd .*up[^]*msg="Listening on"/);
  const inside = (...command: readonly string[]): string => engine.docker('exec', 'cinder-exporter', ...command);
  assert.match(
    inside('cat', '/proc/1/status'),
    /^Uid:\t65532\t[^]*^CapBnd:\t0+$[^]*^NoNewPrivs:\t1$[^]*^Seccomp:\t2$/m,
  );
  assert.throws(() => inside('touch', '/tmp/x'), /Read-only file system/);
  await waitFor(
    'the engine finds it healthy',
    () =>
      engine.docker('inspect', '--format', '{{.State.Health.Status}}', 'cinder-exporter') === 'healthy' || undefined,
    60_000,
  );
  assert.match(await shell.run(`${rules}cat cinder.rules.yml`), /alert: CinderBackendDown$/m);
  await shell.run(remove);
  assert.equal(engine.docker('ps', '--all', '--quiet'), '');
});

test('kolla-ansible.md: the exporter beside the containers of Kolla', async () => {
  const command = commandBlocks('docs/install/kolla-ansible.md').find((block) => block.includes('docker run')) ?? '';
  const etc = join(scratch, 'etc');
  const written = command.replaceAll('/etc/cinder-exporter', etc).replace('10.0.0.11', '127.0.0.1');
  await pageShell(scratch, engine.env).run(written);
  assert.match(await backend('ssd'), /^cinder_up 1$/m);
  engine.docker('rm', '--force', 'cinder_exporter');
});

/** Makes an image of a name: the base with one program of this machine in it, and the files that Debian's programs of Prometheus read. */
function standIn(image: string, program: string, start: string): void {
  const folder = join(scratch, 'stand-in');
  mkdirSync(folder, { recursive: true });
  cpSync(program, join(folder, 'program'), { dereference: true });
  cpSync('/usr/share/prometheus', join(folder, 'share'), { recursive: true, dereference: true });
  const data = 'RUN mkdir /prometheus /alertmanager && chown 65534 /prometheus /alertmanager';
  const lines = [
    `FROM ${base.name}`,
    `COPY program ${start}`,
    'COPY share /usr/share/prometheus',
    data,
    'USER 65534',
    `ENTRYPOINT ["${start}"]`,
  ];
  writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
  engine.docker('build', '--quiet', '--tag', image, folder);
}

/** Asks one of the programs for JSON until `holds` is true of it. */
async function answers<T>(what: string, url: string, holds: (answer: T) => boolean): Promise<T> {
  return waitFor(
    what,
    async () => {
      const answer = (await (await fetch(url, { signal: AbortSignal.timeout(2000) })).json()) as T;
      return holds(answer) ? answer : undefined;
    },
    60_000,
  );
}

interface Targets {
  readonly data: {
    readonly activeTargets: readonly { readonly labels: { readonly job: string }; readonly health: string }[];
  };
}
interface Rules {
  readonly data: { readonly groups: readonly { readonly rules: readonly { readonly health: string }[] }[] };
}

test('compose.md: the demo with all four, a cloud instead, and gone again', async () => {
  const [demo = '', watch = '', remove = ''] = countedBlocks('compose', 3);
  const compose = readFileSync(join(repository, 'deploy/compose/compose.yaml'), 'utf8');
  const image = (name: string): string =>
    (new RegExp(`image: (\\S*/${name}:\\S+)`).exec(compose)?.[1] ?? '').replace(/\$\{\w+:-(.*)\}/, '$1');
  standIn(image('prometheus'), '/usr/bin/prometheus', '/bin/prometheus');
  standIn(image('alertmanager'), '/usr/bin/prometheus-alertmanager', '/bin/alertmanager');
  const waiting = join(scratch, 'wait');
  writeFileSync(waiting, '#!/bin/sh\nexec sleep 3600\n', { mode: 0o755 });
  standIn(image('grafana'), waiting, '/run.sh');

  const showing = shell.start(demo);
  assert.match(await backend('hitachi-vsp-g400'), /condition="down"\} 1$/m);
  const { data: found } = await answers<Targets>(
    'Prometheus scrapes the exporter',
    'http://127.0.0.1:9090/api/v1/targets',
    (one) => one.data.activeTargets.some(({ labels, health }) => labels.job === 'cinder-exporter' && health === 'up'),
  );
  assert.deepEqual(
    found.activeTargets.filter(({ health }) => health === 'down'),
    [],
  );
  const { data: rules } = await answers<Rules>('the rules are evaluated', 'http://127.0.0.1:9090/api/v1/rules', (one) =>
    one.data.groups.some((group) => group.rules.every(({ health }) => health === 'ok')),
  );
  assert.ok(rules.groups.length > 3);
  await answers<{ data: { activeAlertmanagers: readonly unknown[] } }>(
    'Prometheus has found Alertmanager',
    'http://127.0.0.1:9090/api/v1/alertmanagers',
    (one) => one.data.activeAlertmanagers.length === 1,
  );
  await answers<{ config: { original: string } }>(
    'Alertmanager has the example',
    'http://127.0.0.1:9093/api/v2/status',
    (one) => one.config.original.includes('inhibit_rules'),
  );
  const seen = engine.docker(
    'exec',
    'cinder-exporter-grafana-1',
    'find',
    '/etc/grafana',
    '/var/lib/grafana',
    '-type',
    'f',
  );
  assert.match(seen, /provisioning\/dashboards\/cinder\.yml/);
  assert.match(seen, /provisioning\/datasources\/cinder\.yml/);
  assert.match(seen, /dashboards\/cinder\/cinder-\w+\.json/);
  await showing.interrupt();

  const folder = pageShell(join(repository, 'deploy/compose'), engine.env);
  writeFileSync(join(repository, 'deploy/compose/clouds.yaml'), cloud.cloudsYaml);
  await folder.run(watch);
  assert.match(await backend('ssd'), /^cinder_up 1$/m);
  await folder.run(remove);
  assert.equal(engine.docker('ps', '--all', '--quiet') + engine.docker('volume', 'ls', '--quiet'), '');
});
