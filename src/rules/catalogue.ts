import { backendRules } from './catalogue-backends.ts';
import { capacityRules } from './catalogue-capacity.ts';
import { exporterRules } from './catalogue-exporter.ts';
import { serviceRules } from './catalogue-services.ts';
import type { RuleGroup } from './rule.ts';
import type { Settings } from './settings.ts';

/** All rules, with the given settings written into them. */
export function ruleGroups(s: Settings): readonly RuleGroup[] {
  return [backendRules(s), serviceRules(s), capacityRules(s), exporterRules(s)];
}
