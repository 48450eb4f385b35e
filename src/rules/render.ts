import { Document, isNode, isPair, isScalar, parseDocument, Scalar, visit, type YAMLMap } from 'yaml';
import { availabilityRules } from './catalogue-availability.ts';
import { backendRules } from './catalogue-backends.ts';
import { canaryRules } from './catalogue-canary.ts';
import { capacityRules } from './catalogue-capacity.ts';
import { exporterRules } from './catalogue-exporter.ts';
import { serviceRules } from './catalogue-services.ts';
import type { AlertingRule, RecordingRule, RuleGroup } from './rule.ts';
import { scaled } from '../duration.ts';
import type { RuleSettings } from './settings.ts';

/** All rules, with the given settings written into them. */
export function ruleGroups(s: RuleSettings): readonly RuleGroup[] {
  return [
    backendRules(s),
    serviceRules(s),
    capacityRules(s),
    canaryRules(s),
    exporterRules(s),
    ...availabilityRules(s),
  ];
}

/** A plain rule file for `rule_files`, or a PrometheusRule for the Prometheus Operator. */
export type RulesFormat = 'prometheus' | 'prometheusrule';

const HEADER = `Rules of cinder-exporter, for Prometheus 2.42 or later. Generated: change a threshold, a duration or the selector with
"cinder-exporter rules --set NAME=VALUE"; the settings are in alerts/README.md.`;

/**
 * The rules with the given settings, as YAML with comments; without the alerts of these names. CinderAllBackendsDown and CinderVolumeHostDown
 * mute others only while they fire: left out, the others are told.
 */
export function renderRules(
  settings: RuleSettings,
  format: RulesFormat = 'prometheus',
  without: readonly string[] = [],
): string {
  const groups = ruleGroups(settings).map((group) => ({
    ...group,
    rules: group.rules.filter((rule) => !('alert' in rule && without.includes(rule.alert))),
  }));
  const rules = { groups: groups.map((group) => plainGroup(group, settings)) };
  const document = new Document(
    format === 'prometheus'
      ? rules
      : {
          apiVersion: 'monitoring.coreos.com/v1',
          kind: 'PrometheusRule',
          metadata: { name: 'cinder-exporter', labels: { 'app.kubernetes.io/name': 'cinder-exporter' } },
          spec: rules,
        },
  );
  document.commentBefore = comment(HEADER, 200);
  const path = format === 'prometheus' ? ['groups'] : ['spec', 'groups'];
  for (const [g, group] of groups.entries()) {
    annotate(document, [...path, g], group.comment);
    for (const [r, rule] of group.rules.entries()) {
      if (rule.comment !== undefined) annotate(document, [...path, g, 'rules', r], rule.comment);
      block(document, [...path, g, 'rules', r, 'expr']);
    }
  }
  return document.toString({ lineWidth: 0 });
}

function plainGroup({ name, interval, rules }: RuleGroup, settings: RuleSettings): object {
  return {
    name,
    interval,
    rules: rules.map((rule) => ('record' in rule ? plainRecord(rule) : plainAlert(rule, settings))),
  };
}

function plainRecord({ record, expr }: RecordingRule): object {
  return { record, expr: expr.trim() };
}

function plainAlert(rule: AlertingRule, settings: RuleSettings): object {
  return {
    alert: rule.alert,
    expr: rule.expr.trim(),
    ...(rule.for === undefined ? {} : { for: rule.for }),
    ...(rule.keepFiringFor === undefined ? {} : { keep_firing_for: rule.keepFiringFor }),
    labels: { severity: rule.severity, component: rule.component },
    annotations: {
      summary: rule.summary,
      description: rule.description,
      runbook_url: `${settings.runbook_url}/${rule.alert}.md`,
      ...(settings.dashboard_url === '' ? {} : { dashboard_url: `${settings.dashboard_url}${rule.dashboard}` }),
    },
  };
}

type Path = readonly (string | number)[];

function annotate(document: Document, path: Path, text: string): void {
  const node = document.getIn(path, true) as YAMLMap;
  node.commentBefore = comment(text, 130);
}

/** An expression of several lines reads best as a literal block. */
function block(document: Document, path: Path): void {
  const node = document.getIn(path, true) as Scalar<string>;
  if (node.value.includes('\n')) node.type = Scalar.BLOCK_LITERAL;
}

function comment(text: string, width: number): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line.length + word.length >= width) {
        lines.push(line);
        line = '';
      }
      line += ` ${word}`;
    }
    lines.push(line);
  }
  return lines.join('\n');
}

/** The waits of a route. */
const WAITS = ['group_wait', 'group_interval', 'repeat_interval'];

/**
 * A configuration of Alertmanager such as the shipped example, with the waits of its routes times `factor` and every webhook at
 * `urlOf(receiver)`, and nothing else changed: for a demo or a test, beside rules with the same `--scale`.
 */
export function hastened(config: string, factor: number, urlOf: (receiver: string) => string): string {
  const document = parseDocument(config);
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key) || !isScalar(pair.value)) return;
      if (WAITS.includes(String(pair.key.value))) pair.value.value = scaled(String(pair.value.value), factor);
    },
  });
  const receivers = document.get('receivers', true);
  if (!isNode(receivers)) return document.toString();
  visit(receivers, {
    Map(_, receiver) {
      const name = receiver.get('name');
      if (typeof name !== 'string') return;
      visit(receiver, {
        Pair(_, { key, value }, path) {
          const within = path.some(
            (node) => isPair(node) && isScalar(node.key) && node.key.value === 'webhook_configs',
          );
          if (within && isScalar(key) && key.value === 'url' && isScalar(value)) value.value = urlOf(name);
        },
      });
      return visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
