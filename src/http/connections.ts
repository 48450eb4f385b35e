import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** Open connections; one more closes the least useful of them. */
  readonly maxConnections: number;
  /** A request under way for longer may be closed for a new connection's sake. */
  readonly patienceMs: number;
  /** Requests that a client may send on one connection without waiting for the answers (RFC 9112, 9.3.2); one more closes it. */
  readonly maxPipelined: number;
}

interface Connection {
  readonly socket: Socket;
  /** Under way: the one that is being answered, and those that wait for it. */
  requests: number;
  readonly waiting: (() => void)[];
  served: boolean;
  /** Since when it has been idle, or had a request under way. */
  sinceMs: number;
}

/** The connections of a server. */
export interface Connections {
  /** For the server's `connection` event. */
  readonly opened: (socket: Socket) => void;
  /** For each request: has it answered by `answer` when those before it on its connection have been, or closes the connection. */
  readonly requested: (request: IncomingMessage, response: ServerResponse, answer: () => void) => void;
  /** Closes what is idle now, and the rest when its answers are sent. With `forGood` later ones as well. */
  readonly retire: (forGood: boolean) => void;
  readonly count: () => number;
}

/**
 * Keeps count so that idle, slow or silent clients can never stop a scrape: a full house makes room. Of each connection one request at a time is
 * answered: Node.js would begin with all that came in one packet, and 64 KiB hold 1,900 of them.
 */
export function trackConnections({ maxConnections, patienceMs, maxPipelined }: ConnectionLimits): Connections {
  const open = new Map<string, Connection>();
  let retired = new WeakSet<Connection>();
  let closing = false;

  function makeRoom(nowMs: number): void {
    const all = [...open.values()];
    const victim =
      all.find(({ served, requests }) => !served && requests === 0) ??
      oldest(all.filter(({ requests }) => requests === 0)) ??
      oldest(all.filter(({ sinceMs }) => nowMs - sinceMs > patienceMs));
    victim?.socket.destroy();
    for (const [key, connection] of open) if (connection === victim) open.delete(key);
  }

  return {
    opened(socket) {
      const key = keyOf(socket);
      if (open.size >= maxConnections) makeRoom(performance.now());
      if (open.size >= maxConnections || closing || key === undefined) return void socket.destroy();
      const connection = { socket, requests: 0, waiting: [], served: false, sinceMs: performance.now() };
      open.set(key, connection);
      socket.once('close', () => {
        if (open.get(key) === connection) open.delete(key);
      });
    },
    requested({ socket }, response, answer) {
      const connection = open.get(keyOf(socket) ?? '');
      if (!connection || connection.requests > maxPipelined) return void socket.destroy();
      if (closing || retired.has(connection)) response.setHeader('Connection', 'close');
      if (connection.requests === 0) connection.sinceMs = performance.now();
      connection.requests += 1;
      response.once('close', () => {
        connection.requests -= 1;
        connection.served = true;
        connection.sinceMs = performance.now();
        const next = connection.waiting.shift();
        if (next && !socket.destroyed) next();
        if (connection.requests > 0) return;
        if (closing || retired.has(connection)) socket.destroySoon();
      });
      if (connection.requests === 1) answer();
      else connection.waiting.push(answer);
    },
    retire(forGood) {
      closing ||= forGood;
      retired = new WeakSet(open.values());
      for (const { socket, requests } of open.values()) if (requests === 0) socket.destroy();
    },
    count: () => open.size,
  };
}

function oldest(connections: readonly Connection[]): Connection | undefined {
  return connections.reduce<Connection | undefined>(
    (best, one) => (best && best.sinceMs <= one.sinceMs ? best : one),
    undefined,
  );
}

/** A TLS socket and the TCP socket below it have the same ends, which is how a request finds its connection. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
