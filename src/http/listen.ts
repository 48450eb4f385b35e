import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

/** Where to listen: `host` undefined is every address. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/** Parses `host:port`, `:port` and `[::1]:port`. Throws an Error that says what was expected. */
export function parseListenAddress(text: string): ListenAddress {
  const parts = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (!parts || port > 65_535)
    throw new Error(`--web.listen-address: expected host:port, :port or [::1]:port, got ${JSON.stringify(text)}`);
  return { host: parts[1] ?? (parts[2] || undefined), port };
}

/** A listening server. */
export interface Listening {
  /** As a client would write it: `127.0.0.1:10776`, `[::]:10776`. */
  readonly address: string;
  /** Finishes the answers under way, for at most so many milliseconds, and closes. */
  readonly close: (withinMs: number) => Promise<void>;
}

export async function listen(app: Express, { host, port }: ListenAddress): Promise<Listening> {
  const server = http.createServer(
    { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 },
    app,
  );
  server.maxConnections = 1000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`,
    async close(withinMs) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearTimeout(force);
    },
  };
}
