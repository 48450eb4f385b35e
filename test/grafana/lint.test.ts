import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { DIRECTORY, DASHBOARDS, expressions, labelValues, shownPanels, type Shipped } from './shipped.ts';
import { parse } from './promql.ts';

/** Source: grafana/dashboard-linter, lint/rule_panel_units.go; those that are in use here. */
const UNITS = ['none', 's', 'bytes', 'percentunit', 'ops', 'reqps', 'dateTimeFromNow'];
const TEMPLATED = '${datasource}';

interface Exclusions {
  readonly exclusions: Readonly<
    Record<string, { readonly reason: string; readonly entries: readonly { readonly dashboard: string }[] }>
  >;
}

/** The rules of grafana/dashboard-linter, by their names: each yields what is wrong. */
const RULES: Readonly<Record<string, (dashboard: Shipped) => Iterable<string>>> = {
  *'template-datasource-rule'({ templating }) {
    const [source, ...more] = templating.list.filter(({ type }) => type === 'datasource');
    if (!source || more.length > 0) yield 'not exactly one data source variable';
    if (source?.name !== 'datasource' || source.label !== 'Data source' || source.query !== 'prometheus')
      yield 'the data source variable';
  },
  'template-job-rule': (dashboard) => template(dashboard, 'job'),
  'template-instance-rule': (dashboard) => template(dashboard, 'instance'),
  *'template-label-promql-rule'({ templating }) {
    for (const variable of templating.list.filter(({ type }) => type === 'query')) {
      const asked = labelValues(variable);
      if (!asked || parse(asked.selector).selectors.length !== 1) yield variable.name;
    }
  },
  *'template-on-time-change-reload-rule'({ templating }) {
    for (const { name, type, refresh } of templating.list) if (type === 'query' && refresh !== 2) yield name;
  },
  *'panel-datasource-rule'(dashboard) {
    for (const { title, datasource, targets = [] } of shownPanels(dashboard))
      for (const used of [datasource, ...targets.map((target) => target.datasource)])
        if (used?.uid !== TEMPLATED) yield title;
  },
  *'panel-title-description-rule'(dashboard) {
    for (const { title, description } of shownPanels(dashboard))
      if (!title || !description || !/[.:]$/.test(description)) yield title;
  },
  *'panel-units-rule'(dashboard) {
    for (const { title, fieldConfig } of shownPanels(dashboard))
      if (!UNITS.includes(fieldConfig?.defaults.unit ?? '')) yield title;
  },
  *'panel-no-targets-rule'(dashboard) {
    for (const { title, targets } of shownPanels(dashboard)) if (!targets?.length) yield title;
  },
  *'target-promql-rule'(dashboard) {
    for (const { where, expr } of expressions(dashboard)) if (parse(expr).selectors.length === 0) yield where;
  },
  *'target-rate-interval-rule'(dashboard) {
    for (const { where, range, functions } of selectors(dashboard)) {
      const [nearest = ''] = functions;
      if (
        ['rate', 'irate'].includes(nearest)
          ? range !== '$__rate_interval'
          : range !== undefined && !['increase', 'deriv', 'last_over_time', 'max_over_time'].includes(nearest)
      )
        yield where;
    }
  },
  'target-job-rule': (dashboard) => target(dashboard, 'job=~"$job"'),
  'target-instance-rule': (dashboard) => target(dashboard, 'instance=~"$instance"'),
  *'target-counter-agg-rule'(dashboard) {
    for (const { where, metrics, functions } of selectors(dashboard))
      if (
        metrics.some((metric) => metric.endsWith('_total')) &&
        !['rate', 'irate', 'increase'].includes(functions[0] ?? '')
      )
        yield where;
  },
  *'target-histogram-rule'(dashboard) {
    for (const { where, metrics, functions } of selectors(dashboard))
      if (metrics.some((metric) => metric.endsWith('_bucket')) && !functions.includes('histogram_quantile'))
        yield where;
  },
  *'uneditable-dashboard-rule'({ editable }) {
    if (editable) yield 'editable';
  },
};

function* template({ templating }: Shipped, name: string): Iterable<string> {
  const found = templating.list.find((variable) => variable.name === name);
  if (!found) return yield `no variable ${name}`;
  const { type, datasource, label, multi, allValue } = found;
  if (type !== 'query' || datasource?.uid !== TEMPLATED || !multi || allValue !== '.+') yield `variable ${name}`;
  if (label !== name[0]?.toUpperCase() + name.slice(1)) yield `label ${label}`;
}

function* selectors(dashboard: Shipped): Iterable<{ where: string } & ReturnType<typeof parse>['selectors'][number]> {
  for (const { where, expr } of expressions(dashboard))
    for (const selector of parse(expr).selectors) yield { where, ...selector };
}

/** The linter looks at panels only: a variable cannot match itself. */
function* target(dashboard: Shipped, matcher: string): Iterable<string> {
  for (const { where, matchers } of selectors(dashboard))
    if (!where.includes('/$') && !where.endsWith('/annotation') && !matchers.includes(matcher)) yield where;
}

const { exclusions } = parseYaml(readFileSync(new URL('.lint', DIRECTORY), 'utf8')) as Exclusions;

for (const [name, rule] of Object.entries(RULES)) {
  for (const dashboard of DASHBOARDS) {
    const excluded = exclusions[name]?.entries.some((entry) => entry.dashboard === dashboard.title) ?? false;
    test(`${dashboard.uid}: ${name}${excluded ? ' is excluded for a reason' : ''}`, () => {
      const wrong = [...rule(dashboard)];
      if (excluded)
        assert.ok(wrong.length > 0 && (exclusions[name]?.reason ?? '') !== '', 'an exclusion that is not needed');
      else assert.deepEqual(wrong, []);
    });
  }
}

test('only known rules are excluded', () => {
  for (const name of Object.keys(exclusions)) assert.ok(name in RULES, name);
});

test('the rules find what they are for', () => {
  const [good] = DASHBOARDS;
  assert.ok(good);
  const panel = {
    ...shownPanels(good)[0],
    targets: [{ refId: 'A', expr: 'rate(cinder_up{job=~"$job"}[5m]) + x_total{job="a"}' }],
  };
  const bad = {
    ...good,
    editable: true,
    panels: [{ ...panel, description: '', datasource: { uid: 'fixed' } }],
  } as Shipped;
  const found = Object.entries(RULES).filter(
    ([name, rule]) => exclusions[name] === undefined && [...rule(bad)].length > 0,
  );
  assert.deepEqual(
    found.map(([name]) => name),
    [
      'panel-datasource-rule',
      'panel-title-description-rule',
      'target-rate-interval-rule',
      'target-job-rule',
      'target-counter-agg-rule',
      'uneditable-dashboard-rule',
    ],
  );
});
