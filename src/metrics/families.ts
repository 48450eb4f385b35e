import { isDown, isUp, usable } from '../cinder/assess.ts';
import { CANARY_PAUSES, type CanaryFailure, type CanaryRow, isFailing } from '../cinder/canary.ts';
import { CONDITIONS } from '../cinder/conditions.ts';
import type { Backend, Pool, Service } from '../cinder/model.ts';
import { backendOf } from '../cinder/pools.ts';
import type { CreationCount, FailureCount } from '../cinder/creations.ts';
import type { Look, Stuck } from '../cinder/stuck.ts';
import type { Weighed, WeighedBackend, WeighedType } from '../cinder/weigh.ts';
import type {
  BackendVolumes,
  CloudCount,
  CollectorStatus,
  Counted,
  History,
  Snapshot,
  VolumeTypeBackend,
} from '../cinder/snapshot.ts';
import {
  counter,
  type FamilyGroup,
  type FamilyType,
  flag,
  gauge,
  info,
  type RenderedFamily,
  renderGroup,
  several,
  states,
  timestamp,
} from './exposition.ts';

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
      'Condition of the backend, decided from the service list, the driver stats and whether its cinder-volume answers: one series for each condition, exactly one of them is 1.',
      'condition',
      CONDITIONS,
      ({ backend }) => backend.condition,
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

/** Which backends can serve which volume type. */
const VOLUME_TYPE_FAMILIES: FamilyGroup<VolumeTypeBackend> = {
  identity: ['volume_type', 'host'],
  identityOf: (row) => [row.volumeType, row.host],
  families: [
    info(
      'cinder_volume_type_backend_info',
      'A backend that can serve the volume type, by its extra specs; remembered while the backend is away or out. No series while Cinder hides extra specs: then the collector volume_types fails. Always 1.',
      {},
    ),
  ],
};

/** How many volumes each backend has, by status. */
interface VolumesOfBackend {
  readonly host: string;
  readonly status: string;
  readonly count: number | undefined;
}

const BACKEND_VOLUME_FAMILIES: FamilyGroup<VolumesOfBackend> = {
  identity: ['host', 'backend', 'status'],
  identityOf: ({ host, status }) => [host, backendOf(host), status],
  families: [
    gauge(
      'cinder_backend_volumes',
      'Volumes of the backend with this status: "in-use" or "available". Counted slowly. The members of a cluster are counted together.',
      ({ count }) => count,
    ),
  ],
};

const BACKEND_COUNT_FAMILIES: FamilyGroup<{ readonly host: string; readonly atMs: number }> = {
  identity: ['host', 'backend'],
  identityOf: ({ host }) => [host, backendOf(host)],
  families: [
    timestamp(
      'cinder_backend_volumes_timestamp_seconds',
      'When the volumes of the backend were last counted, the older of the two counts, as Unix time.',
      ({ atMs }) => atMs,
    ),
  ],
};

/** Counts of the whole cloud, each kind a family of its own. */
function countFamilies(name: string, help: string): FamilyGroup<CloudCount> {
  return {
    identity: ['status'],
    identityOf: ({ status }) => [status],
    families: [gauge(name, help, ({ count }) => count)],
  };
}

const CLOUD_COUNT_FAMILIES: Readonly<Record<Counted, FamilyGroup<CloudCount>>> = {
  volumes: countFamilies(
    'cinder_volumes',
    'Volumes of the cloud with this status: errors, and those that should pass. Counted slowly.',
  ),
  snapshots: countFamilies(
    'cinder_snapshots',
    'Snapshots of the cloud with this status: errors, and those that should pass. Counted slowly.',
  ),
  backups: countFamilies(
    'cinder_backups',
    'Backups of the cloud with this status: errors, and those that should pass. Counted slowly.',
  ),
};

