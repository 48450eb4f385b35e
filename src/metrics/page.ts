import { constants, crc32, createDeflateRaw } from 'node:zlib';
import { createSlices } from '../cinder/rows.ts';
import { type Format, OPENMETRICS_END, PIECE, type RenderedFamily } from './exposition.ts';

/**
 * The page of one snapshot in one format, compressed but left open at its end, so that the exporter's own metrics
 * can follow within the same gzip member: raw deflate blocks that end at a byte boundary can be put one after another.
 */
interface OpenPage {
  readonly deflated: readonly Buffer[];
  readonly crc: number;
  readonly size: number;
}

export interface OpenPages extends Readonly<Record<Format, OpenPage>> {
  /** The samples and what they were compressed to, in the order of the page, as long as nobody needs the memory. */
  readonly pieces: WeakRef<readonly Piece[]>;
}

interface Piece {
  readonly bytes: Buffer;
  readonly deflated: Buffer;
}

/** Pieces beyond these are compressed each time: a copy of the page of 10,000 backends would be 80 MB. */
const MAX_KEPT_PIECES = 128;

/** A whole body: one gzip member in pieces, which bodies of one snapshot share, their bytes together, and the size of what it holds. */
export interface Packed {
  readonly gzip: readonly Buffer[];
  readonly packedSize: number;
  readonly size: number;
}

const FORMATS = ['text', 'openmetrics'] as const;
/** RFC 1952: magic, deflate, no flags, no time, fastest, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);

/** An empty block that says it is the last (RFC 1951, 3.2.6): ends a stream of blocks that stand for themselves. */
const LAST_BLOCK = Buffer.from([3, 0]);

/** Up to this size a body of one piece is quicker to send than it costs memory, which a slow client holds until it has read it. */
const ONE_PIECE_BYTES = 262_144;

/** The largest page that is made, compressed. That of 10,000 backends with four pools each has 6 MB; more is a cloud that makes up names. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;

/** What compressing needs, used again and again: made anew each time, it would be a megabyte of garbage a refresh. */
interface Press {
  readonly deflater: Deflater;
  readonly encode: (text: string) => Buffer;
}

/** Lets one at a time use a press; after a failure the next one gets a new one. */
function createPressRoom(): <T>(work: (press: Press) => Promise<T>) => Promise<T> {
  let press: Press | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = turn.then(() => work((press ??= { deflater: createDeflater(), encode: createEncoder() })));
    turn = result.catch(() => {
      press?.deflater.close();
      press = undefined;
    });
    return result;
  };
}

/** All clouds share one press, and their pages are made one after the other; what ends a page has its own, and does not wait for them. */
const pages = createPressRoom();
const endings = createPressRoom();
const texts = createPressRoom();

/**
 * Compresses the families of a snapshot for both formats, piece by piece and off the event loop; the samples, which are the same in both, once.
 * What is the same as at its place in the pages `before` is taken from there.
 */
export function compress(
  families: Iterable<RenderedFamily>,
  before?: OpenPages,
  maxBytes = MAX_PAGE_BYTES,
): Promise<OpenPages> {
  return pages((press) => compressAll(families, before?.pieces.deref() ?? [], press, maxBytes));
}

async function compressAll(
  families: Iterable<RenderedFamily>,
  known: readonly Piece[],
  { deflater, encode }: Press,
  maxBytes: number,
): Promise<OpenPages> {
  const open = { text: emptyPage(), openmetrics: emptyPage() };
  const pieces: Piece[] = [];
  const slices = createSlices();
  let position = 0;
  let bytes = 0;
  for (const family of families) {
    let headed = false;
    for (const text of family.samples) {
      const piece = encode(text);
      const old = known[position];
      const same = old?.bytes.equals(piece) === true;
      const deflated = same ? old.deflated : await deflater.deflate(piece);
      if (position < MAX_KEPT_PIECES) pieces.push(same ? old : { bytes: Buffer.from(piece), deflated });
      position += 1;
      if (slices.over()) await slices.next();
      bytes += deflated.length;
      if (bytes > maxBytes) throw new Error(`the page is larger than ${maxBytes} bytes, compressed`);
      for (const format of FORMATS) {
        if (!headed) {
          const header = Buffer.from(family.header[format]);
          add(open[format], header, stored(header));
        }
        add(open[format], piece, deflated);
      }
      headed = true;
    }
  }
  return { ...open, pieces: new WeakRef(pieces) };
}

