import type { Settings } from './settings.ts';

/** The names of the series that remember. */
export const CONDITION = 'cinder:backend_condition:last_known';
export const SERVICE_STATE = 'cinder:service_state:last_known';
export const SERVICE_ENABLED = 'cinder:service_enabled:last_known';
export const FREE_RATIO = 'cinder:pool_physical_free_ratio:last_known';

/** 1 while what needs a scheduler goes unanswered although the service list comes. */
export const SCHEDULER_SILENT = 'cinder:scheduler_silent:bool';

/** What must be 1 for the exporter to see: `series`, with `labels` beyond those of its target. */
export interface Sight {
  readonly series: string;
  readonly labels: readonly string[];
}

/**
 * The expression of a recording rule that keeps its own last value while no replica of the exporter can see, for at most `hold_for`:
 * a dead exporter or API must neither resolve a page nor send it again afterwards. `identity` is the rule's labels beyond those of the target.
 */
export function remember(
  record: string,
  fresh: string,
  identity: readonly string[],
  sight: Sight,
  s: Settings,
): string {
  const ignoring = identity.join(', ');
  const folded = [s.replica_labels, ...sight.labels].join(', ');
  return `
${fresh}
or
(
  ${record}
  unless ignoring (${ignoring}) (max without (${folded}) (${sight.series}) == 1)
  and ignoring (${ignoring}) (max without (${folded}) (max_over_time(${sight.series}[${s.hold_for}])) == 1)
)`;
}

/** Service rows without a heartbeat for so long that they are left-overs; only CinderServiceRecordStale speaks of them. */
export function leftOver(selector: string, seconds: string): string {
  return `time() - cinder_service_updated_timestamp_seconds{${selector}} > ${seconds}`;
}
