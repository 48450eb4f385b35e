import { isObject, type Json, type JsonObject, textOf } from './definition.ts';

const CACHEABLE_PROTOCOLS: readonly Json[] = ['iSCSI', 'FC', 'NVMe-oF'];

type Stats = Record<string, Json>;

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
      const said: Stats = { ...pool, allocated_capacity_gb: allocatedGb.get(textOf(pool['pool_name'])) ?? 0 };
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
