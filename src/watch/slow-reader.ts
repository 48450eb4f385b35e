import type { Clock } from '../clock.ts';
import type { Collector } from '../cinder/snapshot.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import type { OpenStackError } from '../openstack/errors.ts';
import type { Pause } from '../openstack/pause.ts';
import type { CollectorLog } from './collectors.ts';
import { asOpenStackError } from './scheduler-queue.ts';

/** How a collector reads that has many questions, and asks few of them at a time. */
export interface SlowReaderOptions<Q extends { readonly what: string }> {
  readonly collector: Collector;
  /** So many questions in each minute, and BURST at once: never more than their sum within one. */
  readonly perMinute: number;
  readonly pause: Pause;
  readonly clock: Clock;
  readonly collectors: CollectorLog;
  readonly metrics: Pick<CloudMetrics, 'errors'>;
  /** The next that is due. `what` it is about fails and succeeds by itself. */
  readonly next: () => Q | undefined;
  readonly ask: (question: Q) => Promise<void>;
  /** Whether a failure concerns this question alone, so that it brings no pause and the others go on. @default none does */
  readonly setsAside?: (question: Q, error: OpenStackError) => boolean;
}

/** So many at once. */
const BURST = 4;
/** The next refresh waits for the answers. */
const MAX_BATCH_MS = 2000;
const MINUTE = 60_000;

/**
 * Asks one after the other, as far as the budget goes; a failure ends up in the collector and brings growing pauses. Never rejects.
 * Resolves with whether the collector has news: it went otherwise than the time before, or it is the first time.
 */
export function createSlowReader<Q extends { readonly what: string }>(
  options: SlowReaderOptions<Q>,
): () => Promise<boolean> {
  const { collector, perMinute, pause, clock, collectors, metrics, next, ask, setsAside } = options;
  let budget = BURST;
  let refilledAt = clock.now();
  let went: string | undefined;
  /** What cannot be read at present, each for itself: one list may be open to a user, and another not. */
  const failing = new Map<string, OpenStackError>();

  /** Asks until the budget or the time is used up, or something fails; resolves with how many were asked for. */
  async function batch(start: number): Promise<number> {
    let asked = 0;
    for (; budget >= 1 && clock.now() - start < MAX_BATCH_MS; asked += 1) {
      const question = next();
      if (!question) break;
      budget -= 1;
      try {
        await ask(question);
        failing.delete(question.what);
      } catch (cause) {
        const failed = asOpenStackError(cause, collector);
        const aside = setsAside?.(question, failed) ?? false;
        const error = aside || failed.details.notAsked ? failed : (pause.fail(failed) ?? failed);
        failing.set(question.what, error);
        metrics.errors.inc({ collector, reason: error.reason });
        if (!aside) return asked + 1;
      }
    }
    if (asked > 0) pause.succeed();
    return asked;
  }

  return async () => {
    const start = clock.now();
    budget = Math.min(BURST, budget + ((start - refilledAt) / MINUTE) * perMinute);
    refilledAt = start;
    if (pause.remainingMs() > 0 || (await batch(start)) === 0) return false;
    const before = went;
    const [error] = failing.values();
    if (error) collectors.failed(collector, clock.now() - start, error);
    else collectors.succeeded(collector, clock.now() - start);
    went = error?.reason ?? 'well';
    return went !== before;
  };
}
