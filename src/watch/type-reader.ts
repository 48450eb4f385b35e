import type { Clock } from '../clock.ts';
import { PATHS, type CinderApi } from './cinder-api.ts';
import type { CollectorLog } from './collectors.ts';
import { asOpenStackError } from './scheduler-queue.ts';
import { decodeVolumeTypes, hasNextPage, hiddenSpecs, type VolumeType } from '../cinder/types.ts';
import { createCutter } from '../cinder/wire.ts';
import type { Limits } from '../config/config.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import { parseJson } from '../openstack/answer.ts';
import { OpenStackError, type FailureReason } from '../openstack/errors.ts';
import { compareMicroversions, parseMicroversion } from '../openstack/discovery.ts';
import type { Session } from '../openstack/session.ts';
import type { Pause } from '../openstack/pause.ts';
import { shownUrl } from '../openstack/request.ts';
import type { Pipeline } from './pipeline.ts';

export interface TypeReaderOptions {
  /** Milliseconds from one reading to the next. */
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly limits: Limits;
  readonly session: Session;
  readonly api: CinderApi;
  readonly pause: Pause;
  readonly clock: Clock;
  readonly pipeline: Pipeline;
  readonly collectors: CollectorLog;
  readonly metrics: CloudMetrics;
}

/** Reads the volume types, slowly. */
export interface TypeReader {
  /**
   * Reads them if the time has come; a failure ends up in the collector and brings growing pauses. Never rejects.
   * Resolves with whether the collector has news: it went otherwise than the time before, or it is the first time.
   */
  readonly readWhenDue: () => Promise<boolean>;
}

const COLLECTOR = 'volume_types';
/** A thousand types a page is Cinder's default. More pages than this are a loop, not a cloud. */
const MAX_PAGES = 20;
/** Together with the pages before. */
const MAX_TYPES = MAX_PAGES * 1000;
/** All of it is remembered. A type with its description and extra specs is a kilobyte. */
const MAX_BYTES = 16 * 1024 * 1024;
const TOO_MANY = 'there are more volume types on more backends than can be remembered';
/** All pages together may take as long as so many requests: the next refresh waits for the types. */
const MAX_REQUESTS_LONG = 3;

export function createTypeReader(options: TypeReaderOptions): TypeReader {
  const { session, api, pause, clock, pipeline, collectors, metrics, everyMs } = options;
  let went: string | undefined;
  let readAt = -Infinity;

  async function readAll(): Promise<readonly VolumeType[]> {
    const types: VolumeType[] = [];
    const cut = createCutter(options.limits.maxLabelLength);
    const endAt = clock.now() + MAX_REQUESTS_LONG * options.timeoutMs;
    let bytes = 0;
    for (let page = 0, marker = ''; page < MAX_PAGES; page += 1) {
      const path = `${PATHS.volumeTypes}?is_public=None${marker === '' ? '' : `&marker=${encodeURIComponent(marker)}`}`;
      const { request, answer } = await api.get(COLLECTOR, path, options.timeoutMs);
      const url = shownUrl(request);
      if (clock.now() > endAt) throw failure(url, 'timeout', `more than ${page + 1} pages, and slow ones`);
      bytes += answer.body.length;
      if (bytes > MAX_BYTES) throw failure(url, 'decode', `more than ${MAX_BYTES} bytes of volume types`);
      const body = parseJson(request, answer);
      const decoded = decodeVolumeTypes(body, options.limits.maxRows, cut);
      if (!decoded) throw failure(url, 'decode', 'JSON without the list of volume types');
      metrics.rejectedRows.inc({ collector: COLLECTOR }, decoded.rejected);
      if (decoded.rows.length === 0 && decoded.rejected > 0) {
        const problem = `${decoded.rejected} rows, none of which could be used: ${decoded.firstProblem}`;
        throw failure(url, 'decode', problem);
      }
      for (const type of decoded.rows) types.push(type);
      if (types.length > MAX_TYPES) throw failure(url, 'decode', `more than ${MAX_TYPES} volume types`);
      const last = decoded.rows.at(-1);
      if (!last || last.id === marker || !hasNextPage(body)) break;
      marker = last.id;
    }
    metrics.truncatedLabels.inc(cut.count());
    const hidden = hiddenSpecs(types, { admin: session.hasRole('admin'), redacts: knows('3.65') });
    // By no guess: a type that seems to demand nothing would be served by every backend, and never be down.
    if (hidden !== undefined) {
      const message = `${hidden}, so nobody can tell which backends serve which volume type`;
      throw new OpenStackError(message, { reason: 'forbidden', operation: COLLECTOR, url: '' });
    }
    return types;
  }

  /** Is this Cinder's API at that microversion or later? Unknown counts as late. */
  function knows(version: string): boolean {
    const [max, wanted] = [parseMicroversion(api.versions()?.max), parseMicroversion(version)];
    return !max || !wanted || compareMicroversions(max, wanted) >= 0;
  }

  return {
    async readWhenDue() {
      const start = clock.now();
      // That shows when the pools are read, and is told then.
      const flooded = pipeline.typesFlooded() && went === 'well';
      if (!flooded && (start - readAt < everyMs || pause.remainingMs() > 0)) return false;
      const before = went;
      try {
        // The names of a storage protocol came with Cinder 20. Its API ends at 3.68, the API of Cinder 19 at 3.66.
        if (!flooded) pipeline.volumeTypes(await readAll(), { protocolVariants: knows('3.67') });
        if (pipeline.typesFlooded())
          throw new OpenStackError(TOO_MANY, { reason: 'decode', operation: COLLECTOR, url: '' });
        readAt = start;
        pause.succeed();
        collectors.succeeded(COLLECTOR, clock.now() - start);
        went = 'well';
      } catch (cause) {
        const failed = asOpenStackError(cause, COLLECTOR);
        // Who refuses the login, or a token, has a pause of its own.
        const error = failed.details.notAsked ? failed : (pause.fail(failed) ?? failed);
        metrics.errors.inc({ collector: COLLECTOR, reason: collectors.failed(COLLECTOR, clock.now() - start, error) });
        went = error.reason;
      }
      return went !== before;
    },
  };
}

function failure(url: string, reason: FailureReason, message: string): OpenStackError {
  return new OpenStackError(`GET ${url}: ${message}`, { reason, operation: COLLECTOR, url });
}
