import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Answer } from './answer.ts';
import type { Settings } from './settings.ts';

const GZIP_FROM_BYTES = 1024;
const compress = promisify(gzip);
/** Compressed once for as long as the same bytes are served. */
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/** Sends an answer the way the web server in front of OpenStack is set up to. */
export async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  settings: Settings,
  nowMs: number,
): Promise<void> {
  let body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const headers = new Map<string, string>();
  if (settings.dateHeader) headers.set('Date', new Date(nowMs).toUTCString());
  for (const [name, value] of answer.headers) headers.set(name, value);
  if (settings.gzip && body.length > GZIP_FROM_BYTES && acceptsGzip(request.headers['accept-encoding'])) {
    body = await gzipped(body);
    headers.set('Content-Encoding', 'gzip');
  }
  if (response.destroyed) return;
  response.sendDate = false;
  for (const [name, value] of headers) response.setHeader(name, value);
  if (settings.keepAlive) {
    if (answer.status !== 204) response.setHeader('Content-Length', body.length);
  } else {
    response.shouldKeepAlive = false;
    // As uwsgi does: the end of the connection is the end of the body.
    response.removeHeader('Content-Length');
    response.removeHeader('Transfer-Encoding');
  }
  response.writeHead(answer.status, STATUS_CODES[answer.status]);
  response.end(body);
}

function gzipped(body: Buffer): Promise<Buffer> {
  const kept = compressed.get(body) ?? compress(body, { level: 1 });
  compressed.set(body, kept);
  return kept;
}

function acceptsGzip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((part) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(part));
}
