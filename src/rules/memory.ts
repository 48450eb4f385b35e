import type { Condition } from '../cinder/conditions.ts';
import { secondsOf } from '../duration.ts';
import type { RuleSettings } from './settings.ts';

/** The names of the series that remember. */
export const CONDITION = 'cinder:backend_condition:last_known';
export const SERVICE_STATE = 'cinder:service_state:last_known';
export const SERVICE_ENABLED = 'cinder:service_enabled:last_known';
export const POOL_STATE = 'cinder:pool_state:last_known';
export const FREE_RATIO = 'cinder:pool_physical_free_ratio:last_known';

const WORSE: readonly Condition[] = ['service_down', 'stale', 'unknown', 'unresponsive', 'failing'];
/** The backends that are out, or of which nothing is known. It has the labels of a backend. */
export const OUT = inCondition('down', ...WORSE);
/** The same without the backends of which all pools say down. */
export const WORSE_THAN_POOLS = inCondition(...WORSE);

/** 1 while rounds of the canary fail in a row by the fault of the storage, else 0. */
export const CANARY_FAILING = 'cinder:canary_failing:last_known';

/** The backends of which the canary says so. */
export const CANARY_FAILS = `max without (volume_type) (${CANARY_FAILING} == 1)`;

/** The backends on which creations of users failed, as last weighed, until one is made. The value is when the last had been made. */
export const CREATIONS_FAILING = 'cinder:backend_creations_failing:last_known';

/** 1 for each backend that is failing by what operations tell, and by nothing else. */
export const FAILING_BY_CREATIONS = 'cinder:backend_failing_by_creations:bool';

/** 1 for each backend whose last condition is only held, because no scheduler knows it. */
export const HELD = 'cinder:backend_condition_held:bool';

/** 1 for each backend that was unresponsive, where nobody has found out since whether it answers. */
export const UNRESPONSIVE_HELD = 'cinder:backend_unresponsive_held:bool';

/** Rows of the service list, and backends, that are left-overs; only CinderServiceRecordStale speaks of them. */
export const LEFT_OVER = 'cinder:service_left_over:seconds';
export const BACKEND_LEFT_OVER = 'cinder:backend_left_over:bool';

/** 1 while what needs a scheduler goes unanswered although the service list comes. */
export const SCHEDULER_SILENT = 'cinder:scheduler_silent:bool';

/** 1 while several backends are out and none that is meant to serve is left, else 0. */
export const ALL_DOWN = 'cinder:all_backends_down:bool';

/** 1 while no cinder-volume answers any more, else 0. */
export const NONE_ANSWERS = 'cinder:volume_services_unresponsive:bool';

/** 1 for each backend without service on a host (`node`) whose backends are all without service, two or more. */
export const HOST_DOWN = 'cinder:backend_host_down:bool';

/** The condition of each backend as a number, for dashboards. */
export const CONDITION_CODE = 'cinder:backend_condition:code';

/** How far the heartbeats of a Cinder host (node) are ahead of the clock of a replica of the exporter: of most of its services. */
export const NODE_AHEAD = 'cinder:node_clock_ahead:seconds';

/** How far most Cinder hosts are ahead of the clock of a replica of the exporter. */
export const CLOCK_BEHIND = 'cinder:exporter_clock_behind:seconds';

/** What `info` has beside the identity of a service and its cluster. */
export const DESCRIPTIVE = 'zone, disabled_reason, replication_status, active_backend_id';

/** What an alert has beside the labels of its expression. */
const OF_ALERTS = 'alertname, alertstate, severity, component';

/** The backends on which creations of users failed, as long as their alert fires. */
export const CREATIONS_FIRING = whileFiring('CinderBackendCreationsFailing', CREATIONS_FAILING);

/** What must be 1 for the exporter to see: `series`, with `labels` beyond its target's. `is`: what it must be instead, ">= 0" for being there. */
export interface Sight {
  readonly series: string;
  readonly labels: readonly string[];
  readonly is?: '== 1' | '>= 0';
}

/**
 * The expression of a recording rule that keeps its own last value while no replica of the exporter can see, for at most `hold_for`:
 * a dead exporter or API must neither resolve a page nor send it again afterwards. `identity` is the rule's labels beyond the target's.
 */
export function remember(
  record: string,
  fresh: string,
  identity: readonly string[],
  sight: Sight,
  s: RuleSettings,
): string {
  return `
${fresh}
or
${whileBlind(record, identity, sight, s)}`;
}

/** `kept`, with these labels beyond the target's, while no replica can see, for at most `hold_for`. */
export function whileBlind(kept: string, identity: readonly string[], sight: Sight, s: RuleSettings): string {
  const ignoring = `ignoring (${identity.join(', ')})`;
  const folded = [s.replica_labels, ...sight.labels].join(', ');
  const { is = '== 1' } = sight;
  return `(
  ${kept}
  unless ${ignoring} (max without (${folded}) (${sight.series}) ${is})
  and ${ignoring} (max without (${folded}) (max_over_time(${sight.series}[${s.hold_for}])) ${is})
)`;
}

/**
 * The expression of a recording rule of each pool: `fresh` while the pools are read, folded over the replicas by `fold`; its own last value while they
 * cannot be read, and where a backend that is out tells nothing of it.
 */
