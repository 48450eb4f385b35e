import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readManifests, schemaProblems, type Manifest } from './manifests.ts';
import { restrictedProblems, type PodSpec } from './pod-security.ts';

const root = new URL('../../', import.meta.url).pathname;
const kubernetes = join(root, 'deploy/kubernetes');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

interface Kustomization {
  readonly resources?: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newTag: string }[];
  readonly secretGenerator?: readonly { readonly name: string; readonly files: readonly string[] }[];
  readonly configMapGenerator?: readonly { readonly files: readonly string[] }[];
}

interface Deployment extends Manifest {
  readonly spec: { readonly template: { readonly metadata?: { readonly labels: object }; readonly spec: PodSpec } };
}

function kustomization(folder: string): Kustomization {
  return parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
}

/** The objects that a kustomization names, through the folders that it names. */
function resources(folder: string): Manifest[] {
  return (kustomization(folder).resources ?? []).flatMap((resource) => {
    const path = join(folder, resource);
    return existsSync(join(path, 'kustomization.yaml')) ? resources(path) : readManifests(readFileSync(path, 'utf8'));
  });
}

const manifests = resources(kubernetes);
const deployment = manifests.find(({ kind }) => kind === 'Deployment') as Deployment;
const sidecar = readManifests(readFileSync(join(kubernetes, 'sidecar.yaml'), 'utf8'))[0] as Deployment;

test('every object is what the schemas of Kubernetes and of the Prometheus Operator want', () => {
  assert.deepEqual(schemaProblems(manifests), []);
});

test('a missing value, a wrong type and an unknown key would be noticed', () => {
  const [service] = manifests.filter(({ kind }) => kind === 'Service');
  const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor');
  assert.match(
    schemaProblems([{ ...deployment, spec: { replicas: '2' } } as unknown as Manifest]).join(),
    /replicas must be integer/,
  );
  assert.match(
    schemaProblems([{ ...monitor, spec: { endpoints: [] } } as unknown as Manifest]).join(),
    /required property .?selector/,
  );
  assert.match(
    schemaProblems([{ ...service, spec: { ports: [{ port: 1, targetport: 2 }] } } as unknown as Manifest]).join(),
    /targetport/,
  );
});

test('each YAML file of the folder is used', () => {
  const { resources: named = [], secretGenerator: [secret] = [] } = kustomization(kubernetes);
  const used = [
    ...named.filter((one) => one.endsWith('.yaml')),
    ...(secret?.files ?? []),
    'kustomization.yaml',
    'sidecar.yaml',
  ];
  assert.deepEqual(readdirSync(kubernetes).toSorted(), used.toSorted());
});

test('the pods keep to the restricted Pod Security Standard, alone and beside cinder-api', () => {
  assert.deepEqual(restrictedProblems(deployment.spec.template.spec), []);
  assert.deepEqual(restrictedProblems(sidecar.spec.template.spec), []);
  const namespace = manifests.find(({ kind }) => kind === 'Namespace');
  assert.equal(namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
});

test('names, labels, ports and the version fit together', () => {
  const service = manifests.find(({ kind }) => kind === 'Service') as Manifest & { spec: { selector: object } };
  assert.equal(service.metadata.name, 'cinder-exporter', 'the job label of the rules is the name of the Service');
  assert.deepEqual(service.spec.selector, deployment.spec.template.metadata?.labels);
  const text = JSON.stringify(deployment);
  const { images, secretGenerator } = kustomization(kubernetes);
  assert.ok(
    text.includes(`"image":"${images?.[0]?.name}"`) && text.includes(`"secretName":"${secretGenerator?.[0]?.name}"`),
  );
  assert.equal(images?.[0]?.newTag, version);
  assert.ok(JSON.stringify(sidecar).includes(`"image":"${images?.[0]?.name}:${version}"`));
});

test('a ConfigMap is made of each dashboard, and none comes near the limit of 1 MiB', () => {
  const files = (kustomization(join(root, 'grafana')).configMapGenerator ?? []).flatMap((one) => one.files);
  const dashboards = readdirSync(join(root, 'grafana/dashboards')).filter((name) => name.endsWith('.json'));
  assert.deepEqual(files.toSorted(), dashboards.map((name) => `dashboards/${name}`).toSorted());
  for (const file of files) assert.ok(readFileSync(join(root, 'grafana', file)).length < 900_000, file);
});
