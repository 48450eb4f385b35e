import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { tool } from './tool.ts';

// Kolla-Ansible's own roles do what they do with the files that docs/install/kolla-ansible.md puts below /etc/kolla/config.
const PYTHON = '/usr/bin/python3';
const PACKAGES = ['kolla-ansible==22.2.0', 'ansible-core==2.19.14'];

const root = new URL('../../', import.meta.url).pathname;
const page = readFileSync(join(root, 'docs/install/kolla-ansible.md'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'cinder-kolla-'));
const kolla = join(scratch, 'python/share/kolla-ansible');
/** As much as a cloud of one host must say; it talks to itself. The exporters are off only to save time. */
const GLOBALS = {
  ansible_python_interpreter: PYTHON,
  ansible_become: false,
  config_owner_user: 'root',
  config_owner_group: 'root',
  node_config: scratch,
  node_config_directory: join(scratch, 'written'),
  network_interface: 'lo',
  kolla_internal_vip_address: '10.0.0.1',
  // Asks a collection that ansible-core does not bring.
  kolla_same_external_internal_vip: true,
  enable_prometheus: true,
  enable_grafana: true,
  enable_prometheus_blackbox_exporter: false,
  enable_prometheus_libvirt_exporter: false,
  enable_prometheus_memcached_exporter: false,
  enable_prometheus_mysqld_exporter: false,
  enable_prometheus_openstack_exporter: false,
  enable_prometheus_openstack_network_exporter: false,
};
const PLAYBOOK = `
- hosts: localhost
  gather_facts: true
  gather_subset: ['!all', '!min', network]
  tasks:
    - import_role: {name: prometheus, tasks_from: config.yml}
    - import_role: {name: grafana, tasks_from: config.yml}
    - template: {src: templates/clouds.yaml.j2, dest: '{{ node_config }}/clouds.yaml'}
`;

const read = (...path: readonly string[]): string => readFileSync(join(scratch, 'written', ...path), 'utf8');
const shipped = (path: string): string => readFileSync(join(root, path), 'utf8');

before(() => {
  tool([
    PYTHON,
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--no-compile',
    '--target',
    join(scratch, 'python'),
    ...PACKAGES,
  ]);
  for (const [, command = ''] of page.matchAll(/^((?:install|cp) .*\/etc\/kolla\/config\/.*)$/gm)) {
    tool(['sh', '-ec', command.replaceAll('/etc/kolla/config', join(scratch, 'config'))], { cwd: root });
  }
  const [, name = ''] = /`(prometheus\/prometheus\.yml\.d\/[\w.-]+)`/.exec(page) ?? [];
  const [, snippet = ''] = /^```yaml\n([^]*?)^```$/m.exec(page) ?? [];
  writeFileSync(join(scratch, 'config', name), snippet);
  const [, alertmanager = ''] = /`(prometheus\/[\w-]*alertmanager\.yml)`/.exec(page) ?? [];
  writeFileSync(join(scratch, 'config', alertmanager), shipped('alerts/alertmanager.example.yml'));

  const passwords = parse(readFileSync(join(kolla, 'etc_examples/kolla/passwords.yml'), 'utf8')) as object;
  const secrets = Object.keys(passwords).map((key) => [key, 'secret'] as const);
  const variables = join(scratch, 'globals.json');
  writeFileSync(variables, JSON.stringify({ ...Object.fromEntries(secrets), ...GLOBALS }));
  const playbook = join(kolla, 'ansible/cinder-exporter.yml');
  writeFileSync(playbook, PLAYBOOK);
  mkdirSync(join(scratch, 'written'));
  const inventory = join(kolla, 'ansible/inventory/all-in-one');
  tool([PYTHON, join(scratch, 'python/bin/ansible-playbook'), '-i', inventory, '-e', `@${variables}`, playbook], {
    env: {
      ...process.env,
      LC_ALL: 'C.UTF-8',
      PYTHONPATH: join(scratch, 'python'),
      ANSIBLE_HOME: join(scratch, 'ansible'),
      ANSIBLE_REMOTE_TEMP: join(scratch, 'remote'),
      ANSIBLE_PIPELINING: 'true',
    },
  });
});

after(() => rmSync(scratch, { recursive: true, force: true }));

test('Prometheus has the job beside those of Kolla, and the rules as they are', () => {
  const merged = parse(read('prometheus-server/prometheus.yml')) as {
    rule_files: readonly string[];
    scrape_configs: readonly { job_name: string }[];
  };
  const jobs = merged.scrape_configs.map(({ job_name }) => job_name);
  assert.ok(
    ['prometheus', 'node', 'alertmanager'].every((job) => jobs.includes(job)),
    jobs.join(),
  );
  assert.deepEqual(
    merged.scrape_configs.filter(({ job_name }) => job_name.startsWith('cinder')),
    [{ job_name: 'cinder-exporter', scrape_interval: '30s', static_configs: [{ targets: ['127.0.0.1:10776'] }] }],
  );
  assert.deepEqual(merged.rule_files, ['/etc/prometheus/cinder.rules']);
  assert.equal(read('prometheus-server/cinder.rules'), shipped('alerts/cinder.rules.yml'));
  const { config_files: copied } = JSON.parse(read('prometheus-server/config.json')) as {
    config_files: readonly { source: string; dest: string }[];
  };
  assert.ok(copied.some(({ source, dest }) => source.endsWith('/*.rules') && dest === '/etc/prometheus/'));
  const inside = join(scratch, 'written/prometheus-server');
  writeFileSync(
    join(inside, 'here.yml'),
    read('prometheus-server/prometheus.yml').replaceAll('/etc/prometheus', inside),
  );
  assert.match(tool(['promtool', 'check', 'config', join(inside, 'here.yml')]), /SUCCESS: \d+ rules found/);
});

test('Alertmanager has the example, which its template leaves alone', () => {
  const path = join(scratch, 'written/prometheus-alertmanager/prometheus-alertmanager.yml');
  assert.equal(readFileSync(path, 'utf8'), shipped('alerts/alertmanager.example.yml'));
  assert.match(tool(['amtool', 'check-config', path]), /SUCCESS/);
});

test('Grafana has the dashboards where it looks for them', () => {
  const dashboards = readdirSync(join(root, 'grafana/dashboards')).filter((name) => name.endsWith('.json'));
  assert.ok(dashboards.length > 0);
  for (const name of dashboards) {
    assert.equal(read('grafana/dashboards/cinder', name), shipped(`grafana/dashboards/${name}`), name);
  }
  const { providers } = parse(read('grafana/provisioning.yaml')) as { providers: [{ options: { path: string } }] };
  const { config_files: copied } = JSON.parse(read('grafana/config.json')) as {
    config_files: readonly { source: string; dest: string }[];
  };
  assert.ok(
    copied.some(({ source, dest }) => source.endsWith('/dashboards/') && dest === providers[0].options.path),
    providers[0].options.path,
  );
});

test('the clouds.yaml of post-deploy is one that the exporter takes', () => {
  const [, cloud = ''] = /OS_CLOUD=([\w-]+)/.exec(page) ?? [];
  const said = tool([process.execPath, join(root, 'dist/main.js'), '--config.check'], {
    env: { OS_CLOUD: cloud, OS_CLIENT_CONFIG_FILE: join(scratch, 'clouds.yaml') },
  });
  assert.equal(said, 'configuration is good; the cloud is kolla-admin-internal (http://10.0.0.1:5000)\n');
});
