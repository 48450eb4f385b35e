import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { freePorts } from '../lab/free-port.ts';
import { schemaProblems, type Manifest } from '../packaging/manifests.ts';
import type { PodSpec } from '../packaging/pod-security.ts';
import { checkout } from './checkout.ts';
import { CINDER_API } from './cinder-api.ts';
import { installKustomize } from './kustomize.ts';
import { npmNode } from './npm-node.ts';
import { pageBlock } from './page-block.ts';
import { scrape } from './scrape.ts';
import { tool } from './tool.ts';

const root = new URL('../../', import.meta.url).pathname;
const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  engines: { node: string };
};
const scratch = mkdtempSync(join(tmpdir(), 'cinder-packages-'));
const QUICKLY = ['--prefer-offline', '--no-audit', '--no-fund'];

after(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the demo, asks it for its pages, and stops it: the page of metrics. */
async function demo(t: TestContext, command: readonly string[], cwd: string): Promise<string> {
  const [port = 0] = await freePorts(1);
  const [file = '', ...args] = command;
  const child = spawn(file, [...args, 'demo', `--web.listen-address=127.0.0.1:${port}`], {
    cwd,
    env: { PATH: process.env['PATH'] },
    stdio: 'ignore',
  });
  t.after(() => child.kill('SIGKILL'));
  const page = await scrape(port);
  for (const path of ['', 'status.css', 'status.js'])
    assert.equal((await fetch(`http://127.0.0.1:${port}/${path}`)).status, 200, path);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.equal((await exited)[0], 0);
  return page;
}

test('the packed npm package runs in an empty folder', async (t) => {
  // Of a copy: packing builds anew, and other suites run what is in dist.
  const copy = join(scratch, 'copy');
  checkout(copy);
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const [packed] = JSON.parse(tool(['npm', 'pack', '--json', '--pack-destination', scratch], { cwd: copy })) as [
    { filename: string; files: readonly { path: string }[] },
  ];
  const paths = packed.files.map((file) => file.path);
  assert.deepEqual(
    paths.filter((path) => /^(src|test|bench|scripts)\/|\.map$|\.ts$|node_modules/.test(path)),
    [],
  );
  for (const path of ['LICENSE', 'README.md', 'dist/main.js', 'alerts/cinder.rules.yml', 'docs/metrics.md']) {
    assert.ok(paths.includes(path), path);
  }
  const empty = join(scratch, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'package.json'), '{}');
  tool(['npm', 'install', ...QUICKLY, join(scratch, packed.filename)], {
    cwd: empty,
  });
  const manifest = readFileSync(join(empty, 'node_modules/cinder-exporter/package.json'), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  assert.deepEqual(
    Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name)),
    [],
  );
  assert.match(
    tool(['npx', '--no-install', 'cinder-exporter', '--version'], { cwd: empty }),
    new RegExp(`^cinder-exporter ${version} `),
  );
  assert.match(await demo(t, [join(empty, 'node_modules/.bin/cinder-exporter')], empty), /^cinder_up 1$/m);
});

test('the exporter runs on the oldest Node.js that package.json promises', async (t) => {
  const [, oldest = ''] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? [];
  const node = npmNode(join(scratch, 'oldest'), `${oldest}.0`);
  assert.ok(tool([node, join(root, 'dist/main.js'), '--version']).endsWith(` (node v${oldest}.0)\n`));
  const page = await demo(t, [node, join(root, 'dist/main.js')], scratch);
  assert.ok(page.includes(`node_version="v${oldest}.0"`));
  assert.match(page, /^cinder_backend_condition\{.*condition="up".*\} 1$/m);
});

test('the systemd unit is understood, and exposes little', () => {
  const unit = join(scratch, 'cinder-exporter.service');
  copyFileSync(join(root, 'deploy/systemd/cinder-exporter.service'), unit);
  const overall = /exposure level for cinder-exporter\.service: (\d+\.\d+)/.exec(
    tool(['systemd-analyze', 'security', '--offline=true', '--no-pager', unit]),
  );
  assert.ok(Number(overall?.[1]) <= 1.5, overall?.[0]);
  // With a program that is there, verify has only the unit's own text to speak of.
  writeFileSync(
    unit,
    readFileSync(unit, 'utf8').replace(/^ExecStart=\/usr\/bin\/cinder-exporter/m, 'ExecStart=/bin/true'),
  );
  assert.equal(tool(['sh', '-c', 'systemd-analyze verify --man=no --recursive-errors=no "$0" 2>&1', unit]), '');
});

test('kustomize makes the objects, and puts the exporter beside cinder-api', () => {
  const folder = join(scratch, 'kustomize');
  const kustomize = installKustomize(folder);
  const manifests = kustomize(join(root, 'deploy/kubernetes'));
  assert.deepEqual(schemaProblems(manifests), []);
  const count = (kind: string): number => manifests.filter((one) => one.kind === kind).length;
  const dashboards = readdirSync(join(root, 'grafana/dashboards')).filter((name) => name.endsWith('.json')).length;
  assert.equal(count('ConfigMap'), dashboards);
  for (const kind of [
    'Deployment',
    'Service',
    'Secret',
    'ServiceMonitor',
    'PrometheusRule',
    'NetworkPolicy',
    'Namespace',
  ]) {
    assert.equal(count(kind), 1, kind);
  }
  const configMap = manifests.find(({ kind }) => kind === 'ConfigMap');
  assert.equal(configMap?.metadata.labels?.['grafana_dashboard'], '1');
  const secret = manifests.find(({ kind }) => kind === 'Secret')?.metadata.name;
  const text = JSON.stringify(manifests.find(({ kind }) => kind === 'Deployment'));
  assert.ok(text.includes(`"secretName":"${secret}"`) && text.includes(`cinder-exporter:${version}"`), text);

  writeFileSync(join(folder, 'cinder-api.yaml'), CINDER_API);
  copyFileSync(join(root, 'deploy/kubernetes/sidecar.yaml'), join(folder, 'sidecar.yaml'));
  writeFileSync(join(folder, 'kustomization.yaml'), pageBlock('kubernetes', 'kustomization.yaml'));
  const [patched] = kustomize(folder) as [Manifest & { spec: { template: { spec: PodSpec } } }];
  assert.deepEqual(schemaProblems([patched]), []);
  assert.deepEqual(patched.spec.template.spec.containers.map(({ name }) => name).toSorted(), [
    'cinder-api',
    'cinder-exporter',
  ]);
});

test('Prometheus and Alertmanager take the files that Compose mounts', () => {
  const folder = join(root, 'deploy/compose');
  const compose = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8')) as {
    services: Record<string, { volumes?: readonly string[] }>;
  };
  for (const [service, command] of [
    ['prometheus', ['promtool', 'check', 'config', 'etc/prometheus/prometheus.yml']],
    ['alertmanager', ['amtool', 'check-config', 'etc/alertmanager/alertmanager.yml']],
  ] as const) {
    const inside = join(scratch, service);
    for (const volume of compose.services[service]?.volumes ?? []) {
      const [from = '', to = ''] = volume.split(':');
      if (from.startsWith('.')) cpSync(join(folder, from), join(inside, to), { recursive: true });
    }
    assert.match(tool([...command], { cwd: inside }), /SUCCESS/);
  }
});
