import type { Pool } from './model.ts';
import type { RowReader } from './rows.ts';
import { asObject, boolean, type Cutter, type Json, number, text, time } from './wire.ts';
import { beginning } from '../text.ts';

/**
 * Reads the body of `GET /v3/scheduler-stats/get_pools?detail=true`. Of several rows with the same name the one with the newest stats counts.
 * `see` is shown the raw stats of each pool, for what needs more of them than the model holds; `wants` says whether it needs the stats of a backend.
 */
export function poolReader(
  cut: Cutter,
  see: (host: string, stats: Json) => void = () => {},
  wants: (host: string) => boolean = () => false,
): RowReader<Pool> {
  return {
    listKey: 'pools',
    decode: (row) => decodePool(row, cut, see),
    key: (pool) => `${pool.host}#${pool.pool}`,
    timeMs: (pool) => pool.statsAtMs,
    dated: { key: 'timestamp', at: (pool, statsAtMs) => ({ ...pool, statsAtMs }) },
    lasts: (pool) => !wants(pool.host),
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

const GIB = 1024 ** 3;

/** One of Cinder's `*_capacity_gb` values in bytes: GiB numbers, `infinite` is Infinity, `unknown` and absence are undefined. */
export function capacityBytes(value: unknown): number | undefined {
  if (value === 'infinite') return Infinity;
  const gib = number(value);
  return gib === undefined ? undefined : gib * GIB;
}

/** What the scheduler's arithmetic needs of a pool, in bytes and ratios. */
interface CapacityFactors {
  readonly total: number | undefined;
  readonly free: number | undefined;
  /** 0 when the driver stats have neither `provisioned_capacity_gb` nor `allocated_capacity_gb`. */
  readonly provisioned: number | undefined;
  readonly reservedRatio: number;
  readonly thin: boolean;
  /** A number, `auto`, or undefined when the driver leaves it to the scheduler's configuration. */
  readonly overSubscription: number | 'auto' | undefined;
}

/**
 * Bytes that the scheduler still counts as free in a pool; may be negative. undefined when something it needs is not told
 * (an over-subscription ratio that only the scheduler's own configuration knows among it).
 * Source: cinder/scheduler/sched_utils.py (before: cinder/utils.py), calculate_capacity_factors; Cinder reckons in whole GiB there.
 */
function virtualFree(factors: CapacityFactors): number | undefined {
  const { total, free, provisioned, thin } = factors;
  if (total === undefined || free === undefined || provisioned === undefined) return undefined;
  if (total === Infinity || free === Infinity) return Infinity;
  const reserved = Math.floor((total / GIB) * factors.reservedRatio) * GIB;
  const available = total - reserved;
  if (!thin) return finite(Math.min(free, available - provisioned));
  const ratio = factors.overSubscription === 'auto' ? autoRatio(total, free, provisioned) : factors.overSubscription;
  return ratio === undefined ? undefined : finite(available * ratio - provisioned);
}

/** Numbers that make no sense together (an `auto` ratio divided by zero) tell nothing. */
function finite(bytes: number): number | undefined {
  return Number.isFinite(bytes) ? bytes : undefined;
}

/** Source: calculate_max_over_subscription_ratio in the same file; 20 until something is provisioned. */
function autoRatio(total: number, free: number, provisioned: number): number {
  return provisioned === 0 ? 20 : 1 + provisioned / (total - free + GIB);
}

/**
 * The part of a service or pool host after the first `@`: the backend's section name in cinder.conf.
 * Empty for the plain `host` of an old single-backend installation.
 * Source: cinder/volume/volume_utils.py, extract_host.
 */
export function backendOf(host: string): string {
  const at = host.indexOf('@');
  return at === -1 ? '' : host.slice(at + 1);
}

/** Splits a pool's `host@backend#pool` at the first `#`, as Cinder does; without one the pool's name is empty. */
export function splitPoolName(name: string): { readonly host: string; readonly pool: string } {
  const hash = name.indexOf('#');
  return hash === -1 ? { host: name, pool: '' } : { host: beginning(name, hash), pool: name.slice(hash + 1) };
}
