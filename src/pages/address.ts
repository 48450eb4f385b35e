import { CONDITIONS, type Condition } from '../cinder/conditions.ts';
import { HOUR, MINUTE } from '../duration.ts';
import { HISTORY_MS } from './history.ts';

/** By what backends are put together. */
export const GROUPS = { zone: 'zone', host: 'host', vendor: 'vendor', type: 'volume type' } as const;
export type Group = keyof typeof GROUPS;

/** In which order they come; the first is what one gets. */
export const SORTS = { worst: 'worst, newest first', since: 'newest', host: 'name', fullest: 'fullest pool' } as const;
export type Sort = keyof typeof SORTS;

/** How much of what is remembered the timelines show, in milliseconds; the first is what one gets. */
export const PASTS = { all: HISTORY_MS, '1h': HOUR, '15m': 15 * MINUTE } as const;
type Past = keyof typeof PASTS;

/** What a reader wants to see of the list of backends. */
export interface Filter {
  /** Part of a name, as typed. */
  readonly q: string;
  /** `trouble` is every condition that somebody should look at, `healthy` is every other. */
  readonly condition: Condition | 'trouble' | 'healthy' | undefined;
  readonly group: Group | undefined;
  /** The one group whose backends are wanted; empty: all. */
  readonly within: string;
  readonly sort: Sort;
  readonly past: Past;
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

function known<T extends string>(words: Readonly<Record<T, unknown>>, said: string): T | undefined {
  return Object.hasOwn(words, said) ? (said as T) : undefined;
}

/** Reads the filter. What makes no sense is no filter: a link must never end in an error. */
export function readFilter(query: Query): Filter {
  const condition = parameter(query, 'condition');
  const page = Number(parameter(query, 'page'));
  const group = known(GROUPS, parameter(query, 'group'));
  return {
    q: parameter(query, 'q').slice(0, 1024).trim(),
    condition:
      condition === 'trouble' || condition === 'healthy' ? condition : CONDITIONS.find((one) => one === condition),
    group,
    within: group ? parameter(query, 'in').slice(0, 1024) : '',
    sort: known(SORTS, parameter(query, 'sort')) ?? 'worst',
    past: known(PASTS, parameter(query, 'past')) ?? 'all',
    page: Number.isSafeInteger(page) && page > 1 ? page : 1,
  };
}

/** A page with a list: its path, and the name of the cloud when it is of one of several. */
export interface ListPage {
  readonly page: string;
  readonly name: string | undefined;
}

/** A link to the list as a reader wants it, with some of that changed. It begins with the first page, unless another is named. */
export function listLink({ page, name }: ListPage, wanted: Filter, change: Partial<Filter> = {}): string {
  const { q, condition, group, within, sort, past, page: at } = { ...wanted, page: 1, ...change };
  return link(page, {
    name,
    q,
    condition,
    group,
    in: group && within,
    sort: sort === 'worst' ? undefined : sort,
    past: past === 'all' ? undefined : past,
    page: at === 1 ? undefined : at,
  });
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

/** The runbook of an alert: where the operators keep theirs, else the shipped one, which the exporter serves itself. */
export function runbookLink(base: string | undefined, alert: string): string {
  return base === undefined ? `runbooks/${alert}` : `${base}/${alert}.md`;
}

/** The backend's dashboard in Grafana; `cloud` only when the scrape configuration has that label. */
export function grafanaLink(base: string, host: string, cloud: string | undefined): string {
  return link(`${base.replace(/\/+$/, '')}/d/cinder-backend`, { 'var-host': host, 'var-cloud': cloud });
}