/** What the collector `operations` saw of each backend. */
const CREATION_FAMILIES: FamilyGroup<{ readonly host: string; readonly atMs: number }> = {
  identity: ['host', 'backend'],
  identityOf: ({ host }) => [host, backendOf(host)],
  families: [
    timestamp(
      'cinder_backend_last_creation_timestamp_seconds',
      'When a volume was last made on the backend, as far as the collector "operations" saw, as Unix time by the clock of Cinder: proof that it worked then. No series before the first.',
      ({ atMs }) => atMs,
    ),
  ],
};

const STUCK_FAMILIES: FamilyGroup<Stuck> = {
  identity: ['host', 'backend', 'operation'],
  identityOf: ({ host, operation }) => [host, backendOf(host), operation],
  families: [
    gauge(
      'cinder_backend_operations_stuck',
      'Volumes of the backend that are longer in this status than the operation may last ("operation_limits"), and not longer than 7 days. No series for none; whether all were seen is in cinder_operations_judged.',
      ({ count }) => count,
    ),
  ],
};

const OPERATION_FAMILIES: FamilyGroup<Look> = {
  identity: ['operation'],
  identityOf: ({ operation }) => [operation],
  families: [
    flag(
      'cinder_operations_judged',
      'Whether all volumes in this status were seen: 0 there are more than a page has, and cinder_backend_operations_stuck says nothing of this operation.',
      ({ judged }) => judged,
    ),
    gauge(
      'cinder_operations_left_over',
      'Volumes in this status for more than 7 days: left-overs of operations that nobody will end. No evidence against a backend.',
      ({ leftOver }) => leftOver,
    ),
  ],
};

const WEIGHED_BACKEND_FAMILIES: FamilyGroup<WeighedBackend> = {
  identity: ['host', 'backend'],
  identityOf: ({ host }) => [host, backendOf(host)],
  families: [
    flag(
      'cinder_backend_creations_failing',
      'Whether creations on the backend fail, or hang, by the weight of several requests from several projects and no success since: see docs/evidence.md. Evidence beside the condition, which it does not change. No series for a backend that is out, disabled, failed over or full, nor while not all could be seen.',
      ({ failing }) => failing,
    ),
  ],
};

const WEIGHED_TYPE_FAMILIES: FamilyGroup<WeighedType> = {
  identity: ['volume_type'],
  identityOf: ({ volumeType }) => [volumeType],
  families: [
    flag(
      'cinder_volume_type_creations_failing',
      'Whether creations of the volume type fail although an enabled backend with room serves it, by several requests from several projects and no success since. Series only for types of which one failed in the last 30 minutes.',
      ({ failing }) => failing,
    ),
    flag(
      'cinder_volume_type_unschedulable',
      'Whether creations of the volume type fail and no backend fits its extra specs. Series only for types of which one failed in the last 30 minutes.',
      ({ unschedulable }) => unschedulable,
    ),
  ],
};

const WEIGHED_CLOUD_FAMILIES: FamilyGroup<Weighed> = {
  identity: [],
  identityOf: () => [],
  families: [
    flag(
      'cinder_creations_failing',
      'Whether creations of volume types on different backends fail together: what all of them need is at fault, such as the image service, and no array.',
      ({ cloud }) => cloud,
    ),
  ],
};

const MADE_FAMILIES: FamilyGroup<CreationCount> = {
  identity: ['volume_type'],
  identityOf: ({ volumeType }) => [volumeType],
  families: [
    counter(
      'cinder_volume_type_creations_seen_total',
      'Volumes of this type that were made, as far as the collector "operations" saw: seen, not all.',
      ({ count }) => count,
    ),
  ],
};

const FAILED_FAMILIES: FamilyGroup<FailureCount> = {
  identity: ['volume_type', 'reason'],
  identityOf: ({ volumeType, reason }) => [volumeType, reason],
  families: [
    counter(
      'cinder_volume_type_creation_failures_seen_total',
      'Requests for volumes of this type that failed, by the message that Cinder left: "driver" its driver could not make it (told of volumes that are made of nothing alone), "no_backend" the scheduler found none, or none was left. Seen, not all. One request may count for both.',
      ({ count }) => count,
    ),
  ],
};

