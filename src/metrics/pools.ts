import { isDown, isUp } from '../cinder/assess.ts';
import { backendOf } from '../cinder/host.ts';
import type { Pool } from '../cinder/model.ts';
import { flag, gauge, info, timestamp, type FamilyGroup } from './family.ts';

/** Families with one entity for each pool that the scheduler knows. */
export const POOL_FAMILIES: FamilyGroup<Pool> = {
  identity: ['host', 'backend', 'pool'],
  identityOf: (pool) => [pool.host, backendOf(pool.host), pool.pool],
  families: [
    flag(
      'cinder_pool_state',
      'The pool\'s own "backend_state": 1 up or not reported (Cinder\'s default), 0 down, no series for any other word, nor while the backend is stale, unknown or without service.',
      (p) => (p.outdated ? undefined : isUp(p) ? true : isDown(p) ? false : undefined),
    ),
    timestamp(
      'cinder_pool_stats_timestamp_seconds',
      'When the driver stats of the pool were taken ("timestamp"), as Unix time.',
      (p) => p.statsAtMs,
    ),
    gauge(
      'cinder_pool_total_capacity_bytes',
      'Size of the pool ("total_capacity_gb"); +Inf when infinite, no series when unknown.',
      (p) => p.totalBytes,
    ),
    gauge(
      'cinder_pool_free_capacity_bytes',
      'Free space in the pool ("free_capacity_gb"); +Inf when infinite, no series when unknown.',
      (p) => p.freeBytes,
    ),
    gauge(
      'cinder_pool_allocated_capacity_bytes',
      'Space of the volumes that Cinder made in the pool ("allocated_capacity_gb").',
      (p) => p.allocatedBytes,
    ),
    gauge(
      'cinder_pool_provisioned_capacity_bytes',
      'Apparent size of all volumes in the pool ("provisioned_capacity_gb", else "allocated_capacity_gb").',
      (p) => p.provisionedBytes,
    ),
    gauge(
      'cinder_pool_virtual_free_capacity_bytes',
      'Space that the scheduler still gives out, by its own arithmetic with reserved space and over-subscription; may be negative.',
      (p) => p.virtualFreeBytes,
    ),
    gauge(
      'cinder_pool_reserved_ratio',
      'Share of the pool that is kept back ("reserved_percentage"), 0 to 1.',
      (p) => p.reservedRatio,
    ),
    gauge(
      'cinder_pool_max_over_subscription_ratio',
      'How far a thin pool may be over-subscribed ("max_over_subscription_ratio"); no series for auto.',
      (p) => p.maxOverSubscriptionRatio,
    ),
    flag(
      'cinder_pool_thin_provisioning',
      'Whether the pool provisions thinly ("thin_provisioning_support").',
      (p) => p.thinProvisioning,
    ),
    info('cinder_pool_info', 'Descriptive fields of the driver stats. Always 1.', {
      volume_backend_name: (p) => p.volumeBackendName,
      vendor_name: (p) => p.vendorName,
      driver_version: (p) => p.driverVersion,
      storage_protocol: (p) => p.storageProtocol,
    }),
  ],
};
