import { canServe } from '../cinder/capabilities-filter.ts';
import {
  type CinderCall,
  POOL_FILTER,
  POOL_TYPE_FILTER,
  type Pools,
  RESOURCE_FILTER,
  type Result,
  allows,
  atLeast,
} from './cinder-call.ts';
import { Fault, INCAPABLE, MALFORMED } from './cinder-fault.ts';
import type { VolumeTypeRow } from './database.ts';
import { type JsonValue, type JsonObject, jsonText } from './definition.ts';
import type { SchedulerPool } from './scheduler.ts';

/** Written once, kept while the scheduler's list stays the same. */
const written = new WeakMap<Pools, { names?: Buffer; details?: Buffer }>();

/** `GET /v3/scheduler-stats/get_pools`: always waits for a scheduler. */
export async function listPools(call: CinderCall): Promise<Result> {
  const { api, roles } = call;
  if (!allows(api.policy().pools, roles)) {
    throw new Fault(403, "Policy doesn't allow scheduler_extension:scheduler_stats:get_pools to be performed.");
  }
  const detail = booleanParameter(call.request.query, 'detail');
  const filters = filtersOf(call);
  const pools = await api.queues.scheduler.call((scheduler) => {
    if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
    // The scheduler's own refusal comes back over the bus with the traceback in the message.
    if (!allows(api.policy().contextIsAdmin, roles))
      throw remote(403, 'User does not have admin privileges', 'AdminRequired');
    return select(scheduler.getPools(), filters, api.volumeTypes);
  });
  return { status: 200, body: poolsBody(pools, detail) };
}

function poolsBody(pools: Pools, detail: boolean): Buffer {
  const kept = written.get(pools) ?? {};
  written.set(pools, kept);
  return detail ? (kept.details ??= detailsBody(pools)) : (kept.names ??= namesBody(pools));
}

function detailsBody(pools: Pools): Buffer {
  const rows = pools.map(({ name, capabilities }) => JSON.stringify({ name, capabilities: shown(capabilities) }));
  return Buffer.from(`{"pools":[${rows.join(',')}]}`);
}

/** Of the ways to write a storage protocol that the scheduler has, the API shows the first. */
function shown(capabilities: JsonObject): JsonObject {
  const [first] = Array.isArray(capabilities['storage_protocol']) ? capabilities['storage_protocol'] : [];
  return first === undefined ? capabilities : { ...capabilities, storage_protocol: first };
}

function namesBody(pools: Pools): Buffer {
  return Buffer.from(JSON.stringify({ pools: pools.map(({ name }) => ({ name })) }));
}

/** Filters are ignored silently below 3.28, `volume_type` below 3.35; from 3.31 unknown ones are refused. */
function filtersOf({ version, request }: CinderCall): URLSearchParams {
  const filters = new URLSearchParams(request.query);
  filters.delete('detail');
  if (!atLeast(version, POOL_FILTER)) return new URLSearchParams();
  const unknown = [...new Set(filters.keys())].filter((key) => key !== 'name' && key !== 'volume_type');
  if (atLeast(version, RESOURCE_FILTER) && unknown.length > 0) {
    throw new Fault(400, `Invalid filters ${unknown.join(',')} are found in query options.`);
  }
  if (!atLeast(version, POOL_TYPE_FILTER)) filters.delete('volume_type');
  return filters;
}

function select(pools: Pools, filters: URLSearchParams, types: readonly VolumeTypeRow[]): Pools {
  if (filters.size === 0) return pools;
  const wanted = filters.get('volume_type');
  filters.delete('volume_type');
  const matching = pools.filter((pool) => poolMatches(pool, filters));
  if (!wanted) return matching;
  const type = types.find(({ id, name }) => id === wanted || name === wanted);
  if (type === undefined) {
    throw remote(404, `Volume type with name ${wanted} could not be found.`, 'VolumeTypeNotFoundByName');
  }
  return matching
    .filter(({ capabilities }) => hasCapacity(capabilities))
    .filter(({ capabilities }) => canServe(capabilities, Object.entries(type.extraSpecs)));
}

/** An exception that crossed the message bus: its traceback stays in the message. */
function remote(code: number, message: string, exception: string): Fault {
  const frame = '  File "cinder/scheduler/host_manager.py", in get_pools\n';
  return new Fault(
    code,
    `${message}\nTraceback (most recent call last):\n\n${frame}\ncinder.exception.${exception}: ${message}\n`,
  );
}

function booleanParameter(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null) return false;
  if (/^(1|t|true|on|y|yes)$/i.test(value)) return true;
  if (/^(0|f|false|off|n|no)$/i.test(value)) return false;
  throw new Fault(400, `Value '${value}' for '${name}' is not a boolean.`);
}

/** Does the pool have that name, and does every other parameter equal the capability of that name? */
function poolMatches(pool: SchedulerPool, filters: URLSearchParams): boolean {
  for (const [key, value] of filters) {
    if (key === 'name' ? value !== pool.name : !equalAfterConvert(pool.capabilities[key], value)) return false;
  }
  return true;
}

/** `HostManager._equal_after_convert`: booleans by their words, everything else as text; a missing capability equals nothing. */
function equalAfterConvert(capability: JsonValue | undefined, value: string): boolean {
  if (capability === undefined || capability === null) return false;
  if (typeof capability === 'boolean') return capability === /^(1|t|true|on|y|yes)$/i.test(value.trim());
  return jsonText(capability) === value;
}

/**
 * Cinder's CapacityFilter as `get_pools?volume_type=` runs it: without a size. A pool with a number for its capacity is then
 * compared with None, and that exception comes back as a 400 for the whole request.
 */
function hasCapacity(capabilities: JsonObject): boolean {
  const { free_capacity_gb: free = 0, total_capacity_gb: total = 0, reserved_percentage: reserved = 0 } = capabilities;
  if (free === null) return false;
  if (isOpen(free)) return true;
  if (isOpen(total)) return Number(reserved) === 0;
  if (Number(total) <= 0) return false;
  throw new Fault(400, MALFORMED);
}

function isOpen(capacity: JsonValue): boolean {
  return capacity === 'infinite' || capacity === 'unknown';
}
