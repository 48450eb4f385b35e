import { type Creation, type CreationsSeen, type Failure, WINDOW_MS } from './creations.ts';
import type { Backend, Pool } from './model.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import { beganMs, type UnderWaySeen } from './stuck.ts';

/** What creations say of a backend that serves. */
export interface WeighedBackend {
  readonly host: string;
  /** What says that they fail on it; undefined: nothing does. */
  readonly evidence: FailingEvidence | undefined;
}

/** By what a backend was found failing: requests that its driver refused, or creations that hang. `sinceMs`: the first of them. */
export interface FailingEvidence {
  readonly kind: 'refused' | 'hanging';
  readonly count: number;
  readonly sinceMs: number;
}

/** What creations say of a volume type: `failing` although a backend with room serves it; `unschedulable` when none ever did, as far as all are known. */
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
  readonly together: boolean;
  /** The same; or nothing is made any more, and of what failed nobody can say of which type it was. */
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
  /** When types were last found to fail together; -Infinity: never. */
  readonly togetherMs: number;
  /** By name of a backend: when creations on it were last found to fail. */
  readonly failedMs: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/** So many distinct requests from so many projects, within WINDOW_MS and since the last success. Chosen from docs/evidence.md. */
const BACKEND_REQUESTS = 3;
const TYPE_REQUESTS = 5;
const PROJECTS = 2;
/** So many that are `creating` of nothing for longer than this, while nothing left `creating`; one that is older than a day says nothing. */
const HANGING = 3;
const HANGS_MS = 30 * 60_000;
const CHRONIC_MS = 24 * 60 * 60_000;

/** undefined: not all that happened was seen, so that what was not seen may have been. */
export function weigh(all: Scales): Weighed | undefined {
  const { creations, backends, nowMs, servingSince } = all;
  if (!creations.whole) return undefined;
  const hostOf = hostsOf(backends);
  const served = servedBy(all.volumeTypes ?? []);
  const scales = { ...all, creations: { ...creations, failures: thatFit(creations.failures, served, backends) } };
  const told = driverFailures(creations.failures, served, hostOf);
  const weighed = backends
    .filter(({ host }) => servingSince.has(host))
    .map((backend): WeighedBackend => ({
      host: backend.host,
      evidence: refusedOn(backend, scales, told.get(backend.host) ?? []) ?? hangsOn(backend, scales),
    }));
  const failing = new Set(weighed.flatMap(({ host, evidence }) => (evidence ? host : [])));
  const unexplained = unexplainedFailures(served, failing, scales);
  const judged = (sinceMs: number): readonly JudgedType[] =>
    scales.volumeTypes ? typesOf(scales, { served, failing, unexplained }, sinceMs) : [];
  const types = judged(-Infinity);
  const together = failTogether(types, served, scales) || imagesFail(unexplained, scales);
  // One cause is told once, and what it explains is not told afterwards.
  const shown = together ? types.map((type) => ({ ...type, failing: false })) : judged(scales.togetherMs);
  return { backends: weighed, types: shown, together, cloud: together || withoutRows(creations, nowMs) };
}

/** By host of cinder-volume: its backend. */
function hostsOf(backends: readonly Backend[]): ReadonlyMap<string, string> {
  return new Map(backends.flatMap(({ host, services }) => services.map((row) => [row.host, host])));
}

/** By volume type: the backends that can serve it. */
function servedBy(rows: readonly VolumeTypeBackend[]): ReadonlyMap<string, readonly string[]> {
  const served = new Map<string, string[]>();
  for (const { volumeType, host } of rows) {
    const hosts = served.get(volumeType);
    if (hosts) hosts.push(host);
    else served.set(volumeType, [host]);
  }
  return served;
}

