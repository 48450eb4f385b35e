import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CODED_CONDITIONS } from '../../grafana/src/conditions.ts';
import { ruleGroups } from '../../src/rules/render.ts';
import { defaultSettings } from '../../src/rules/settings.ts';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { DASHBOARDS, DIRECTORY, UIDS } from './shipped.ts';

const ROOT = new URL('../../', import.meta.url);
const RULES = ruleGroups(defaultSettings()).flatMap(({ rules }) =>
  rules.flatMap((rule) => ('alert' in rule ? [rule] : [])),
);
const ALERTS = RULES.map(({ alert }) => alert);

/** Every text in a dashboard that goes somewhere. */
function urls(uid: string): readonly string[] {
  const found: string[] = [];
  JSON.parse(readFileSync(new URL(`${uid}.json`, DIRECTORY), 'utf8'), (key, value: unknown) => {
    if (key === 'url' && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

test('links between dashboards go to one of them, with a variable that it has', () => {
  const paths = UIDS.flatMap(urls).filter((url) => url.startsWith('/d/'));
  assert.ok(paths.length > 0);
  for (const path of [...paths, ...RULES.map(({ dashboard }) => dashboard)]) {
    const [, uid, slug, query = ''] = /^\/d\/([^/?]+)\/([^/?]+)\??(.*)$/.exec(path) ?? [];
    const to = DASHBOARDS.find((dashboard) => dashboard.uid === uid);
    assert.ok(to, path);
    assert.equal(slug, to.title.toLowerCase().replace(/[^a-z]+/g, '-'), path);
    const names = [...query.matchAll(/var-(\w+)=|\$\{(\w+):queryparam\}/g)].map((match) => match[1] ?? match[2]);
    for (const name of names)
      assert.ok(
        to.templating.list.some((variable) => variable.name === name),
        `${path}: ${uid} has no $${name}`,
      );
  }
});

const RUNBOOK = '${runbook_url:raw}/';

test('links to runbooks go to the runbook of a shipped alert, where the rules have it too', () => {
  const base = defaultSettings().runbook_url;
  for (const { uid, templating } of DASHBOARDS) {
    const links = urls(uid).filter((url) => url.startsWith(RUNBOOK));
    const variable = templating.list.find(({ name }) => name === 'runbook_url');
    assert.equal(variable !== undefined, links.length > 0, uid);
    for (const url of links) assert.equal(url, `${RUNBOOK}\${__value.raw}.md`);
    if (variable) assert.deepEqual([variable.type, variable.query], ['constant', base]);
  }
  // The two cells with such a link: the alert that fires, and the one that fits the condition.
  const linked = new Set([...ALERTS, ...CODED_CONDITIONS.flatMap(({ alert }) => alert ?? [])]);
  for (const alert of linked) {
    assert.ok(ALERTS.includes(alert), `no rule ${alert}`);
    assert.ok(existsSync(new URL(`docs/runbooks/${alert}.md`, ROOT)), `docs/runbooks/${alert}.md`);
  }
});

test('alerts/README.md: rules and dashboards lead to the runbooks of a wiki', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-dashboards-'));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(DIRECTORY, join(folder, 'grafana/dashboards'), { recursive: true });
  const commands = commandBlocks('alerts/README.md').find((block) => block.includes('grafana/dashboards')) ?? 'false';
  assert.match(commands, /^cinder-exporter rules --set runbook_url=(\S+) .*\n.*\1/);
  execFileSync('bash', ['-ec', commands.split('\n').slice(1).join('\n')], { cwd: folder });
  for (const { uid } of DASHBOARDS) {
    const text = readFileSync(join(folder, `grafana/dashboards/${uid}.json`), 'utf8');
    assert.ok(!text.includes('docs/runbooks'), uid);
    JSON.parse(text);
  }
});

test('every other link stays within Grafana', () => {
  for (const url of UIDS.flatMap(urls)) assert.ok(url === '' || url.startsWith('/d/') || url.startsWith(RUNBOOK), url);
});
