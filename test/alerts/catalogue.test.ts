import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { ALERTS, alertCases, readText, ROOT, RULES } from './shipped.ts';

const NAMES = ALERTS.map((rule) => rule.alert);

test('no name is used twice', () => {
  assert.equal(new Set(NAMES).size, NAMES.length);
  const records = RULES.flatMap((rule) => rule.record ?? []);
  assert.equal(new Set(records).size, records.length);
});

test('every alert has a promtool case in which it fires, annotations included, and one in which it is silent', () => {
  const cases = alertCases();
  for (const { alert, annotations } of ALERTS) {
    const own = cases.filter((item) => item.alertname === alert);
    const firing = own.flatMap((item) => item.exp_alerts);
    assert.ok(firing.length > 0, `${alert} never fires in alerts/tests`);
    assert.ok(
      own.some((item) => item.exp_alerts.length === 0),
      `${alert} is never silent in alerts/tests`,
    );
    for (const expected of firing)
      assert.deepEqual(Object.keys(expected.exp_annotations ?? {}), Object.keys(annotations), alert);
  }
  const unknown = cases.filter((item) => !NAMES.includes(item.alertname));
  assert.deepEqual(unknown, []);
});

/** What a runbook begins with: the words of the alert, and how it is told. */
function firstLine(name: string): string {
  const { annotations, labels, for: wait } = ALERTS.find(({ alert }) => alert === name) ?? assert.fail(name);
  const severity = labels['severity'] ?? '';
  const told = { critical: 'pages', warning: 'a ticket', info: 'notifies nobody' }[severity] ?? '';
  return `${annotations['summary']} Severity ${severity}: ${told}${wait === undefined ? '' : `, when that has lasted ${wait}`}.`;
}

const SECTIONS = ['What it means', 'What it does not mean', 'Confirm', 'Likely causes', 'What to do', 'What clears it'];

test('every alert has a runbook with all its sections and a line in the index, and no runbook is left over', () => {
  const index = readText('docs/runbooks/README.md');
  for (const name of NAMES) {
    const path = `docs/runbooks/${name}.md`;
    assert.ok(existsSync(new URL(path, ROOT)), `${path} is missing`);
    const text = readText(path);
    assert.ok(text.startsWith(`# ${name}\n\n${firstLine(name)}`), path);
    const sections = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    assert.deepEqual(sections, SECTIONS, path);
    assert.match(text, /\/api\/v1\/backends|\/metrics|\/-\/healthy/, `${path} asks the exporter nothing`);
    assert.ok(index.includes(`](${name}.md)`), `${name} is not in the index`);
  }
  const files = readdirSync(new URL('docs/runbooks/', ROOT)).filter((file) => file !== 'README.md');
  assert.deepEqual(files.toSorted(), NAMES.map((name) => `${name}.md`).toSorted());
});

test('runbooks link only to runbooks that exist', () => {
  for (const name of [...NAMES, 'README']) {
    for (const [, target] of readText(`docs/runbooks/${name}.md`).matchAll(/\]\((\w+)\.md\)/g)) {
      assert.ok(target === 'README' || NAMES.includes(target ?? ''), `${name}.md links to ${target}.md`);
    }
  }
});

test('every alert has the same shape: a severity, a static summary, a description of its own, and links', () => {
  for (const { alert, labels, annotations, keep_firing_for: keep } of ALERTS) {
    assert.match(alert, /^Cinder[A-Z]\w+$/);
    assert.deepEqual(Object.keys(labels), ['severity', 'component'], alert);
    assert.match(labels['severity'] ?? '', /^(critical|warning|info)$/, alert);
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook_url'], alert);
    assert.doesNotMatch(annotations['summary'] ?? '', /\{\{/, alert);
    assert.match(annotations['summary'] ?? '', /^(A|All|No|One|The|Cinder) .+\.$/, alert);
    assert.ok(annotations['runbook_url']?.endsWith(`/docs/runbooks/${alert}.md`), alert);
    if (labels['severity'] === 'critical') assert.ok(keep, `${alert} pages, and a gap in scraping would resolve it`);
  }
});

test('the example of Alertmanager names only alerts that exist', () => {
  const named = readText('alerts/alertmanager.example.yml').matchAll(/Cinder[A-Z]\w+/g);
  for (const [name] of named) assert.ok(NAMES.includes(name), name);
});
