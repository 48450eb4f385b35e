import type { CloudClock } from '../../src/simulator/clock.ts';

export interface ManualClock extends CloudClock {
  /** Moves the time on; timers that fall due run in order, each at its own time. */
  advance(ms: number): void;
}

interface Timer {
  atMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** A clock that stands still until `advance` is called. */
export function manualClock(startMs: number): ManualClock {
  let now = startMs;
  const timers = new Set<Timer>();
  const add = (ms: number, run: () => void, everyMs?: number): (() => void) => {
    const timer: Timer = { atMs: now + ms, everyMs, run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const next = (untilMs: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  };
  return {
    now: () => now,
    every: (ms, run) => add(ms, run, ms),
    after: (ms, run) => add(ms, run),
    advance(ms) {
      const target = now + ms;
      for (let timer = next(target); timer !== undefined; timer = next(target)) {
        now = timer.atMs;
        if (timer.everyMs === undefined) timers.delete(timer);
        else timer.atMs += timer.everyMs;
        timer.run();
      }
      now = target;
    },
  };
}
