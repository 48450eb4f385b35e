import { withProtocolVariants } from '../cinder/capabilities-filter.ts';
import type { Database } from './database.ts';
import { type JsonValue, type JsonObject, isObject, jsonText } from './definition.ts';

/** A row of `get_pools`. */
export interface SchedulerPool {
  /** `host@backend#pool`, or `cluster@backend#pool`. */
  readonly name: string;
  /** The part before `#`. */
  readonly backend: string;
  readonly capabilities: JsonObject;
}

/** One cinder-scheduler process: what it heard of the backends, in memory only. */
export interface Scheduler {
  readonly host: string;
  state: 'running' | 'stopped' | 'hung';
  /** Capabilities arrive from cinder-volume; `timestamp` is when the driver gave them. */
  receive(host: string, cluster: string | null, capabilities: JsonObject, timestamp: string): void;
  /** Pools of the backends that are up, enabled and not frozen, in the order in which they were first seen. The same array while nothing changed. */
  getPools(): readonly SchedulerPool[];
  /** A volume of that size was sent to that pool. It counts until the backend's next stats; negative: it came back. */
  consume(pool: string, gigabytes: number): void;
  /** Gigabytes that were sent to that pool since its stats. */
  consumedGb(pool: SchedulerPool): number;
  /** Forgets everything, as a new process does: the first answer after it is empty. */
  restart(): void;
  /** Called after that first empty answer: the backends publish again. */
  onEmptyAnswer: () => void;
}

interface BackendState {
  seen: JsonObject | undefined;
  pools: Map<string, JsonObject>;
}

/** A scheduler over a database; `isUp` tells whether a heartbeat is recent enough. */
export function createScheduler(host: string, database: Database, isUp: (updatedAtMs: number) => boolean): Scheduler {
  const serviceStates = new Map<string, JsonObject>();
  const backendStates = new Map<string, BackendState>();
  let answer: readonly SchedulerPool[] = [];
  let justStarted = false;
  /** By the stats of a pool: newer ones begin anew, as `PoolState.consume_from_volume` does. The pools that the API shows know nothing of it. */
  const consumed = new WeakMap<JsonObject, number>();

  /** `HostManager._update_backend_state_map`; returns whether anything changed. */
  const update = (): boolean => {
    let changed = false;
    const active = new Set<string>();
    for (const row of database.services) {
      if (row.binary !== 'cinder-volume' || database.hidden(row) || !isUp(row.updatedAtMs)) continue;
      const key = row.cluster ?? row.host;
      if (active.has(key)) continue;
      const capabilities =
        (row.cluster === null ? undefined : serviceStates.get(row.cluster)) ?? serviceStates.get(row.host);
      if (capabilities === undefined) continue;
      active.add(key);
      let state = backendStates.get(key);
      if (state === undefined) {
        state = { seen: undefined, pools: new Map() };
        backendStates.set(key, state);
      }
      if (state.seen !== capabilities) {
        state.seen = capabilities;
        updatePools(state.pools, capabilities);
        changed = true;
      }
    }
    for (const key of backendStates.keys()) {
      if (!active.has(key)) changed = backendStates.delete(key) || changed;
    }
    return changed;
  };

  const scheduler: Scheduler = {
    host,
    state: 'running',
    onEmptyAnswer: () => undefined,
    receive(from, cluster, capabilities, timestamp) {
      serviceStates.set(cluster ?? from, { ...capabilities, timestamp });
    },
    getPools() {
      if (justStarted) {
        justStarted = false;
        scheduler.onEmptyAnswer();
        return [];
      }
      if (update()) {
        answer = [...backendStates].flatMap(([backend, { pools }]) =>
          [...pools].map(([pool, capabilities]) => ({ name: `${backend}#${pool}`, backend, capabilities })),
        );
      }
      return answer;
    },
    consume(pool, gigabytes) {
      const stats = answer.find(({ name }) => name === pool)?.capabilities;
      if (stats !== undefined) consumed.set(stats, (consumed.get(stats) ?? 0) + gigabytes);
    },
    consumedGb: ({ capabilities }) => consumed.get(capabilities) ?? 0,
    restart() {
      serviceStates.clear();
      backendStates.clear();
      answer = [];
      justStarted = true;
    },
  };
  return scheduler;
}

/** `BackendState.update_pools`: known pools keep their place, gone ones go; without `pools` there is one, named after `volume_backend_name`. */
function updatePools(pools: Map<string, JsonObject>, said: JsonObject): void {
  const capabilities = withProtocolVariants(said);
  const listed = capabilities['pools'];
  const current = new Set<string>();
  if (Array.isArray(listed)) {
    for (const pool of listed.filter(isObject)) {
      const name = jsonText(pool['pool_name']);
      pools.set(name, withBackendInfo(pool, capabilities));
      current.add(name);
    }
  } else if (listed === undefined || listed === null) {
    const name = jsonText(capabilities['volume_backend_name'] ?? '_pool0');
    pools.set(name, capabilities);
    current.add(name);
  }
  for (const name of pools.keys()) if (!current.has(name)) pools.delete(name);
}

/** `_append_backend_info`: these few come from the backend's level when the pool has none; `backend_state` is not among them. */
function withBackendInfo(pool: JsonObject, backend: JsonObject): JsonObject {
  const out: Record<string, JsonValue> = { ...withProtocolVariants(pool) };
  for (const key of ['volume_backend_name', 'storage_protocol', 'vendor_name', 'driver_version', 'timestamp']) {
    // Python's "not": an empty string or zero counts as missing.
    if (!out[key]) out[key] = backend[key] ?? null;
  }
  for (const key of ['filter_function', 'goodness_function']) {
    if (!(key in out) && key in backend) out[key] = backend[key] ?? null;
  }
  return out;
}
