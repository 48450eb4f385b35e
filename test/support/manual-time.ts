import type { Clock } from '../../src/clock.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** Time that stands still until it is told to pass: for the exporter, and the same for a simulated cloud. */
export interface ManualTime {
  readonly clock: Clock;
  readonly cloud: ManualClock;
  readonly advance: (ms: number) => void;
  /** Somebody sets the exporter's wall clock by so many milliseconds, back when negative. */
  readonly setWall: (byMs: number) => void;
  /** Milliseconds of the timers that wait, in the order in which they were set. */
  readonly waiting: () => readonly number[];
}

export function manualTime(startMs = Date.now()): ManualTime {
  const cloud = manualClock(startMs);
  const timers = new Set<{ readonly ms: number }>();
  let shift = 0;
  return {
    cloud,
    clock: {
      now: () => cloud.now() - startMs,
      wall: () => cloud.now() + shift,
      after(ms, run) {
        const timer = { ms };
        timers.add(timer);
        const cancel = cloud.after(ms, () => {
          timers.delete(timer);
          run();
        });
        return () => {
          timers.delete(timer);
          cancel();
        };
      },
    },
    advance: (ms) => cloud.advance(ms),
    setWall: (byMs) => void (shift += byMs),
    waiting: () => [...timers].map(({ ms }) => ms),
  };
}
