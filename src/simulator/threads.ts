/** The threads of a process: so many pieces of work at once, the rest wait in line. */
export interface Threads {
  readonly held: number;
  readonly queued: number;
  /** Runs the work on a thread of its own, as soon as one is free; the thread is held until the work's promise settles. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** A pool of `size` threads. */
export function createThreads(size: number): Threads {
  let held = 0;
  const line: (() => void)[] = [];
  return {
    get held() {
      return held;
    },
    get queued() {
      return line.length;
    },
    async run(work) {
      if (held < size) held++;
      else await new Promise<void>((resolve) => line.push(resolve));
      try {
        return await work();
      } finally {
        const next = line.shift();
        if (next === undefined) held--;
        else next();
      }
    },
  };
}
