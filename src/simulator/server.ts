import { randomUUID } from 'node:crypto';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  STATUS_CODES,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { JsonObject, CloudSettings } from './definition.ts';
import { type CloudOperation, type RequestLogWriter, operationOf } from './request-log.ts';

/** A request as the services see it. */
export interface WireRequest {
  readonly method: string;
  /** Below the service's own prefix, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** `req-` and a UUID. */
  readonly requestId: string;
}

/** What a service answers, before the web server adds its own headers. */
export interface WireAnswer {
  readonly status: number;
  /** In the order in which they are sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** A Buffer when the same bytes are served many times. */
  readonly body: string | Buffer;
}

/** A body of JSON, as the API writes it. */
export function json(status: number, body: JsonObject | Buffer, headers: WireAnswer['headers'] = []): WireAnswer {
  return {
    status,
    headers: [['Content-Type', 'application/json'], ...headers],
    body: Buffer.isBuffer(body) ? body : JSON.stringify(body),
  };
}

/** As nginx has it. */
const KEEP_ALIVE_MS = 75_000;

/** Where the requests of one URL prefix go. `cut` drops the connection; `silence` leaves it without an answer. */
export type Handler = (
  request: WireRequest,
  operation: CloudOperation,
  loopback: boolean,
) => Promise<WireAnswer | 'cut' | 'silence'>;

/** One listener with several services behind their prefixes (`/identity`, `/volume`, `/admin`). */
export function createWebServer(
  handlers: Readonly<Record<string, Handler>>,
  log: RequestLogWriter,
  now: () => number,
  settings: CloudSettings,
): Server {
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = incoming.url ?? '/';
    const { pathname, searchParams } = new URL(`http://localhost${target.startsWith('/') ? target : '/'}`);
    const [, prefix = '', path = ''] = /^(\/[^/]*)(.*)$/.exec(pathname) ?? [];
    const handler = handlers[prefix];
    const operation = operationOf(incoming.method ?? '', pathname);
    const record =
      prefix === '/admin'
        ? undefined
        : log.begin({
            method: incoming.method ?? '',
            operation,
            url: target,
            microversion: incoming.headers['openstack-api-version']?.toString(),
            acceptEncoding: incoming.headers['accept-encoding']?.toString(),
            atMs: now(),
          });
    const request: WireRequest = {
      method: incoming.method ?? '',
      path,
      query: searchParams,
      headers: incoming.headers,
      body: await text(incoming),
      requestId: `req-${randomUUID()}`,
    };
    const loopback = /^(::ffff:)?127\.|^::1$/.test(incoming.socket.remoteAddress ?? '');
    const answer = handler === undefined ? NOT_FOUND : await handler(request, operation, loopback);
    if (answer === 'silence') return;
    if (answer === 'cut') return void incoming.socket.destroy();
    await respond(incoming, response, answer, settings, now());
    if (record !== undefined) log.answered(record, answer.status);
  };
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: Error) => response.destroy(error));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('connection', () => log.connected());
  return server;
}

const NOT_FOUND: WireAnswer = { status: 404, headers: [['Content-Type', 'text/plain']], body: 'Not Found' };

const GZIP_FROM_BYTES = 1024;
const compress = promisify(gzip);
/** Compressed once for as long as the same bytes are served. */
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/** Sends an answer the way the web server before OpenStack is set up to. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: WireAnswer,
  settings: CloudSettings,
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
