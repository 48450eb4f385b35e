import { createBackoff, type BackoffOptions } from '../openstack/backoff.ts';
import { OpenStackError } from '../openstack/errors.ts';

/** Requests that need a Cinder scheduler. */
export type SchedulerOperation = 'services' | 'pools';

/** How a question ended while the refresh still waited for it. */
type Outcome<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: OpenStackError }
  /** The patience is over; the request stays open, and `late` is told how it ends. */
  | { readonly kind: 'waiting' };

/**
 * The one lane for requests that need a scheduler. With no live scheduler such a request holds a worker of the API until Cinder's own RPC
 * timeout (60 s and more), whether we still listen or not, and nine of them have stopped a whole API. So there is never a second one
 * beside the first, it is not abandoned when a refresh goes on without it, and after a failure pauses grow.
 */
export interface Lane {
  /** Neither a request under way nor a pause. */
  readonly ready: (operation: SchedulerOperation) => boolean;
  readonly open: () => boolean;
  /** Milliseconds until the longest pause is over. */
  readonly pauseMs: () => number;
  /** The last question that was asked failed or was left waiting. */
  readonly ailing: () => boolean;
  readonly ask: <T>(
    operation: SchedulerOperation,
    question: () => Promise<T>,
    late: (value: T) => void,
  ) => Promise<Outcome<T>>;
}

export interface LaneOptions {
  /** How long a refresh waits for an answer, in milliseconds. */
  readonly patienceMs: number;
  /** The pause after the first failure, in milliseconds. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  readonly clock?: Pick<BackoffOptions, 'now' | 'random'>;
}

/** A connection that breaks within this time was not waiting for a scheduler. */
const SHORT_MS = 2000;
/** What a request that we gave up may still hold in the API, in milliseconds: Cinder's default rpc_response_timeout. */
const RPC_TIMEOUT_MS = 60_000;

export function createLane({ patienceMs, firstPauseMs, maxPauseMs, clock = {} }: LaneOptions): Lane {
  const pauses = { firstMs: firstPauseMs, maxMs: maxPauseMs, ...clock };
  /** For answers that are long in coming: the scheduler or the message bus. */
  const scheduler = createBackoff(pauses);
  /** For prompt refusals of one operation (a 5xx at once): the other may still be answered. */
  const operations = { services: createBackoff(pauses), pools: createBackoff(pauses) };
  let open = false;

  function settle(operation: SchedulerOperation, tookMs: number, error: OpenStackError | undefined): void {
    // A login that fails on the way says nothing of a scheduler: it was not asked.
    if (error?.details.operation === 'token') return;
    if (!error) {
      scheduler.succeed();
      operations[operation].succeed();
    } else if (mayStillRun(error, tookMs)) {
      scheduler.fail(RPC_TIMEOUT_MS);
    } else if (isServerFault(error)) {
      (tookMs >= patienceMs ? scheduler : operations[operation]).fail(error.details.retryAfterMs);
    }
  }

  async function ask<T>(
    operation: SchedulerOperation,
    question: () => Promise<T>,
    late: (value: T) => void,
  ): Promise<Outcome<T>> {
    open = true;
    const start = performance.now();
    let waiting = false;
    // A timer may fire a fraction of a millisecond early by the clock: whose patience is over has waited that long.
    const took = (): number => Math.max(performance.now() - start, waiting ? patienceMs : 0);
    const { promise: patience, cancel } = timer(patienceMs);
    const outcome = question().then(
      (value): Outcome<T> => {
        open = false;
        settle(operation, took(), undefined);
        if (waiting) late(value);
        return { kind: 'answered', value };
      },
      (cause: unknown): Outcome<T> => {
        open = false;
        const error = asOpenStackError(cause, operation);
        settle(operation, took(), error);
        return { kind: 'failed', error };
      },
    );
    const given = patience.then((): Outcome<T> => {
      waiting = true;
      return { kind: 'waiting' };
    });
    const first = await Promise.race([outcome, given]);
    cancel();
    return first;
  }

  return {
    ready: (operation) => !open && scheduler.remainingMs() === 0 && operations[operation].remainingMs() === 0,
    open: () => open,
    pauseMs: () => Math.max(scheduler.remainingMs(), operations.services.remainingMs(), operations.pools.remainingMs()),
    ailing: () => open || scheduler.failures() > 0,
    ask,
  };
}

/** Nobody listens any more, but Cinder may still be at it: our timeout, a proxy's, or a connection that broke after a while. */
function mayStillRun({ reason, details }: OpenStackError, tookMs: number): boolean {
  return reason === 'timeout' || details.status === 504 || (reason === 'connect' && tookMs >= SHORT_MS);
}

function isServerFault(error: OpenStackError): boolean {
  return error.reason === 'http' && (error.details.status ?? 0) >= 500;
}

/** Whatever was thrown, as an OpenStackError: a bug of ours must not pass for a state of the cloud, but must not stop the refresh either. */
export function asOpenStackError(cause: unknown, operation: string): OpenStackError {
  if (cause instanceof OpenStackError) return cause;
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new OpenStackError(`unexpected: ${message}`, { reason: 'decode', operation, url: '', cause });
}

function timer(ms: number): { promise: Promise<void>; cancel: () => void } {
  let handle: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    handle = setTimeout(resolve, ms);
  });
  return { promise, cancel: () => clearTimeout(handle) };
}
