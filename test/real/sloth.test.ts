import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { goProgram } from './go-install.ts';
import { shellCommand, tool } from './tool.ts';

/** The page docs/sloth.md, followed with the real Sloth; the rules that it makes are run by promtool. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cinder-sloth-'));
after(() => rmSync(folder, { recursive: true }));

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

test('docs/sloth.md: the rules are made, and tickets are all that they have', () => {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(goProgram('sloth'), join(folder, 'bin/sloth'));
  symlinkSync(join(ROOT, 'deploy'), join(folder, 'deploy'));
  const run = (commands: string): string =>
    tool(shellCommand(`exec 2>&1\n${commands}`), {
      cwd: folder,
      env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
    });
  const [make = '', look = '', ...more] = commandBlocks('docs/sloth.md');
  assert.deepEqual(more, []);
  run(make);
  assert.match(run(look), /SUCCESS: \d+ rules found[^]*\n2\n$/);

  const { groups } = parse(readFileSync(join(folder, 'cinder-slo.rules.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const alerts = rules.filter(({ alert }) => alert !== undefined);
  assert.deepEqual(
    alerts.map(({ alert, labels }) => [alert, labels['severity'], labels['sloth_severity'], labels['component']]),
    [
      ['CinderBackendBudgetBurn', 'warning', 'ticket', 'backend'],
      ['CinderVolumeTypeBudgetBurn', 'warning', 'ticket', 'backend'],
    ],
  );
  for (const { expr, annotations = {} } of alerts) {
    // Two windows, each long and short, of the burn rates of a ticket: a budget of 0.1 %.
    assert.deepEqual(
      [...expr.matchAll(/ratio_rate(\w+)\{[^}]*\} > \(([\d.]+) \* ([\d.e-]+)\)/g)].map(([, window, rate, budget]) => [
        window,
        Number(rate),
        Math.round(Number(budget) * 1e6),
      ]),
      [
        ['2h', 3, 1000],
        ['1d', 3, 1000],
        ['6h', 1, 1000],
        ['3d', 1, 1000],
      ],
    );
    assert.deepEqual(Object.keys(annotations).toSorted(), ['description', 'summary', 'title']);
  }
  const asked = rules.filter(({ expr }) => /cinder:\w+_available:bool\[/.test(expr)).map(({ record }) => record);
  for (const window of ['5m', '2h', '6h', '1d', '3d'])
    assert.equal(asked.filter((record) => record === `slo:sli_error:ratio_rate${window}`).length, 2, window);
});

test('a backend that was down for an hour is a ticket, with its name; one that blinked is none', () => {
  const ticket = (host: string, more: string): object => ({
    exp_labels: {
      host,
      backend: host.replace(/.*@/, ''),
      job: 'cinder-exporter',
      ...ALERT,
    },
    exp_annotations: {
      summary: 'A Cinder backend uses up its error budget.',
      description: `Backend ${host} was unusable for so much of the last hours or days that its budget of 30 days is used up too early.`,
      title: more,
    },
  });
  const ALERT = {
    severity: 'warning',
    component: 'backend',
    sloth_id: 'cinder-backend-availability',
    sloth_service: 'cinder',
    sloth_slo: 'backend-availability',
    sloth_severity: 'ticket',
  };
  const series = (host: string, values: string): object => ({
    series: `cinder:backend_available:bool{job="cinder-exporter",host="${host}",backend="${host.replace(/.*@/, '')}"}`,
    values,
  });
  const title = '(ticket) cinder backend-availability SLO error budget burn rate is too fast.';
  writeFileSync(
    join(folder, 'slo.test.yml'),
    JSON.stringify({
      rule_files: ['cinder-slo.rules.yml'],
      evaluation_interval: '5m',
      tests: [
        {
          interval: '1m',
          input_series: [
            series('c@out', '1x1439 0x59 1x600'),
            series('c@blink', '1x1439 0 1x660'),
            series('c@fine', '1x2100'),
          ],
          alert_rule_test: [
            { eval_time: '1430m', alertname: 'CinderBackendBudgetBurn', exp_alerts: [] },
            { eval_time: '1505m', alertname: 'CinderBackendBudgetBurn', exp_alerts: [ticket('c@out', title)] },
          ],
        },
      ],
    }),
  );
  assert.match(tool(['promtool', 'test', 'rules', 'slo.test.yml'], { cwd: folder }), /SUCCESS/);
});
