import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { startExporter } from '../support/exporter.ts';
import { startAlertmanager } from './alertmanager-process.ts';
import { startPrometheus } from './prometheus-process.ts';
import { shellCommand, tool } from './tool.ts';

/** The pages docs/fire-drill.md and docs/silences.md, followed with a real Prometheus and Alertmanager. */
const DRILL = 'docs/fire-drill.md';
const RULE =
  /^ *```yaml\n([^]*?)^ *```$/m.exec(readFileSync(new URL(`../../${DRILL}`, import.meta.url), 'utf8'))?.[1] ?? '';

test('the fire drill pages once; silences are made, seen and ended', { timeout: 300_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-drill-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const exporter = await startExporter({ args: ['demo'] });
  t.after(exporter.stop);
  const alertmanager = await startAlertmanager();
  t.after(alertmanager.stop);
  const rules = join(folder, 'cinder-drill.rules.yml');
  writeFileSync(rules, RULE.replaceAll(/^ {3}/gm, ''));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager.url).host] }] }] },
    scrape_configs: [{ job_name: 'cinder-exporter', static_configs: [{ targets: [new URL(exporter.url).host] }] }],
  };
  const prometheus = await startPrometheus('prometheus', JSON.stringify(config), ['--web.enable-lifecycle']);
  t.after(() => prometheus.stop());

  const [reload = '', query = '', receiver = ''] = commandBlocks(DRILL);
  const run = (commands: string): string =>
    tool(
      shellCommand(
        commands
          .replaceAll('http://ALERTMANAGER:9093', alertmanager.url)
          .replaceAll('http://PROMETHEUS:9090', prometheus.url),
      ),
      { cwd: folder, env: { ...process.env, USER: 'operator' } },
    );
  assert.match(run(reload), /SUCCESS: 1 rules found/);
  const { receiver: name, alerts } = await alertmanager.notified(({ status }) => status === 'firing');
  assert.deepEqual([name, alerts.map(({ labels }) => labels['alertname'])], ['pager', ['CinderFireDrill']]);
  assert.equal(alertmanager.notifications.length, 1);
  assert.match(run(query), /^CinderFireDrill .* active/m);

  const [, , add = '', whole = '', seen = ''] = commandBlocks('docs/silences.md');
  assert.match(run(add.replaceAll('NODE', 'az1-stor-2')), /^[\da-f-]{36}\n$/);
  const id = run(whole).trim();
  const [list = '', end = ''] = seen.split('\n');
  assert.match(run(list), /host=~"az1-stor-2\(@\.\*\)\?"[^]*cloud="north"/);
  run(end.replace('ID', id));
  assert.doesNotMatch(run(list), /cloud="north"/);

  run(receiver);
  assert.equal((JSON.parse(run(`${query.trim()} -o json`)) as unknown[]).length, 2);
});
