import { number } from './wire.ts';

const GIB = 1024 ** 3;

/** One of Cinder's `*_capacity_gb` values in bytes: GiB numbers, `infinite` is Infinity, `unknown` and absence are undefined. */
export function capacityBytes(value: unknown): number | undefined {
  if (value === 'infinite') return Infinity;
  const gib = number(value);
  return gib === undefined ? undefined : gib * GIB;
}

/** What the scheduler's arithmetic needs of a pool, in bytes and ratios. */
export interface CapacityFactors {
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
export function virtualFree(factors: CapacityFactors): number | undefined {
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
