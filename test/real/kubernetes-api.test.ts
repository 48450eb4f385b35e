import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { readManifests } from '../packaging/manifests.ts';
import { CINDER_API } from './cinder-api.ts';
import { goDownload, goProgram } from './go-install.ts';
import { chartValues } from './helm-values.ts';
import { startCluster, type Cluster } from './kube-apiserver.ts';
import { pageBlock } from './page-block.ts';

// The commands of docs/install/kubernetes.md and openstack-helm.md that need a cluster, word for word, with a real API server.

const CHART = 'deploy/helm/cinder-exporter';
const root = new URL('../../', import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const scratch = mkdtempSync(join(tmpdir(), 'cinder-kubernetes-api-'));
const programs = join(scratch, 'bin');
const folder = join(scratch, 'work');
const page = readFileSync(join(root, 'docs/install/kubernetes.md'), 'utf8');
// The oldest that will do.
const [, operator = ''] = /operator (\d+\.\d+) or later/.exec(page) ?? [];
const [kustomized = '', charted = '', withSecret = '', patched = ''] = commandBlocks('docs/install/kubernetes.md');
const [besideCinder = ''] = commandBlocks('docs/install/openstack-helm.md');
let definitions = '';

before(() => {
  mkdirSync(programs);
  for (const name of ['kube-apiserver', 'kubectl', 'helm'] as const) symlinkSync(goProgram(name), join(programs, name));
  const { Dir } = goDownload(`github.com/prometheus-operator/prometheus-operator@v${operator}.0`);
  definitions = join(Dir, 'example/prometheus-operator-crd');
  mkdirSync(folder);
  symlinkSync(join(root, 'deploy'), join(folder, 'deploy'));
  writeFileSync(join(folder, 'clouds.yaml'), readFileSync(join(root, 'deploy/kubernetes/clouds.yaml')));
  writeFileSync(join(folder, 'cinder-exporter.yaml'), pageBlock('openstack-helm', 'cinder-exporter.yaml'));
  writeFileSync(join(folder, 'everything.yaml'), stringify(chartValues().everything));
});
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A test with a cluster of its own: without controllers a namespace never goes away. */
function withCluster(name: string, use: (cluster: Cluster) => void): void {
  test(name, async () => {
    const cluster = await startCluster(programs, folder);
    try {
      use(cluster);
    } finally {
      await cluster.stop();
    }
  });
}

/** Makes the kinds of the Prometheus Operator known. */
function withOperator({ run }: Cluster): void {
  const crds = ['servicemonitors', 'prometheusrules'].map((kind) => `monitoring.coreos.com_${kind}.yaml`);
  run(`kubectl create ${crds.map((file) => `-f ${join(definitions, file)}`).join(' ')}`);
  run('kubectl wait --for=condition=Established --timeout=30s crd --all');
}

/** Lines, in order; a kind without its group. */
function ids(text: string): string[] {
  const lines = text.trim().split('\n');
  return lines.map((line) => line.replace(/^(\w+)[^/]*/, '$1')).toSorted();
}

const KINDS = ['deployments', 'services', 'networkpolicies', 'secrets', 'configmaps'];
const OPERATED = ['servicemonitors', 'prometheusrules'];

/** What is in a namespace, as `kind/name`. */
function objects({ run }: Cluster, namespace: string, kinds = [...KINDS, ...OPERATED]): string[] {
  return ids(run(`kubectl -n ${namespace} get ${kinds.join(',')} -o name`).stdout);
}

interface Deployment {
  readonly spec: { readonly replicas: number; readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

function deployment({ run }: Cluster, namespace: string, name = 'cinder-exporter'): Deployment {
  return JSON.parse(run(`kubectl -n ${namespace} get deployment ${name} -o json`).stdout) as Deployment;
}

/** Asks for a pod, as the controller of a Deployment would; it is not kept. */
function admit({ run }: Cluster, namespace: string, spec: PodSpec): string {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tried' }, spec };
  return run(`kubectl -n ${namespace} create --dry-run=server -f -`, JSON.stringify(pod)).stdout;
}

/** The namespace takes the exporter's pods, and says no to others: at once, and of their Deployment in a warning. */
function restricted(cluster: Cluster, namespace: string): void {
  assert.match(admit(cluster, namespace, deployment(cluster, namespace).spec.template.spec), /^pod\/tried created/);
  const other = { containers: [{ name: 'other', image: 'other' }] };
  assert.throws(() => admit(cluster, namespace, other), /forbidden: violates PodSecurity "restricted:latest"/);
  const { stderr } = cluster.run(`kubectl -n ${namespace} create deployment other --image=other --dry-run=server`);
  assert.match(stderr, /^Warning: would violate PodSecurity "restricted:latest"/);
}

withCluster('kustomize: everything is made, and a second time nothing is changed', (cluster) => {
  const { run } = cluster;
  withOperator(cluster);
  const { stdout, stderr } = run(kustomized);
  assert.equal(stderr, '');
  const made = ids(stdout).map((line) => line.replace(/ created$/, ''));
  const inside = made.filter((id) => id !== 'namespace/cinder-exporter');
  assert.equal(made.length, inside.length + 1);
  assert.deepEqual(objects(cluster, 'cinder-exporter'), inside);
  assert.deepEqual(
    [...new Set(inside.map((id) => id.replace(/\/.*/, '')))],
    ['configmap', 'deployment', 'networkpolicy', 'prometheusrule', 'secret', 'service', 'servicemonitor'],
  );
  restricted(cluster, 'cinder-exporter');
  // A key that the operator did not know would be missing.
  const rules = run('kubectl -n cinder-exporter get prometheusrules -o jsonpath={.items[0].spec}').stdout;
  assert.deepEqual(JSON.parse(rules), parse(readFileSync(join(root, 'alerts/cinder.rules.yml'), 'utf8')));

  const versions = (): string[] => {
    const each = `{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}`;
    return ids(run(`kubectl -n cinder-exporter get ${[...KINDS, ...OPERATED].join(',')} -o jsonpath='${each}'`).stdout);
  };
  const before = versions();
  const again = ids(run(kustomized).stdout);
  // kubectl breaks the base64 of a Secret into lines, and then takes that for a difference.
  const said = (id: string): string => (id.startsWith('secret/') ? 'configured' : 'unchanged');
  assert.deepEqual(
    again,
    made.map((id) => `${id} ${said(id)}`),
  );
  assert.deepEqual(versions(), before);
});

withCluster('Helm: installed, upgraded to everything that values can say, and gone again', (cluster) => {
  const { run } = cluster;
  withOperator(cluster);
  const [namespace = '', ...commands] = charted.trim().split('\n');
  assert.equal(run(namespace).stdout, 'namespace/cinder-exporter created\n');
  const [, label = ''] = /may label `(\S+)`/.exec(page) ?? [];
  run(`kubectl label namespace cinder-exporter ${label}`);
  const [secret, rendered, installed, ...more] = commands.map((command) => run(command));
  assert.equal(more.length, 0);
  assert.equal(secret?.stdout, 'secret/openstack-clouds created\n');
  assert.match(installed?.stdout ?? '', /^STATUS: deployed$/m);
  assert.doesNotMatch(installed?.stderr ?? '', /warning/i);
  const shown = readManifests(rendered?.stdout ?? '').map(
    ({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`,
  );
  const kept = 'secret/openstack-clouds';
  assert.deepEqual(
    objects(cluster, 'cinder-exporter'),
    [...shown, kept, 'secret/sh.helm.release.v1.cinder-exporter.v1'].toSorted(),
  );
  restricted(cluster, 'cinder-exporter');

  const upgraded = run(`helm upgrade cinder-exporter ${CHART} -n cinder-exporter -f everything.yaml`);
  assert.match(upgraded.stdout, /^STATUS: deployed\nREVISION: 2$/m);
  assert.doesNotMatch(upgraded.stderr, /warning/i);
  assert.equal(deployment(cluster, 'cinder-exporter').spec.replicas, 2);
  restricted(cluster, 'cinder-exporter');
  run('helm uninstall cinder-exporter -n cinder-exporter');
  assert.deepEqual(objects(cluster, 'cinder-exporter'), [kept]);
});

withCluster('OpenStack-Helm: beside Cinder, without the Prometheus Operator', (cluster) => {
  const { run } = cluster;
  run('kubectl create namespace openstack');
  assert.match(run(besideCinder).stdout, /^STATUS: deployed$/m);
  assert.deepEqual(
    objects(cluster, 'openstack', KINDS).filter((id) => !id.startsWith('configmap/')),
    [
      'deployment/cinder-exporter',
      'networkpolicy/cinder-exporter',
      'secret/sh.helm.release.v1.cinder-exporter.v1',
      'service/cinder-exporter',
    ],
  );
  inThePodOfCinderApi(cluster);
});

/** The patch, on a Deployment that is Helm's. */
function inThePodOfCinderApi(cluster: Cluster): void {
  const { run } = cluster;
  const pod = (): Record<string, string> => {
    const { spec } = deployment(cluster, 'openstack', 'cinder-api').spec.template;
    return Object.fromEntries(spec.containers.map(({ name, image }) => [name, image]));
  };
  mkdirSync(join(folder, 'cinder/templates'), { recursive: true });
  writeFileSync(join(folder, 'cinder/Chart.yaml'), 'apiVersion: v2\nname: cinder\nversion: 1.0.0\n');
  const template = CINDER_API.replace(/image: cinder\b/, 'image: "cinder:{{ .Values.tag }}"');
  writeFileSync(join(folder, 'cinder/templates/api.yaml'), template);
  run('helm install cinder ./cinder -n openstack --set tag=1');
  assert.deepEqual(pod(), { 'cinder-api': 'cinder:1' });

  assert.ok(readFileSync(join(root, 'docs/install/openstack-helm.md'), 'utf8').includes(`\`${patched.trim()}\``));
  assert.equal(run(withSecret).stdout, 'secret/cinder-exporter-clouds created\n');
  assert.equal(run(patched).stdout, 'deployment.apps/cinder-api patched\n');
  const sidecar = `ghcr.io/cinder-exporter/cinder-exporter:${version}`;
  assert.deepEqual(pod(), { 'cinder-api': 'cinder:1', 'cinder-exporter': sidecar });
  assert.equal(run(patched).stdout, 'deployment.apps/cinder-api patched (no change)\n');

  // An upgrade that changes the list of containers keeps it, unless it is forced.
  const more = template.replace(/(containers: \[)/, '$1{name: log, image: log}, ');
  writeFileSync(join(folder, 'cinder/templates/api.yaml'), more);
  run('helm upgrade cinder ./cinder -n openstack --set tag=2');
  assert.deepEqual(pod(), { log: 'log', 'cinder-api': 'cinder:2', 'cinder-exporter': sidecar });
  run('helm upgrade cinder ./cinder -n openstack --set tag=3 --force');
  assert.deepEqual(pod(), { log: 'log', 'cinder-api': 'cinder:3' });
}
