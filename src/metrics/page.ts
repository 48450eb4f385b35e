import { constants, crc32, deflateRaw } from 'node:zlib';
import { promisify } from 'node:util';
import { OPENMETRICS_END, type Format, type RenderedFamily } from './exposition.ts';

const deflate = promisify(deflateRaw);

/**
 * The page of one snapshot in one format, compressed but left open at its end, so that the exporter's own metrics
 * can follow within the same gzip member: raw deflate blocks that end at a byte boundary can be put one after another.
 */
interface OpenPage {
  readonly deflated: readonly Buffer[];
  readonly crc: number;
  readonly size: number;
}

export type OpenPages = Readonly<Record<Format, OpenPage>>;

/** A whole page: one gzip member, and the size of what it holds. */
export interface Page {
  readonly gzip: Buffer;
  readonly size: number;
}

const LEVEL_1 = { level: 1 };
/** Ends at a byte boundary without closing the stream. */
const OPEN = { ...LEVEL_1, finishFlush: constants.Z_SYNC_FLUSH };
/** RFC 1952: magic, deflate, no flags, no time, fastest, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);

/** Compresses the families of a snapshot for both formats; the samples, which are the same in both, once. Off the event loop. */
export async function compress(families: Iterable<RenderedFamily>): Promise<OpenPages> {
  const pages = { text: emptyPage(), openmetrics: emptyPage() };
  for (const family of families) {
    const samples = await deflate(family.samples, OPEN);
    for (const format of ['text', 'openmetrics'] as const) {
      const page = pages[format];
      const header = Buffer.from(family.header[format]);
      page.deflated.push(await deflate(header, OPEN), samples);
      page.crc = crc32(family.samples, crc32(header, page.crc));
      page.size += header.length + family.samples.length;
    }
  }
  return pages;
}

function emptyPage(): { deflated: Buffer[]; crc: number; size: number } {
  return { deflated: [], crc: 0, size: 0 };
}

/** Closes a page with its last lines, the exporter's own metrics. `open` is undefined before the first refresh. */
export async function finish(open: OpenPages | undefined, own: string, format: Format): Promise<Page> {
  const page = open?.[format] ?? emptyPage();
  const tail = Buffer.from(format === 'openmetrics' ? own + OPENMETRICS_END : own);
  const size = page.size + tail.length;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(tail, page.crc), 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return { gzip: Buffer.concat([GZIP_HEADER, ...page.deflated, await deflate(tail, LEVEL_1), trailer]), size };
}
