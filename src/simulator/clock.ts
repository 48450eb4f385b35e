/** Cinder's clock: the time of the cloud in milliseconds since the epoch, and timers that run by it. */
export interface CloudClock {
  now(): number;
  /** Runs again and again until the returned function is called. */
  every(ms: number, run: () => void): () => void;
  after(ms: number, run: () => void): () => void;
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

/** Cinder's times: ISO 8601 in UTC without a zone, with microseconds. The clock has milliseconds; `micros` (0-999) are the last three digits. */
export function naiveTimestamp(ms: number, micros: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}`;
}

/** Keystone's times: whole seconds, written with microseconds and `Z`. */
export function keystoneTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.000000Z`;
}
