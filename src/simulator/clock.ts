/** Cinder's clock: the time of the cloud in milliseconds since the epoch, and timers that run by it. */
export interface CloudClock {
  now(): number;
  /** Runs again and again until the returned function is called. */
  every(ms: number, run: () => void): () => void;
  after(ms: number, run: () => void): () => void;
}

export interface ManualClock extends CloudClock {
  /** Moves the time on; timers that fall due run in order, each at its own time. */
  advance(ms: number): void;
}

/** The machine's time, or a faster one: with speed 60 a minute of the cloud passes in a second. Its timers never keep the process alive. */
export function realClock(speed = 1, startMs?: number): CloudClock {
  const origin = performance.now();
  const start = startMs ?? Date.now();
  const machineTime = speed === 1 && startMs === undefined;
  return {
    now: () => (machineTime ? Date.now() : Math.floor(start + (performance.now() - origin) * speed)),
    every(ms, run) {
      const timer = setInterval(run, Math.max(1, ms / speed)).unref();
      return () => clearInterval(timer);
    },
    after(ms, run) {
      const timer = setTimeout(run, Math.max(0, ms / speed)).unref();
      return () => clearTimeout(timer);
    },
  };
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

/** Cinder's times: ISO 8601 in UTC without a zone, with microseconds. The clock has milliseconds; `micros` (0-999) are the last three digits. */
export function naiveTimestamp(ms: number, micros: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}`;
}

/** Keystone's times: whole seconds, written with microseconds and `Z`. */
export function keystoneTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.000000Z`;
}