export function rememberPools(record: string, fold: 'min' | 'max', fresh: string, s: RuleSettings): string {
  const read = `cinder_scrape_collector_success{${s.selector},collector="pools"}`;
  return `${remember(
    record,
    `
${fold} without (${s.replica_labels}) (
  ${fresh}
  and ignoring (host, backend, pool, collector) (${read} == 1)
)`,
    ['host', 'backend', 'pool'],
    { series: read, labels: ['collector'] },
    s,
  )}
or
(
  ${record} and ignoring (pool) ${OUT}
)`;
}

/** The firing alerts of this name, those in their `keep_firing_for` included. */
function firing(alert: string): string {
  return `ALERTS{alertname="${alert}",alertstate="firing"}`;
}

/** What is still true of an alert that fires already: `expr`, in parentheses, has all its labels. */
export function stillFiring(alert: string, expr: string): string {
  return `${expr}\nand ignoring (${OF_ALERTS}) ${firing(alert)}`;
}

/** The same for at most `hold_for` after `seenAt`, the time as of which it was last seen to be so: what nobody has seen to end does not stand for ever. */
export function stillHeld(alert: string, expr: string, seenAt: string, s: RuleSettings): string {
  return `${stillFiring(alert, expr)}
unless (time() - ${seenAt} > ${secondsOf(s.hold_for)})`;
}

/** `fact` while the alert about it fires: with `labels` beyond the target's. */
export function whileFiring(alert: string, fact: string, labels: readonly string[] = []): string {
  return `${fact} and ignoring (${[...labels, OF_ALERTS].join(', ')}) ${firing(alert)}`;
}

/** The backends in one of these conditions, with the labels of a backend. */
function inCondition(...conditions: readonly Condition[]): string {
  return `(max without (condition) (${CONDITION}{condition=~"${conditions.join('|')}"} == 1))`;
}

/** A firing alert with `labels` beyond its target's, while no replica can read the service list; `hold_for` at most. Its value is 1. */
export function untilSeen(alert: string, labels: readonly string[], s: RuleSettings): string {
  const itself = `max without (${OF_ALERTS}) (${firing(alert)})`;
  return whileBlind(itself, labels, { series: `cinder_up{${s.selector}}`, labels: [] }, s);
}

/** Whether the cinder-volume of each backend answers, where any replica knows. */
export function answering(s: RuleSettings): string {
  return `max without (${s.replica_labels}) (cinder_backend_service_answering{${s.selector}})`;
}

/** Something that explains an alert, and the labels of the alert that it does not have, or the other way round. */
export interface Mute {
  readonly ignoring: string;
  readonly expr: string;
}

/**
 * The expression of an alert that does not begin while something explains it, and that goes on when it fires already. An inhibition of
 * Alertmanager cannot tell the two apart: an alert that was sent, and ends while it is inhibited, is never resolved at the receiver, and the
 * next one of its kind is held back (prometheus/alertmanager#2754). `expr` is in parentheses.
 */
export function unlessMuted(alert: string, expr: string, ...mutes: readonly Mute[]): string {
  return `
${begins(expr, mutes)}
or
${stillFiring(alert, expr)}`;
}

/** `expr`, in parentheses, while nothing explains it. */
export function begins(expr: string, mutes: readonly Mute[]): string {
  return [expr, ...mutes.map(({ ignoring, expr: mute }) => `unless ignoring (${ignoring}) (${mute})`)].join('\n');
}

/** All backends are out, and CinderAllBackendsDown says so. `labels`: the labels of the alert that it mutes. */
export function whileAllDown(...labels: readonly string[]): Mute {
  return { ignoring: labels.join(', '), expr: whileFiring('CinderAllBackendsDown', `(${ALL_DOWN} == 1)`) };
}

/** No cinder-volume answers, and CinderVolumeServicesUnresponsive says so. `labels`: the labels of the alert that it mutes. */
export function whileNoneAnswers(...labels: readonly string[]): Mute {
  return {
    ignoring: labels.join(', '),
    expr: whileFiring('CinderVolumeServicesUnresponsive', `(${NONE_ANSWERS} == 1)`),
  };
}

/** The backends whose host is down as a whole, while CinderVolumeHostDown says so; they have the label `node`. */
export function onDeadHost(): string {
  return `${HOST_DOWN}
  and ignoring (host, backend, ${OF_ALERTS})
  label_replace(${firing('CinderVolumeHostDown')}, "node", "$1", "host", "(.+)")`;
}

/** Seconds by which the clock of a replica of the exporter is behind, or ahead (below zero), where it is off. */
export function clockError(s: RuleSettings): string {
  return `(${CLOCK_BEHIND} > ${secondsOf(s.clock_skew)} or -(-${CLOCK_BEHIND} > ${secondsOf(s.exporter_clock_ahead)}))`;
}

/** How long ago the times of `series` are, with `labels` beyond its replica's; a clock of the exporter that is off makes none of them older. */
export function ageExpression(series: string, labels: string, s: RuleSettings): string {
  return `time() - max without (${s.replica_labels}) (
      ${series} + ignoring (${labels}) group_left () ${clockError(s)}
      or
      ${series}
    )`;
}
