import type { Clock } from '../clock.ts';
import type { CinderApi } from './cinder-api.ts';
import type { CollectorLog } from './collectors.ts';
import { asOpenStackError } from './scheduler-queue.ts';
import type { Backend } from '../cinder/model.ts';
import type { Counted } from '../cinder/snapshot.ts';
import { COUNTS_PER_MINUTE, countOf, countPath, type CountQuestion, type Counts } from '../cinder/volumes.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import { parseJson } from '../openstack/answer.ts';
import { compareMicroversions, parseMicroversion } from '../openstack/discovery.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { Pause } from '../openstack/pause.ts';

export interface VolumeCounterOptions {
  readonly timeoutMs: number;
  readonly api: CinderApi;
  readonly pause: Pause;
  readonly clock: Clock;
  readonly counts: Counts;
  readonly backends: () => readonly Backend[];
  readonly collectors: CollectorLog;
  readonly metrics: CloudMetrics;
}

/** Asks for the counts, slowly. */
export interface VolumeCounter {
  /**
   * Asks one after the other, as far as the budget goes; a failure ends up in the collector and brings growing pauses. Never rejects.
   * Resolves with whether the collector has news: it went otherwise than the time before, or it is the first time.
   */
  readonly countWhenDue: () => Promise<boolean>;
}

const COLLECTOR = 'volumes';
/** So many at once, and COUNTS_PER_MINUTE more in each minute: never ten within one. A count of 100,000 volumes takes Cinder half a second. */
const BURST = 4;
/** The next refresh waits for the counts. */
const MAX_BATCH_MS = 2000;
/** From here a list has `count`. */
const WITH_COUNT = parseMicroversion('3.45');

export function createVolumeCounter(options: VolumeCounterOptions): VolumeCounter {
  const { api, pause, clock, counts, backends, collectors, metrics, timeoutMs } = options;
  let budget = BURST;
  let refilledAt = clock.now();
  let went: string | undefined;
  /** What cannot be counted at present, each for itself: the volumes may be open to a user, and the backups not. */
  const failing = new Map<Counted, OpenStackError>();

  async function ask(question: CountQuestion): Promise<number> {
    const { used, max } = api.versions() ?? { used: '', max: '' };
    const version = parseMicroversion(used);
    if (version && WITH_COUNT && compareMicroversions(version, WITH_COUNT) < 0) {
      const message = `the API of this Cinder ends at ${max || used}, and counts from 3.45 on`;
      throw new OpenStackError(message, { reason: 'http', operation: COLLECTOR, url: '' });
    }
    const { request, answer } = await api.get(COLLECTOR, countPath(question), timeoutMs);
    const count = countOf(parseJson(request, answer));
    if (count !== undefined) return count;
    const url = request.url.origin + request.url.pathname;
    throw new OpenStackError(`GET ${url}: JSON without a count`, { reason: 'decode', operation: COLLECTOR, url });
  }

  /** Asks until the budget or the time is used up, or something fails; resolves with how many were asked for. */
  async function batch(start: number): Promise<number> {
    let asked = 0;
    for (; budget >= 1 && clock.now() - start < MAX_BATCH_MS; asked += 1) {
      const question = counts.next(backends(), clock.now());
      if (!question) break;
      budget -= 1;
      try {
        counts.answered(question, await ask(question), clock.now());
        failing.delete(question.what);
      } catch (cause) {
        counts.answered(question, undefined, clock.now());
        const failed = asOpenStackError(cause, COLLECTOR);
        const error = failed.details.notAsked ? failed : (pause.fail(failed) ?? failed);
        failing.set(question.what, error);
        metrics.errors.inc({ collector: COLLECTOR, reason: error.reason });
        return asked + 1;
      }
    }
    if (asked > 0) pause.succeed();
    return asked;
  }

  return {
    async countWhenDue() {
      const start = clock.now();
      budget = Math.min(BURST, budget + ((start - refilledAt) / 60_000) * COUNTS_PER_MINUTE);
      refilledAt = start;
      if (pause.remainingMs() > 0 || (await batch(start)) === 0) return false;
      const before = went;
      const [error] = failing.values();
      if (error) collectors.failed(COLLECTOR, clock.now() - start, error);
      else collectors.succeeded(COLLECTOR, clock.now() - start);
      went = error?.reason ?? 'well';
      return went !== before;
    },
  };
}
