import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quoted } from '../config/tree.ts';
import type { Log } from '../log.ts';
import { trackConnections } from './connections.ts';
import { createServer } from './tls.ts';
import type { WebWatch } from './watch.ts';
import { guard } from './guard.ts';
import { UserError } from '../user-error.ts';

/** Where to listen: `host` undefined is every address, IPv6 and IPv4. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/** Parses `host:port`, `:port` and `[::1]:port`. Throws a UserError that says what was expected. */
export function parseListenAddress(text: string): ListenAddress {
  const parts = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (!parts || port > 65_535)
    throw new UserError(`--web.listen-address: expected host:port, :port or [::1]:port, got ${quoted(text)}`);
  return { host: parts[1] ?? (parts[2] || undefined), port };
}

/** How much clients may take; times in milliseconds. */
export interface ListenLimits {
  readonly maxHeaderBytes: number;
  readonly handshakeTimeoutMs: number;
  /** From the connection, or the last answer's next byte, to the end of the headers. */
  readonly headersTimeoutMs: number;
  /** The same to the end of the request. */
  readonly requestTimeoutMs: number;
  /** Between two requests: longer than the minute that many scrape at. */
  readonly keepAliveTimeoutMs: number;
  /** Without any progress of an answer. */
  readonly stallTimeoutMs: number;
  readonly maxConnections: number;
  /** Requests on one connection whose answers were not waited for. */
  readonly maxPipelined: number;
}

const LIMITS: ListenLimits = {
  maxHeaderBytes: 16_384,
  handshakeTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  stallTimeoutMs: 60_000,
  maxConnections: 512,
  maxPipelined: 4,
};

export interface ListenOptions {
  /** From `watchWebConfig`; undefined: plain HTTP for everybody. */
  readonly web?: WebWatch | undefined;
  readonly log?: Log;
  readonly limits?: Partial<ListenLimits>;
}

/** A listening server. */
export interface Listening {
  /** The first of `addresses`. */
  readonly address: string;
  /** As a client would write them: `127.0.0.1:10776`, `[::]:10776`. */
  readonly addresses: readonly string[];
  readonly tls: boolean;
  /** Open connections, of all addresses together. */
  readonly connections: () => number;
  /** Finishes the answers under way, for at most so many milliseconds, and closes. */
  readonly close: (withinMs: number) => Promise<void>;
}

/** Serves `app` on all the addresses, behind the web configuration's TLS, headers, rate limit and passwords. Rejects with a UserError that names the address which cannot be had; then none is listened on. */
export async function listen(
  app: RequestListener,
  addresses: ListenAddress | readonly ListenAddress[],
  { web, log = () => undefined, limits: own = {} }: ListenOptions = {},
): Promise<Listening> {
  const limits = { ...LIMITS, ...own };
  const connections = trackConnections(limits);
  const guarded = guard(app, () => web?.current(), log);
  const servers: Server[] = [];

  async function close(withinMs: number): Promise<void> {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    connections.retire(true);
    const force = setTimeout(() => servers.forEach((server) => server.closeAllConnections()), withinMs);
    await Promise.all(closed);
    clearTimeout(force);
  }

  try {
    for (const address of [addresses].flat()) {
      const server = createServer(
        (request, response) => {
          connections.requested(request, response, () => guarded(request, response));
        },
        {
          options: { ...serverOptions(limits), ...connections.classes },
          handshakeTimeoutMs: limits.handshakeTimeoutMs,
          web,
          log,
          onTlsChange: () => connections.retire(false),
        },
      );
      server.timeout = limits.stallTimeoutMs;
      server.on('connection', connections.opened);
      await bind(server, address);
      server.on('error', (error) => log('error', 'A connection could not be taken', { error: error.message }));
      servers.push(server);
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  const bound = servers.map((server) => addressText(server.address() as AddressInfo));
  return {
    address: bound[0] ?? '',
    addresses: bound,
    tls: web?.current().tls !== undefined,
    connections: connections.count,
    close,
  };
}

function serverOptions(limits: ListenLimits) {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Each look wakes up the process: a client that is slow with its headers has a quarter more time.
    connectionsCheckingInterval: limits.headersTimeoutMs / 4,
  };
}

function bind(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const address = `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
      const reason = REASONS[error.code ?? ''] ?? error.message;
      reject(new UserError(`--web.listen-address: cannot listen on ${address}: ${reason}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the name has no address',
  EAI_AGAIN: 'the name could not be looked up',
  EAFNOSUPPORT: 'this machine does not speak this kind of address',
};

function addressText({ family, address, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
