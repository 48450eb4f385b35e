import { canServe } from '../cinder/capabilities-filter.ts';
import type { JsonObject, JsonValue } from './definition.ts';
import type { SchedulerPool } from './scheduler.ts';

/** What a new volume asks of a pool. */
export interface PlacementRequest {
  readonly sizeGb: number;
  readonly extraSpecs: Readonly<Record<string, string | null>>;
  /** Zones that will do. With none, every zone does. */
  readonly zones: readonly string[];
}

/** `max_over_subscription_ratio` of cinder.conf where a driver reports none, and what `auto` begins with. */
const DEFAULT_RATIO = 20;

/**
 * The pool for a volume: the default filters (AvailabilityZoneFilter, CapacityFilter, CapabilitiesFilter), then the pool with the most free capacity.
 * A pool that failed before is not left out. `zoneOf` tells a backend's zone, `consumedOf` what was sent there
 * since its stats. Source: cinder/scheduler/filter_scheduler.py, _get_weighted_candidates.
 */
export function choosePool(
  pools: readonly SchedulerPool[],
  request: PlacementRequest,
  zoneOf: (pool: SchedulerPool) => string | undefined,
  consumedOf: (pool: SchedulerPool) => number = () => 0,
): SchedulerPool | undefined {
  const specs = Object.entries(request.extraSpecs).flatMap(([key, value]) =>
    value === null ? [] : [[key, value] as const],
  );
  const thin = request.extraSpecs['provisioning:type'] !== 'thick';
  let best: SchedulerPool | undefined;
  let most = -Infinity;
  for (const pool of pools) {
    if (request.zones.length > 0 && !request.zones.includes(zoneOf(pool) ?? '')) continue;
    const consumed = consumedOf(pool);
    if (!hasRoom(pool.capabilities, request.sizeGb, thin, consumed) || !canServe(pool.capabilities, specs)) continue;
    const weight = weightOf(pool.capabilities, thin, consumed);
    if (weight <= most) continue;
    best = pool;
    most = weight;
  }
  return best;
}

/** Source: cinder/scheduler/filters/capacity_filter.py. */
function hasRoom(capabilities: JsonObject, sizeGb: number, thin: boolean, consumed: number): boolean {
  const { free_capacity_gb: free = 0, total_capacity_gb: total = 0, reserved_percentage: reserved = 0 } = capabilities;
  if (free === null) return false;
  if (isOpen(free)) return true;
  if (isOpen(total)) return Number(reserved) === 0;
  if (Number(total) <= 0) return false;
  const { available, provisioned, virtualFree, ratio, thinSupport } = capacityOf(capabilities, thin, consumed);
  if (thin && thinSupport) {
    if (ratio < 1 || (provisioned + sizeGb) / available > ratio) return false;
  }
  return virtualFree >= sizeGb;
}

/** `infinite` and `unknown` weigh least. Source: cinder/scheduler/weights/capacity.py. */
function weightOf(capabilities: JsonObject, thin: boolean, consumed: number): number {
  const { free_capacity_gb: free = 0, total_capacity_gb: total = 0 } = capabilities;
  return isOpen(free) || isOpen(total) ? -1 : capacityOf(capabilities, thin, consumed).virtualFree;
}

interface Capacity {
  readonly available: number;
  readonly provisioned: number;
  readonly virtualFree: number;
  readonly ratio: number;
  readonly thinSupport: boolean;
}

/** Source: cinder/utils.py, calculate_capacity_factors. */
function capacityOf(capabilities: JsonObject, thin: boolean, consumed: number): Capacity {
  const total = Number(capabilities['total_capacity_gb'] ?? 0);
  const freeThen = Number(capabilities['free_capacity_gb'] ?? 0);
  const provisionedThen = Number(capabilities['provisioned_capacity_gb'] ?? capabilities['allocated_capacity_gb'] ?? 0);
  const free = freeThen - consumed;
  const provisioned = provisionedThen + consumed;
  // Python's truth: "False" as a text is true.
  const thinSupport = Boolean(capabilities['thin_provisioning_support']);
  const ratio = thinSupport
    ? ratioOf(capabilities['max_over_subscription_ratio'], total - freeThen, provisionedThen)
    : 1;
  const unreserved = total - Math.floor((total * Number(capabilities['reserved_percentage'] ?? 0)) / 100);
  const available = thin && thinSupport ? unreserved * ratio : unreserved;
  const calculated = available - provisioned;
  const virtualFree = thin && thinSupport ? calculated : Math.min(free, calculated);
  return { available, provisioned, virtualFree: round(virtualFree), ratio, thinSupport };
}

function ratioOf(said: JsonValue | undefined, usedGb: number, provisionedGb: number): number {
  if (said !== 'auto') return said ? Number(said) : DEFAULT_RATIO;
  return provisionedGb === 0 ? DEFAULT_RATIO : 1 + provisionedGb / (usedGb + 1);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function isOpen(capacity: JsonValue): boolean {
  return capacity === 'infinite' || capacity === 'unknown';
}
