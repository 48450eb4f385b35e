import type { OperationLimits } from '../config/config.ts';
import { type CreationCount, type Creations, createCreations, type FailureCount } from './creations.ts';
import type { Backend } from './model.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import { createUnderWay, type Look, type Stuck, type UnderWay } from './stuck.ts';
import { isServing, weigh, type Weighed } from './weigh.ts';

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
}

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
  readonly nowMs: number;
}

export function createOperations(limits: OperationLimits): Operations {
  const creations = createCreations();
  const underWay = createUnderWay(limits);
  let servingSince: ReadonlyMap<string, number> = new Map();
  let togetherMs = -Infinity;
  const failedMs = new Map<string, number>();
  return {
    creations,
    underWay,
    seen(known) {
      const { backends, nowMs } = known;
      servingSince = new Map(backends.filter(isServing).map(({ host }) => [host, servingSince.get(host) ?? nowMs]));
      const made = creations.seen(nowMs);
      const open = underWay.seen(nowMs);
      if (creations.sinceMs() === undefined && open === undefined) return undefined;
      const weighed = weigh({ ...known, creations: made, underWay: open, servingSince, togetherMs, failedMs });
      if (weighed?.together) togetherMs = nowMs;
      for (const host of failedMs.keys()) if (!servingSince.has(host)) failedMs.delete(host);
      for (const { host, failing } of weighed?.backends ?? []) if (failing) failedMs.set(host, nowMs);
      const backendOf = new Map(backends.flatMap(({ host, services }) => services.map((row) => [row.host, host])));
      const lastCreations = new Map<string, number>();
      for (const [row, atMs] of made.lastMade) {
        const host = backendOf.get(row);
        if (host !== undefined) lastCreations.set(host, Math.max(lastCreations.get(host) ?? -Infinity, atMs));
      }
      return {
        lastCreations,
        creations: made.made,
        failures: made.failed,
        stuck: ofBackends(open?.stuck ?? [], backendOf),
        looks: open?.looks ?? [],
        weighed,
      };
    },
  };
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
