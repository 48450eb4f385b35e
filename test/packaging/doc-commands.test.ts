import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { commandBlocks } from './doc-commands.ts';

const root = new URL('../../', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Which test runs the commands of a page, or which script. The runbooks have a table of their own, in test/runbooks. */
const RUN_BY: Readonly<Record<string, string>> = {
  'README.md': 'test/real/install-host.test.ts',
  'CONTRIBUTING.md': '.ci/run',
  'alerts/README.md': 'test/packaging/doc-commands.test.ts',
  'docs/performance.md': 'test/packaging/doc-commands.test.ts',
  'docs/several-clouds.md': 'test/docs/pages.test.ts',
  'docs/report.md': 'test/real/report.test.ts',
  'docs/silences.md': 'test/real/drill.test.ts',
  'docs/fire-drill.md': 'test/real/drill.test.ts',
  'docs/checkmk.md': 'test/packaging/checkmk.test.ts',
  'docs/icinga.md': 'test/real/icinga.test.ts',
  'docs/sloth.md': 'test/real/sloth.test.ts',
  'docs/upgrading.md': 'test/docs/pages.test.ts',
  'docs/zabbix.md': 'test/real/zabbix.test.ts',
  'docs/proxies-and-certificates.md': 'test/docs/pages.test.ts',
  'docs/least-privilege/README.md': 'test/real/least-privilege.test.ts',
  'docs/install/npm.md': 'test/real/install-host.test.ts',
  'docs/install/systemd.md': 'test/real/install-host.test.ts',
  'docs/install/debian.md': 'test/real/install-host.test.ts',
  'docs/install/docker.md': 'test/real/install-container.test.ts',
  'docs/install/compose.md': 'test/real/install-container.test.ts',
  'docs/install/kolla-ansible.md': 'test/real/kolla-ansible.test.ts',
  'docs/install/kubernetes.md': 'test/real/kubernetes-api.test.ts',
  'docs/install/openstack-helm.md': 'test/real/kubernetes-api.test.ts',
  'docs/install/juju.md': 'test/packaging/docs.test.ts',
};

/** First words of commands: a block of four spaces that begins so is one that nobody runs. */
const PROGRAM =
  /^(?: {4}|\t)\s*(?:[A-Z_]+=\S+ )?(?:apt|apt-get|cd|cinder-exporter|cp|curl|docker|helm|install|juju|kubectl|node|npm|npx|sed|systemctl)\s/m;

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
});
const pages = listed.split('\n').filter((page) => page && !page.startsWith('docs/runbooks/'));

test('each page with commands has a test that runs them, and commands stand in blocks that a test can find', () => {
  assert.ok(pages.length > 15);
  assert.deepEqual(pages.filter((page) => commandBlocks(page).length > 0).toSorted(), Object.keys(RUN_BY).toSorted());
  for (const [page, runner] of Object.entries(RUN_BY)) {
    const name = /([\w-]+)\.md$/.exec(page)?.[1] ?? '';
    assert.ok(runner === '.ci/run' || read(runner).includes(name), `${runner} speaks of ${page}`);
  }
  for (const page of pages) assert.doesNotMatch(read(page).replaceAll(/^ *```[^]*?^ *```$/gm, ''), PROGRAM, page);
});

test('CI runs what CONTRIBUTING names', () => {
  const run = read('.ci/run');
  const [block = ''] = commandBlocks('CONTRIBUTING.md');
  const commands = block.split('\n').map((line) => line.replace(/ *#.*/, '').trim());
  // The same for some files is in the whole.
  for (const command of commands.filter((one) => one && one !== 'bash .ci/run' && !one.includes(' -- ')))
    assert.match(run, new RegExp(`^(?:step \\S+| ) ${command}$`, 'm'));
});

/** A folder with `cinder-exporter` on its PATH, to run a page's commands in. */
function desk(t: TestContext): (command: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(root, 'dist/main.js'), join(folder, 'cinder-exporter'));
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  return (command) =>
    execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', command], { cwd: folder, env, encoding: 'utf8' });
}

test('alerts/README.md: rules with other settings, and for the Prometheus Operator', (t) => {
  const run = desk(t);
  const [command = ''] = commandBlocks('alerts/README.md');
  run(command);
  const printed = run('cat cinder.rules.yml');
  assert.match(printed, /alert: CinderBackendDown\n[^]*?for: 5m\n/);
  assert.ok(printed.includes('{job="cinder",region="north"') && !printed.includes('job="cinder-exporter"'));
  assert.match(run('cat cinder-exporter-prometheusrule.yaml'), /^kind: PrometheusRule$/m);
});

test('docs/performance.md: the command that tells which shard scrapes a cloud', (t) => {
  const [command = ''] = commandBlocks('docs/performance.md');
  assert.match(desk(t)(command), /^[01] production\n[01] lab\n$/);
});
