import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Packed } from '../metrics/page.ts';
import { acceptsGzip } from './negotiate.ts';

/** Answers that hold memory of their own, a decompressor or a text, at the same time: about 150 kB each until its client has read it. */
const MAX_OWN_ANSWERS = 64;
/** Who has not read one within this time makes room for the next. */
const PATIENCE_MS = 5000;

const ownAnswers = new Map<ServerResponse, number>();

/**
 * Takes one of the places for answers that hold memory of their own, until the response closes. When all are taken, the longest under way is cut
 * if it has had its time; else the answer is 503, and the result false. Bodies that many answers share need no place.
 */
export function takePlace(response: ServerResponse, nowMs = performance.now()): boolean {
  if (ownAnswers.has(response)) return true;
  const [[oldest, sinceMs] = []] = ownAnswers;
  if (oldest && sinceMs !== undefined && ownAnswers.size >= MAX_OWN_ANSWERS) {
    if (nowMs - sinceMs < PATIENCE_MS) {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' });
      response.end('Too many answers are waiting to be read; ask with Accept-Encoding: gzip, or later.\n');
      return false;
    }
    ownAnswers.delete(oldest);
    oldest.destroy();
  }
  ownAnswers.set(response, nowMs);
  response.once('close', () => ownAnswers.delete(response));
  return true;
}

/** Sends a body that is kept compressed, as nearly everybody asks for it; the identity form is unpacked on its way out, no faster than it is read. */
export function sendPacked(
  request: IncomingMessage,
  response: ServerResponse,
  { gzip, packedSize, size }: Packed,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.destroyed) return;
  const packed = acceptsGzip(request.headers['accept-encoding']);
  const head = request.method === 'HEAD';
  if (!packed && !head && !takePlace(response)) return;
  response.writeHead(200, {
    ...headers,
    'content-length': packed ? packedSize : size,
    ...(packed && { 'content-encoding': 'gzip' }),
  });
  if (head) response.end();
  else if (packed) sendPieces(response, gzip);
  else
    pipeline(Readable.from(gzip), createGunzip(), response, () => {
      // A client that has gone is no failure.
    });
}

function sendPieces(response: ServerResponse, pieces: readonly Buffer[]): void {
  response.cork();
  for (const piece of pieces) response.write(piece);
  response.uncork();
  response.end();
}
