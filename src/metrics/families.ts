import { isDown, isUp, usable } from '../cinder/assess.ts';
import { CONDITIONS } from '../cinder/conditions.ts';
import type { Backend, Pool, Service } from '../cinder/model.ts';
import { backendOf } from '../cinder/pools.ts';
import type { CollectorStatus, History, Snapshot } from '../cinder/snapshot.ts';
import { CANARY } from './canary.ts';
import {
  counter,
  type Families,
  type FamilyDescription,
  type FamilyGroup,
  flag,
  from,
  gauge,
  info,
  type KnownPiece,
  type RenderedFamily,
  several,
  states,
  timestamp,
} from './exposition.ts';
import { OPERATION_GROUPS } from './operations.ts';
import { VOLUMES } from './volumes.ts';

/** A backend and what this process has seen of it. */
interface SeenBackend {
  readonly backend: Backend;
  readonly history: History | undefined;
  /** For how long this process has seen it in its condition. */
  readonly inConditionMs: number;
}

/** Families with one entity for each backend: a cluster, or a cinder-volume service that is in none. */
const BACKEND_FAMILIES: FamilyGroup<SeenBackend> = {
  identity: ['host', 'backend'],
  identityOf: ({ backend }) => [backend.host, backendOf(backend.host)],
  families: [
    gauge(
      'cinder_backend_state',
      'State of the storage backend by its driver stats ("backend_state"): 1 up, 0 down. No series when nobody can say: frozen, disabled, service down, unknown, stale.',
      ({ backend }) => backend.state,
    ),
    flag(
      'cinder_backend_usable',
      'Whether the backend can be used, by all that is known: 0 down, service down, stale, unresponsive, failing, or unknown for 5 minutes; 1 up, assumed up, or degraded with a pool that is up. No series for what an administrator disabled or froze, nor when nobody can say.',
      ({ backend, inConditionMs }) => usable(backend, inConditionMs),
    ),
    states(
      'cinder_backend_condition',
      'Condition of the backend, decided from the service list, the driver stats, whether its cinder-volume answers, the canary and what operations tell: one series for each condition, exactly one of them is 1.',
      'condition',
      CONDITIONS,
      ({ backend }) => backend.condition,
    ),
    several(
      'info',
      'cinder_backend_failing_info',
      'What shows that the backend is failing: its "capacity", the "canary", or "creations" of users. No series in every other condition. Always 1.',
      ['by'],
      ({ backend: { failingBy } }) => (failingBy === undefined ? [] : [[[failingBy], 1]]),
    ),
    flag(
      'cinder_backend_state_reported',
      'Whether the driver itself reports "backend_state": 1 it does, 0 Cinder assumes up. No series without driver stats.',
      ({ backend }) => backend.reported,
    ),
    flag(
      'cinder_backend_service_answering',
      'Whether the cinder-volume of the backend answered the last request of the collector "capabilities": 0 it left one unanswered while the scheduler answered. No series while nobody knows. A cluster is asked as a whole.',
      ({ backend }) => backend.answers,
    ),
    counter(
      'cinder_backend_condition_changes_total',
      'Changes of the condition of the backend seen by this process.',
      ({ history }) => history?.changes ?? 0,
    ),
    timestamp(
      'cinder_backend_condition_change_timestamp_seconds',
      'When this process last saw the condition of the backend change, as Unix time. No series before the first change.',
      ({ history }) => history?.lastChangeMs,
    ),
  ],
};

/** Families with one entity for each row of the service list. */
const SERVICE_FAMILIES: FamilyGroup<Service> = {
  identity: ['binary', 'host'],
  identityOf: (service) => [service.binary, service.host],
  families: [
    flag(
      'cinder_service_state',
      'Heartbeat of the service: 1 when its "state" is up, 0 when it is down. No series when it is down because its clock is more than 60 s ahead: the scheduler then counts it as up.',
      (s) => s.up,
    ),
    flag(
      'cinder_service_enabled',
      'Wish of the operator: 1 when the service\'s "status" is enabled, 0 when it is disabled.',
      (s) => s.enabled,
    ),
    flag(
      'cinder_service_frozen',
      'Whether the volume service is frozen ("frozen" of the service list).',
      (s) => s.frozen,
    ),
    flag(
      'cinder_service_backend_state',
      'What the service list itself says in "backend_state": 1 up, 0 down, no series for null, for any other word, and below microversion 3.49. With several pools Cinder lets the last one win.',
      (s) => (s.backendState === 'up' ? true : s.backendState === 'down' ? false : undefined),
    ),
    timestamp(
      'cinder_service_updated_timestamp_seconds',
      'Last heartbeat of the service, or last change of its row, whichever is nearer to now ("updated_at"), as Unix time.',
      (s) => s.updatedAtMs,
    ),
    info(
      'cinder_service_info',
      'Descriptive fields of the service; disabled_reason only while it is disabled. Always 1.',
      {
        zone: (s) => s.zone,
        cluster: (s) => s.cluster,
        disabled_reason: (s) => s.disabledReason,
        replication_status: (s) => s.replicationStatus,
        active_backend_id: (s) => s.activeBackendId,
      },
    ),
  ],
};

