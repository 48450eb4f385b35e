import { type Creation, type CreationsSeen, type Failure, WINDOW_MS } from './creations.ts';
import type { Backend, Pool } from './model.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import { sinceOf, type UnderWaySeen } from './stuck.ts';

/** What creations say of a backend that serves: they fail on it, or not. */
export interface WeighedBackend {
  readonly host: string;
  readonly failing: boolean;
}

/** What creations say of a volume type: `failing` although a backend with room serves it; `unschedulable` when none ever did. */
export interface WeighedType {
  readonly volumeType: string;
  readonly failing: boolean;
  readonly unschedulable: boolean;
}

/** What creations say, as evidence of which each piece alone says nothing. */
export interface Weighed {
  readonly backends: readonly WeighedBackend[];
  /** Types of which a creation failed lately. */
  readonly types: readonly WeighedType[];
  /** Types on different backends fail together: no array, but what all of them need. */
  readonly cloud: boolean;
}

/** What is weighed. Times by Cinder's clock, in milliseconds since the epoch. */
export interface Scales {
  readonly creations: CreationsSeen;
  readonly underWay: UnderWaySeen | undefined;
  readonly backends: readonly Backend[];
  /** undefined: nobody knows which backend serves which type. */
  readonly volumeTypes: readonly VolumeTypeBackend[] | undefined;
  /** By name of a backend: since when it serves. What fails while it does not is explained by that, also when it serves again. */
  readonly servingSince: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/** So many distinct requests from so many projects, within WINDOW_MS and since the last success. Chosen from docs/evidence.md. */
const BACKEND_REQUESTS = 3;
const TYPE_REQUESTS = 5;
const PROJECTS = 2;
/** So many that are `creating` of nothing for longer than this, while nothing left `creating`; one that is older than a day is chronic, and says nothing. */
const HANGING = 3;
const HANGS_MS = 30 * 60_000;
const CHRONIC_MS = 24 * 60 * 60_000;

/** undefined: not all that happened was seen, so that what was not seen may have been. */
export function weigh(scales: Scales): Weighed | undefined {
  const { creations, backends, nowMs, servingSince } = scales;
  if (!creations.whole) return undefined;
  const hostOf = hostsOf(backends);
  const served = servedBy(scales.volumeTypes ?? []);
  const weighed = backends
    .filter(({ host }) => servingSince.has(host))
    .map((backend): WeighedBackend => ({
      host: backend.host,
      failing: failsOn(backend, scales, served, hostOf) || hangsOn(backend, scales),
    }));
  const failing = new Set(weighed.flatMap((backend) => (backend.failing ? backend.host : [])));
  const types = scales.volumeTypes ? typesOf(creations, served, servingSince, failing) : [];
  const together = apart(types, served, servingSince);
  const cloud = together || withoutRows(creations, nowMs);
  // One cause is told once.
  const told = together ? types.map((type) => ({ ...type, failing: false })) : types;
  return { backends: weighed, types: told, cloud };
}

/** By host of cinder-volume: its backend. */
function hostsOf(backends: readonly Backend[]): ReadonlyMap<string, string> {
  return new Map(backends.flatMap(({ host, services }) => services.map((row) => [row.host, host])));
}

/** By volume type: the backends that can serve it. */
function servedBy(rows: readonly VolumeTypeBackend[]): ReadonlyMap<string, readonly string[]> {
  const served = new Map<string, string[]>();
  for (const { volumeType, host } of rows) served.set(volumeType, [...(served.get(volumeType) ?? []), host]);
  return served;
}

/** Meant to take volumes and able to: what is down, disabled, frozen, failed over or full explains failures by itself, and has its own alert. */
export function isServing({ condition, services, pools }: Backend): boolean {
  return (
    (condition === 'up' || condition === 'up_assumed' || condition === 'degraded') &&
    !services.some(({ replicationStatus }) => replicationStatus === 'failed-over') &&
    !pools.some(isFull)
  );
}

const GIB = 1024 ** 3;

/** Nothing fits any more, by what the pool reports or by what the scheduler would still give out. */
function isFull({ totalBytes, freeBytes, reservedRatio = 0, virtualFreeBytes }: Pool): boolean {
  if (virtualFreeBytes !== undefined && virtualFreeBytes < GIB) return true;
  if (totalBytes === undefined || freeBytes === undefined || !Number.isFinite(totalBytes) || totalBytes === 0)
    return false;
  return freeBytes < GIB || freeBytes <= totalBytes * Math.max(reservedRatio, 0.01);
}

/** Do enough different requests of enough projects fail? */
function enough(failures: readonly Failure[], requests: number): boolean {
  const ids = new Set(failures.map(({ requestId }) => requestId));
  const projects = new Set(failures.flatMap(({ volume }) => volume?.project ?? []));
  return ids.size >= requests && projects.size >= PROJECTS;
}

/** The driver's own message, of raw volumes that can have been nowhere else, and nothing was made there since. */
function failsOn(
  { host, services }: Backend,
  { creations, servingSince }: Scales,
  served: ReadonlyMap<string, readonly string[]>,
  hostOf: ReadonlyMap<string, string>,
): boolean {
  const sinceMs = Math.max(
    servingSince.get(host) ?? Infinity,
    ...services.map((row) => creations.lastMade.get(row.host) ?? -Infinity),
  );
  const isOnIt = ({ volumeType, triedOn }: Creation): boolean => {
    const serving = served.get(volumeType);
    return (serving?.length === 1 && serving[0] === host) || [...triedOn].some((row) => hostOf.get(row) === host);
  };
  return enough(
    creations.failures.filter(
      ({ reason, atMs, volume }) =>
        reason === 'driver' && atMs > sinceMs && volume !== undefined && volume.raw && isOnIt(volume),
    ),
    BACKEND_REQUESTS,
  );
}

/** Creations that should be over hang, and none on this backend has come to any end since they began. */
function hangsOn({ host, services }: Backend, { creations, underWay, servingSince, nowMs }: Scales): boolean {
  const rows = new Set(services.map((row) => row.host));
  const open = (underWay?.creating ?? []).filter((volume) => volume.host !== undefined && rows.has(volume.host));
  // What waited for a service that was away has not hung.
  const hanging = open.filter(
    (volume) => nowMs - Math.max(sinceOf(volume), servingSince.get(host) ?? nowMs) > HANGS_MS,
  );
  if (hanging.length < HANGING || open.some((volume) => nowMs - sinceOf(volume) > CHRONIC_MS)) return false;
  const firstMs = Math.min(...hanging.map(sinceOf));
  return services.every(
    (row) =>
      (creations.lastMade.get(row.host) ?? -Infinity) < firstMs &&
      (underWay?.leftCreating.get(row.host) ?? -Infinity) < firstMs,
  );
}

/** The types of which creations failed, since the last that was made. */
function typesOf(
  { failures, recent }: CreationsSeen,
  served: ReadonlyMap<string, readonly string[]>,
  servingSince: ReadonlyMap<string, number>,
  failing: ReadonlySet<string>,
): readonly WeighedType[] {
  const names = new Set(failures.flatMap(({ volume }) => volume?.volumeType ?? []));
  return [...names].toSorted().map((volumeType) => {
    const made = recent.flatMap((one) => (one.volumeType === volumeType && one.made ? one.made.atMs : []));
    const able = (served.get(volumeType) ?? []).filter((host) => servingSince.has(host));
    const ableMs = able.length === 0 ? -Infinity : Math.min(...able.map((host) => servingSince.get(host) ?? Infinity));
    const sinceMs = Math.max(ableMs, ...made);
    const fails = enough(
      failures.filter(({ atMs, volume }) => volume?.volumeType === volumeType && atMs > sinceMs),
      TYPE_REQUESTS,
    );
    return {
      volumeType,
      // Where all that could serve it are failing, that says it.
      failing: fails && able.length > 0 && !able.every((host) => failing.has(host)),
      unschedulable: fails && !served.has(volumeType),
    };
  });
}

/** Are there two failing types that share no backend? */
function apart(
  types: readonly WeighedType[],
  served: ReadonlyMap<string, readonly string[]>,
  servingSince: ReadonlyMap<string, number>,
): boolean {
  const groups = types
    .filter(({ failing }) => failing)
    .map(({ volumeType }) => new Set((served.get(volumeType) ?? []).filter((host) => servingSince.has(host))));
  return groups.some((one, i) => groups.slice(i + 1).some((other) => [...one].every((host) => !other.has(host))));
}

/** Volumes that users deleted before they were seen: nobody can say of which type they were, but that nothing at all was made since. */
function withoutRows({ failures, lastMade }: CreationsSeen, nowMs: number): boolean {
  const lastMadeMs = Math.max(-Infinity, ...lastMade.values());
  const gone = failures.filter(
    ({ volume, atMs }) => volume === undefined && atMs > Math.max(lastMadeMs, nowMs - WINDOW_MS),
  );
  return new Set(gone.map(({ requestId }) => requestId)).size >= TYPE_REQUESTS * PROJECTS;
}
