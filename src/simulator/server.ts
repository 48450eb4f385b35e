import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Answer } from './answer.ts';
import { type Operation, operationOf, type RequestLogWriter } from './request-log.ts';
import { respond } from './respond.ts';
import type { Settings } from './settings.ts';
import type { WireRequest } from './wire-request.ts';

/** As nginx has it. */
const KEEP_ALIVE_MS = 75_000;

/** Where the requests of one URL prefix go. `cut` drops the connection; `silence` leaves it without an answer. */
export type Handler = (
  request: WireRequest,
  operation: Operation,
  loopback: boolean,
) => Promise<Answer | 'cut' | 'silence'>;

/** One listener with several services behind their prefixes (`/identity`, `/volume`, `/admin`). */
export function createFront(
  handlers: Readonly<Record<string, Handler>>,
  log: RequestLogWriter,
  now: () => number,
  settings: Settings,
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
    const answer = handler === undefined ? notFound : await handler(request, operation, loopback);
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

const notFound: Answer = { status: 404, headers: [['Content-Type', 'text/plain']], body: 'Not Found' };
