import type { OperationLimits } from '../config/config.ts';
import { cinderTime, PAGE, type SeenVolume } from './creations.ts';

/** What may be under way on a volume: its status, word for word. Migration of an available volume is `maintenance`. */
export const OPERATIONS = [
  'creating',
  'deleting',
  'extending',
  'attaching',
  'detaching',
  'managing',
  'downloading',
  'uploading',
  'backing-up',
  'restoring-backup',
  'retyping',
  'maintenance',
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** Older than this it is the left-over of something that nobody will end, and no evidence. */
const LEFT_OVER_MS = 7 * 86_400_000;

/** A volume longer in the status of an operation than that may last. */
export interface Stuck {
  readonly host: string;
  readonly operation: Operation;
  readonly count: number;
}

/** What the look for one operation came to. */
export interface Look {
  readonly operation: Operation;
  /** The list was read whole; a full page says nothing of what is not on it. */
  readonly judged: boolean;
  /** Left-overs; undefined: not counted. */
  readonly leftOver: number | undefined;
}

/** What is under way now, hanging creations apart. */
export interface UnderWaySeen {
  readonly stuck: readonly Stuck[];
  readonly looks: readonly Look[];
  /** The volumes that are `creating`, as far as they were made of nothing; undefined: not judged. */
  readonly creating: readonly SeenVolume[] | undefined;
  /** When these were read; undefined: not judged. What they do is known as of then, whatever happened since. */
  readonly creatingAtMs: number | undefined;
  /** By host: when something was last seen to have left `creating`. */
  readonly leftCreating: ReadonlyMap<string, number>;
}

/** Keeps what is under way. At most a page of each operation. Times by Cinder's clock, in milliseconds. */
export interface UnderWay {
  readonly saw: (operation: Operation, volumes: readonly SeenVolume[], how: PageRead) => void;
  /** Counted apart, after its list was read. */
  readonly leftOver: (operation: Operation, count: number) => void;
  /** Whether a backup is being restored anywhere, so that volumes that look raw may be its target. */
  readonly restoring: (is: boolean) => void;
  readonly seen: (nowMs: number) => UnderWaySeen | undefined;
}

interface PageRead {
  readonly nowMs: number;
  /** The page has as many rows as were asked for. */
  readonly full: boolean;
  /** Cinder left out what is older than a week; else it is counted here. */
  readonly windowed: boolean;
}

/**
 * The volumes in this status that are not older than a week, oldest first. `nowMs`: by Cinder's clock; undefined: this Cinder compares no times
 * (before 3.60). Two comparisons of one field would be ORed. `updated_at` is NULL as long as a row was not saved again: for `creating` alone.
 */
export function underWayPath(operation: Operation, nowMs: number | undefined): string {
  const field = fieldOf(operation);
  const since = nowMs === undefined ? '' : `&${field}=gt:${cinderTime(nowMs - LEFT_OVER_MS)}`;
  return `/volumes/detail?all_tenants=1&status=${operation}&sort=${field}:asc&limit=${PAGE}${since}`;
}

/** How many are older than a week (3.60). */
export function leftOverPath(operation: Operation, nowMs: number): string {
  const before = cinderTime(nowMs - LEFT_OVER_MS);
  return `/volumes?all_tenants=1&limit=0&with_count=true&status=${operation}&${fieldOf(operation)}=lt:${before}`;
}

function fieldOf(operation: Operation): 'created_at' | 'updated_at' {
  return operation === 'creating' ? 'created_at' : 'updated_at';
}

/** Since when it is in this status, at the latest: `updated_at` moves when a row is saved, never during a copy. */
export function beganMs({ status, createdAtMs, updatedAtMs }: SeenVolume): number {
  return status === 'creating' ? createdAtMs : (updatedAtMs ?? createdAtMs);
}

/** What was read stands for so long while it cannot be read again. */
const LASTS_MS = 60 * 60_000;
/** A host more than there are backends of a cloud. */
const MAX_HOSTS = 20_000;

export function createUnderWay(limits: OperationLimits): UnderWay {
  const pages = new Map<Operation, { readonly volumes: readonly SeenVolume[]; readonly readAtMs: number }>();
  const looks = new Map<Operation, Look>();
  const leftCreating = new Map<string, number>();
  let restoring = false;

  function limitOf({ raw }: SeenVolume, operation: Operation): number {
    if (operation !== 'creating') return limits[operation];
    if (!raw) return limits.creatingFrom;
    return restoring ? Math.max(limits.creating, limits['restoring-backup']) : limits.creating;
  }

  return {
    saw(operation, volumes, { nowMs, full, windowed }) {
      const young = volumes.filter((volume) => nowMs - beganMs(volume) <= LEFT_OVER_MS);
      if (operation === 'creating') {
        const ids = new Set(volumes.map(({ id }) => id));
        for (const { id, host } of full ? [] : (pages.get('creating')?.volumes ?? []))
          if (host !== undefined && !ids.has(id) && (leftCreating.has(host) || leftCreating.size < MAX_HOSTS))
            leftCreating.set(host, nowMs);
      }
      if (full) pages.delete(operation);
      else pages.set(operation, { volumes: young, readAtMs: nowMs });
      const leftOver = windowed ? looks.get(operation)?.leftOver : full ? undefined : volumes.length - young.length;
      looks.set(operation, { operation, judged: !full, leftOver });
    },
    leftOver(operation, count) {
      const look = looks.get(operation);
      if (look) looks.set(operation, { ...look, leftOver: count });
    },
    restoring(is) {
      restoring = is;
    },
    seen(nowMs) {
      if (looks.size === 0) return undefined;
      for (const [operation, { readAtMs }] of pages)
        if (nowMs - readAtMs > LASTS_MS) {
          pages.delete(operation);
          looks.delete(operation);
        }
      const counts = new Map<string, Stuck>();
      for (const [operation, { volumes, readAtMs }] of pages)
        for (const volume of volumes) {
          const { host } = volume;
          if (host === undefined || readAtMs - beganMs(volume) <= limitOf(volume, operation)) continue;
          const key = `${operation} ${host}`;
          counts.set(key, { host, operation, count: (counts.get(key)?.count ?? 0) + 1 });
        }
      return {
        stuck: [...counts.values()],
        looks: [...looks.values()],
        creating: restoring ? [] : pages.get('creating')?.volumes.filter(({ raw }) => raw),
        creatingAtMs: pages.get('creating')?.readAtMs,
        leftCreating,
      };
    },
  };
}
