import { capacityBytes, virtualFree } from './capacity.ts';
import { splitPoolName } from './host.ts';
import type { Pool } from './model.ts';
import { decodeRows, type Decoded } from './rows.ts';
import { asObject, boolean, number, text, time, type Cutter, type Json } from './wire.ts';

/**
 * Decodes the body of `GET /v3/scheduler-stats/get_pools?detail=true`. Of several rows with the same name
 * the one with the newest stats counts. Returns undefined when the body is no list of pools at all.
 */
export function decodePools(body: unknown, maxRows: number, cut: Cutter): Decoded<Pool> | undefined {
  const reader = {
    listKey: 'pools',
    decode: (row: unknown) => decodePool(row, cut),
    key: (pool: Pool) => `${pool.host}#${pool.pool}`,
    timeMs: (pool: Pool) => pool.statsAtMs,
  };
  return decodeRows(body, reader, maxRows);
}

function decodePool(row: unknown, cut: Cutter): Pool | string {
  const said = asObject(row);
  const name = said?.['name'];
  if (!said || typeof name !== 'string' || name === '' || name.startsWith('#')) return 'a row has no "name"';
  const stats = asObject(said['capabilities']);
  if (!stats) return `pool ${cut(name.toWellFormed())} has no "capabilities"`;
  const { host, pool } = splitPoolName(name.toWellFormed());
  return { host: cut.identity(host), pool: cut.identity(pool), ...statsOf(stats, cut) };
}

function statsOf(stats: Json, cut: Cutter): Omit<Pool, 'host' | 'pool'> {
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
    backendState: stateWord(stats, cut),
    statsAtMs: time(stats['timestamp']),
    totalBytes: total,
    freeBytes: free,
    allocatedBytes: allocated,
    provisionedBytes: provisioned,
    virtualFreeBytes: virtualFree({
      total,
      free,
      provisioned,
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

/** Newer drivers give `storage_protocol` as a list of synonyms, the first of which is the canonical one. */
function protocol(value: unknown): string {
  return text(Array.isArray(value) ? value[0] : value);
}

/** Absent means that the driver never says; anything else, also null, is what it said. */
function stateWord(stats: Json, cut: Cutter): string | undefined {
  if (!Object.hasOwn(stats, 'backend_state')) return undefined;
  const value = stats['backend_state'];
  return typeof value === 'object' ? (value === null ? 'null' : 'object') : cut(text(value));
}
