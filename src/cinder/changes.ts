import type { Condition } from './conditions.ts';
import type { Backend } from './model.ts';

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
