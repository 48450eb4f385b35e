/** Time, as everything sees it whose decisions hang on it. */
export interface Clock {
  /** Milliseconds that only grow, whatever is done to the machine's clock. */
  readonly now: () => number;
  /** Milliseconds since the epoch. Somebody may set this clock, back too. */
  readonly wall: () => number;
  /** Runs once after so many milliseconds of `now`; returns how to prevent that. */
  readonly after: (ms: number, run: () => void) => () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
