import type { CanaryRow } from './canary.ts';
import type { Condition } from './conditions.ts';
import type { Backend, Pool, Service } from './model.ts';
import type { OperationsSeen } from './operations.ts';

/** The parts of Cinder that are read, each of which may fail alone. */
export const COLLECTORS = ['services', 'pools', 'volume_types', 'volumes', 'capabilities', 'operations'] as const;

export type Collector = (typeof COLLECTORS)[number];

/** How the last run of one collector went. Times in milliseconds since the epoch, by our clock. */
export interface CollectorStatus {
  readonly collector: Collector;
  readonly success: boolean;
  readonly durationMs: number;
  readonly lastSuccessAtMs: number | undefined;
  /** Since when it fails, and why in plain words; undefined while it succeeds. */
  readonly failure: { readonly sinceMs: number; readonly reason: string; readonly message: string } | undefined;
}

/**
 * Does a collector fail without which nobody can say how each backend is? The counts of volumes say who is hit, and nothing of that. What only the
 * question to cinder-volume would find, or operations on volumes, is missed without it, and the rest stands: the failure of that collector is told by itself.
 */
export function blinds({ collector, success }: CollectorStatus): boolean {
  return !success && !BESIDE.has(collector);
}

const BESIDE: ReadonlySet<Collector> = new Set(['volumes', 'capabilities', 'operations']);

/** What discovery said about the API, and what we use of it. */
export interface ApiVersions {
  /** Empty when discovery was not possible. */
  readonly min: string;
  readonly max: string;
  readonly used: string;
  readonly backendStateSupported: boolean;
}

/** A backend that can serve a volume type. */
export interface VolumeTypeBackend {
  readonly volumeType: string;
  readonly host: string;
}

/** What Cinder counts: the last part of the path of its list. */
export type Counted = 'volumes' | 'snapshots' | 'backups';

/** How many volumes are in use and available on a backend. undefined: not counted yet. */
export interface BackendVolumes {
  readonly inUse: number | undefined;
  readonly available: number | undefined;
  /** How old the older of the two is, in milliseconds. */
  readonly ageMs: number;
}

/** A count of the whole cloud. */
export interface CloudCount {
  readonly what: Counted;
  readonly status: string;
  readonly count: number;
}

/** All that is known of one cloud at one moment; never changed, only replaced. */
export interface Snapshot {
  /** When it was made, by our clock, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Cinder's clock minus ours, in milliseconds: what leads from Cinder's times to ages. undefined: not known. */
  readonly clockOffsetMs: number | undefined;
  /** The last refresh read the service list. */
  readonly up: boolean;
  readonly services: readonly Service[];
  readonly pools: readonly Pool[];
  readonly backends: readonly Backend[];
  /** No cinder-volume answers any more; undefined: nobody asked. */
  readonly noneAnswers?: boolean | undefined;
  readonly histories: Histories;
  readonly volumeTypes: readonly VolumeTypeBackend[];
  /** By the name of a backend: how many volumes it has. */
  readonly volumes: ReadonlyMap<string, BackendVolumes>;
  readonly counts: readonly CloudCount[];
  /** By the name of a backend: how many volume types no other usable backend serves. */
  readonly typesAlone: ReadonlyMap<string, number>;
  /** What operations on volumes tell; undefined: nobody asked. */
  readonly operations?: OperationsSeen | undefined;
  /** What the canary knows of each of its volume types; undefined: there is no canary. */
  readonly canary?: readonly CanaryRow[] | undefined;
  readonly api: ApiVersions | undefined;
  readonly collectors: readonly CollectorStatus[];
}

/** A time of Cinder's by our clock, in milliseconds since the epoch: ages are judged by Cinder's clock, and shown by the same. */
export function onOurClock<T extends number | undefined>(
  { clockOffsetMs = 0 }: Pick<Snapshot, 'clockOffsetMs'>,
  cinderMs: T,
): T {
  return (cinderMs === undefined ? undefined : cinderMs - clockOffsetMs) as T;
}

/** What this process has seen of one backend's condition. Times in milliseconds since the epoch. */
export interface History {
  readonly condition: Condition;
  /** When it was first seen in this condition. */
  readonly sinceMs: number;
  readonly changes: number;
  /** undefined while it has not changed before our eyes. */
  readonly lastChangeMs: number | undefined;
}

export interface Change {
  readonly host: string;
  readonly from: Condition;
  readonly to: Condition;
  readonly reason: string;
}

export type Histories = ReadonlyMap<string, History>;

/**
 * The histories after this round of backends, and what changed. A backend that is gone from a list that was read is forgotten,
 * so that memory is bounded by the cloud; the caller keeps the old histories while it is blind.
 */
export function follow(
  before: Histories,
  backends: readonly Backend[],
  nowMs: number,
): { readonly after: Histories; readonly changes: readonly Change[] } {
  const after = new Map<string, History>();
  const changes: Change[] = [];
  for (const { host, condition, reason } of backends) {
    const old = before.get(host);
    if (!old) {
      after.set(host, { condition, sinceMs: nowMs, changes: 0, lastChangeMs: undefined });
    } else if (old.condition === condition) {
      after.set(host, old);
    } else {
      changes.push({ host, from: old.condition, to: condition, reason });
      after.set(host, { condition, sinceMs: nowMs, changes: old.changes + 1, lastChangeMs: nowMs });
    }
  }
  return { after, changes };
}
