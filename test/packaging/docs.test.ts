import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { commandBlocks } from './doc-commands.ts';

const root = new URL('../../', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const install = readdirSync(join(root, 'docs/install')).map((name) => `docs/install/${name}`);
const migrating = 'docs/migrating-from-openstack-exporter.md';
const rules = read('alerts/cinder.rules.yml');

/** The fenced blocks of YAML in a page. */
function yamlBlocks(page: string): string[] {
  return [...read(page).matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, block = '']) => block);
}

test('every page is in the index, and every link leads somewhere', () => {
  const index = read('docs/install/README.md');
  for (const page of [...install, migrating]) {
    if (!page.endsWith('README.md') && page !== migrating)
      assert.ok(index.includes(`](${page.slice('docs/install/'.length)})`), page);
    for (const [, link = ''] of read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      assert.ok(link.startsWith('https://') || existsSync(join(root, dirname(page), link)), `${page}: ${link}`);
    }
  }
});

test('the files of the repository that a page names exist, and versions are that of the package', () => {
  for (const page of install) {
    for (const [path] of read(page).matchAll(/\b(?:deploy|alerts|grafana)\/[\w.-]+(?:\/[\w.-]+)*\w/g)) {
      if (!/^(grafana\/dashboards\/cinder|alerts\/?\.)/.test(path))
        assert.ok(existsSync(join(root, path)), `${page}: ${path}`);
    }
    for (const [, named] of read(page).matchAll(/cinder-exporter[:_-](\d+\.\d+\.\d+)/g))
      assert.equal(named, version, page);
  }
});

test('the demo as a container is on the first screen as it is on the page that a test follows', () => {
  const [, , container = ''] = commandBlocks('README.md');
  assert.deepEqual(container, commandBlocks('docs/install/docker.md').slice(0, 2).join(''));
});

test('the metrics and alerts that the migration names are ours', () => {
  const families = read('docs/metrics.md');
  const page = read(migrating);
  const named = [...page.matchAll(/`(cinder_\w+[^_`*{])(?:\{[^`]*)?`/g)].map(([, name = '']) => name);
  assert.ok(named.length > 5);
  for (const name of named) assert.ok(families.includes(`\`${name}\``), name);
  const ours = page
    .split('\n')
    .flatMap((line) => line.split('|')[2] ?? [])
    .join();
  const alerts = [...ours.matchAll(/`(Cinder\w+)`/g)].map(([, name = '']) => name);
  assert.ok(alerts.length > 10);
  for (const name of alerts) assert.ok(rules.includes(`alert: ${name}\n`), name);
});

test('what Kolla-Ansible merges is a scrape configuration once its template is filled in', () => {
  const [block = ''] = yamlBlocks('docs/install/kolla-ansible.md');
  const filled = block.replaceAll(/^\{%.*%\}\n/gm, '').replaceAll(/\{\{.*\}\}/g, '10.0.0.11');
  assert.deepEqual(parse(filled), {
    scrape_configs: [
      { job_name: 'cinder-exporter', scrape_interval: '30s', static_configs: [{ targets: ['10.0.0.11:10776'] }] },
    ],
  });
});

test('the command for OpenStack-Helm makes values whose rules are ours', () => {
  const command =
    /^ *(\{ printf .*\}) > cinder-rules\.yaml$/m.exec(read('docs/install/openstack-helm.md'))?.[1] ?? 'false';
  const values = execFileSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
  assert.deepEqual(parse(values), { conf: { prometheus: { rules: { cinder: parse(rules) as unknown } } } });
});

test('the commands for Juju print rules for the longer job label, and take out what an old cos-tool does not know', () => {
  const page = read('docs/install/juju.md');
  const command = /&& cinder-exporter (rules .*) > rules\/cinder\.rules$/m.exec(page)?.[1] ?? '';
  const printed = execFileSync('sh', ['-c', `"$0" dist/main.js ${command}`, process.execPath], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.ok(printed.includes('{job=~".*cinder-exporter.*"') && !printed.includes('job="cinder-exporter"'));
  const script = /^sed -i '(.*)' rules\/cinder\.rules$/m.exec(page)?.[1] ?? '';
  const without = execFileSync('sed', [script], { input: printed, encoding: 'utf8' });
  const expected = JSON.stringify(parse(printed)).replaceAll(/"keep_firing_for":"\w+",/g, '');
  assert.ok(!expected.includes('keep_firing_for'));
  assert.deepEqual(parse(without), JSON.parse(expected));
});
