import type { Condition } from '../cinder/conditions.ts';
import type { Backend } from '../cinder/model.ts';
import { onOurClock, type History, type Snapshot } from '../cinder/snapshot.ts';

/** A stretch of time in one condition; undefined: nothing could be read. Milliseconds since the epoch. */
export interface Span {
  readonly condition: Condition | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What this process remembers of conditions; a restart forgets it. */
export interface ConditionHistory {
  /** Takes a cloud's new snapshot. */
  readonly record: (cloud: string, snapshot: Snapshot) => void;
  /** The last hours of a backend, oldest first, up to now; empty when it is not known. Stretches in which nothing could be read come last. */
  readonly of: (cloud: string, host: string, nowMs: number) => readonly Span[];
  /** How far back anything is remembered, in milliseconds: from a minute to `HISTORY_MS`. */
  readonly spanMs: (nowMs: number) => number;
  /** Forgets the clouds that are not named. */
  readonly keepOnly: (clouds: ReadonlySet<string>) => void;
}

/** How far back the history goes. */
export const HISTORY_MS = 6 * 3_600_000;

/** Most past stretches that are kept of one backend; older ones go first. */
export const MAX_STRETCHES = 100;

/** A timeline is never shorter. */
const LEAST_SPAN_MS = 60_000;

/**
 * Since when a backend is in its condition, by our clock in milliseconds since the epoch; undefined when it is not known. What was so when it was first
 * seen had begun before: Cinder's own times may tell how long before.
 */
export function inConditionSince(
  snapshot: Snapshot,
  { host, condition, statsAtMs, heartbeatAtMs }: Backend,
): number | undefined {
  const history = snapshot.histories.get(host);
  if (!history || history.lastChangeMs !== undefined) return history?.sinceMs;
  const sign = condition === 'stale' ? statsAtMs : condition === 'service_down' ? heartbeatAtMs : undefined;
  return Math.min(history.sinceMs, onOurClock(snapshot, sign) ?? Infinity);
}

interface Remembered {
  readonly firstAtMs: number;
  latest: Snapshot;
  /** When that began which was so before a backend was first seen, where that is known. */
  readonly began: Map<string, number>;
  /** Past stretches of the backends that have changed; the present one is in the snapshot. So a quiet cloud costs nothing. */
  readonly past: Map<string, Span[]>;
  readonly blind: Span[];
  blindSinceMs: number | undefined;
}

export function createConditionHistory(): ConditionHistory {
  const clouds = new Map<string, Remembered>();

  function record(cloud: string, snapshot: Snapshot): void {
    const known = clouds.get(cloud);
    if (!known) {
      const first: Remembered = {
        firstAtMs: snapshot.atMs,
        latest: snapshot,
        began: new Map(),
        past: new Map(),
        blind: [],
        blindSinceMs: isBlind(snapshot) ? snapshot.atMs : undefined,
      };
      noteBeginnings(first, snapshot);
      clouds.set(cloud, first);
      return;
    }
    noteBlindness(known, snapshot);
    noteChanges(known, snapshot);
    noteBeginnings(known, snapshot);
    forget(known, snapshot);
    known.latest = snapshot;
  }

  return {
    record,
    of(cloud, host, nowMs) {
      const known = clouds.get(cloud);
      const now = known?.latest.histories.get(host);
      if (!known || !now) return [];
      const stretches: Span[] = [
        ...(known.past.get(host) ?? []),
        { condition: now.condition, fromMs: beginning(known, host, now), untilMs: nowMs },
        ...known.blind,
      ];
      if (known.blindSinceMs !== undefined)
        stretches.push({ condition: undefined, fromMs: known.blindSinceMs, untilMs: nowMs });
      return stretches.filter(({ untilMs }) => untilMs > nowMs - HISTORY_MS);
    },
    spanMs(nowMs) {
      const firstAtMs = Math.min(nowMs, ...[...clouds.values()].map((known) => known.firstAtMs));
      return Math.min(HISTORY_MS, Math.max(LEAST_SPAN_MS, nowMs - firstAtMs));
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

function noteBeginnings({ began }: Remembered, snapshot: Snapshot): void {
  for (const backend of snapshot.backends) {
    const history = snapshot.histories.get(backend.host);
    if (!history || history.lastChangeMs !== undefined) continue;
    const sinceMs = inConditionSince(snapshot, backend) ?? history.sinceMs;
    if (sinceMs < history.sinceMs && !began.has(backend.host)) began.set(backend.host, sinceMs);
  }
}

function beginning({ began }: Remembered, host: string, { sinceMs, lastChangeMs }: History): number {
  return lastChangeMs === undefined ? (began.get(host) ?? sinceMs) : sinceMs;
}

function noteChanges(known: Remembered, snapshot: Snapshot): void {
  const { latest, past } = known;
  for (const [host, now] of snapshot.histories) {
    const before = latest.histories.get(host);
    if (!before || before.sinceMs === now.sinceMs) continue;
    const stretches = past.get(host) ?? [];
    push(stretches, { condition: before.condition, fromMs: beginning(known, host, before), untilMs: now.sinceMs });
    past.set(host, stretches);
  }
}

function push(stretches: Span[], stretch: Span): void {
  stretches.push(stretch);
  if (stretches.length > MAX_STRETCHES) stretches.shift();
}

/** Drops what is too old, and backends that are gone from a list that was read. */
function forget({ began, past, blind }: Remembered, snapshot: Snapshot): void {
  const oldest = snapshot.atMs - HISTORY_MS;
  for (const [host, stretches] of past) {
    while (stretches[0] && stretches[0].untilMs < oldest) stretches.shift();
    if (stretches.length === 0 || !snapshot.histories.has(host)) past.delete(host);
  }
  for (const host of began.keys()) if (!snapshot.histories.has(host)) began.delete(host);
  while (blind[0] && blind[0].untilMs < oldest) blind.shift();
}
