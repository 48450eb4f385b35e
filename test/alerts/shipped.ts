import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A rule as Prometheus reads it from the shipped file. */
export interface ShippedRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type ShippedAlert = ShippedRule & Required<Pick<ShippedRule, 'alert' | 'labels' | 'annotations'>>;

interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly interval: string;
    readonly rules: readonly ShippedRule[];
  }[];
}

/** One `alert_rule_test` of a promtool file. */
export interface AlertCase {
  readonly alertname: string;
  readonly eval_time: string;
  readonly exp_alerts: readonly {
    readonly exp_labels?: Readonly<Record<string, string>>;
    readonly exp_annotations?: Readonly<Record<string, string>>;
  }[];
}

export const ROOT = new URL('../../', import.meta.url);

export function readText(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

export function rulesOf(yaml: string): ShippedRule[] {
  return (parse(yaml) as RuleFile).groups.flatMap((group) => group.rules);
}

export function isAlert(rule: ShippedRule): rule is ShippedAlert {
  return rule.alert !== undefined;
}

/** The rules of the committed file. */
export const RULES = rulesOf(readText('alerts/cinder.rules.yml'));

export const ALERTS = RULES.filter(isAlert);

/** Every `alert_rule_test` of every committed promtool file. */
export function alertCases(): AlertCase[] {
  return readdirSync(new URL('alerts/tests/', ROOT))
    .filter((file) => file.endsWith('.test.yml'))
    .flatMap(
      (file) => (parse(readText(`alerts/tests/${file}`)) as { tests: { alert_rule_test?: AlertCase[] }[] }).tests,
    )
    .flatMap((test) => test.alert_rule_test ?? []);
}
