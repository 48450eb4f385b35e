import type { Clock } from '../clock.ts';
import type { CinderApi } from './cinder-api.ts';
import type { CollectorLog } from './collectors.ts';
import { createSlowReader } from './slow-reader.ts';
import {
  type CreationsList,
  decodeMessages,
  decodeVolumes,
  messagesPath,
  newestVolumesPath,
  PAGE,
} from '../cinder/creations.ts';
import type { Operations } from '../cinder/operations.ts';
import type { Decoded } from '../cinder/rows.ts';
import { leftOverPath, OPERATIONS, type Operation, underWayPath } from '../cinder/stuck.ts';
import { countOf, countPath } from '../cinder/volumes.ts';
import { createCutter } from '../cinder/wire.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import { parseJson } from '../openstack/answer.ts';
import { compareMicroversions, parseMicroversion } from '../openstack/discovery.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { Pause } from '../openstack/pause.ts';
import { shownUrl } from '../openstack/request.ts';

export interface OperationsReaderOptions {
  readonly timeoutMs: number;
  readonly maxLabelLength: number;
  readonly api: CinderApi;
  readonly pause: Pause;
  readonly clock: Clock;
  /** Now by Cinder's clock, in milliseconds since the epoch, as far as it is known. */
  readonly cinderNowMs: () => number;
  readonly operations: Operations;
  readonly collectors: CollectorLog;
  readonly metrics: CloudMetrics;
}

/** Asks for the last volumes, for messages, and for what is under way; slowly. */
export interface OperationsReader {
  /**
   * Asks for what is due, as far as the budget goes; a failure ends up in the collector and brings growing pauses. Never rejects.
   * Resolves with whether something was read, or the collector has news.
   */
  readonly readWhenDue: () => Promise<boolean>;
}

const COLLECTOR = 'operations';
const MINUTE = 60_000;
const PER_MINUTE = 5;
const OFTEN_MS = 2 * MINUTE;
const REFUSED_MS = 60 * MINUTE;
/** From here filters compare times. */
const COMPARES_TIMES = parseMicroversion('3.60');
/** From here filters know `~`. */
const KNOWS_LIKE = parseMicroversion('3.34');
const KNOWS_MESSAGES = parseMicroversion('3.5');

/** One list that is read now and then. */
interface Question {
  readonly what: string;
  readonly everyMs: number;
  readonly ask: () => Promise<void>;
}