/** What the canary knows of each of its volume types; none of them without a canary. */
const CANARY_FAMILIES: FamilyGroup<CanaryRow> = {
  identity: ['volume_type'],
  identityOf: ({ volumeType }) => [volumeType],
  families: [
    flag(
      'cinder_canary_success',
      'Whether a volume of the type was made and taken away in the last round of the canary that tells. No series before the first.',
      ({ last }) => last?.success,
    ),
    several(
      'gauge',
      'cinder_canary_duration_seconds',
      'How long each phase of that round took: look, create (from the request until the volume was available), delete (until it was gone). Where they are configured: snapshot (until it was made and gone), attach (until the volume was free again). No series for a phase that failed.',
      ['phase'],
      ({ last }) => Object.entries(last?.tookMs ?? {}).map(([phase, ms]) => [[phase], ms / 1000] as const),
    ),
    timestamp(
      'cinder_canary_last_run_timestamp_seconds',
      'When that round began, as Unix time. No series before the first.',
      ({ last }) => last?.atMs,
    ),
    gauge(
      'cinder_canary_interval_seconds',
      'Time between two rounds of the volume type.',
      ({ everyMs }) => everyMs / 1000,
    ),
    several(
      'counter',
      'cinder_canary_failures_total',
      'Rounds that came to nothing, by the phase and the reason; docs/canary.md says which reasons point at the storage.',
      ['phase', 'reason'],
      ({ failures }) => failures.map(({ phase, reason, count }) => [[phase, reason], count] as const),
    ),
    gauge(
      'cinder_canary_leaked_volumes',
      'Volumes of the canary that should be gone and could not be deleted. No series before the first look.',
      ({ leaked }) => leaked,
    ),
    several(
      'gauge',
      'cinder_canary_paused',
      'Whether no round is begun, and why: the pause switch, left-overs, backends that are disabled or frozen, no scheduler that answers, another exporter, or a login or project that it refuses.',
      ['why'],
      ({ paused }) => CANARY_PAUSES.map((why) => [[why], paused?.why === why ? 1 : 0] as const),
    ),
  ],
};

function failureLabels({ phase, reason, storage, message }: CanaryFailure): readonly string[] {
  return [phase, reason, String(storage), message];
}

/** What the rounds of a volume type say of a backend; an empty host where the type has several. */
const CANARY_BACKEND_FAMILIES: FamilyGroup<CanaryRow> = {
  identity: ['volume_type', 'host', 'backend'],
  identityOf: ({ volumeType, backend = '' }) => [volumeType, backend, backendOf(backend)],
  families: [
    flag(
      'cinder_canary_failing',
      'Whether two rounds in a row or more failed by the fault of the storage. An empty host when the volume type has several backends. No series while nobody can tell.',
      isFailing,
    ),
    several(
      'info',
      'cinder_canary_failure_info',
      'How rounds failed since one went well, in the words of Cinder where it has some: the last by the fault of the storage (storage="true"), and the last round that tells when that was something else. Always 1.',
      ['phase', 'reason', 'storage', 'message'],
      ({ last, lastBlamed }) =>
        [lastBlamed, last].flatMap((run, i, both) =>
          run?.failure && both.indexOf(run) === i ? [[failureLabels(run.failure), 1] as const] : [],
        ),
    ),
  ],
};

