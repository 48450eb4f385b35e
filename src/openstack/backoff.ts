/** Pauses that grow with each failure in a row, with a random part so that many exporters do not come back in step. */
export interface Backoff {
  /** One more failure; `atLeastMs` is what the server asked for. */
  readonly fail: (atLeastMs?: number) => void;
  readonly succeed: () => void;
  /** Milliseconds still to wait; 0 when there is no pause. */
  readonly remainingMs: () => number;
  readonly failures: () => number;
}

export interface BackoffOptions {
  /** The pause after the first failure, in milliseconds. It doubles with each further one. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: () => number;
  /** From 0 to 1. @default Math.random */
  readonly random?: () => number;
}

/** A pause is between half and the whole of its nominal length. */
export function createBackoff({
  firstMs,
  maxMs,
  now = () => performance.now(),
  random = Math.random,
}: BackoffOptions): Backoff {
  let failures = 0;
  let until = -Infinity;
  return {
    fail(atLeastMs = 0) {
      failures += 1;
      const nominal = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
      until = now() + Math.max(atLeastMs, nominal * (0.5 + random() / 2));
    },
    succeed() {
      failures = 0;
      until = -Infinity;
    },
    remainingMs: () => Math.max(0, until - now()),
    failures: () => failures,
  };
}
