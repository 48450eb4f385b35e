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

/** A gauge of the exporter about one cloud, for each replica. */
export function own(name: string): string {
  return `max by (${REPLICA}) (${perCloud(`cinder_exporter_${name}`)})`;
}

/** Where nothing of what a panel is about happened. */
export const NOTHING = 'None in this time range';

/** The largest value of a gauge, by these labels; only of those that were above zero within the time range. */
export function aboveZero(gauge: string, by: string): string {
  return `max by (${by}) (${gauge}) and max by (${by}) (max_over_time(${gauge}[$__range] @ end())) > 0`;
}

/** The rate of a counter, by these labels; only of those that counted something within the time range. */
export function happened(counter: string, by: string): string {
  const counted = `sum by (${by}) (increase(${counter}[$__range] @ end())) > 0`;
  return `sum by (${by}) (rate(${counter}[$__rate_interval])) and ${counted}`;
}
