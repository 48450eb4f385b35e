import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What one simulated cloud saw on the wire since the last reset. One login is one watched cloud. */
export interface WireStats {
  /** Requests by the last part of their path: `tokens`, `os-services`, `get_pools`, `types`, ... */
  readonly counts: Readonly<Record<string, number>>;
  readonly withoutGzip: number;
  readonly newConnections: number;
  /** Logins with a request under way, at most at once. */
  readonly loginsAtOnce: number;
  /** Requests under way of one login, at most at once. */
  readonly requestsOfOneLogin: number;
  /** When each login asked for the service list, in milliseconds since the epoch. */
  readonly askedAt: readonly (readonly number[])[];
}

export interface Wire {
  readonly stats: () => WireStats;
  readonly reset: () => void;
}

/** Listens in on every HTTP server of this process that has the port. */
export function tapWire(port: number): Wire {
  let counts: Record<string, number> = {};
  let withoutGzip = 0;
  let newConnections = 0;
  let loginsAtOnce = 0;
  let requestsOfOneLogin = 0;
  let askedAt = new Map<string, number[]>();
  const underWay = new Map<string, number>();
  const known = new WeakSet<Socket>();

  subscribe('http.server.request.start', (message) => {
    const { request, response, socket } = message as {
      request: IncomingMessage;
      response: ServerResponse;
      socket: Socket;
    };
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (socket.localPort !== port || path.startsWith('/admin')) return;
    const operation = path.split('/').findLast((part) => part !== '') ?? '';
    counts[operation] = (counts[operation] ?? 0) + 1;
    if (!request.headers['accept-encoding']?.includes('gzip')) withoutGzip += 1;
    if (!known.has(socket)) newConnections += 1;
    known.add(socket);
    const login = request.headers['x-auth-token']?.toString();
    if (login === undefined) return;
    if (operation === 'os-services') askedAt.set(login, [...(askedAt.get(login) ?? []), Date.now()]);
    const now = (underWay.get(login) ?? 0) + 1;
    underWay.set(login, now);
    loginsAtOnce = Math.max(loginsAtOnce, underWay.size);
    requestsOfOneLogin = Math.max(requestsOfOneLogin, now);
    response.once('close', () => {
      const left = (underWay.get(login) ?? 1) - 1;
      if (left > 0) underWay.set(login, left);
      else underWay.delete(login);
    });
  });

  return {
    stats: () => ({
      counts,
      withoutGzip,
      newConnections,
      loginsAtOnce,
      requestsOfOneLogin,
      askedAt: [...askedAt.values()],
    }),
    reset() {
      counts = {};
      withoutGzip = 0;
      newConnections = 0;
      loginsAtOnce = 0;
      requestsOfOneLogin = 0;
      askedAt = new Map();
    },
  };
}
