import type { Condition } from '../cinder/conditions.ts';
import type { Snapshot } from '../cinder/snapshot.ts';

/** A stretch of time in one condition; undefined: nothing could be read. Milliseconds since the epoch. */
export interface Stretch {
  readonly condition: Condition | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What this process remembers of conditions; a restart forgets it. */
export interface ConditionHistory {
  /** Takes a cloud's new snapshot. */
  readonly record: (cloud: string, snapshot: Snapshot) => void;
  /** The last hours of a backend, oldest first, up to now; empty when it is not known. Stretches in which nothing could be read come last. */
  readonly of: (cloud: string, host: string, nowMs: number) => readonly Stretch[];
  /** Forgets the clouds that are not named. */
  readonly keepOnly: (clouds: ReadonlySet<string>) => void;
}

/** How far back the history goes. */
export const HISTORY_MS = 6 * 3_600_000;

/** Most past stretches that are kept of one backend; older ones go first. */
export const MAX_STRETCHES = 100;

interface Remembered {
  latest: Snapshot;
  /** Past stretches of the backends that have changed; the present one is in the snapshot. So a quiet cloud costs nothing. */
  readonly past: Map<string, Stretch[]>;
  readonly blind: Stretch[];
  blindSinceMs: number | undefined;
}

export function createConditionHistory(): ConditionHistory {
  const clouds = new Map<string, Remembered>();

  function record(cloud: string, snapshot: Snapshot): void {
    const known = clouds.get(cloud);
    if (!known) {
      clouds.set(cloud, {
        latest: snapshot,
        past: new Map(),
        blind: [],
        blindSinceMs: isBlind(snapshot) ? snapshot.atMs : undefined,
      });
      return;
    }
    noteBlindness(known, snapshot);
    noteChanges(known, snapshot);
    forget(known, snapshot);
    known.latest = snapshot;
  }

  return {
    record,
    of(cloud, host, nowMs) {
      const known = clouds.get(cloud);
      const now = known?.latest.histories.get(host);
      if (!known || !now) return [];
      const stretches: Stretch[] = [
        ...(known.past.get(host) ?? []),
        { condition: now.condition, fromMs: now.sinceMs, untilMs: nowMs },
        ...known.blind,
      ];
      if (known.blindSinceMs !== undefined)
        stretches.push({ condition: undefined, fromMs: known.blindSinceMs, untilMs: nowMs });
      return stretches.filter(({ untilMs }) => untilMs > nowMs - HISTORY_MS);
    },
    keepOnly(names) {
      for (const name of clouds.keys()) if (!names.has(name)) clouds.delete(name);
    },
  };
}

/** The histories are kept while no service list can be read, the backends are not. */
function isBlind(snapshot: Snapshot): boolean {
  return snapshot.backends.length === 0 && snapshot.histories.size > 0;
}

function noteBlindness(known: Remembered, snapshot: Snapshot): void {
  if (isBlind(snapshot)) {
    known.blindSinceMs ??= snapshot.atMs;
  } else if (known.blindSinceMs !== undefined) {
    push(known.blind, { condition: undefined, fromMs: known.blindSinceMs, untilMs: snapshot.atMs });
    known.blindSinceMs = undefined;
  }
}

function noteChanges({ latest, past }: Remembered, snapshot: Snapshot): void {
  for (const [host, now] of snapshot.histories) {
    const before = latest.histories.get(host);
    if (!before || before.sinceMs === now.sinceMs) continue;
    const stretches = past.get(host) ?? [];
    push(stretches, { condition: before.condition, fromMs: before.sinceMs, untilMs: now.sinceMs });
    past.set(host, stretches);
  }
}

function push(stretches: Stretch[], stretch: Stretch): void {
  stretches.push(stretch);
  if (stretches.length > MAX_STRETCHES) stretches.shift();
}

/** Drops what is too old, and backends that are gone from a list that was read. */
function forget({ past, blind }: Remembered, snapshot: Snapshot): void {
  const oldest = snapshot.atMs - HISTORY_MS;
  for (const [host, stretches] of past) {
    while (stretches[0] && stretches[0].untilMs < oldest) stretches.shift();
    if (stretches.length === 0 || !snapshot.histories.has(host)) past.delete(host);
  }
  while (blind[0] && blind[0].untilMs < oldest) blind.shift();
}
