/** How long work may hold the event loop before scrapes are let in, in milliseconds. */
const SLICE_MS = 3;

/** Lets long work be done in slices. */
export interface Slices {
  /** Whether this slice is used up; then `await next()`. */
  readonly over: () => boolean;
  readonly next: () => Promise<void>;
}

/** Slices by the monotonic clock. `over` is cheap, and looks at the clock at every 16th call only. */
export function createSlices(): Slices {
  let calls = 0;
  let end = performance.now() + SLICE_MS;
  return {
    over() {
      calls += 1;
      return calls % 16 === 0 && performance.now() >= end;
    },
    async next() {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      end = performance.now() + SLICE_MS;
    },
  };
}
