import { constants, createDeflateRaw } from 'node:zlib';

/** Compresses pieces one after the other with one state; each result stands for itself and ends at a byte boundary. */
export interface Deflater {
  /** The piece may be reused once this resolves. */
  readonly deflate: (piece: Buffer) => Promise<Buffer>;
  readonly close: () => void;
}

/**
 * A raw deflate stream that is never ended: after each piece its history is forgotten (Z_FULL_FLUSH), so that what comes out can be put behind,
 * and before, any other such piece. The work is done off the event loop, at level 1: fifteen times smaller, at a third of the cost of level 6.
 */
export function createDeflater(): Deflater {
  const stream = createDeflateRaw({ level: 1, chunkSize: 65_536 });
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
        stream.write(piece);
        stream.flush(constants.Z_FULL_FLUSH, () => {
          stream.off('error', reject);
          resolve();
        });
      });
      drain();
      return Buffer.concat(parts.splice(0));
    },
    close: () => stream.destroy(),
  };
}
