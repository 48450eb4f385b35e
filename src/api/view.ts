import { AHEAD_MS } from '../cinder/evidence.ts';
import { outageOf } from '../cinder/drivers.ts';
import { backendOf } from '../cinder/pools.ts';
import type { Backend, Pool, Service } from '../cinder/model.ts';
import { onOurClock, type Snapshot } from '../cinder/snapshot.ts';
import { visibleJson } from '../text.ts';

/** Bytes for JSON, which knows no Infinity: null is "not told". */
type Bytes = number | 'infinite' | null;

const bytes = (value: number | undefined): Bytes =>
  value === undefined ? null : value === Infinity ? 'infinite' : value;
const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
const state = (value: boolean | undefined): 'up' | 'down' | null =>
  value === undefined ? null : value ? 'up' : 'down';

/** How one cloud's collection goes, for `/api/v1/backends`. Times are ISO 8601 in UTC. */
export function viewCloud(name: string, snapshot: Snapshot | undefined) {
  return {
    cloud: name,
    up: snapshot?.up ?? false,
    refreshed_at: iso(snapshot?.atMs),
    collectors: (snapshot?.collectors ?? []).map((c) => ({
      collector: c.collector,
      success: c.success,
      last_success_at: iso(c.lastSuccessAtMs),
      failing_since: iso(c.failure?.sinceMs),
      reason: c.failure?.reason ?? null,
      message: c.failure?.message ?? null,
    })),
  };
}

/** One backend for `/api/v1/backends`. Ages are in seconds as of the snapshot. */
export function viewBackend(cloud: string, snapshot: Snapshot, backend: Backend) {
  return {
    ...viewHead(cloud, snapshot, backend),
    services: backend.services.map(viewService),
    pools: backend.pools.map(viewPool),
  };
}

/** The same as JSON, in pieces: a backend may have as many pools as an answer has rows. */
export function* backendJson(cloud: string, snapshot: Snapshot, backend: Backend): Generator<string> {
  yield `${visibleJson(viewHead(cloud, snapshot, backend)).slice(0, -1)},"services":`;
  yield* listJson(backend.services, viewService);
  yield ',"pools":';
  yield* listJson(backend.pools, viewPool);
  yield '}';
}

function* listJson<T>(items: readonly T[], view: (item: T) => object): Generator<string> {
  yield '[';
  for (const [i, item] of items.entries()) yield (i === 0 ? '' : ',') + visibleJson(view(item));
  yield ']';
}

function viewHead(cloud: string, snapshot: Snapshot, backend: Backend) {
  const history = snapshot.histories.get(backend.host);
  const [first] = backend.services;
  return {
    cloud,
    host: backend.host,
    backend: backendOf(backend.host),
    state: backend.state === undefined ? null : backend.state === 1 ? ('up' as const) : ('down' as const),
    condition: backend.condition,
    failing_by: backend.failingBy ?? null,
    reason: backend.reason,
    since: iso(history?.sinceMs),
    changes: history?.changes ?? 0,
    state_reported: backend.reported ?? null,
    array_outage: outageOf(backend.pools) ?? null,
    volumes: viewVolumes(snapshot, backend.host),
    volume_types_without_another: snapshot.typesAlone.get(backend.host) ?? 0,
    last_creation_at: iso(snapshot.operations?.lastCreations.get(backend.host)),
    operations_stuck: Object.fromEntries(
      (snapshot.operations?.stuck ?? [])
        .filter(({ host }) => host === backend.host)
        .map(({ operation, count }) => [operation, count]),
    ),
    stats_at: iso(backend.statsAtMs),
    stats_age_seconds: age(snapshot, backend.statsAtMs),
    heartbeat_at: iso(backend.heartbeatAtMs),
    heartbeat_age_seconds: age(snapshot, backend.heartbeatAtMs),
    cluster: first?.cluster ?? null,
    zone: first?.zone ?? '',
  };
}

function viewVolumes({ volumes, atMs }: Snapshot, host: string) {
  const counted = volumes.get(host);
  if (!counted) return null;
  const { inUse, available, ageMs } = counted;
  return { in_use: inUse ?? null, available: available ?? null, counted_at: iso(Math.round(atMs - ageMs)) };
}

/** Seconds since a time of Cinder's, by Cinder's clock; null when that is not known, or the time lies ahead by more than clocks may differ. */
function age(snapshot: Snapshot, cinderMs: number | undefined): number | null {
  if (cinderMs === undefined) return null;
  const ms = snapshot.atMs - onOurClock(snapshot, cinderMs);
  return ms < -AHEAD_MS ? null : Math.max(0, Math.round(ms / 100) / 10);
}

function viewService(service: Service) {
  return {
    host: service.host,
    enabled: service.enabled ?? null,
    state: state(service.up),
    frozen: service.frozen ?? null,
    updated_at: iso(service.updatedAtMs),
    disabled_reason: service.disabledReason ?? null,
    replication_status: service.replicationStatus ?? null,
    active_backend_id: service.activeBackendId ?? null,
    backend_state: service.backendState ?? null,
  };
}

function viewPool(pool: Pool) {
  return {
    pool: pool.pool,
    backend_state: pool.backendState ?? null,
    stats_at: iso(pool.statsAtMs),
    total_bytes: bytes(pool.totalBytes),
    free_bytes: bytes(pool.freeBytes),
    allocated_bytes: bytes(pool.allocatedBytes),
    provisioned_bytes: bytes(pool.provisionedBytes),
    virtual_free_bytes: bytes(pool.virtualFreeBytes),
    reserved_ratio: pool.reservedRatio ?? null,
    max_over_subscription_ratio: pool.maxOverSubscriptionRatio ?? null,
    thin_provisioning: pool.thinProvisioning ?? null,
  };
}

export type CloudView = ReturnType<typeof viewCloud>;
export type BackendView = ReturnType<typeof viewBackend>;
