import { gunzipSync } from 'node:zlib';
import { decodeVolumeTypes } from '../../src/cinder/types.ts';
import type { Snapshot } from '../../src/cinder/snapshot.ts';
import { createCutter } from '../../src/cinder/wire.ts';
import type { Format } from '../../src/metrics/exposition.ts';
import { finish } from '../../src/metrics/page.ts';
import { createPipeline, type Accepted } from '../../src/watch/pipeline.ts';
import { OPERATION_LIMITS } from '../../src/config/load.ts';

const NOW = Date.UTC(2026, 7, 1, 10, 1);

/** The bodies of three answers; without `types` there are none. */
export interface Bodies {
  readonly services: Buffer;
  readonly pools: Buffer;
  readonly types?: unknown;
}

export interface HostilePage {
  readonly snapshot: Snapshot;
  readonly services: Accepted;
  readonly pools: Accepted;
  readonly text: (format: Format) => Promise<string>;
}

/** All the way from bytes on the wire to the page of a scraper. */
export async function hostilePage({ services, pools, types }: Bodies): Promise<HostilePage> {
  const pipeline = createPipeline({
    staleAfterMs: 300_000,
    maxRows: 100,
    maxLabelLength: 1024,
    operationLimits: OPERATION_LIMITS,
  });
  const body = (bytes: Buffer) => ({ bytes, readAt: 0, cinderTimeMs: NOW });
  const decoded = decodeVolumeTypes(types, 100, createCutter(1024));
  if (decoded) pipeline.volumeTypes(decoded.rows, { protocolVariants: true });
  const acceptedServices = await pipeline.services(body(services), { late: false });
  const acceptedPools = await pipeline.pools(body(pools));
  const api = { min: '3.0', max: '3.70', used: '3.49', backendStateSupported: true };
  const published = await pipeline.publish({ now: 1, atMs: NOW, up: true, api, collectors: [] });
  return {
    snapshot: published.snapshot,
    services: acceptedServices,
    pools: acceptedPools,
    text: async (format) =>
      gunzipSync(Buffer.concat((await finish(published.pages, '', format)).gzip)).toString('utf8'),
  };
}
