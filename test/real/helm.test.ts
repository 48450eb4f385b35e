import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { readManifests, schemaProblems, type Manifest } from '../packaging/manifests.ts';
import { restrictedProblems } from '../packaging/pod-security.ts';
import { goProgram } from './go-install.ts';
import { chartValues, type ChartValues } from './helm-values.ts';
import { installKustomize } from './kustomize.ts';
import { pageBlock } from './page-block.ts';
import { podFiles, type Pod } from './pod-files.ts';
import { tool } from './tool.ts';

const CHART = 'deploy/helm/cinder-exporter';
const root = new URL('../../', import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const scratch = mkdtempSync(join(tmpdir(), 'cinder-helm-'));
let helm = '';

interface Deployment extends Manifest {
  readonly spec: { readonly template: { readonly metadata: { readonly annotations: object }; readonly spec: Pod } };
}

before(() => {
  helm = goProgram('helm');
});
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A file of values. */
function valuesFile(name: string, values: unknown): string {
  const file = join(scratch, `${name}.yaml`);
  writeFileSync(file, stringify(values));
  return file;
}

function template(args: readonly string[], release = 'cinder-exporter', chart = CHART): Manifest[] {
  return readManifests(tool([helm, 'template', release, chart, ...args], { cwd: root }));
}

function rendered(name: keyof ChartValues, release?: string): Manifest[] {
  return template(['--namespace', 'cinder-exporter', '-f', valuesFile(name, chartValues()[name])], release);
}

function only(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((one) => one.kind === kind);
  assert.equal(found.length, 1, kind);
  return found[0] as Manifest;
}

const deployment = (manifests: readonly Manifest[]): Deployment => only(manifests, 'Deployment') as Deployment;

test('helm lint finds nothing to say of the chart, with no values and with all kinds of them', () => {
  assert.match(tool([helm, 'lint', '--strict', CHART], { cwd: root }), / 0 chart\(s\) failed/);
  for (const [name, values] of Object.entries(chartValues())) {
    tool([helm, 'lint', '--strict', CHART, '-f', valuesFile(name, values)], { cwd: root });
  }
});

test('with any values the objects are what the schemas want, and the pod keeps to the restricted standard', () => {
  const all = Object.keys(chartValues()).map((name) => rendered(name as keyof ChartValues, 'volumes'));
  assert.deepEqual(schemaProblems(all.flat()), []);
  for (const manifests of all) {
    assert.deepEqual(restrictedProblems(deployment(manifests).spec.template.spec), []);
    const ids = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.equal(new Set(ids).size, ids.length);
    for (const { metadata } of manifests) {
      assert.match(metadata.name, /^volumes-cinder-exporter(-|$)/);
      assert.equal(metadata.namespace, 'cinder-exporter');
    }
  }
});

/** What only the chart writes. */
const OF_HELM = [
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/version',
  'checksum/configuration',
  'helm.sh/chart',
  'jobLabel',
];

/** Objects by kind and name, without what only Helm writes and kustomize's own suffix of the Secret, which is decoded. */
function essence(manifests: readonly Manifest[], secret: string): Map<string, unknown> {
  const plain = (_key: string, value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(secret, 'cinder-exporter-clouds');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const kept = Object.entries(value).filter(([key]) => !OF_HELM.includes(key));
    return Object.fromEntries(kept.filter(([key, inner]) => key !== 'annotations' || Object.keys(inner).length > 0));
  };
  return new Map(
    manifests
      .filter(({ kind }) => kind !== 'Namespace')
      .map((one) => JSON.parse(JSON.stringify(one), plain) as Manifest & { data?: Record<string, string> })
      .map((one) => [
        `${one.kind} ${one.metadata.name}`,
        one.kind === 'Secret' ? parse(Buffer.from(one.data?.['clouds.yaml'] ?? '', 'base64').toString()) : one,
      ]),
  );
}

test('the objects are the very ones that kustomize makes', () => {
  const wanted = installKustomize(join(scratch, 'kustomize'))(join(root, 'deploy/kubernetes'));
  const secret = only(wanted, 'Secret').metadata.name;
  const made = essence(rendered('clouds'), secret);
  const kustomized = essence(wanted, secret);
  assert.deepEqual([...made.keys()].toSorted(), [...kustomized.keys()].toSorted());
  for (const [id, one] of kustomized) assert.deepEqual(made.get(id), one, id);
});

test('rules and dashboards arrive unchanged, and promtool takes the rules', () => {
  const manifests = rendered('clouds', 'other');
  const rule = only(manifests, 'PrometheusRule') as Manifest & { spec: object };
  const rules = readFileSync(join(root, 'alerts/cinder.rules.yml'), 'utf8');
  assert.deepEqual(rule.spec, parse(rules));
  const file = join(scratch, 'rules.yml');
  writeFileSync(file, stringify(rule.spec));
  assert.match(tool(['promtool', 'check', 'rules', '--lint=all', '--lint-fatal', file]), /SUCCESS: \d+ rules found/);
  const maps = manifests.filter(({ kind }) => kind === 'ConfigMap') as (Manifest & { data: Record<string, string> })[];
  const dashboards = readdirSync(join(root, 'grafana/dashboards')).filter((name) => name.endsWith('.json'));
  const data: Record<string, string> = Object.assign({}, ...maps.map((one) => one.data));
  assert.deepEqual(Object.keys(data).toSorted(), dashboards.toSorted());
  for (const [name, text] of Object.entries(data)) {
    assert.equal(text, readFileSync(join(root, 'grafana/dashboards', name), 'utf8'));
  }
});

test('rules with other settings take the place of the shipped ones', () => {
  const file = join(scratch, 'other.rules.yml');
  writeFileSync(file, tool([process.execPath, join(root, 'dist/main.js'), 'rules', '--set', 'backend_down_for=7m']));
  const manifests = template(['--set', 'openstack.existingSecret=a', '--set-file', `prometheusRule.rules=${file}`]);
  const { spec } = only(manifests, 'PrometheusRule') as Manifest & { spec: object };
  assert.deepEqual(spec, parse(readFileSync(file, 'utf8')));
  assert.match(JSON.stringify(spec), /"for":"7m"/);
});

test('under any name of a release the job label is the one of the rules', () => {
  const manifests = rendered('clouds', 'volumes');
  const { spec } = only(manifests, 'ServiceMonitor') as Manifest & {
    spec: { jobLabel: string; selector: { matchLabels: Record<string, string> } };
  };
  const service = only(manifests, 'Service') as Manifest & { spec: { selector: object } };
  assert.equal(service.metadata.labels?.[spec.jobLabel], 'cinder-exporter');
  for (const [label, value] of Object.entries(spec.selector.matchLabels)) {
    assert.equal(service.metadata.labels?.[label], value);
  }
  assert.deepEqual(service.spec.selector, spec.selector.matchLabels);
  // A Service's name has 63 characters at most, a release's 53.
  assert.ok(only(rendered('bare', 'x'.repeat(53)), 'Service').metadata.name.length <= 63);
});

test('the exporter reads what the pod would find, with all of it set', () => {
  const manifests = rendered('everything');
  const pod = deployment(manifests).spec.template.spec;
  const tls = (name: string): string => readFileSync(join(root, 'test/fixtures/tls', name), 'utf8');
  const there = join(scratch, 'pod');
  const { args, env } = podFiles(there, pod, manifests, {
    authorities: { 'root.pem': tls('ca.crt') },
    certificate: { 'tls.crt': tls('server.crt'), 'tls.key': tls('server.key') },
  });
  const printed = tool([process.execPath, join(root, 'dist/main.js'), ...args, '--config.check'], {
    cwd: there,
    env: { ...env, OS_CLIENT_CONFIG_FILE: join(there, 'etc/openstack/clouds.yaml') },
  });
  assert.match(printed, /north/);
  const text = JSON.stringify(pod);
  assert.ok(text.includes('"livenessProbe":{"tcpSocket":{"port":"metrics"}},"readinessProbe":{"tcpSocket"'), text);
  const monitor = only(manifests, 'ServiceMonitor') as Manifest & { spec: { endpoints: readonly object[] } };
  const common = { port: 'metrics', interval: '30s', scheme: 'https', scrapeTimeout: '5s' };
  const probe = (cloud: string): object => ({
    ...common,
    path: '/probe',
    params: { cloud: [cloud] },
    relabelings: [{ targetLabel: 'cloud', replacement: cloud }],
  });
  assert.deepEqual(monitor.spec.endpoints, [common, probe('north'), probe('south')]);
  for (const { metadata } of manifests) assert.equal(metadata.labels?.['release'], 'stack');
});

test('what is switched off is not there', () => {
  assert.deepEqual(
    rendered('bare')
      .map(({ kind }) => kind)
      .toSorted(),
    ['Deployment', 'Service'],
  );
});

test('a change of the configuration is a change of the pod, and nothing else is', () => {
  const annotations = (...args: string[]): object =>
    deployment(template(['-f', valuesFile('clouds', chartValues().clouds), ...args])).spec.template.metadata
      .annotations;
  const before = annotations();
  assert.deepEqual(annotations('--set', 'serviceMonitor.interval=15s'), before);
  for (const change of ['openstack.clouds.production.region_name=Two', 'config.defaults.interval=15s']) {
    assert.notDeepEqual(annotations('--set', change), before, change);
  }
});

test('values that cannot be are refused, and it is said why', () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /no cloud to watch: give the entries of a clouds\.yaml in openstack\.clouds/],
    [['openstack.existingSecret=a', 'openstack.clouds.b.auth.auth_url=c'], /are two clouds\.yaml for one place/],
    [
      ['openstack.ca.secret=a', 'openstack.ca.configMap=b', 'openstack.existingSecret=c'],
      /are two files for one place/,
    ],
    [['openstack.existingSecret=a', 'web.tlsSecret=b'], /web\.tlsSecret alone does nothing/],
    [['openstack.existingSecret=a', 'web.existingSecret=b', 'web.config.rate_limit.burst=1'], /two web configurations/],
    [
      ['openstack.clouds.a.auth.password=12345678'],
      /'\/openstack\/clouds\/a\/auth\/password': got number, want string/,
    ],
    [['openstack.existingSecret=a', 'replica=2'], /additional properties 'replica' not allowed/],
    [
      ['openstack.existingSecret=a', 'networkPolicy.egressPorts={https}'],
      /'\/networkPolicy\/egressPorts\/0': got string/,
    ],
  ];
  for (const [settings, message] of cases) {
    const args = settings.flatMap((one) => ['--set', one]);
    assert.throws(() => template(args), message);
  }
});

