import { SYSTEM_CLOCK, type Clock } from '../clock.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { asksToWait, isOfLogin, type Pauses } from '../openstack/pause.ts';

/** Requests that need a Cinder scheduler. */
export type SchedulerOperation = 'services' | 'pools';

/** How a question ended while the refresh still waited for it. */
type Outcome<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: OpenStackError }
  /** The patience is over; the request stays open, and `late` is told how it ends. */
  | { readonly kind: 'waiting' };

/**
 * The one lane for requests that need a scheduler. With no live scheduler such a request holds a worker of the API until Cinder's own RPC timeout
 * (60 s and more), whether we still listen or not. Nine of them have stopped a whole API. So there is never a second one beside the first. It is not
 * abandoned when a refresh goes on without it. After a failure pauses grow.
 */
export interface Lane {
  /** A request under way, or a pause; undefined: it may be asked. */
  readonly obstacle: (operation: SchedulerOperation) => OpenStackError | undefined;
  readonly open: () => boolean;
  /** Milliseconds until the longest pause is over. */
  readonly pauseMs: () => number;
  /** The last question that was asked failed or was left waiting. */
  readonly ailing: () => boolean;
  /**
   * The API answers again after it was away as a whole. That was no fault of a scheduler: the pauses of that time would only make a scheduler that is well
   * look silent. What may still hold a worker of the API is waited for.
   */
  readonly apiIsBack: () => void;
  readonly ask: <T>(
    operation: SchedulerOperation,
    question: () => Promise<T>,
    late: (value: T) => void,
  ) => Promise<Outcome<T>>;
}

export interface LaneOptions {
  /** How long a refresh waits for an answer, in milliseconds. */
  readonly patienceMs: number;
  /** `scheduler`: after answers that are long in coming; the others after what one operation is told at once, while the other may still be answered. */
  readonly pauses: Pick<Pauses, 'scheduler' | 'services' | 'services_fallback' | 'pools'>;
  readonly clock?: Clock;
}

/** A connection that breaks within this time was not waiting for a scheduler. */
const SHORT_MS = 2000;
/** What a request that we gave up may still hold in the API, in milliseconds: Cinder's default rpc_response_timeout. */
const RPC_TIMEOUT_MS = 60_000;

export function createLane({ patienceMs, pauses, clock = SYSTEM_CLOCK }: LaneOptions): Lane {
  const { scheduler } = pauses;
  let open = false;

  /** What a question that ended means for the next ones; returns the error, which may say more now. */
  function settle(operation: SchedulerOperation, tookMs: number, error: OpenStackError): OpenStackError {
    // A login that fails on the way says nothing of a scheduler: it was not asked.
    if (isOfLogin(error) || error.details.notAsked) return error;
    const slow = tookMs >= patienceMs && isServerFault(error);
    if (mayStillRun(error, tookMs)) return scheduler.fail(error, RPC_TIMEOUT_MS) ?? error;
    if (slow) return scheduler.fail(error) ?? error;
    if (!asksToWait(error) && !isServerFault(error)) return error;
    // The list below 3.49 has the same URL.
    if (operation === 'services' && asksToWait(error)) pauses.services_fallback.fail(error);
    return pauses[operation].fail(error) ?? error;
  }

  async function ask<T>(
    operation: SchedulerOperation,
    question: () => Promise<T>,
    late: (value: T) => void,
  ): Promise<Outcome<T>> {
    open = true;
    const start = clock.now();
    let waiting = false;
    // A timer may fire a fraction of a millisecond early by the clock: whose patience is over has waited that long.
    const took = (): number => Math.max(clock.now() - start, waiting ? patienceMs : 0);
    const { promise: patience, cancel } = timer(patienceMs, clock);
    const outcome = question().then(
      (value): Outcome<T> => {
        open = false;
        scheduler.succeed(start);
        pauses[operation].succeed(start);
        if (waiting) late(value);
        return { kind: 'answered', value };
      },
      (cause: unknown): Outcome<T> => {
        open = false;
        return { kind: 'failed', error: settle(operation, took(), asOpenStackError(cause, operation)) };
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
    obstacle(operation) {
      if (!open) return scheduler.refusal() ?? pauses[operation].refusal();
      return new OpenStackError('not asked while a scheduler owes an answer', {
        reason: 'timeout',
        operation,
        url: '',
        notAsked: true,
      });
    },
    open: () => open,
    pauseMs: () => Math.max(scheduler.remainingMs(), pauses.services.remainingMs(), pauses.pools.remainingMs()),
    ailing: () => open || scheduler.failures() > 0,
    apiIsBack() {
      pauses.services.shorten(0);
      pauses.pools.shorten(0);
      scheduler.shorten(RPC_TIMEOUT_MS);
    },
    ask,
  };
}

/**
 * Nobody listens any more, but Cinder may still be at it: our timeout, a proxy's, or a connection that broke after a while. A connection that was refused
 * brought nothing to Cinder, however long a busy machine took to say so.
 */
function mayStillRun({ reason, details }: OpenStackError, tookMs: number): boolean {
  if (reason === 'connect') return tookMs >= SHORT_MS && !isRefused(details.cause);
  return reason === 'timeout' || details.status === 504;
}

function isRefused(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
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

function timer(ms: number, clock: Clock): { promise: Promise<void>; cancel: () => void } {
  let cancel = (): void => {};
  const promise = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  return { promise, cancel };
}
