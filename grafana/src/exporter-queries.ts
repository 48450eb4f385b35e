import { select } from './promql.ts';

/** A selector of the chosen replicas, for what an exporter tells of one cloud. */
export function perCloud(metric: string, ...matchers: readonly string[]): string {
  return select(metric, 'instance=~"$instance"', ...matchers);
}

/** The same for what belongs to the process: with several clouds it is on a target without a cloud. */
export function perProcess(metric: string): string {
  return `${metric}{job=~"$job", instance=~"$instance"}`;
}

/** Labels of a replica and its cloud. */
export const REPLICA = 'job, cloud, instance';
export const LEGEND = '{{instance}} {{cloud}}';
