import { canServe } from '../cinder/capabilities-filter.ts';
import type { CinderCall, Pools, Result } from './cinder-call.ts';
import type { JsonObject } from './definition.ts';
import { Fault, INCAPABLE } from './fault.ts';
import { atLeast, POOL_FILTER, POOL_TYPE_FILTER, RESOURCE_FILTER } from './microversion.ts';
import { allows } from './policy.ts';
import { poolMatches } from './pool-filter.ts';
import { hasCapacity } from './capacity-filter.ts';
import type { VolumeType } from './volume-type.ts';

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
  const pools = await api.bus.call((scheduler) => {
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

function select(pools: Pools, filters: URLSearchParams, types: readonly VolumeType[]): Pools {
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