test('the packed chart stands alone, and makes the same', () => {
  tool([helm, 'package', CHART, '--destination', scratch], { cwd: root });
  const packed = join(scratch, `cinder-exporter-${version}.tgz`);
  const args = ['--set', 'openstack.existingSecret=a'];
  assert.deepEqual(template(args, 'x', packed), template(args, 'x'));
  assert.doesNotMatch(tool(['tar', 'tvzf', packed]), /\.lint|^l/m);
});

test('the commands of the pages make objects', () => {
  writeFileSync(join(scratch, 'cinder-exporter.yaml'), pageBlock('openstack-helm', 'cinder-exporter.yaml'));
  let count = 0;
  for (const page of ['kubernetes', 'openstack-helm']) {
    const lines = commandBlocks(`docs/install/${page}.md`).flatMap((block) => block.split('\n'));
    for (const line of lines.filter((one) => /^helm (?:template|install) /.test(one))) {
      // kubernetes-api.test.ts installs them.
      const [, , ...args] = line.replaceAll(CHART, join(root, CHART)).split(' ');
      const manifests = readManifests(tool([helm, 'template', ...args], { cwd: scratch }));
      assert.deepEqual(schemaProblems(manifests), []);
      assert.equal(only(manifests, 'Service').metadata.name, 'cinder-exporter', 'the job label of the rules');
      count += 1;
      if (page === 'kubernetes') continue;
      const made = JSON.stringify(manifests);
      assert.ok(manifests.every(({ metadata }) => metadata.namespace === 'openstack'));
      assert.match(made, /"prometheus\.io\/port":"10776"/);
      assert.match(made, /"envFrom":\[\{"secretRef":\{"name":"cinder-keystone-admin"\}\}\]/);
      assert.doesNotMatch(made, /monitoring\.coreos\.com|"kind":"Secret"/);
    }
  }
  assert.equal(count, 3);
});