/** Compresses a text that is rendered piece by piece, in slices: nobody waits for the whole of it but who asked. */
export function pack(pieces: Iterable<string>): Promise<Packed> {
  return texts(async ({ deflater, encode }) => {
    const body = emptyPage();
    const slices = createSlices();
    let text = '';
    const press = async (): Promise<void> => {
      const piece = encode(text);
      text = '';
      add(body, piece, await deflater.deflate(piece));
    };
    for (const piece of pieces) {
      text += piece;
      if (text.length > PIECE) await press();
      if (slices.over()) await slices.next();
    }
    await press();
    return closed(body);
  });
}

function add(page: GrowingPage, bytes: Buffer, deflated: Buffer): void {
  page.deflated.push(deflated);
  page.crc = crc32(bytes, page.crc);
  page.size += bytes.length;
}

/** Encodes every piece into the same memory: a large page would leave 80 MB behind at every refresh. */
function createEncoder(): (text: string) => Buffer {
  // Never without memory: zlib takes the checksum of nothing at all for the start of a new one.
  let memory = Buffer.alloc(1024);
  return (text) => {
    const most = text.length * 3;
    if (memory.length < most) memory = Buffer.allocUnsafeSlow(most);
    return memory.subarray(0, memory.write(text));
  };
}

/** A deflate block that holds its bytes as they are (RFC 1951, 3.2.4): a header of a family is too short to compress. */
function stored(bytes: Buffer): Buffer {
  const block = Buffer.alloc(5 + bytes.length);
  block.writeUInt16LE(bytes.length, 1);
  block.writeUInt16LE(~bytes.length & 0xffff, 3);
  bytes.copy(block, 5);
  return block;
}

interface GrowingPage {
  readonly deflated: Buffer[];
  crc: number;
  size: number;
}

function emptyPage(): GrowingPage {
  return { deflated: [], crc: 0, size: 0 };
}

/** Closes a page with its last lines, the exporter's own metrics. `open` is undefined before the first refresh. */
export function finish(open: OpenPages | undefined, own: string, format: Format): Promise<Packed> {
  return endings(async ({ deflater, encode }) => {
    const page = open?.[format] ?? emptyPage();
    const tail = encode(format === 'openmetrics' ? own + OPENMETRICS_END : own);
    const whole = { ...page, deflated: [...page.deflated] };
    add(whole, tail, await deflater.deflate(tail));
    return closed(whole);
  });
}

/** Makes a gzip member of it. */
function closed({ deflated, crc, size }: OpenPage): Packed {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  const pieces = [GZIP_HEADER, ...deflated, LAST_BLOCK, trailer];
  const packedSize = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { gzip: packedSize > ONE_PIECE_BYTES ? pieces : [Buffer.concat(pieces)], packedSize, size };
}

/** Compresses pieces one after the other with one state; each result stands for itself and ends at a byte boundary. */
interface Deflater {
  /** The piece may be reused once this resolves. */
  readonly deflate: (piece: Buffer) => Promise<Buffer>;
  readonly close: () => void;
}

/**
 * A raw deflate stream that is never ended: after each piece its history is forgotten (Z_FULL_FLUSH), so that what comes out can be put behind,
 * and before, any other such piece. The work is done off the event loop, at level 1: fifteen times smaller, at a third of the cost of level 6.
 */
function createDeflater(): Deflater {
  const stream = createDeflateRaw({ level: 1, chunkSize: 65_536, flush: constants.Z_FULL_FLUSH });
  const parts: Buffer[] = [];
  // Read by hand: a `data` event may come after the flush has been called back, and would end up in the next piece.
  const drain = (): void => {
    for (let part = stream.read() as Buffer | null; part !== null; part = stream.read() as Buffer | null)
      parts.push(part);
  };
  stream.on('readable', drain);
  return {
    async deflate(piece) {
      if (piece.length === 0) return piece;
      await new Promise<void>((resolve, reject) => {
        stream.once('error', reject);
        stream.write(piece, (error) => {
          stream.off('error', reject);
          if (error) reject(error);
          else resolve();
        });
      });
      drain();
      return Buffer.concat(parts.splice(0));
    },
    close: () => stream.destroy(),
  };
}
