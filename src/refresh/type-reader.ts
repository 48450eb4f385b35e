import type { CinderApi } from '../cinder/api.ts';
import type { CollectorLog } from '../cinder/collector-log.ts';
import { asOpenStackError } from '../cinder/lane.ts';
import { decodeVolumeTypes, hasNextPage, type VolumeType } from '../cinder/volume-types.ts';
import { createCutter } from '../cinder/wire.ts';
import type { Limits } from '../config/config.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import { parseJson } from '../openstack/answer.ts';
import { createBackoff } from '../openstack/backoff.ts';
import { OpenStackError, type FailureReason } from '../openstack/errors.ts';
import type { Pipeline } from './pipeline.ts';

export interface TypeReaderOptions {
  /** Milliseconds from one reading to the next. */
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly limits: Limits;
  readonly api: CinderApi;
  readonly pipeline: Pipeline;
  readonly collectors: CollectorLog;
  readonly metrics: CloudMetrics;
}

/** Reads the volume types, slowly. */
export interface TypeReader {
  /** Reads them if the time has come; a failure ends up in the collector and brings growing pauses. Never rejects. */
  readonly readWhenDue: () => Promise<void>;
}

const COLLECTOR = 'volume_types';
/** A thousand types a page is Cinder's default. More pages than this are a loop, not a cloud. */
const MAX_PAGES = 20;
/** All pages together may take as long as so many requests: the next refresh waits for the types. */
const MAX_REQUESTS_LONG = 3;

export function createTypeReader(options: TypeReaderOptions): TypeReader {
  const { api, pipeline, collectors, metrics, everyMs } = options;
  const pauses = createBackoff({ firstMs: Math.min(60_000, everyMs), maxMs: everyMs });
  let readAt = -Infinity;

  async function readAll(): Promise<readonly VolumeType[]> {
    const types: VolumeType[] = [];
    const cut = createCutter(options.limits.maxLabelLength);
    const endAt = performance.now() + MAX_REQUESTS_LONG * options.timeoutMs;
    for (let page = 0, marker = ''; page < MAX_PAGES; page += 1) {
      const path = `/types?is_public=None${marker === '' ? '' : `&marker=${encodeURIComponent(marker)}`}`;
      const { request, answer } = await api.get(COLLECTOR, path, options.timeoutMs);
      const url = request.url.origin + request.url.pathname;
      if (performance.now() > endAt) throw failure(url, 'timeout', `more than ${page + 1} pages, and slow ones`);
      const body = parseJson(request, answer);
      const decoded = decodeVolumeTypes(body, options.limits.maxRows, cut);
      if (!decoded) throw failure(url, 'decode', 'JSON without the list of volume types');
      metrics.rejectedRows.inc({ collector: COLLECTOR }, decoded.rejected);
      if (decoded.rows.length === 0 && decoded.rejected > 0) {
        const problem = `${decoded.rejected} rows, none of which could be used: ${decoded.firstProblem}`;
        throw failure(url, 'decode', problem);
      }
      for (const type of decoded.rows) types.push(type);
      const last = decoded.rows.at(-1);
      if (!last || last.id === marker || !hasNextPage(body)) break;
      marker = last.id;
    }
    metrics.truncatedLabels.inc(cut.count());
    return types;
  }

  return {
    async readWhenDue() {
      const start = performance.now();
      if (start - readAt < everyMs || pauses.remainingMs() > 0) return;
      try {
        pipeline.volumeTypes(await readAll());
        readAt = start;
        pauses.succeed();
        collectors.succeeded(COLLECTOR, performance.now() - start);
      } catch (cause) {
        const error = asOpenStackError(cause, COLLECTOR);
        pauses.fail(error.details.retryAfterMs);
        metrics.errors.inc({ collector: COLLECTOR, reason: error.reason });
        collectors.failed(COLLECTOR, performance.now() - start, error);
      }
    },
  };
}

function failure(url: string, reason: FailureReason, message: string): OpenStackError {
  return new OpenStackError(`GET ${url}: ${message}`, { reason, operation: COLLECTOR, url });
}
