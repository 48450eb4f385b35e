import { BACKEND_STATE, CLUSTER, type ApiVersion, atLeast } from './cinder-call.ts';
import { naiveTimestamp } from './clock.ts';
import type { Database, ServiceRow } from './database.ts';
import type { JsonValue, JsonObject } from './definition.ts';
import type { SchedulerPool } from './scheduler.ts';

/** Writes the answer of `os-services`; the whole list is written once and kept until something in it changes. */
export interface ServicesBody {
  /** `pools` are needed from 3.49. */
  write(version: ApiVersion, pools: readonly SchedulerPool[] | undefined, filter: ServicesFilter): Buffer;
}

interface ServicesFilter {
  readonly host: string | undefined;
  readonly binary: string | undefined;
}

interface Kept {
  readonly version: number;
  readonly pools: readonly SchedulerPool[] | undefined;
  readonly untilMs: number;
  readonly body: Buffer;
}

/** A writer over a database. */
export function createServicesBody(database: Database, now: () => number, downTimeMs: number): ServicesBody {
  const kept = new Map<string, Kept>();
  return {
    write(version, pools, filter) {
      const nowMs = now();
      const withCluster = atLeast(version, CLUSTER);
      const write = (rows: readonly ServiceRow[]): Buffer => {
        const states = pools === undefined ? undefined : backendStates(pools);
        const services = rows.map((row) => serviceBody(row, withCluster, states, isAlive(row, nowMs, downTimeMs)));
        return Buffer.from(JSON.stringify({ services }));
      };
      if (filter.host || filter.binary !== undefined) return write(database.services.filter(matcher(filter)));
      const form = `${withCluster} ${atLeast(version, BACKEND_STATE)}`;
      const old = kept.get(form);
      if (old?.version === database.version && old.pools === pools && nowMs <= old.untilMs) return old.body;
      const body = write(database.services);
      const untilMs = nextChange(database.services, nowMs, downTimeMs);
      kept.set(form, { version: database.version, pools, untilMs, body });
      return body;
    },
  };
}

/** The fold of `ServiceController.index`, its faults included: a missing key is `up`, and of several pools the last one wins. */
function backendStates(pools: readonly SchedulerPool[]): Map<string, JsonValue> {
  return new Map(pools.map(({ backend, capabilities }) => [backend, defaultedState(capabilities)]));
}

/** A null of the driver stays null. */
function defaultedState(capabilities: JsonObject): JsonValue {
  const said = capabilities['backend_state'];
  return said === undefined ? 'up' : said;
}

function serviceBody(
  row: ServiceRow,
  withCluster: boolean,
  states: ReadonlyMap<string, JsonValue> | undefined,
  alive: boolean,
): Record<string, JsonValue> {
  const volume = row.binary === 'cinder-volume';
  const shownMs = Math.max(row.updatedAtMs, row.modifiedAtMs ?? 0);
  return {
    binary: row.binary,
    host: row.host,
    zone: row.zone,
    status: row.disabled ? 'disabled' : 'enabled',
    state: alive ? 'up' : 'down',
    updated_at: naiveTimestamp(shownMs, (row.id * 61) % 1000),
    ...(volume && states !== undefined ? { backend_state: states.get(row.host) ?? null } : {}),
    ...(withCluster ? { cluster: row.cluster } : {}),
    disabled_reason: row.disabledReason,
    ...(volume
      ? { replication_status: row.replicationStatus, active_backend_id: row.activeBackendId, frozen: row.frozen }
      : {}),
  };
}

/** A heartbeat too far ahead counts as dead too. */
function isAlive(row: ServiceRow, nowMs: number, downTimeMs: number): boolean {
  return Math.abs(nowMs - row.updatedAtMs) <= downTimeMs;
}

function nextChange(rows: readonly ServiceRow[], nowMs: number, downTimeMs: number): number {
  let until = Infinity;
  for (const { updatedAtMs } of rows) {
    const ahead = updatedAtMs - downTimeMs - 1;
    const edge = ahead >= nowMs ? ahead : updatedAtMs + downTimeMs;
    if (edge >= nowMs && edge < until) until = edge;
  }
  return until;
}

/** `host=lab` finds `lab` and every `lab@...`; `host=lab@x` only that; `binary` is exact. */
function matcher({ host, binary }: ServicesFilter): (row: ServiceRow) => boolean {
  return (row) =>
    (!host || row.host === host || (!host.includes('@') && row.host.startsWith(`${host}@`))) &&
    (binary === undefined || row.binary === binary);
}
