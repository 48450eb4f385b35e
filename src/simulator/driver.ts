import { type DriverStats, isObject, type Json, type JsonObject, textOf } from './definition.ts';

/** What one call of `get_volume_stats` comes to. */
export type Reading =
  | { readonly kind: 'stats'; readonly stats: JsonObject; readonly afterMs: number }
  | { readonly kind: 'raised'; readonly why: string }
  | { readonly kind: 'hangs' };

/** Calls the driver. */
export function getVolumeStats(driver: DriverStats): Reading {
  if (driver['_hang'] === true) return { kind: 'hangs' };
  if (driver['_fail_stats'] !== undefined) return { kind: 'raised', why: textOf(driver['_fail_stats']) };
  const afterMs = typeof driver['_sleep'] === 'number' ? driver['_sleep'] * 1000 : 0;
  return { kind: 'stats', stats: reported(driver), afterMs };
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
  const pools: readonly Json[] = Array.isArray(driver['pools']) ? driver['pools'] : [];
  if (!pools.some((each) => isObject(each) && each['pool_name'] === pool)) throw new Error(`no such pool: ${pool}`);
  return {
    ...driver,
    pools: pools.map((each) => (isObject(each) && each['pool_name'] === pool ? patched(each, patch) : each)),
  };
}
