import { capacityBytes, virtualFree } from './capacity.ts';
import { splitPoolName } from './host.ts';
import type { Pool } from './model.ts';
import type { RowReader } from './rows.ts';
import { asObject, boolean, number, text, time, type Cutter, type Json } from './wire.ts';

/**
 * Reads the body of `GET /v3/scheduler-stats/get_pools?detail=true`. Of several rows with the same name the one with the newest stats counts.
 * `see` is shown the raw stats of each pool, for what needs more of them than the model holds.
 */
export function poolReader(cut: Cutter, see: (host: string, stats: Json) => void = () => {}): RowReader<Pool> {
  return {
    listKey: 'pools',
    decode: (row) => decodePool(row, cut, see),
    key: (pool) => `${pool.host}#${pool.pool}`,
    timeMs: (pool) => pool.statsAtMs,
  };
}

function decodePool(row: unknown, cut: Cutter, see: (host: string, stats: Json) => void): Pool | string {
  const said = asObject(row);
  const name = said?.['name'];
  if (!said || typeof name !== 'string' || name === '' || name.startsWith('#')) return 'a row has no "name"';
  const stats = asObject(said['capabilities']);
  if (!stats) return `pool ${cut(name.toWellFormed())} has no "capabilities"`;
  const { host, pool } = splitPoolName(name.toWellFormed());
  const named = cut.identity(host);
  see(named, stats);
  return poolOf(named, cut.identity(pool), stats, cut);
}

function poolOf(host: string, pool: string, stats: Json, cut: Cutter): Pool {
  const total = capacityBytes(stats['total_capacity_gb']);
  const free = capacityBytes(stats['free_capacity_gb']);
  const allocated = capacityBytes(stats['allocated_capacity_gb']);
  const provisioned =
    stats['provisioned_capacity_gb'] === undefined ? allocated : capacityBytes(stats['provisioned_capacity_gb']);
  const reservedPercent = number(stats['reserved_percentage']);
  const thin = boolean(stats['thin_provisioning_support']);
  const said = stats['max_over_subscription_ratio'];
  const ratio = number(said);
  return {
    host,
    pool,
    backendState: stateWord(stats, cut),
    statsAtMs: time(stats['timestamp']),
    totalBytes: total,
    freeBytes: free,
    allocatedBytes: allocated,
    provisionedBytes: provisioned,
    virtualFreeBytes: virtualFree({
      total,
      free,
      provisioned: tells(stats, 'provisioned_capacity_gb') || tells(stats, 'allocated_capacity_gb') ? provisioned : 0,
      reservedRatio: (reservedPercent ?? 0) / 100,
      thin: thin ?? false,
      // Zero is "not set" to Cinder: `capability.get(...) or CONF...`.
      overSubscription: said === 'auto' ? 'auto' : ratio === 0 ? undefined : ratio,
    }),
    reservedRatio: reservedPercent === undefined ? undefined : reservedPercent / 100,
    maxOverSubscriptionRatio: ratio,
    thinProvisioning: thin,
    volumeBackendName: cut(text(stats['volume_backend_name'])),
    vendorName: cut(text(stats['vendor_name'])),
    driverVersion: cut(text(stats['driver_version'])),
    storageProtocol: cut(protocol(stats['storage_protocol'])),
  };
}

function tells(stats: Json, key: string): boolean {
  return stats[key] !== undefined;
}

/** Newer drivers give `storage_protocol` as a list of synonyms, the first of which is the canonical one. */
function protocol(value: unknown): string {
  return text(Array.isArray(value) ? value[0] : value);
}

/** Absent means that the driver never says; anything else, also null, is what it said. */
function stateWord(stats: Json, cut: Cutter): string | undefined {
  if (!Object.hasOwn(stats, 'backend_state')) return undefined;
  const value = stats['backend_state'];
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? (value === null ? 'null' : 'object') : cut(text(value));
}
