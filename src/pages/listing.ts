import { WORST_FIRST, needsLook, type Condition } from '../cinder/conditions.ts';
import type { Backend } from '../cinder/model.ts';
import type { Snapshot } from '../cinder/snapshot.ts';
import { groupBy } from '../cinder/evidence.ts';
import type { Filter, Group, Sort } from './address.ts';
import { usageOf } from './charts.ts';
import { inConditionSince, type Span } from './history.ts';

/** A cloud at one moment; `snapshot` is undefined before its first refresh has ended. */
export interface CloudNow {
  readonly name: string;
  readonly snapshot: Snapshot | undefined;
}

/** All that a page is drawn from, at one moment. */
export interface PageInput {
  readonly nowMs: number;
  /** Every watched cloud, also on the page of one. */
  readonly clouds: readonly CloudNow[];
  readonly grafanaUrl: string | undefined;
  /** Where the operators keep their runbooks; undefined: the shipped ones. */
  readonly runbookUrl: string | undefined;
  readonly telemetryPath: string;
  /** How far back the timelines go, in milliseconds. */
  readonly spanMs: number;
  readonly history: (cloud: string, host: string) => readonly Span[];
}

/** A backend and where it was seen. */
export interface Entry {
  readonly cloud: string;
  readonly snapshot: Snapshot;
  readonly backend: Backend;
}

/** One page of the backends that a reader asked for. */
export interface Listing {
  readonly entries: readonly Entry[];
  /** How many there are without and with the filter. */
  readonly total: number;
  readonly matching: number;
  /** How many are in each condition, with all of the filter but the condition. */
  readonly counts: ReadonlyMap<Condition, number>;
  /** Backends that need nobody and are no rows: only those who ask for them get rows of them. */
  readonly folded: readonly Entry[];
  readonly page: number;
  readonly pages: number;
}

/** Rows on one page: more would be slow to lay out and are not read anyway. */
export const PAGE_SIZE = 100;

type Buckets = ReadonlyMap<Condition, readonly Backend[]>;

/** Sorted once for each snapshot, as a snapshot never changes. */
const sorted = new WeakMap<Snapshot, Buckets>();

function bucketsOf(snapshot: Snapshot): Buckets {
  const known = sorted.get(snapshot);
  if (known) return known;
  const buckets = new Map<Condition, Backend[]>();
  for (const backend of snapshot.backends) {
    const bucket = buckets.get(backend.condition);
    if (bucket) bucket.push(backend);
    else buckets.set(backend.condition, [backend]);
  }
  for (const [condition, bucket] of buckets)
    if (needsLook(condition)) bucket.sort((a, b) => newestFirst({ snapshot, backend: a }, { snapshot, backend: b }));
  sorted.set(snapshot, buckets);
  return buckets;
}

type Seen = Pick<Entry, 'snapshot' | 'backend'>;

function newestFirst(a: Seen, b: Seen): number {
  return (inConditionSince(b.snapshot, b.backend) ?? 0) - (inConditionSince(a.snapshot, a.backend) ?? 0);
}

/** The newest backend of each condition in which somebody is needed. */
export function firstInTrouble(snapshot: Snapshot): readonly Backend[] {
  return [...bucketsOf(snapshot)].flatMap(([condition, bucket]) => (needsLook(condition) ? (bucket[0] ?? []) : []));
}

/** How many backends are in each condition, worst first; conditions without any are left out. */
export function countConditions(clouds: readonly CloudNow[]): Map<Condition, number> {
  const counts = new Map<Condition, number>();
  for (const condition of WORST_FIRST) {
    let count = 0;
    for (const { snapshot } of clouds) if (snapshot) count += bucketsOf(snapshot).get(condition)?.length ?? 0;
    if (count > 0) counts.set(condition, count);
  }
  return counts;
}

/** The backends that are wanted: worst first and newest first within a condition, those that need nobody by cloud and host; or as they are to be sorted. */
export function list(clouds: readonly CloudNow[], wanted: Filter): Listing {
  const needle = wanted.q.toLowerCase();
  const narrowed = needle !== '' || wanted.within !== '';
  const all = countConditions(clouds);
  const counts = narrowed ? new Map<Condition, number>() : all;
  const matches: Entry[] = [];
  const folded: Entry[] = [];
  for (const condition of all.keys()) {
    const asked = isAsked(condition, wanted);
    if (!asked && !narrowed) continue;
    const found = inCondition(clouds, condition, narrowed ? { needle, wanted } : undefined);
    if (narrowed && found.length > 0) counts.set(condition, found.length);
    if (!asked) continue;
    const needs = needsLook(condition);
    if (needs && clouds.length > 1) found.sort(newestFirst);
    const into = needs || needle !== '' || wanted.condition !== undefined ? matches : folded;
    for (const entry of found) into.push(entry);
  }
  if (wanted.sort !== 'worst') matches.sort(ORDERS[wanted.sort]);
  const pages = Math.max(1, Math.ceil(matches.length / PAGE_SIZE));
  const shown = Math.min(wanted.page, pages);
  return {
    entries: matches.slice((shown - 1) * PAGE_SIZE, shown * PAGE_SIZE),
    total: sum(all),
    matching: matches.length + folded.length,
    counts,
    folded,
    page: shown,
    pages,
  };
}

