import { conditionCode } from '../../src/cinder/conditions.ts';
import { CONDITION_CODE } from '../../src/rules/memory.ts';
import { CODED_CONDITIONS } from './conditions.ts';
import { SERVICE_CODES } from './mapping.ts';
import { CLOUD, max, select, toBackend } from './promql.ts';

/** Which backends a dashboard is about: a matcher of `host`, and a filter of what is left. */
interface Scope {
  readonly host: string;
  /** Appended to a vector with one series for each backend, or more. */
  readonly only: string;
}

/** One backend, word for word: the variable has no "All", so that Grafana escapes nothing for a regular expression. */
export const ONE_BACKEND: Scope = { host: 'host="$host"', only: '' };

/** The chosen backends with a service in the chosen zones. The zone is a label of the services only. */
export const CHOSEN_BACKENDS: Scope = { host: 'host=~"$host"', only: inZones() };

/** The condition of each backend as a number; the worst one when replicas do not agree. */
export function conditionNumber({ host, only }: Scope, behind = ''): string {
  const each = CODED_CONDITIONS.map(({ condition, code }) => `${code} * ${holds(host, condition + behind)}`);
  return `${max('host', each.join(' or '))}${only}`;
}

/** Values of the variable `shown`: what is neither up nor assumed up is worth a bar. */
export const SHOWN = { trouble: conditionCode('up_assumed') + 1, all: 0 } as const;

/**
 * Behind a value in a matcher: nothing, unless the rules record the numbers. Then the variable is their name, so that the matcher finds nothing:
 * of a thousand backends eleven series each over six hours take ten seconds.
 */
const UNLESS_RECORDED = '$recorded';

/**
 * The numbers of the chosen backends over the time range, twice: what the rules record, and the same from the families where they do not.
 * `shown`: only those in the chosen zones with a number of at least `$shown`, which is looked up once, the worst first. Without it zones are not filtered.
 */
export function conditionNumbers(shown: boolean): readonly [recorded: string, raw: string] {
  const { host } = CHOSEN_BACKENDS;
  const zones = (behind = ''): string => inZones(behind, '[$__range] @ end()');
  const among = (worst: string, behind = ''): string =>
    shown ? ranked(`${max('host', worst)} >= $shown${zones(behind)}`) : '';
  const recorded = select(CONDITION_CODE, host);
  const trouble = CODED_CONDITIONS.filter(({ code }) => code >= SHOWN.trouble).map(({ condition, code }) => {
    const of = select('cinder_backend_condition', host, `condition="${condition}${UNLESS_RECORDED}"`);
    return `${code} * max_over_time(${of}[$__range] @ end())`;
  });
  return [
    recorded + among(`max_over_time(${recorded}[$__range] @ end())`),
    `(${conditionNumber({ host, only: '' }, UNLESS_RECORDED)})${among(trouble.join(' or '), UNLESS_RECORDED)}`,
  ];
}

/** Two digits whatever the condition, so that texts are sorted as numbers are; the worst is the least. */
const RANKED_FROM = 50;

/**
 * Keeps what has a series in `worst`, which is the same at all times, and gives it the label `_rank`: Prometheus sorts what it answers to a range query
 * by labels, and Grafana draws bars in that order. `_cloud` is its cloud where there are several: what tells nothing takes room from the bars.
 */
function ranked(worst: string): string {
  const ranks = `count_values by (${CLOUD}, host) ("_rank", ${RANKED_FROM} - (${worst}))`;
  const several = `count(count by (cloud) (${select('cinder_up')} @ end())) > 1`;
  const named = `label_replace(${ranks}, "_cloud", "$1", "cloud", "(.+)") and on () ${several}`;
  return ` * on (${CLOUD}, host) group_left (_rank, _cloud) (${named} or on (${CLOUD}, host) ${ranks})`;
}

/** How many of the chosen backends have a number now; nothing without any backend. */
export function conditionCount(code: number): string {
  const { host, only } = CHOSEN_BACKENDS;
  const raw = conditionNumber({ host, only: inZones(UNLESS_RECORDED) }, UNLESS_RECORDED);
  return `sum((${select(CONDITION_CODE, host)}${only}) == bool ${code}) or sum((${raw}) == bool ${code})`;
}

/** The condition of each backend at one moment, with the label `runbook`: the alert whose runbook fits the condition. */
export function conditionWithRunbook({ host, only }: Scope): string {
  const each = CODED_CONDITIONS.map(({ condition, code, alert }) => {
    const term = `${code} * ${holds(host, condition)}`;
    return alert === undefined ? term : `label_replace(${term}, "runbook", "${alert}", "", "")`;
  });
  return `topk by (${CLOUD}, host) (1, ${max('host, runbook', each.join(' or '))}${only})`;
}

function holds(host: string, condition: string): string {
  return `(${select('cinder_backend_condition', host, `condition="${condition}"`)} == 1)`;
}

/** A filter: backends with a service in the chosen zones, now or in a range. */
function inZones(behind = '', over = ''): string {
  const services = select('cinder_service_info', `binary="cinder-volume${behind}"`, 'zone=~"$zone"');
  return ` and on (${CLOUD}, host) ${toBackend(over === '' ? services : `last_over_time(${services}${over})`)}`;
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
