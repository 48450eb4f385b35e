import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CODED_CONDITIONS } from '../../grafana/src/conditions.ts';
import { ruleGroups } from '../../src/rules/render.ts';
import { defaultSettings } from '../../src/rules/settings.ts';
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

test('links to runbooks go to the runbook of a shipped alert', () => {
  const runbooks = UIDS.flatMap(urls).filter((url) => url.includes('/docs/runbooks/'));
  assert.ok(runbooks.length > 0);
  const base = defaultSettings().runbook_url;
  for (const url of runbooks) assert.equal(url, `${base}/\${__value.raw}.md`);
  // The two cells with such a link: the alert that fires, and the one that fits the condition.
  const linked = new Set([...ALERTS, ...CODED_CONDITIONS.flatMap(({ alert }) => alert ?? [])]);
  for (const alert of linked) {
    assert.ok(ALERTS.includes(alert), `no rule ${alert}`);
    assert.ok(existsSync(new URL(`docs/runbooks/${alert}.md`, ROOT)), `docs/runbooks/${alert}.md`);
  }
});

test('every other link stays within Grafana', () => {
  for (const url of UIDS.flatMap(urls))
    assert.ok(url === '' || url.startsWith('/d/') || url.includes('/docs/runbooks/'), url);
});