/** Every family of one snapshot, in the order of the page. */
export function* renderSnapshot(snapshot: Snapshot): Generator<RenderedFamily> {
  yield* renderGroup(CLOUD_FAMILIES, [snapshot]);
  yield* renderGroup(
    BACKEND_FAMILIES,
    snapshot.backends.map((backend) => {
      const history = snapshot.histories.get(backend.host);
      return { backend, history, inConditionMs: snapshot.atMs - (history?.sinceMs ?? snapshot.atMs) };
    }),
  );
  yield* renderGroup(SERVICE_FAMILIES, snapshot.services);
  yield* renderGroup(POOL_FAMILIES, snapshot.pools);
  yield* renderGroup(VOLUME_TYPE_FAMILIES, snapshot.volumeTypes);
  yield* renderGroup(BACKEND_VOLUME_FAMILIES, volumeRows(snapshot));
  yield* renderGroup(
    BACKEND_COUNT_FAMILIES,
    [...snapshot.volumes].map(([host, { ageMs }]) => ({ host, atMs: snapshot.atMs - ageMs })),
  );
  for (const [kind, group] of Object.entries(CLOUD_COUNT_FAMILIES))
    yield* renderGroup(
      group,
      snapshot.counts.filter(({ what }) => what === kind),
    );
  const { operations } = snapshot;
  yield* renderGroup(
    CREATION_FAMILIES,
    [...(operations?.lastCreations ?? [])].map(([host, atMs]) => ({ host, atMs })),
  );
  yield* renderGroup(STUCK_FAMILIES, operations?.stuck ?? []);
  yield* renderGroup(OPERATION_FAMILIES, operations?.looks ?? []);
  const weighed = operations?.weighed;
  yield* renderGroup(WEIGHED_BACKEND_FAMILIES, weighed?.backends ?? []);
  yield* renderGroup(WEIGHED_TYPE_FAMILIES, weighed?.types ?? []);
  yield* renderGroup(WEIGHED_CLOUD_FAMILIES, weighed ? [weighed] : []);
  yield* renderGroup(MADE_FAMILIES, operations?.creations ?? []);
  yield* renderGroup(FAILED_FAMILIES, operations?.failures ?? []);
  yield* renderGroup(CANARY_FAMILIES, snapshot.canary ?? []);
  yield* renderGroup(CANARY_BACKEND_FAMILIES, snapshot.canary ?? []);
  yield* renderGroup(API_FAMILIES, snapshot.api ? [snapshot.api] : []);
  yield* renderGroup(COLLECTOR_FAMILIES, snapshot.collectors);
}

function volumeRows({ volumes }: Snapshot): VolumesOfBackend[] {
  return [...volumes].flatMap(([host, { inUse, available }]: readonly [string, BackendVolumes]) => [
    { host, status: 'in-use', count: inUse },
    { host, status: 'available', count: available },
  ]);
}

/** What users see of a family: docs, rules, dashboards and tests read it from here. */
export interface FamilyDescription {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly labels: readonly string[];
}

function describe<E>(group: FamilyGroup<E>): FamilyDescription[] {
  return group.families.map(({ name, type, help, labels }) => ({
    name,
    type,
    help,
    labels: [...group.identity, ...labels],
  }));
}

/** All Cinder families with all their labels. The exporter's own are in `exporter.ts`. */
export const FAMILIES: readonly FamilyDescription[] = [
  ...describe(CLOUD_FAMILIES),
  ...describe(BACKEND_FAMILIES),
  ...describe(SERVICE_FAMILIES),
  ...describe(POOL_FAMILIES),
  ...describe(VOLUME_TYPE_FAMILIES),
  ...describe(BACKEND_VOLUME_FAMILIES),
  ...describe(BACKEND_COUNT_FAMILIES),
  ...Object.values(CLOUD_COUNT_FAMILIES).flatMap((group) => describe(group)),
  ...describe(CREATION_FAMILIES),
  ...describe(STUCK_FAMILIES),
  ...describe(OPERATION_FAMILIES),
  ...describe(WEIGHED_BACKEND_FAMILIES),
  ...describe(WEIGHED_TYPE_FAMILIES),
  ...describe(WEIGHED_CLOUD_FAMILIES),
  ...describe(MADE_FAMILIES),
  ...describe(FAILED_FAMILIES),
  ...describe(CANARY_FAMILIES),
  ...describe(CANARY_BACKEND_FAMILIES),
  ...describe(API_FAMILIES),
  ...describe(COLLECTOR_FAMILIES),
];