function sum(counts: ReadonlyMap<Condition, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

const ORDERS: Readonly<Record<Exclude<Sort, 'worst'>, (a: Entry, b: Entry) => number>> = {
  since: newestFirst,
  host: (a, b) => (a.backend.host < b.backend.host ? -1 : a.backend.host > b.backend.host ? 1 : 0),
  fullest: (a, b) => fullness(b.backend) - fullness(a.backend),
};

function fullness({ pools }: Backend): number {
  return pools.reduce((most, pool) => Math.max(most, usageOf(pool).used ?? -1), -1);
}

function isAsked(condition: Condition, { condition: wanted }: Filter): boolean {
  if (wanted === undefined) return true;
  if (wanted === 'trouble' || wanted === 'healthy') return needsLook(condition) === (wanted === 'trouble');
  return wanted === condition;
}

function inCondition(
  clouds: readonly CloudNow[],
  condition: Condition,
  narrowed?: { readonly needle: string; readonly wanted: Filter },
): Entry[] {
  const found: Entry[] = [];
  for (const { name: cloud, snapshot } of clouds) {
    if (!snapshot) continue;
    for (const backend of bucketsOf(snapshot).get(condition) ?? []) {
      if (narrowed && narrowed.needle !== '' && !isNamed(backend, narrowed.needle)) continue;
      const entry = { cloud, snapshot, backend };
      if (!narrowed || isWithin(entry, narrowed.wanted)) found.push(entry);
    }
  }
  return found;
}

function isWithin(entry: Entry, { group, within }: Filter): boolean {
  return group === undefined || within === '' || groupsOf(entry, group).includes(within);
}

/** By host: the volume types that it serves. Made once for each snapshot, as a snapshot never changes. */
const served = new WeakMap<Snapshot, ReadonlyMap<string, readonly string[]>>();

/** The volume types that a backend serves. */
export function typesOf({ snapshot, backend }: Seen): readonly string[] {
  let types = served.get(snapshot);
  if (!types) {
    const rows = groupBy(snapshot.volumeTypes, ({ host }) => host);
    types = new Map([...rows].map(([host, of]) => [host, of.map(({ volumeType }) => volumeType)]));
    served.set(snapshot, types);
  }
  return types.get(backend.host) ?? [];
}

/** The groups that a backend belongs to: several for a cluster, and none of which nothing is known. */
function groupsOf(entry: Entry, group: Group): readonly string[] {
  const { services, pools } = entry.backend;
  const names =
    group === 'type'
      ? typesOf(entry)
      : group === 'vendor'
        ? pools.map(({ vendorName }) => vendorName)
        : services.map(({ host, zone }) => (group === 'zone' ? zone : (host.split('@', 1)[0] ?? host)));
  return names.length < 2 ? names.filter((name) => name !== '') : [...new Set(names)].filter((name) => name !== '');
}

/** Backends that belong together, counted by condition. */
export interface GroupNow {
  readonly name: string;
  readonly total: number;
  readonly troubled: number;
  readonly counts: ReadonlyMap<Condition, number>;
}

/** The groups of all backends: the most in trouble first, then by name. */
export function groupBackends(clouds: readonly CloudNow[], group: Group): GroupNow[] {
  const counts = new Map<string, Map<Condition, number>>();
  for (const condition of countConditions(clouds).keys())
    for (const entry of inCondition(clouds, condition))
      for (const name of groupsOf(entry, group)) {
        const of = counts.get(name) ?? new Map<Condition, number>();
        counts.set(name, of.set(condition, (of.get(condition) ?? 0) + 1));
      }
  const groups = [...counts].map(([name, of]) => ({
    name,
    total: sum(of),
    troubled: sum(new Map([...of].filter(([condition]) => needsLook(condition)))),
    counts: of,
  }));
  return groups.toSorted((a, b) => b.troubled - a.troubled || (a.name < b.name ? -1 : 1));
}

/** By any name that an operator may have at hand: the backend's, its hosts', its zone's, its pools' or a driver's. */
function isNamed({ host, services, pools }: Backend, needle: string): boolean {
  const has = (text: string): boolean => text.toLowerCase().includes(needle);
  return (
    has(host) ||
    services.some((service) => has(service.host) || has(service.zone)) ||
    pools.some((pool) => has(pool.pool) || has(pool.volumeBackendName) || has(pool.vendorName))
  );
}
