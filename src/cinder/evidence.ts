import type { Pool, Service } from './model.ts';

/** Something that was read, and when. */
interface Reading<T> {
  readonly value: T;
  /** By our monotonic clock: what stands, and for how long. */
  readonly readAt: number;
  /** Cinder's clock when it answered, in milliseconds since the epoch: the answer's `Date`. */
  readonly cinderTimeMs: number | undefined;
}

/** All that was read and still stands. A failing collector leaves its last reading here until it is too old. */
export interface Evidence {
  readonly services: Reading<readonly Service[]> | undefined;
  /** `backend_state` by service host, from the last service list that was read at 3.49. */
  readonly words: Reading<ReadonlyMap<string, string | null>> | undefined;
  readonly pools: Reading<readonly Pool[]> | undefined;
}

export const NO_EVIDENCE: Evidence = { services: undefined, words: undefined, pools: undefined };

/** The evidence without the readings that are older than the limit. Both times in milliseconds. */
export function standing(evidence: Evidence, now: number, staleAfterMs: number): Evidence {
  const fresh = <T>(reading: Reading<T> | undefined): Reading<T> | undefined =>
    reading && now - reading.readAt <= staleAfterMs ? reading : undefined;
  return {
    services: fresh(evidence.services),
    words: fresh(evidence.words),
    pools: fresh(evidence.pools),
  };
}

/** `backend_state` of the cinder-volume rows, by host. */
export function wordsOf(services: readonly Service[]): ReadonlyMap<string, string | null> {
  const words = new Map<string, string | null>();
  for (const { host, binary, backendState } of services) {
    if (binary === 'cinder-volume' && backendState !== undefined) words.set(host, backendState);
  }
  return words;
}

/**
 * What Cinder's clock shows, in milliseconds since the epoch, when an answer had no `Date`: the newest heartbeat of a service that is up.
 * It is behind by less than `report_interval` (10 s). undefined when no service is up.
 */
export function newestHeartbeat(services: readonly Service[]): number | undefined {
  let newest: number | undefined;
  for (const { up, updatedAtMs } of services) {
    if (up === true && updatedAtMs !== undefined && (newest === undefined || updatedAtMs > newest))
      newest = updatedAtMs;
  }
  return newest;
}

/**
 * The pools to judge by. When the pools could not be read again but the list at 3.49 could, its word is news of a backend with a single pool:
 * the fold of one pool is that pool. Of several pools it tells only the last, so there the pools stand as they are; and an `up` for a pool
 * that never said anything may be Cinder's default.
 */
export function poolsInTheLightOf(words: Evidence['words'], pools: Evidence['pools']): readonly Pool[] | undefined {
  if (!pools || !words || words.readAt <= pools.readAt) return pools?.value;
  const count = new Map<string, number>();
  for (const { host } of pools.value) count.set(host, (count.get(host) ?? 0) + 1);
  return pools.value.map((pool) => {
    const word = words.value.get(pool.host);
    const news =
      typeof word === 'string' && count.get(pool.host) === 1 && (pool.backendState !== undefined || word !== 'up');
    return news ? { ...pool, backendState: word } : pool;
  });
}