/** Families with one entity for each pool that the scheduler knows. */
const POOL_FAMILIES: FamilyGroup<Pool> = {
  unchanging: true,
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

/** Families of the cloud as a whole. */
const CLOUD_FAMILIES: FamilyGroup<Pick<Snapshot, 'up' | 'clockOffsetMs' | 'noneAnswers'>> = {
  identity: [],
  identityOf: () => [],
  families: [
    flag(
      'cinder_up',
      'Whether the last refresh read the service list. The page is served from memory; the age of each part is in cinder_scrape_collector_last_success_timestamp_seconds.',
      (s) => s.up,
    ),
    gauge(
      'cinder_api_clock_offset_seconds',
      'Clock of Cinder minus clock of the exporter, by the "Date" of the service list, else by the heartbeats in it (then up to 10 s too low).',
      (s) => (s.clockOffsetMs === undefined ? undefined : Math.round(s.clockOffsetMs) / 1000),
    ),
    flag(
      'cinder_volume_services_unresponsive',
      'Whether no cinder-volume answers: two backends or more are unresponsive, and of all that were asked since none has answered. A cluster is asked as a whole. No series without the collector "capabilities".',
      (s) => s.noneAnswers,
    ),
  ],
};

/** Families of the API, as discovery and the answers told. */
const API_FAMILIES: FamilyGroup<NonNullable<Snapshot['api']>> = {
  identity: [],
  identityOf: () => [],
  families: [
    info(
      'cinder_api_info',
      'Microversions of the Block Storage API, and the one in use for the service list. Always 1.',
      {
        min_version: (a) => a.min,
        max_version: (a) => a.max,
        used_version: (a) => a.used,
      },
    ),
    flag(
      'cinder_api_backend_state_supported',
      'Whether the API knows microversion 3.49, from which the service list has "backend_state".',
      (a) => a.backendStateSupported,
    ),
  ],
};

/** Families with one entity for each collector. */
const COLLECTOR_FAMILIES: FamilyGroup<CollectorStatus> = {
  identity: ['collector'],
  identityOf: (c) => [c.collector],
  families: [
    flag('cinder_scrape_collector_success', 'Whether the last run of the collector succeeded.', (c) => c.success),
    gauge(
      'cinder_scrape_collector_duration_seconds',
      'Duration of the last run of the collector.',
      (c) => c.durationMs / 1000,
    ),
    timestamp(
      'cinder_scrape_collector_last_success_timestamp_seconds',
      'When the collector last succeeded, as Unix time: the age of what it tells. No series before the first success.',
      (c) => c.lastSuccessAtMs,
    ),
  ],
};

/** Every family of a snapshot, in the order of the page. */
const ALL: readonly Families<Snapshot>[] = [
  from(CLOUD_FAMILIES, (snapshot) => [snapshot]),
  from(BACKEND_FAMILIES, seenBackends),
  from(SERVICE_FAMILIES, ({ services }) => services),
  from(POOL_FAMILIES, ({ pools }) => pools),
  ...VOLUMES,
  ...OPERATION_GROUPS,
  ...CANARY,
  from(API_FAMILIES, ({ api }) => (api ? [api] : [])),
  from(COLLECTOR_FAMILIES, ({ collectors }) => collectors),
];

function seenBackends({ backends, histories, atMs }: Snapshot): SeenBackend[] {
  return backends.map((backend) => {
    const history = histories.get(backend.host);
    return { backend, history, inConditionMs: atMs - (history?.sinceMs ?? atMs) };
  });
}

/** The families of a snapshot; `known` has the pieces of the page before. */
export function* renderSnapshot(snapshot: Snapshot, known: KnownPiece = () => undefined): Generator<RenderedFamily> {
  for (const { render } of ALL) yield* render(snapshot, known);
}

/** All Cinder families with all their labels. The exporter's own are in `exporter.ts`. */
export const FAMILIES: readonly FamilyDescription[] = ALL.flatMap(({ described }) => described);
