import { WORST_FIRST, needsLook, type Condition } from '../cinder/conditions.ts';
import type { Backend } from '../cinder/model.ts';
import type { Snapshot } from '../cinder/snapshot.ts';
import type { Filter } from './address.ts';
import type { Stretch } from './history.ts';

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
  readonly telemetryPath: string;
  /** How far back the timelines go, in milliseconds. */
  readonly spanMs: number;
  readonly history: (cloud: string, host: string) => readonly Stretch[];
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
  /** How many are in each condition, without the filter. */
  readonly counts: ReadonlyMap<Condition, number>;
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
  sorted.set(snapshot, buckets);
  return buckets;
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

/** The backends that are wanted, worst first, then by cloud and host. */
export function list(clouds: readonly CloudNow[], { q, condition: wanted, page }: Filter): Listing {
  const counts = countConditions(clouds);
  const needle = q.toLowerCase();
  const matches: Entry[] = [];
  for (const condition of counts.keys()) {
    if (wanted === 'trouble' ? !needsLook(condition) : wanted !== undefined && wanted !== condition) continue;
    for (const { name, snapshot } of clouds) {
      for (const backend of snapshot ? (bucketsOf(snapshot).get(condition) ?? []) : []) {
        if (snapshot && (needle === '' || isNamed(backend, needle))) matches.push({ cloud: name, snapshot, backend });
      }
    }
  }
  const pages = Math.max(1, Math.ceil(matches.length / PAGE_SIZE));
  const shown = Math.min(page, pages);
  return {
    entries: matches.slice((shown - 1) * PAGE_SIZE, shown * PAGE_SIZE),
    total: [...counts.values()].reduce((sum, count) => sum + count, 0),
    matching: matches.length,
    counts,
    page: shown,
    pages,
  };
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
