import { CODED_CONDITIONS } from './conditions.ts';
import { SERVICE_CODES } from './mapping.ts';
import { CLOUD, max, select, toBackend } from './promql.ts';

/** Which backends a dashboard is about: a matcher of `host`, and a filter of what is left. */
export interface Scope {
  readonly host: string;
  /** Appended to a vector with one series for each backend, or more. */
  readonly only: string;
}

/** One backend, word for word: the variable has no "All", so that Grafana escapes nothing for a regular expression. */
export const ONE_BACKEND: Scope = { host: 'host="$host"', only: '' };

/** The chosen backends with a service in the chosen zones. The zone is a label of the services only. */
export const CHOSEN_BACKENDS: Scope = {
  host: 'host=~"$host"',
  only: ` and on (${CLOUD}, host) ${toBackend(select('cinder_service_info', 'binary="cinder-volume"', 'zone=~"$zone"'))}`,
};

/** The condition of each backend as a number; the worst one when replicas do not agree. */
export function conditionCode(scope: Scope): string {
  const each = CODED_CONDITIONS.map(({ condition, code }) => `${code} * ${holds(scope, condition)}`);
  return `${max('host', each.join(' or '))}${scope.only}`;
}

/** The same at one moment, with the label `runbook`: the alert whose runbook fits the condition. */
export function conditionWithRunbook(scope: Scope): string {
  const each = CODED_CONDITIONS.map(({ condition, code, alert }) => {
    const term = `${code} * ${holds(scope, condition)}`;
    return alert === undefined ? term : `label_replace(${term}, "runbook", "${alert}", "", "")`;
  });
  return `topk by (${CLOUD}, host) (1, ${max('host, runbook', each.join(' or '))}${scope.only})`;
}

function holds({ host }: Scope, condition: string): string {
  return `(${select('cinder_backend_condition', host, `condition="${condition}"`)} == 1)`;
}

/** The state of each service as one number, see `serviceMapping`. `by` are the labels to keep. */
export function serviceCode(by: string, of: (metric: string) => string): string {
  const { frozen, disabled } = SERVICE_CODES;
  return max(
    by,
    `${frozen} * (${of('cinder_service_frozen')} == 1) or ${disabled} + (${of('cinder_service_enabled')} == 0) or ${of('cinder_service_state')}`,
  );
}

/** One value of a label for each backend (or whatever `by` names): the value itself, or `several` when its services do not agree. */
export function oneLabel(label: string, info: string, only: string, by = 'host'): string {
  const values = `group by (${CLOUD}, ${by}, ${label}) (${info})`;
  const number = `count by (${CLOUD}, ${by}) (${values})`;
  return `(${values} and on (${CLOUD}, ${by}) ${number} == 1 or label_replace(${number} > 1, "${label}", "several", "", ""))${only}`;
}

/** Where a data link to the dashboard of a backend goes. */
export function backendLink(host: string): string {
  return `/d/cinder-backend/cinder-backend?var-host=${host}&\${datasource:queryparam}&\${job:queryparam}&\${cloud:queryparam}&\${__url_time_range}`;
}

/** Where a data link to the runbook of an alert goes: below the variable `runbook_url`, word for word. */
export function runbookLink(alert: string): string {
  return `\${runbook_url:raw}/${alert}.md`;
}