/** Meant to take volumes and able to: what is down, disabled, frozen, failed over or full explains failures by itself, and has its own alert. */
export function takesVolumes({ condition, services, pools }: Backend): boolean {
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

/** Without those that found no backend because no pool has room for a volume of that size: that is nobody's fault. */
function thatFit(
  failures: readonly Failure[],
  served: ReadonlyMap<string, readonly string[]>,
  backends: readonly Backend[],
): readonly Failure[] {
  const rooms = new Map(backends.map(({ host, pools }) => [host, roomOf(pools)]));
  const roomFor = new Map<string, number>();
  return failures.filter(({ reason, volume }) => {
    const hosts = volume && served.get(volume.volumeType);
    if (reason !== 'no_backend' || volume?.size === undefined || hosts === undefined) return true;
    const room = roomFor.get(volume.volumeType) ?? Math.max(...hosts.map((host) => rooms.get(host) ?? Infinity));
    roomFor.set(volume.volumeType, room);
    return volume.size * GIB <= room;
  });
}

/** Of the pool that has most, in bytes; Infinity where it does not say. */
function roomOf(pools: readonly Pool[]): number {
  const rooms = pools.map(({ virtualFreeBytes, freeBytes }) => virtualFreeBytes ?? freeBytes ?? Infinity);
  return rooms.length === 0 ? Infinity : Math.max(...rooms);
}

/** Do enough different requests of enough projects fail? */
function enough(failures: readonly Failure[], requests: number): boolean {
  const ids = new Set(failures.map(({ requestId }) => requestId));
  const projects = new Set(failures.flatMap(({ volume }) => volume?.project ?? []));
  return ids.size >= requests && projects.size >= PROJECTS;
}

/** By name of a backend: the driver's own message, of raw volumes that can have been nowhere else. In one go: of each backend for itself it would take seconds. */
function driverFailures(
  failures: readonly Failure[],
  served: ReadonlyMap<string, readonly string[]>,
  hostOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly Failure[]> {
  const found = new Map<string, Failure[]>();
  for (const failure of failures) {
    const { reason, volume } = failure;
    if (reason !== 'driver' || volume === undefined || !volume.raw) continue;
    const serving = served.get(volume.volumeType);
    const only = serving?.length === 1 ? serving : [];
    const tried = [...volume.triedOn].flatMap((row) => hostOf.get(row) ?? []);
    for (const host of new Set([...only, ...tried])) {
      const own = found.get(host);
      if (own) own.push(failure);
      else found.set(host, [failure]);
    }
  }
  return found;
}

/** Enough of these, and nothing was made there since. */
function refusedOn(
  { host, services }: Backend,
  { creations, servingSince }: Scales,
  failures: readonly Failure[],
): FailingEvidence | undefined {
  const sinceMs = Math.max(
    servingSince.get(host) ?? Infinity,
    ...services.map((row) => creations.lastMade.get(row.host) ?? -Infinity),
  );
  const counted = failures.filter(({ atMs }) => atMs > sinceMs);
  if (!enough(counted, BACKEND_REQUESTS)) return undefined;
  const count = new Set(counted.map(({ requestId }) => requestId)).size;
  return { kind: 'refused', count, sinceMs: Math.min(...counted.map(({ atMs }) => atMs)) };
}

/**
 * Creations that should be over hang, and since they began none on this backend has come to any end. What began before the last end does not count, nor
 * does what is older than a day: it is a left-over, and must not hide what hangs today.
 */
function hangsOn(
  { host, services }: Backend,
  { creations, underWay, servingSince, nowMs }: Scales,
): FailingEvidence | undefined {
  const rows = new Set(services.map((row) => row.host));
  const readAtMs = underWay?.creatingAtMs ?? nowMs;
  const lastEndMs = Math.max(
    ...services.flatMap((row) => [
      creations.lastMade.get(row.host) ?? -Infinity,
      underWay?.leftCreating.get(row.host) ?? -Infinity,
    ]),
  );
  const hanging = (underWay?.creating ?? []).filter(
    (volume) =>
      volume.host !== undefined &&
      rows.has(volume.host) &&
      beganMs(volume) > lastEndMs &&
      nowMs - beganMs(volume) <= CHRONIC_MS &&
      // What waited for a service that was away has not hung.
      readAtMs - Math.max(beganMs(volume), servingSince.get(host) ?? nowMs) > HANGS_MS,
  );
  if (hanging.length < HANGING) return undefined;
  return { kind: 'hanging', count: hanging.length, sinceMs: Math.min(...hanging.map(beganMs)) };
}

/** Made from a snapshot or a volume. */
function isCopy({ raw, image }: Creation): boolean {
  return !raw && !image;
}

interface JudgedType extends WeighedType {
  /** The first of its failures that counts. */
  readonly firstMs: number;
}

/** The types of which creations failed, since the last that was made, and after `explainedMs`. */
function typesOf(
  { creations: { failures, recent }, backends, volumeTypes, servingSince, failedMs }: Scales,
  {
    served,
    failing,
    unexplained,
  }: {
    readonly served: ReadonlyMap<string, readonly string[]>;
    readonly failing: ReadonlySet<string>;
    readonly unexplained: ReadonlyMap<string, Unexplained>;
  },
  explainedMs: number,
): readonly JudgedType[] {
  const names = new Set(failures.flatMap(({ volume }) => volume?.volumeType ?? []));
  // A backend whose pools nobody has seen, such as one that was disabled before the exporter started, may be the one that fits.
  const fitting = new Set(volumeTypes?.map(({ host }) => host));
  const allKnown = backends.every(({ host, pools }) => pools.length > 0 || fitting.has(host));
  return [...names].toSorted().map((volumeType) => {
    const able = (served.get(volumeType) ?? []).filter((host) => servingSince.has(host));
    const ableMs = able.length === 0 ? -Infinity : Math.min(...able.map((host) => servingSince.get(host) ?? Infinity));
    const mine = unexplained.get(volumeType);
    const nobodys = new Set(mine && areElsewhere(mine.hosts, unexplained) ? mine.failures : []);
    // What failed while a backend of it was told is explained, also when that has ended.
    const told = able.flatMap((host) => (failing.has(host) ? [] : (failedMs.get(host) ?? [])));
    const since = (which: (one: Creation) => boolean): readonly Failure[] => {
      const made = recent.flatMap((one) =>
        one.volumeType === volumeType && one.made && which(one) ? one.made.atMs : [],
      );
      const sinceMs = Math.max(ableMs, explainedMs, ...told, ...made);
      return failures.filter(
        (failure) =>
          failure.volume?.volumeType === volumeType &&
          failure.atMs > sinceMs &&
          which(failure.volume) &&
          !nobodys.has(failure),
      );
    };
    // That empty volumes can be made says nothing of copies: an array has limits of its own for these.
    const own = [since(() => true), since(isCopy)].find((some) => enough(some, TYPE_REQUESTS)) ?? [];
    const fails = own.length > 0;
    return {
      volumeType,
      // Where all that could serve it are failing, that says it.
      failing: fails && able.length > 0 && !able.every((host) => failing.has(host)),
      unschedulable: fails && allKnown && !served.has(volumeType),
      firstMs: Math.min(...own.map(({ atMs }) => atMs)),
    };
  });
}

/**
 * Do types fail together that share no backend? Three of them are no chance; two are enough where nothing at all was made since, as in a small cloud or
 * at night.
 */
function failTogether(
  types: readonly JudgedType[],
  served: ReadonlyMap<string, readonly string[]>,
  { creations, servingSince }: Scales,
): boolean {
  const groups: { readonly hosts: ReadonlySet<string>; readonly firstMs: number }[] = [];
  const all = types
    .filter(({ failing }) => failing)
    .map(({ volumeType, firstMs }) => ({
      hosts: new Set((served.get(volumeType) ?? []).filter((host) => servingSince.has(host))),
      firstMs,
    }))
    .toSorted((a, b) => a.hosts.size - b.hosts.size);
  for (const group of all) if (groups.every(({ hosts }) => shareNone(hosts, group.hosts))) groups.push(group);
  const lastMadeMs = Math.max(-Infinity, ...creations.lastMade.values());
  return groups.length >= 3 || (groups.length === 2 && groups.every(({ firstMs }) => lastMadeMs < firstMs));
}

/** Failures that nobody explained, of one volume type, and the backends that serve it and are able to. */
interface Unexplained {
  readonly hosts: ReadonlySet<string>;
  readonly failures: readonly Failure[];
}

/**
 * By volume type: requests that found no backend in the end, though one with room serves the type, and no driver said why. So ends one from an image whose data has another
 * format than it claims, and each while the store of the image service is away; its row shows no image. The fewest backends first: these are likeliest to share none.
 */
function unexplainedFailures(
  served: ReadonlyMap<string, readonly string[]>,
  failing: ReadonlySet<string>,
  { creations: { failures }, servingSince, failedMs }: Scales,
): ReadonlyMap<string, Unexplained> {
  const told = new Set(failures.flatMap(({ reason, requestId }) => (reason === 'driver' ? requestId : [])));
  const found = new Map<string, Unexplained & { readonly sinceMs: number; readonly failures: Failure[] }>();
  for (const failure of failures) {
    const { reason, requestId, atMs, volume } = failure;
    if (reason !== 'no_backend' || volume?.raw !== true || told.has(requestId)) continue;
    let own = found.get(volume.volumeType);
    if (!own) {
      const hosts = (served.get(volume.volumeType) ?? []).filter(
        (host) => servingSince.has(host) && !failing.has(host),
      );
      const wellMs = hosts.map((host) => Math.max(servingSince.get(host) ?? Infinity, failedMs.get(host) ?? -Infinity));
      own = { hosts: new Set(hosts), sinceMs: Math.min(...wellMs), failures: [] };
      found.set(volume.volumeType, own);
    }
    if (atMs > own.sinceMs) own.failures.push(failure);
  }
  return new Map(
    [...found].filter(([, own]) => own.failures.length > 0).toSorted(([, a], [, b]) => a.hosts.size - b.hosts.size),
  );
}

/** Do enough of them lie on types that share no backend with these? Then they say nothing of one type. */
function areElsewhere(hosts: ReadonlySet<string>, unexplained: ReadonlyMap<string, Unexplained>): boolean {
  const ids = new Set<string>();
  for (const other of [...unexplained.values()].slice(0, COMPARED)) {
    if (!shareNone(other.hosts, hosts)) continue;
    for (const { requestId } of other.failures) if (ids.add(requestId).size >= ELSEWHERE) return true;
  }
  return false;
}

/** One alone may be a user's mistake. */
const ELSEWHERE = 2;

/**
 * Do volumes from images fail on types that share no backend, and was none made from an image for so long that some would have been? One bad image that many
 * ask for looks the same, but for the others that are made. Where few are made from images, there is nothing to wait for.
 */
function imagesFail(unexplained: ReadonlyMap<string, Unexplained>, { creations: { recent }, nowMs }: Scales): boolean {
  const made = recent.flatMap(({ image, made }) => (image && made ? made.atMs : []));
  const lastMadeMs = Math.max(-Infinity, ...made);
  // Those of the rest of the window; as many in as long a time would have been made since.
  const expected = (made.length * (nowMs - lastMadeMs)) / (WINDOW_MS - (nowMs - lastMadeMs));
  if (made.length >= FEW_IMAGES && expected < IMAGES_DUE) return false;
  const groups = [...unexplained.values()].filter(({ failures }) =>
    enough(
      failures.filter(({ atMs }) => atMs > lastMadeMs),
      IMAGE_REQUESTS,
    ),
  );
  return groups
    .slice(0, COMPARED)
    .some((one, i) => groups.slice(i + 1).some((other) => shareNone(one.hosts, other.hosts)));
}

/** So many for each type. */
const IMAGE_REQUESTS = 3;
/** So many of half an hour are few. Where there are more, so many must be due. Chosen from docs/evidence-fleet.md. */
const FEW_IMAGES = 6;
const IMAGES_DUE = 16;
/** So many groups of backends are compared with all others. */
const COMPARED = 50;

function shareNone(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  for (const host of few) if (many.has(host)) return false;
  return true;
}

/** Volumes that users deleted before they were seen: nobody can say of which type they were, but that nothing at all was made since. */
function withoutRows({ failures, lastMade }: CreationsSeen, nowMs: number): boolean {
  const lastMadeMs = Math.max(-Infinity, ...lastMade.values());
  const gone = failures.filter(
    ({ volume, atMs }) => volume === undefined && atMs > Math.max(lastMadeMs, nowMs - WINDOW_MS),
  );
  return new Set(gone.map(({ requestId }) => requestId)).size >= TYPE_REQUESTS * PROJECTS;
}
