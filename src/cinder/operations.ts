import type { OperationLimits } from '../config/config.ts';
import { type CreationCount, type Creations, createCreations, type FailureCount } from './creations.ts';
import type { Backend } from './model.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import { createUnderWay, type Look, type Stuck, type UnderWay } from './stuck.ts';
import { type FailingEvidence, takesVolumes, weigh, type Weighed } from './weigh.ts';

/** What the collector `operations` found, as of one moment. Times by Cinder's clock, in milliseconds since the epoch. */
export interface OperationsSeen {
  /** By the name of a backend: when the last volume was made on it. */
  readonly lastCreations: ReadonlyMap<string, number>;
  readonly creations: readonly CreationCount[];
  readonly failures: readonly FailureCount[];
  /** `host` is the name of a backend. */
  readonly stuck: readonly Stuck[];
  readonly looks: readonly Look[];
  /** undefined: not judged. */
  readonly weighed: Weighed | undefined;
  /** By the name of a backend: creations fail on it, as far as is known. */
  readonly failing: ReadonlyMap<string, FailingCreations>;
}

/** What was found of a backend stands, as its alert does: until a volume is made on it, an administrator takes it out of use, or a day is over. */
export interface FailingCreations extends FailingEvidence {
  /** When it was last found. */
  readonly foundMs: number;
}

/** As `hold_for` of the rules. */
const STANDS_MS = 24 * 60 * 60_000;

/** Keeps what was seen of operations on volumes. */
export interface Operations {
  readonly creations: Creations;
  readonly underWay: UnderWay;
  /** undefined: nothing was asked so far. */
  readonly seen: (known: Surroundings) => OperationsSeen | undefined;
}

/** What is known beside them. `nowMs`: by Cinder's clock. */
interface Surroundings {
  readonly backends: readonly Backend[];
  /** undefined: nobody knows which backend serves which type. */
  readonly volumeTypes: readonly VolumeTypeBackend[] | undefined;
  /** By the name of a backend: when the canary last made a volume on it, which no list shows any more. */
  readonly canaryMade?: ReadonlyMap<string, number> | undefined;
  readonly nowMs: number;
}

export function createOperations(limits: OperationLimits): Operations {
  const creations = createCreations();
  const underWay = createUnderWay(limits);
  let servingSince: ReadonlyMap<string, number> = new Map();
  let togetherMs = -Infinity;
  const failedMs = new Map<string, number>();
  let failing: ReadonlyMap<string, FailingCreations> = new Map();
  return {
    creations,
    underWay,
    seen(known) {
      const { backends, nowMs } = known;
      servingSince = new Map(backends.filter(takesVolumes).map(({ host }) => [host, servingSince.get(host) ?? nowMs]));
      const listed = creations.seen(nowMs);
      const made = { ...listed, lastMade: withCanary(listed.lastMade, known) };
      const open = underWay.seen(nowMs);
      if (creations.sinceMs() === undefined && open === undefined) return undefined;
      const weighed = weigh({ ...known, creations: made, underWay: open, servingSince, togetherMs, failedMs });
      if (weighed?.together) togetherMs = nowMs;
      for (const host of failedMs.keys()) if (!servingSince.has(host)) failedMs.delete(host);
      for (const { host, evidence } of weighed?.backends ?? []) if (evidence) failedMs.set(host, nowMs);
      const backendOf = new Map(backends.flatMap(({ host, services }) => services.map((row) => [row.host, host])));
      const lastCreations = new Map<string, number>();
      for (const [row, atMs] of made.lastMade) {
        const host = backendOf.get(row);
        if (host !== undefined) lastCreations.set(host, Math.max(lastCreations.get(host) ?? -Infinity, atMs));
      }
      failing = stillFailing(failing, { weighed, backends, lastCreations, nowMs });
      return {
        lastCreations,
        creations: made.made,
        failures: made.failed,
        stuck: ofBackends(open?.stuck ?? [], backendOf),
        looks: open?.looks ?? [],
        weighed,
        failing,
      };
    },
  };
}

/** By host of cinder-volume, as the lists have it. */
function withCanary(
  lastMade: ReadonlyMap<string, number>,
  { canaryMade, backends }: Surroundings,
): ReadonlyMap<string, number> {
  if (canaryMade === undefined || canaryMade.size === 0) return lastMade;
  const all = new Map(lastMade);
  for (const { host, services } of backends) {
    const atMs = canaryMade.get(host);
    if (atMs === undefined) continue;
    for (const row of services) all.set(row.host, Math.max(all.get(row.host) ?? -Infinity, atMs));
  }
  return all;
}

/** What stood, without what has ended, and what is found now. Neither an outage nor that nobody asks any more ends it. */
function stillFailing(
  before: ReadonlyMap<string, FailingCreations>,
  {
    weighed,
    backends,
    lastCreations,
    nowMs,
  }: Pick<OperationsSeen, 'weighed' | 'lastCreations'> & Pick<Surroundings, 'backends' | 'nowMs'>,
): ReadonlyMap<string, FailingCreations> {
  const found = new Map((weighed?.backends ?? []).map(({ host, evidence }) => [host, evidence]));
  return new Map(
    backends.flatMap(({ host, condition }): [string, FailingCreations][] => {
      const evidence = found.get(host);
      const known = before.get(host);
      const made = known !== undefined && (lastCreations.get(host) ?? -Infinity) > known.sinceMs;
      const old = made ? undefined : known;
      // Since when it fails does not move while the first of the requests get too old to count.
      if (evidence) return [[host, { ...evidence, sinceMs: old?.sinceMs ?? evidence.sinceMs, foundMs: nowMs }]];
      const stands = condition !== 'disabled' && condition !== 'frozen' && old && nowMs - old.foundMs <= STANDS_MS;
      return stands ? [[host, old]] : [];
    }),
  );
}

/** The members of a cluster are counted together; what is on a host that has no row is not counted. */
function ofBackends(stuck: readonly Stuck[], backendOf: ReadonlyMap<string, string>): readonly Stuck[] {
  const counts = new Map<string, Stuck>();
  for (const { host: row, operation, count } of stuck) {
    const host = backendOf.get(row);
    if (host === undefined) continue;
    const key = `${operation} ${host}`;
    counts.set(key, { host, operation, count: count + (counts.get(key)?.count ?? 0) });
  }
  return [...counts.values()];
}
