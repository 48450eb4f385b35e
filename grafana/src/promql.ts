/** Labels that tell one Cinder from another; replicas of an exporter (instance, pod) are folded by leaving them out. */
export const CLOUD = 'job, cloud';

/** A selector of the chosen scrape jobs and clouds. A `cloud` label that does not exist is matched by "All", which is `.*`. */
export function select(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${['job=~"$job"', 'cloud=~"$cloud"', ...matchers].join(', ')}}`;
}

/** The largest value of any replica. */
export function max(by: string, expr: string): string {
  return `max by (${CLOUD}${by && `, ${by}`}) (${expr})`;
}

export function min(by: string, expr: string): string {
  return `min by (${CLOUD}${by && `, ${by}`}) (${expr})`;
}

export function sum(by: string, expr: string): string {
  return `sum by (${CLOUD}${by && `, ${by}`}) (${expr})`;
}

export function count(by: string, expr: string): string {
  return `count by (${CLOUD}${by && `, ${by}`}) (${expr})`;
}

/** Seconds since a time. */
export function age(timestamps: string): string {
  return `time() - ${timestamps}`;
}

/** Grafana's date units want milliseconds. */
export function milliseconds(timestamps: string): string {
  return `1000 * ${timestamps}`;
}

/**
 * Makes `host` the backend of a cinder-volume service: its cluster when it has one. The service's own host goes to `member`,
 * without which the services of a cluster would be the same series.
 */
export function toBackend(services: string): string {
  return `label_replace(label_replace(${services}, "member", "$1", "host", "(.+)"), "host", "$1", "cluster", "(.+)")`;
}

const INFO = 'instance, binary, host';

/** A family of cinder-volume services with the labels `cluster` and `zone` of their info, and `host` and `member` as `toBackend` has them. */
export function volumeServices(metric: string): string {
  const info = select('cinder_service_info', 'binary="cinder-volume"');
  return toBackend(
    `${select(metric, 'binary="cinder-volume"')} * on (${CLOUD}, ${INFO}) group_left (cluster, zone) max by (${CLOUD}, ${INFO}, cluster, zone) (${info})`,
  );
}
