import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Format } from '../metrics/exposition.ts';
import type { Packed } from '../metrics/page.ts';
import type { PageSource } from '../watch/pipeline.ts';

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
};

interface Offer {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly q: number;
}

/** Parses an Accept or Accept-Encoding header (RFC 9110, 12.4). Hostile lengths are cut: nobody offers more than a few dozen. */
function parseOffers(header: string): Offer[] {
  return header
    .slice(0, 4096)
    .split(',')
    .map((part) => {
      const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
      const parameters = new Map(rest.map((piece) => splitParameter(piece)));
      const q = Number(parameters.get('q') ?? 1);
      return { type: type.toLowerCase(), parameters, q: q >= 0 && q <= 1 ? q : 0 };
    })
    .filter((offer) => offer.type !== '');
}

function splitParameter(piece: string): [string, string] {
  const equals = piece.indexOf('=');
  if (equals === -1) return [piece.toLowerCase(), ''];
  return [
    piece.slice(0, equals).trim().toLowerCase(),
    piece
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ];
}

/**
 * OpenMetrics 1.0.0 when it is wanted at least as much as text, else text 0.0.4, which is also the answer to everything unknown:
 * no Prometheus may be left without a page.
 */
export function negotiateFormat(accept: string | undefined): Format {
  const offers = parseOffers(accept ?? '');
  const openmetrics = bestQuality(offers, isOpenMetrics);
  const text = bestQuality(offers, isText);
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

function isOpenMetrics({ type, parameters }: Offer): boolean {
  const version = parameters.get('version');
  return type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0');
}

function isText({ type, parameters }: Offer): boolean {
  const version = parameters.get('version');
  return (type === 'text/plain' && (version === undefined || version === '0.0.4')) || type === 'text/*';
}

function bestQuality(offers: readonly Offer[], fits: (offer: Offer) => boolean): number {
  return Math.max(0, ...offers.filter(fits).map((offer) => offer.q));
}

/** gzip when the header asks for it, by name or by `*`, and not with q=0. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const offers = parseOffers(acceptEncoding ?? '');
  const named = offers.find((offer) => offer.type === 'gzip' || offer.type === 'x-gzip');
  const q = (named ?? offers.find((offer) => offer.type === '*'))?.q ?? 0;
  return q > 0;
}

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

/** Sends a page in the negotiated format and coding. */
export async function sendPage(source: PageSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const format = negotiateFormat(request.headers.accept);
  const page = await source.page(format);
  sendPacked(request, response, page, {
    'content-type': CONTENT_TYPES[format],
    vary: 'Accept, Accept-Encoding',
    'cache-control': 'no-store',
  });
}