export function createOperationsReader(options: OperationsReaderOptions): OperationsReader {
  const { api, pause, clock, cinderNowMs, operations, collectors, metrics, timeoutMs } = options;
  const { creations, underWay } = operations;
  const askedAt = new Map<string, number>();

  const knows = (version: ReturnType<typeof parseMicroversion>): boolean => {
    // Some sites hide the version document; the service list at 3.49 is tried without it.
    const max = parseMicroversion(api.versions()?.max || '3.49');
    return max !== undefined && version !== undefined && compareMicroversions(max, version) >= 0;
  };

  async function json(path: string): Promise<{ readonly body: unknown; readonly url: string }> {
    const { request, answer } = await api.get(COLLECTOR, path, timeoutMs, COMPARES_TIMES);
    return { body: parseJson(request, answer), url: shownUrl(request) };
  }

  /** The rows of a page; throws when it is none. */
  async function rows<T>(path: string, decode: (body: unknown) => Decoded<T> | undefined): Promise<readonly T[]> {
    const { body, url } = await json(path);
    const decoded = decode(body);
    const lost = decoded && decoded.rows.length === 0 && decoded.rejected > 0 ? `: ${decoded.firstProblem}` : '';
    if (!decoded || lost !== '') {
      const message = `GET ${url}: JSON without the list that was asked for${lost}`;
      throw new OpenStackError(message, { reason: 'decode', operation: COLLECTOR, url });
    }
    metrics.rejectedRows.inc({ collector: COLLECTOR }, decoded.rejected);
    return decoded.rows;
  }

  async function volumes(path: string) {
    const cut = createCutter(options.maxLabelLength);
    const found = await rows(path, (body) => decodeVolumes(body, cut));
    metrics.truncatedLabels.inc(cut.count());
    if (found.some(({ status, host }) => host === undefined && status === 'available')) {
      const message =
        'Cinder does not show this user the hosts of volumes (policy rule volume_extension:volume_host_attribute), so nobody can tell which backend they are on';
      throw new OpenStackError(message, { reason: 'forbidden', operation: COLLECTOR, url: '' });
    }
    return { found, full: found.length >= PAGE };
  }

  async function newest(): Promise<void> {
    const { found, full } = await volumes(newestVolumesPath(knows(COMPARES_TIMES) ? creations.sinceMs() : undefined));
    creations.saw(found, { nowMs: cinderNowMs(), full });
  }

  async function messages(): Promise<void> {
    const found = await rows(messagesPath(knows(KNOWS_LIKE)), decodeMessages);
    creations.told(found, { nowMs: cinderNowMs(), full: found.length >= PAGE });
  }

  async function orMissed(list: CreationsList, ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      creations.missed(list);
      throw error;
    }
  }

  async function open(operation: Operation): Promise<void> {
    const windowed = knows(COMPARES_TIMES);
    const nowMs = cinderNowMs();
    const { found, full } = await volumes(underWayPath(operation, windowed ? nowMs : undefined));
    underWay.saw(operation, found, { nowMs, full, windowed });
  }

  async function count(path: string, then: (count: number) => void): Promise<void> {
    const { body, url } = await json(path);
    const found = countOf(body);
    if (found === undefined)
      throw new OpenStackError(`GET ${url}: JSON without a count`, { reason: 'decode', operation: COLLECTOR, url });
    then(found);
  }

  /** Those that this Cinder knows, the most urgent first. */
  function questions(): readonly Question[] {
    return [
      // The volumes after them: what they tell of is weighed then.
      ...(knows(KNOWS_MESSAGES)
        ? [{ what: 'messages', everyMs: MINUTE, ask: () => orMissed('messages', messages) }]
        : []),
      { what: 'volumes', everyMs: MINUTE, ask: () => orMissed('volumes', newest) },
      ...OPERATIONS.map((operation) => ({
        what: operation,
        everyMs: operation === 'creating' ? OFTEN_MS : 10 * MINUTE,
        ask: () => open(operation),
      })),
      ...(knows(COMPARES_TIMES)
        ? [
            {
              what: 'backups restoring',
              everyMs: 5 * MINUTE,
              ask: () =>
                count(countPath({ what: 'backups', status: 'restoring', host: undefined }), (found) =>
                  underWay.restoring(found > 0),
                ),
            },
            ...OPERATIONS.map((operation) => ({
              what: `${operation} left over`,
              everyMs: 360 * MINUTE,
              ask: () => count(leftOverPath(operation, cinderNowMs()), (found) => underWay.leftOver(operation, found)),
            })),
          ]
        : []),
    ];
  }

  /** Of those that are due: one that is asked for often, else the one that is due for longest. */
  function next(): Question | undefined {
    let due: Question | undefined;
    let longest = -Infinity;
    for (const question of questions()) {
      const forMs = clock.now() - (askedAt.get(question.what) ?? -Infinity) - question.everyMs;
      if (forMs < 0) continue;
      if (question.everyMs <= OFTEN_MS) return question;
      if (forMs > longest) [due, longest] = [question, forMs];
    }
    return due;
  }

  return {
    readWhenDue: createSlowReader<Question>({
      collector: COLLECTOR,
      perMinute: PER_MINUTE,
      pause,
      clock,
      collectors,
      metrics,
      next,
      async ask({ what, ask }) {
        askedAt.set(what, clock.now());
        await ask();
      },
      // What is refused keeps nothing else waiting, and is not asked again so soon.
      setsAside({ what, everyMs }, { reason }) {
        if (reason !== 'forbidden') return false;
        askedAt.set(what, clock.now() + REFUSED_MS - everyMs);
        return true;
      },
    }),
  };
}
