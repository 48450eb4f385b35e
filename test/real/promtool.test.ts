import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { renderRules } from '../../src/rules/render.ts';
import { defaultSettings, parseSettings, scaleDurations } from '../../src/rules/settings.ts';
import { goProgram } from './go-install.ts';

const alerts = new URL('../../alerts/', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'cinder-rules-'));
after(() => rmSync(scratch, { recursive: true }));

/** Runs a tool in `alerts/tests`; a failure, or no such tool, fails the test with what it said. */
function run(tool: string, ...args: string[]): string {
  try {
    return execFileSync(tool, args, { cwd: join(alerts, 'tests'), encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    assert.fail(`${message}\n${stdout}\n${stderr}`);
  }
}

/** Debian's 2.42, the oldest that alerts/README.md promises, and 3. All the cases cost minutes of CPU for each: with the older one they are played at night. */
const PROMTOOLS = { 'promtool 2': 'promtool', 'promtool 3': goProgram('promtool') };
const PLAYS = process.env['NIGHT'] === '1' ? 'promtool 2' : 'promtool 3';

/** A backend that is down, with a name that has everything in it. */
const LINKED = `
rule_files: [linked.yml]
evaluation_interval: 15s
group_eval_order: [cinder-backends, cinder-services]
tests:
  - interval: 30s
    input_series:
      - {series: 'up{job="cinder-exporter",instance="a"}', values: '1x20'}
      - {series: 'cinder_up{job="cinder-exporter",instance="a"}', values: '1x20'}
      - {series: 'cinder_scrape_collector_success{job="cinder-exporter",instance="a",collector="pools"}', values: '1x20'}
      - {series: 'cinder_backend_condition{job="cinder-exporter",instance="a",host="stor.example@ceph&x=1#é",backend="ceph&x=1#é",condition="down"}', values: '1x20'}
    alert_rule_test:
      - eval_time: 5m
        alertname: CinderBackendDown
        exp_alerts:
          - exp_labels: {severity: critical, component: backend, job: cinder-exporter, host: 'stor.example@ceph&x=1#é', backend: 'ceph&x=1#é', condition: down}
            exp_annotations:
              summary: 'A Cinder storage backend is reported down by its driver.'
              description: 'The driver of stor.example@ceph&x=1#é reports backend_state=down while its cinder-volume process still sends heartbeats. Volumes on it may have lost their storage; new volumes, snapshots and attachments there fail.'
              runbook_url: 'https://github.com/cinder-exporter/cinder-exporter/blob/main/docs/runbooks/CinderBackendDown.md'
              dashboard_url: 'https://grafana.example/d/cinder-backend/cinder-backend?var-host=stor.example%40ceph%26x%3D1%23%C3%A9'
`;

/** Two backends are failing, of which one is the only one of its type: by what operations tell, or because their capacity has vanished. */
const failing = (by: 'creations' | 'capacity', firing: string): string => `
rule_files: [tickets.yml]
evaluation_interval: 15s
group_eval_order: [cinder-backends, cinder-services, cinder-capacity]
tests:
  - interval: 30s
    input_series:
      - {series: 'up{job="cinder-exporter",instance="a"}', values: '1x40'}
      - {series: 'cinder_up{job="cinder-exporter",instance="a"}', values: '1x40'}
      - {series: 'cinder_scrape_collector_success{job="cinder-exporter",instance="a",collector="pools"}', values: '1x40'}
${['one', 'two']
  .map(
    (
      backend,
    ) => `      - {series: 'cinder_backend_condition{job="cinder-exporter",instance="a",host="c1@${backend}",backend="${backend}",condition="failing"}', values: '1x40'}
      - {series: 'cinder_backend_failing_info{job="cinder-exporter",instance="a",host="c1@${backend}",backend="${backend}",by="${by}"}', values: '1x40'}
${by === 'creations' ? `      - {series: 'cinder_backend_creations_failing{job="cinder-exporter",instance="a",host="c1@${backend}",backend="${backend}"}', values: '1x40'}` : ''}
`,
  )
  .join('')}
      - {series: 'cinder_volume_type_backend_info{job="cinder-exporter",instance="a",volume_type="gold",host="c1@one"}', values: '1x40'}
    promql_expr_test:
      - eval_time: 18m
        expr: 'group by (alertname, severity) (ALERTS{alertstate="firing",alertname=~"Cinder(Backend|All|VolumeType).*"})'
        exp_samples: [${firing}]
`;

for (const [which, promtool] of Object.entries(PROMTOOLS)) {
  describe(which, () => {
    test('check rules finds nothing to say, as shipped, with other settings, and scaled', () => {
      const variants = {
        shipped: defaultSettings(),
        other: parseSettings(['selector=job=~"a|b",region!="x"', 'replica_labels=instance', 'backend_down_for=1h30m']),
        scaled: scaleDurations(defaultSettings(), 0.05),
      };
      for (const [name, settings] of Object.entries(variants)) {
        const file = join(scratch, `${name}.yml`);
        writeFileSync(file, renderRules(settings));
        assert.match(run(promtool, 'check', 'rules', '--lint=all', '--lint-fatal', file), /SUCCESS: \d+ rules found/);
      }
    });

    if (which !== PLAYS) return;
    test('with the address of Grafana, what is sent links to the dashboard of the backend, whatever is in its name', () => {
      const rules = join(scratch, 'linked.yml');
      writeFileSync(rules, renderRules(parseSettings(['dashboard_url=https://grafana.example'])));
      const page = join(scratch, 'linked.test.yml');
      writeFileSync(page, LINKED);
      assert.match(run(promtool, 'test', 'rules', page), /SUCCESS/);
    });
    test('with evidence_pages=no what operations tell is a ticket, and no other page counts it; vanished capacity pages as ever', () => {
      writeFileSync(join(scratch, 'tickets.yml'), renderRules(parseSettings(['evidence_pages=no'])));
      const file = join(scratch, 'tickets.test.yml');
      const alert = (name: string, severity: string): string =>
        `{labels: '{alertname="${name}",severity="${severity}"}', value: 1}`;
      for (const [by, fires] of [
        ['creations', alert('CinderBackendCreationsFailing', 'warning')],
        ['capacity', alert('CinderAllBackendsDown', 'critical')],
      ] as const) {
        writeFileSync(file, failing(by, fires));
        assert.match(run(promtool, 'test', 'rules', file), /SUCCESS/);
      }
    });
    for (const file of readdirSync(join(alerts, 'tests')).filter((name) => name.endsWith('.test.yml'))) {
      test(`test rules ${file}`, () => {
        assert.match(run(promtool, 'test', 'rules', file), /SUCCESS/);
      });
    }
  });
}

test('amtool accepts the example of Alertmanager', () => {
  assert.match(run('amtool', 'check-config', join(alerts, 'alertmanager.example.yml')), /SUCCESS/);
});
