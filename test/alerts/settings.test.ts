import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings, parseSettings, SETTINGS, SettingsError } from '../../src/rules/settings.ts';
import { renderRules } from '../../src/rules/render.ts';
import { readText, rulesOf } from './shipped.ts';

const find = (yaml: string, alert: string) => {
  const rule = rulesOf(yaml).find((candidate) => candidate.alert === alert);
  assert.ok(rule, alert);
  return rule;
};

test('a setting changes what it says, and nothing else', () => {
  const before = rulesOf(renderRules(defaultSettings()));
  const after = rulesOf(renderRules(parseSettings(['backend_down_for=5m'])));
  const changed = after.filter((rule, index) => JSON.stringify(rule) !== JSON.stringify(before[index]));
  assert.deepEqual(
    changed.map((rule) => [rule.alert, rule.for]),
    [['CinderBackendDown', '5m']],
  );
});

test('thresholds, times and URLs land in the expressions and annotations', () => {
  const yaml = renderRules(
    parseSettings([
      'pool_space_low_ratio=0.2',
      'clock_skew=1m30s',
      'runbook_url=https://wiki.example/cinder',
      'dashboard_url=https://grafana.example',
      'backend_flapping_window=30m',
    ]),
  );
  assert.match(find(yaml, 'CinderPoolSpaceLow').expr, /< 0\.2\)/);
  assert.match(find(yaml, 'CinderServiceClockSkew').expr, /> 90$/);
  assert.match(find(yaml, 'CinderBackendFlapping').expr, /\[30m\]/);
  const { annotations } = find(yaml, 'CinderBackendDown');
  assert.equal(annotations?.['runbook_url'], 'https://wiki.example/cinder/CinderBackendDown.md');
  assert.equal(
    annotations?.['dashboard_url'],
    'https://grafana.example/d/cinder-backend/cinder-backend?var-host={{ $labels.host | urlquery }}',
  );
});

const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [['backend_down_for'], /^"backend_down_for": expected NAME=VALUE$/],
  [['=5m'], /^"=5m": expected NAME=VALUE$/],
  [['backend_down_fro=5m'], /^"backend_down_fro" is no setting of the rules; there are: selector, replica_labels, /],
  [['constructor=5m'], /^"constructor" is no setting/],
  [['backend_down_for=5'], /^backend_down_for: expected a duration such as 90s, 5m or 1h30m, got "5"$/],
  [['backend_down_for='], /^backend_down_for: expected a duration .* got ""$/],
  [['backend_down_for=0s'], /^backend_down_for: expected a duration/],
  [['backend_down_for=1m30'], /^backend_down_for: expected a duration/],
  [['pool_space_low_ratio=10%'], /^pool_space_low_ratio: expected a number such as 0.1 or 6, got "10%"$/],
  [['selector={job="x"}'], /^selector: expected label matchers .* without braces, got "\{job=\\"x\\"\}"$/],
  [['selector=job="x"} or up{job="y"'], /^selector: expected label matchers/],
  [['selector=job=cinder'], /^selector: expected label matchers/],
  [['replica_labels=instance pod'], /^replica_labels: expected label names with commas/],
  [
    ['runbook_url=https://wiki.example/'],
    /^runbook_url: expected a URL or an absolute path without a slash at the end/,
  ],
  [['clock_skew=1m', 'clock_skew=2m'], /^clock_skew is set twice$/],
];

test('what cannot be meant is refused with the name, what was expected and what was got', () => {
  for (const [assignments, message] of REFUSED) {
    assert.throws(
      () => parseSettings(assignments),
      (error) => error instanceof SettingsError && message.test(error.message),
      assignments.join(' '),
    );
  }
});

test('matchers with every operator, several of them, and quotes inside are accepted', () => {
  for (const selector of ['job="x"', 'job=~"a|b",region!="north"', 'job!~"x", pod="a\\"b"']) {
    assert.equal(parseSettings([`selector=${selector}`]).selector, selector);
  }
});

test('every setting is documented with its default in alerts/README.md', () => {
  const readme = readText('alerts/README.md');
  for (const [name, { byDefault, help }] of Object.entries(SETTINGS)) {
    const row = `| \`${name}\` | ${byDefault === '' ? '' : `\`${byDefault}\``} | ${help} |`;
    assert.ok(readme.includes(row), `missing in alerts/README.md: ${row}`);
  }
});
