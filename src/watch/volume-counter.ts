import type { Clock } from '../clock.ts';
import type { CinderApi } from './cinder-api.ts';
import type { CollectorLog } from './collectors.ts';
import { createSlowReader } from './slow-reader.ts';
import type { Backend } from '../cinder/model.ts';
import { COUNTS_PER_MINUTE, countOf, countPath, type CountQuestion, type Counts } from '../cinder/volumes.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import { parseJson } from '../openstack/answer.ts';
import { compareMicroversions, parseMicroversion } from '../openstack/discovery.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { Pause } from '../openstack/pause.ts';
import { shownUrl } from '../openstack/request.ts';

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

/** Asks for the counts, slowly: one of 100,000 volumes takes Cinder half a second. */
export interface VolumeCounter {
  /**
   * Asks one after the other, as far as the budget goes; a failure ends up in the collector and brings growing pauses. Never rejects.
   * Resolves with whether the collector has news: it went otherwise than the time before, or it is the first time.
   */
  readonly countWhenDue: () => Promise<boolean>;
}

const COLLECTOR = 'volumes';
/** From here a list has `count`. */
const WITH_COUNT = parseMicroversion('3.45');

export function createVolumeCounter(options: VolumeCounterOptions): VolumeCounter {
  const { api, pause, clock, counts, backends, collectors, metrics, timeoutMs } = options;

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
    const url = shownUrl(request);
    throw new OpenStackError(`GET ${url}: JSON without a count`, { reason: 'decode', operation: COLLECTOR, url });
  }

  return {
    countWhenDue: createSlowReader<CountQuestion>({
      collector: COLLECTOR,
      perMinute: COUNTS_PER_MINUTE,
      pause,
      clock,
      collectors,
      metrics,
      next: () => counts.next(backends(), clock.now()),
      async ask(question) {
        let count: number | undefined;
        try {
          count = await ask(question);
        } finally {
          counts.answered(question, count, clock.now());
        }
      },
    }),
  };
}
