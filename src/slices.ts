/** How long work may hold the event loop before scrapes are let in, in milliseconds. */
const SLICE_MS = 3;

/** Lets long work be done in slices. */
export interface Slices {
  /** Whether this slice is used up; then `await next()`. */
  readonly over: () => boolean;
  readonly next: () => Promise<void>;
}

/** Slices by the monotonic clock, which is looked at every time: a single row can take as long as a slice. */
export function createSlices(): Slices {
  let end = performance.now() + SLICE_MS;
  return {
    over: () => performance.now() >= end,
    async next() {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      end = performance.now() + SLICE_MS;
    },
  };
}

/** Takes the steps in slices, to the end; their result. What was done before them was a slice of its own. */
export async function inSlices<T>(steps: Generator<void, T>, slices: Slices): Promise<T> {
  for (;;) {
    if (slices.over()) await slices.next();
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Takes the steps at once, to the end; their result. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
