import { IncomingMessage, ServerResponse, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** Open connections; one more closes the least useful of them. */
  readonly maxConnections: number;
  /** Requests that a client may send on one connection without waiting for the answers (RFC 9112, 9.3.2); one more closes it. */
  readonly maxPipelined: number;
}

interface Connection {
  readonly socket: Socket;
  /** Parsed and not answered: the one that is being answered, and those that wait for it. */
  requests: number;
  readonly waiting: (() => void)[];
  answering: ServerResponse | undefined;
  served: boolean;
  /** Since when it has been idle, or had a request under way. */
  sinceMs: number;
}

/** The connections of a server. */
export interface Connections {
  /** For the server's options: what the parser makes of each request. Node.js answers some by itself; here those count too. */
  readonly classes: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>;
  /** For the server's `connection` event. */
  readonly opened: (socket: Socket) => void;
  /** For each request: has it answered by `answer` when those before it on its connection have been. */
  readonly requested: (request: IncomingMessage, response: ServerResponse, answer: () => void) => void;
  /** Closes what is idle now, and the rest when its answers are sent. With `forGood` later ones as well. */
  readonly retire: (forGood: boolean) => void;
  readonly count: () => number;
}

/**
 * Keeps count so that idle, slow or silent clients can never stop a scrape: a full house makes room. Of each connection one request at a time is
 * answered: Node.js would begin with all that came in one packet. It would also make objects of them all, some megabytes for the 1,900 requests
 * that fit 64 KiB, from every connection before it closes the first: so the parser stops at the first one too many.
 */
export function trackConnections({ maxConnections, maxPipelined }: ConnectionLimits): Connections {
  const open = new Map<string, Connection>();
  let retired = new WeakSet<Connection>();
  let closing = false;

  const connectionOf = (socket: Socket): Connection | undefined => open.get(keyOf(socket) ?? '');

  class BoundedRequest extends IncomingMessage {
    constructor(socket: Socket) {
      super(socket);
      const connection = connectionOf(socket);
      if (!connection || connection.requests > maxPipelined) endParsing(this);
    }
  }

  class CountedResponse<R extends IncomingMessage> extends ServerResponse<R> {
    constructor(...own: ConstructorParameters<typeof ServerResponse<R>>) {
      super(...own);
      const [{ socket }] = own;
      const connection = connectionOf(socket);
      if (!connection) return;
      if (connection.requests === 0) connection.sinceMs = performance.now();
      connection.requests += 1;
      this.once('close', () => answered(connection, this));
    }
  }

  function answered(connection: Connection, response: ServerResponse): void {
    const { socket, waiting } = connection;
    connection.requests -= 1;
    connection.served = true;
    connection.sinceMs = performance.now();
    if (connection.answering === response) {
      connection.answering = undefined;
      if (!socket.destroyed) waiting.shift()?.();
    }
    if (connection.requests === 0 && (closing || retired.has(connection))) socket.destroySoon();
  }

  /** Whoever takes the most places gives one, its oldest: those that never asked, those between two requests, or those with a request under way. */
  function makeRoom(): void {
    const all = [...open.values()];
    const silent = all.filter(({ served, requests }) => !served && requests === 0);
    const idle = all.filter(({ served, requests }) => served && requests === 0);
    const busy = all.filter(({ requests }) => requests > 0);
    const victim = oldest([silent, idle, busy].reduce((most, kind) => (kind.length > most.length ? kind : most)));
    victim?.socket.destroy();
    for (const [key, connection] of open) if (connection === victim) open.delete(key);
  }

  return {
    classes: { IncomingMessage: BoundedRequest, ServerResponse: CountedResponse },
    opened(socket) {
      const key = keyOf(socket);
      if (open.size >= maxConnections) makeRoom();
      if (open.size >= maxConnections || closing || key === undefined) return void socket.destroy();
      const connection: Connection = {
        socket,
        requests: 0,
        waiting: [],
        answering: undefined,
        served: false,
        sinceMs: performance.now(),
      };
      open.set(key, connection);
      socket.once('close', () => {
        if (open.get(key) === connection) open.delete(key);
      });
    },
    requested({ socket }, response, answer) {
      const connection = connectionOf(socket);
      if (!connection) return void socket.destroy();
      if (closing || retired.has(connection)) response.setHeader('Connection', 'close');
      const begin = (): void => {
        connection.answering = response;
        answer();
      };
      if (connection.answering) connection.waiting.push(begin);
      else begin();
    },
    retire(forGood) {
      closing ||= forGood;
      retired = new WeakSet(open.values());
      for (const { socket, requests } of open.values()) if (requests === 0) socket.destroy();
    },
    count: () => open.size,
  };
}

/**
 * Has Node.js take the request for a CONNECT, which nobody here serves: its parser stops there, in the middle of what was read, and the
 * connection is closed. There is no other way to stop it. Source: nodejs, lib/_http_server.js, `parserOnIncoming`, `onParserExecuteCommon`.
 */
function endParsing(request: IncomingMessage): void {
  const always = (value: unknown): PropertyDescriptor => ({ get: () => value, set: () => undefined });
  Object.defineProperties(request, { method: always('CONNECT'), upgrade: always(true) });
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
