import type { OpenStackError } from '../openstack/errors.ts';
import type { Collector, CollectorStatus } from '../cinder/snapshot.ts';

/** Keeps how each collector went. Times in milliseconds since the epoch. */
export interface CollectorLog {
  readonly succeeded: (collector: Collector, durationMs: number) => void;
  /** It failed; or nothing was asked, for this reason: then a failure that stands goes on as it is. Returns the reason that stands. */
  readonly failed: (collector: Collector, durationMs: number, error: OpenStackError) => string;
  readonly all: () => readonly CollectorStatus[];
}

/** Told once when a collector begins to fail, fails for another reason, or succeeds again. */
export type Turn = (status: CollectorStatus, before: CollectorStatus | undefined) => void;

export function createCollectorLog(turned: Turn, nowMs: () => number = Date.now): CollectorLog {
  const statuses = new Map<Collector, CollectorStatus>();

  function set(status: CollectorStatus): void {
    const before = statuses.get(status.collector);
    statuses.set(status.collector, status);
    const turn = before ? before.failure?.reason !== status.failure?.reason : status.failure !== undefined;
    if (turn) turned(status, before);
  }

  function failed(collector: Collector, durationMs: number, error: OpenStackError): string {
    const before = statuses.get(collector);
    if (error.details.notAsked && before?.failure) return before.failure.reason;
    const failure = { sinceMs: before?.failure?.sinceMs ?? nowMs(), reason: error.reason, message: error.message };
    set({ collector, success: false, durationMs, lastSuccessAtMs: before?.lastSuccessAtMs, failure });
    return failure.reason;
  }

  return {
    succeeded: (collector, durationMs) =>
      set({ collector, success: true, durationMs, lastSuccessAtMs: nowMs(), failure: undefined }),
    failed,
    all: () => [...statuses.values()],
  };
}
