import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings, parseSettings, scaleDurations, SettingsError } from '../../src/rules/settings.ts';
import { renderRules } from '../../src/rules/render.ts';
import { rulesOf } from './shipped.ts';

const find = (yaml: string, alert: string) => {
  const rule = rulesOf(yaml).find((candidate) => candidate.alert === alert);
  assert.ok(rule, alert);
  return rule;
};

test('a setting changes what it says, and nothing else', () => {
  const before = rulesOf(renderRules(defaultSettings()));
  const after = rulesOf(renderRules(parseSettings(['backend_down_for=3m'])));
  const changed = after.filter((rule, index) => JSON.stringify(rule) !== JSON.stringify(before[index]));
  assert.deepEqual(
    changed.map((rule) => [rule.alert, rule.for]),
    [['CinderBackendDown', '3m']],
  );
});

test('what rests on weighed evidence is a ticket that says what it would be, and pages when that is wanted', () => {
  const [tickets, pages] = ['no', 'yes'].map((set) =>
    rulesOf(renderRules(parseSettings([`evidence_pages=${set}`])))
      .filter(({ annotations, labels }) => annotations?.['runbook_url']?.endsWith('CreationsFailing.md') && labels)
      .map(({ labels, annotations, keep_firing_for: keep }) => [
        labels?.['severity'],
        keep,
        annotations?.['description']?.endsWith('would have paged.'),
      ]),
  );
  assert.deepEqual(tickets, [
    ['warning', '3m', true],
    ['warning', '3m', true],
  ]);
  assert.deepEqual(pages, [
    ['critical', '5m', false],
    ['critical', '5m', false],
  ]);
  assert.throws(() => parseSettings(['evidence_pages=maybe']), /evidence_pages: expected yes or no, got "maybe"/);
});

test('the alert about a volume type grows with those about its backends, unless it is set', () => {
  const timesOf = (...assignments: string[]) => {
    const yaml = renderRules(parseSettings(assignments));
    return [find(yaml, 'CinderBackendDown').for, find(yaml, 'CinderVolumeTypeDown').for];
  };
  assert.deepEqual(timesOf(), ['2m', '4m']);
  assert.deepEqual(timesOf('backend_down_for=5m'), ['5m', '6m']);
  assert.deepEqual(timesOf('backend_down_for=1h30m'), ['1h30m', '91m']);
  assert.deepEqual(timesOf('backend_down_for=5m', 'volume_type_down_for=10m'), ['5m', '10m']);
});

test('settings that contradict each other are refused, with both names and the reason', () => {
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['backend_down_for=5m', 'volume_type_down_for=4m'],
      /^backend_down_for=5m: expected less than volume_type_down_for=4m, because the page of a backend comes before/,
    ],
    [['all_backends_down_for=2m'], /^all_backends_down_for=2m: expected less than backend_down_for=2m, because/],
    [['backend_down_for=30s'], /^all_backends_down_for=1m: expected less than backend_down_for=30s/],
    [['volume_host_down_for=3m'], /^volume_host_down_for=3m: expected less than volume_service_down_for=3m/],
    [['ticket_keep_firing_for=5m'], /^ticket_keep_firing_for=5m: expected less than page_keep_firing_for=5m/],
    [
      ['pool_physical_space_critical_ratio=0.5'],
      /^pool_physical_space_critical_ratio=0.5: expected less than pool_fil/,
    ],
    [['hold_for=999999999d'], /^hold_for=999999999d: expected a year or less$/],
    [['availability_day=30d'], /^availability_day=30d: expected less than availability_month=30d/],
    [['interval=5m'], /^interval=5m: expected 2m or less/],
    [['capacity_interval=10m'], /^capacity_interval=10m: expected 2m or less/],
    [['availability_interval=1h'], /^availability_interval=1h: expected 15m or less, or the dashboard/],
  ];
  for (const [assignments, message] of refused)
    assert.throws(
      () => parseSettings(assignments),
      (error) => error instanceof SettingsError && message.test(error.message),
      assignments.join(' '),
    );
  assert.throws(() => scaleDurations(defaultSettings(), 20), /^SettingsError: interval=5m: expected 2m or less/);
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

test('with the address of Grafana every alert links to a dashboard; without it none has a link that nobody can open', () => {
  const linksOf = (...assignments: string[]): readonly (string | undefined)[] =>
    rulesOf(renderRules(parseSettings(assignments))).flatMap(({ alert, annotations }) =>
      alert === undefined ? [] : [annotations?.['dashboard_url']],
    );
  for (const link of linksOf('dashboard_url=https://grafana.example'))
    assert.match(link ?? '', /^https:\/\/grafana\.example\/d\/cinder-(backend|backends|exporter)\//);
  for (const none of [[], ['dashboard_url=']]) assert.deepEqual(new Set(linksOf(...none)), new Set([undefined]));
});

const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [['backend_down_for'], /^"backend_down_for": expected NAME=VALUE$/],
  [['=5m'], /^"=5m": expected NAME=VALUE$/],
  [
    ['backend_down_fro=5m'],
    /^"backend_down_fro" is no setting of the rules; cinder-exporter rules --list has them all$/,
  ],
  [['constructor=5m'], /^"constructor" is no setting/],
  [['backend_down_for=5'], /^backend_down_for: expected a duration such as 90s, 5m or 1h30m, got "5"$/],
  [['backend_down_for='], /^backend_down_for: expected a duration .* got ""$/],
  [['backend_down_for=0s'], /^backend_down_for: expected a duration/],
  [['backend_down_for=1m30'], /^backend_down_for: expected a duration/],
  [['backend_down_for=2y'], /^backend_down_for: expected a duration/],
  [['pool_space_low_ratio=10%'], /^pool_space_low_ratio: expected a ratio above 0 and below 1, .*, got "10%"$/],
  [['pool_physical_space_critical_ratio=3'], /^pool_physical_space_critical_ratio: expected a ratio .* got "3"$/],
  [['pool_space_low_ratio=1'], /^pool_space_low_ratio: expected a ratio/],
  [['pool_filling_up_ratio=0.0'], /^pool_filling_up_ratio: expected a ratio/],
  [
    ['backend_flapping_changes=0'],
    /^backend_flapping_changes: expected a whole number, 2 or more, such as 6, got "0"$/,
  ],
  [['backend_flapping_changes=2.5'], /^backend_flapping_changes: expected a whole number/],
  [['selector={job="x"}'], /^selector: expected label matchers .* without braces, got "\{job=\\"x\\"\}"$/],
  [['selector=job="x"} or up{job="y"'], /^selector: expected label matchers/],
  [['selector=job=cinder'], /^selector: expected label matchers/],
  [['replica_labels=instance pod'], /^replica_labels: expected label names with commas/],
  [
    ['runbook_url=https://wiki.example/'],
    /^runbook_url: expected a URL such as https:\/\/example.org\/a, without a slash at the end, got/,
  ],
  [['runbook_url=https://me:planted@wiki.example'], /^runbook_url: [^@]*, got one with a user in it \(not shown\)$/],
  [['dashboard_url=https:me:planted@wiki.example'], /^dashboard_url: [^@]*, got one with a user in it \(not shown\)$/],
  [['runbook_url='], /^runbook_url: expected a URL .* got ""$/],
  [['runbook_url=/runbooks'], /^runbook_url: expected a URL/],
  [['dashboard_url=/grafana'], /^dashboard_url: expected a URL .* got "\/grafana"$/],
  [['dashboard_url=grafana.example.org'], /^dashboard_url: expected a URL/],
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
