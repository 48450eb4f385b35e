import { SYSTEM_CLOCK, type Clock } from '../clock.ts';
import { OpenStackError } from './errors.ts';

/**
 * What is left alone for a while, each for itself: an operation (the words of `cinder_exporter_api_request_duration_seconds{operation}`),
 * whatever needs a scheduler, or a look into a fresh catalog.
 */
export const PAUSED = [
  'token',
  'catalog',
  'discovery',
  'services',
  'services_fallback',
  'pools',
  'scheduler',
  'volume_types',
  'volumes',
  'capabilities',
  'operations',
] as const;

type Paused = (typeof PAUSED)[number];

/** No pause is longer, whoever asks for it: a mistake of a proxy must not blind the exporter. */
const MAX_PAUSE_MS = 300_000;

/** Grows with each failure in a row, with a random part so that many exporters do not come back in step. Only who asked for it ends it. */
export interface Pause {
  /** One more failure; at least `atLeastMs`, and what the answer asks for. Returns the error, which says how long now, when the answer asked. */
  readonly fail: (error?: OpenStackError, atLeastMs?: number) => OpenStackError | undefined;
  /** An answer, to a question that was asked at this time of the clock's `now`: one from before the last failure changes nothing. */
  readonly succeed: (askedAt?: number) => void;
  /** At most so many milliseconds are left of it, unless somebody asked for it. */
  readonly shorten: (ms: number) => void;
  /** Milliseconds still to wait; 0 when there is no pause. */
  readonly remainingMs: () => number;
  readonly failures: () => number;
  /** What to say instead of asking; undefined when there is no pause. */
  readonly refusal: () => OpenStackError | undefined;
}

export interface PauseOptions {
  /** The pause after the first failure, in milliseconds. It doubles with each further one. */
  readonly firstMs: number;
  /** As far as it doubles. @default MAX_PAUSE_MS */
  readonly maxMs?: number;
  readonly clock?: Clock;
  /** From 0 to 1. @default Math.random */
  readonly random?: () => number;
}

/** A pause is between half and the whole of its nominal length. */
export function createPause(options: PauseOptions): Pause {
  const { firstMs, maxMs = MAX_PAUSE_MS, clock = SYSTEM_CLOCK, random = Math.random } = options;
  let failures = 0;
  let failedAt = -Infinity;
  let until = -Infinity;
  let why: OpenStackError | undefined;
  const remainingMs = (): number => Math.max(0, until - clock.now());
  const endsAt = (): string => `${new Date(clock.wall() + remainingMs()).toISOString().slice(11, 19)} UTC`;
  return {
    fail(error, atLeastMs = 0) {
      failures += 1;
      failedAt = clock.now();
      why = error;
      const nominal = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
      const askedMs = error?.details.retryAfterMs ?? 0;
      until = failedAt + Math.min(MAX_PAUSE_MS, Math.max(atLeastMs, askedMs, nominal * (0.5 + random() / 2)));
      if (!error || !asksToWait(error)) return error;
      const longer = askedMs > MAX_PAUSE_MS ? `, though it asks for more than ${MAX_PAUSE_MS / 1000} s` : '';
      return new OpenStackError(`${error.message}; not asked again before ${endsAt()}${longer}`, {
        ...error.details,
        cause: error,
      });
    },
    succeed(askedAt = Infinity) {
      if (askedAt < failedAt) return;
      failures = 0;
      until = -Infinity;
    },
    shorten(ms) {
      if (!why || !asksToWait(why)) until = Math.min(until, clock.now() + ms);
    },
    remainingMs,
    failures: () => failures,
    refusal() {
      if (remainingMs() === 0) return undefined;
      const message = `not asked before ${endsAt()}${why ? `: ${why.message}` : ''}`;
      const { reason = 'http', operation = '', url = '' } = why?.details ?? {};
      return new OpenStackError(message, { ...why?.details, reason, operation, url, notAsked: true });
    },
  };
}

/** All pauses of one cloud. */
export type Pauses = Readonly<Record<Paused, Pause>>;

/** Two pauses in a row end before the next refresh: a short fault is over at once, a long one is not made worse. */
export function createPauses(intervalMs: number, clock?: Clock, random?: () => number): Pauses {
  const pause = (firstMs: number): Pause =>
    createPause({ firstMs, ...(clock && { clock }), ...(random && { random }) });
  const often = (): Pause => pause(Math.min(MAX_PAUSE_MS, intervalMs / 4));
  return {
    token: often(),
    catalog: pause(60_000),
    discovery: often(),
    services: often(),
    services_fallback: often(),
    pools: often(),
    scheduler: often(),
    volume_types: often(),
    volumes: often(),
    operations: often(),
    // After a question to a cinder-volume that nobody answered, and which may have held a thread of the API for a minute.
    capabilities: createPause({
      firstMs: 5000,
      maxMs: 30_000,
      ...(clock && { clock }),
      ...(random && { random }),
    }),
  };
}

/** Refused, or told to come back later: whoever answers so is left alone for a while. */
export function asksToWait({ reason, details }: OpenStackError): boolean {
  return reason === 'auth' || details.status === 429 || details.retryAfterMs !== undefined;
}

/** It came of the way to Cinder's endpoint, a login or the version document: it says nothing of what was to be asked there. */
export function isOfLogin({ details }: OpenStackError): boolean {
  return details.operation === 'token' || details.operation === 'discovery';
}
