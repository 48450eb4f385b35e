import { CONDITIONS, type Condition } from '../cinder/conditions.ts';

/** What a reader wants to see of the list of backends. */
export interface Filter {
  /** Part of a name, as typed. */
  readonly q: string;
  /** `trouble` is every condition that somebody should look at. */
  readonly condition: Condition | 'trouble' | undefined;
  /** From 1. */
  readonly page: number;
}

/** A query string as the `simple` parser of express gives it. */
type Query = Readonly<Record<string, unknown>>;

/** A parameter that is given exactly once; anything else is empty. */
export function parameter(query: Query, name: string): string {
  const value = query[name];
  return typeof value === 'string' ? value : '';
}

/** Reads the filter. What makes no sense is no filter: a link must never end in an error. */
export function readFilter(query: Query): Filter {
  const said = parameter(query, 'condition');
  const page = Number(parameter(query, 'page'));
  return {
    q: parameter(query, 'q').slice(0, 1024).trim(),
    condition: said === 'trouble' ? said : CONDITIONS.find((condition) => condition === said),
    page: Number.isSafeInteger(page) && page > 1 ? page : 1,
  };
}

/**
 * A link relative to the root, where every page of ours is, so that it also holds behind a proxy that serves us below a path.
 * Parameters that are undefined or empty are left out.
 */
export function link(page: string, parameters: Readonly<Record<string, string | number | undefined>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value));
  return query.size === 0 ? page : `${page}?${query.toString()}`;
}

/** The stable address of a backend's page. */
export function backendLink(cloud: string, host: string): string {
  return link('backend', { cloud, host });
}

/** The backend's dashboard in Grafana; `cloud` only when the scrape configuration has that label. */
export function grafanaLink(base: string, host: string, cloud: string | undefined): string {
  return link(`${base.replace(/\/+$/, '')}/d/cinder-backend`, { 'var-host': host, 'var-cloud': cloud });
}
