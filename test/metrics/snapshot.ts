import { gunzipSync } from 'node:zlib';
import type { Pool, Service } from '../../src/cinder/model.ts';
import { poolReader } from '../../src/cinder/pools.ts';
import { decodeRows } from '../../src/cinder/rows.ts';
import { serviceReader } from '../../src/cinder/services.ts';
import { follow, type Snapshot } from '../../src/cinder/snapshot.ts';
import { createCutter } from '../../src/cinder/wire.ts';
import type { Format } from '../../src/metrics/exposition.ts';
import { renderSnapshot } from '../../src/metrics/families.ts';
import { compress, finish } from '../../src/metrics/page.ts';
import { judge } from '../support/samples.ts';
import { recording } from '../support/recording.ts';

/** A snapshot of these rows at this time, its conditions decided. */
export function snapshotOf(services: readonly Service[], pools: readonly Pool[], nowMs: number): Snapshot {
  const backends = judge(services, { pools, nowMs });
  const seen = {
    collector: 'services',
    success: true,
    durationMs: 31.25,
    lastSuccessAtMs: nowMs,
    failure: undefined,
  } as const;
  const failure = { sinceMs: nowMs, reason: 'timeout', message: 'no answer' };
  return {
    atMs: nowMs,
    clockOffsetMs: 0,
    up: true,
    services,
    pools,
    backends,
    histories: follow(new Map(), backends, nowMs).after,
    volumeTypes: [],
    volumes: new Map(),
    counts: [],
    typesAlone: new Map(),
    api: { min: '3.0', max: '3.70', used: '3.49', backendStateSupported: true },
    collectors: [seen, { collector: 'pools', success: false, durationMs: 1000, lastSuccessAtMs: undefined, failure }],
  };
}

/** A snapshot of two recorded answers. */
export function recordedSnapshot(services: string, pools: string, nowMs: number): Snapshot {
  const cut = createCutter(1024);
  const read = decodeRows(recording(services), serviceReader(cut), 1000);
  const known = decodeRows(recording(pools), poolReader(cut), 1000);
  return snapshotOf(read?.rows ?? [], known?.rows ?? [], nowMs);
}

/** The page of a snapshot as a scraper gets it, with `own` as the exporter's metrics. */
export async function pageOf(snapshot: Snapshot, format: Format, own = ''): Promise<string> {
  const { gzip } = await finish(await compress(() => renderSnapshot(snapshot)), own, format);
  return gunzipSync(Buffer.concat(gzip)).toString('utf8');
}
