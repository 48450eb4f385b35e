import {
  type DriverMethod,
  type DriverStats,
  type JsonValue,
  type JsonObject,
  isObject,
  jsonText,
} from './definition.ts';

/** What one call of `get_volume_stats` comes to. */
export type StatsCall =
  | { readonly kind: 'stats'; readonly stats: JsonObject; readonly afterMs: number }
  | { readonly kind: 'raised'; readonly why: string }
  | { readonly kind: 'hangs' };

/** Calls the driver. */
export function getVolumeStats(driver: DriverStats): StatsCall {
  if (driver['_hang'] === true) return { kind: 'hangs' };
  if (driver['_fail_stats'] !== undefined) return { kind: 'raised', why: jsonText(driver['_fail_stats']) };
  const afterMs = typeof driver['_sleep'] === 'number' ? driver['_sleep'] * 1000 : 0;
  return { kind: 'stats', stats: reported(driver), afterMs };
}

/** What a call on a volume comes to, after a time; undefined when it never returns. */
export interface DriverCall {
  readonly afterMs: number;
  /** What the driver raised, if it did. */
  readonly raised: string | undefined;
}

/** Calls another of the driver's methods, which takes `usualMs` unless `_slow_` says otherwise. */
export function callDriver(driver: DriverStats, method: DriverMethod, usualMs: number): DriverCall | undefined {
  if (driver[`_hang_${method}`] === true) return undefined;
  const slow = driver[`_slow_${method}`];
  const fails = driver[`_fail_${method}`];
  return {
    afterMs: typeof slow === 'number' ? slow * 1000 : usualMs,
    raised: fails === undefined ? undefined : jsonText(fails),
  };
}

/** The stats that the driver would report if it did not misbehave. */
export function reported(driver: DriverStats): JsonObject {
  return Object.fromEntries(Object.entries(driver).filter(([key]) => !key.startsWith('_')));
}

/** Merges a patch into a driver's stats; null deletes a key. */
export function patched(driver: DriverStats, patch: JsonObject): DriverStats {
  return Object.fromEntries(Object.entries({ ...driver, ...patch }).filter(([, value]) => value !== null));
}

/** Changes one pool of a driver that reports pools. */
export function patchedPool(driver: DriverStats, pool: string, patch: JsonObject): DriverStats {
  const pools: readonly JsonValue[] = Array.isArray(driver['pools']) ? driver['pools'] : [];
  if (!pools.some((each) => isObject(each) && each['pool_name'] === pool)) throw new Error(`no such pool: ${pool}`);
  return {
    ...driver,
    pools: pools.map((each) => (isObject(each) && each['pool_name'] === pool ? patched(each, patch) : each)),
  };
}

const CACHEABLE_PROTOCOLS: readonly JsonValue[] = ['iSCSI', 'FC', 'NVMe-oF'];

type Stats = Record<string, JsonValue>;

/**
 * What cinder-volume makes of its driver's stats before it publishes them (`VolumeManager._report_driver_status`):
 * its own count of allocated gigabytes, `cacheable`, the filter and goodness functions.
 */
export function capabilitiesOf(stats: JsonObject, allocatedGb: ReadonlyMap<string, number>): JsonObject {
  const out: Stats = { ...stats };
  const pools = Array.isArray(out['pools']) ? out['pools'].filter(isObject) : [];
  const iscsiLike = CACHEABLE_PROTOCOLS.includes(out['storage_protocol'] ?? null);
  if (pools.length > 0) {
    out['pools'] = pools.map((pool) => {
      const said: Stats = { ...pool, allocated_capacity_gb: allocatedGb.get(jsonText(pool['pool_name'])) ?? 0 };
      if (iscsiLike) said['cacheable'] ??= true;
      return said;
    });
  } else {
    const [counted] = allocatedGb.values();
    out['allocated_capacity_gb'] = counted ?? 0;
    // Cinder drops an empty list only while the backend has no volume; with one, the scheduler gets `[]` and no pool at all.
    if (counted === undefined) delete out['pools'];
    if (iscsiLike) out['cacheable'] ??= true;
  }
  if (!('filter_function' in out)) out['filter_function'] = null;
  if (!('goodness_function' in out)) out['goodness_function'] = null;
  return out;
}
