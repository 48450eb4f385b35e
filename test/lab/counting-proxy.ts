import { createServer, request as forward } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** One request that went through. */
export interface Passed {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** The microversion that was asked for, as `3.49`; undefined without one. */
  readonly microversion: string | undefined;
  readonly token: string | undefined;
  readonly accept: string | undefined;
  readonly atMs: number;
  /** Content type of the answer. */
  contentType: string | undefined;
  /** undefined while it is open, or when the client or the server went away. */
  status: number | undefined;
  /** Milliseconds until the last byte; undefined while it is open. */
  tookMs: number | undefined;
}

/** A reverse proxy in front of one server that remembers what passes. */
export interface CountingProxy {
  readonly url: string;
  readonly passed: readonly Passed[];
  /** Most requests that were open at the same time, of those that are meant. */
  mostOpen(meant: (entry: Passed) => boolean): number;
  /** Forgets what has passed; open requests stay counted as open. */
  reset(): void;
  close(): Promise<void>;
}

/** Listens on a free loopback port and hands every request to `target` (scheme, host and port) as it is. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  let passed: Passed[] = [];
  const server = createServer((incoming, outgoing) => {
    const entry: Passed = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      microversion: /^volume (\S+)/.exec(headerOf(incoming, 'openstack-api-version') ?? '')?.[1],
      token: headerOf(incoming, 'x-auth-token'),
      accept: headerOf(incoming, 'accept'),
      atMs: Date.now(),
      contentType: undefined,
      status: undefined,
      tookMs: undefined,
    };
    passed.push(entry);
    outgoing.once('close', () => {
      entry.tookMs = Date.now() - entry.atMs;
    });
    const onward = forward(
      new URL(entry.path, target),
      { method: entry.method, headers: incoming.headers, agent: false },
      (answer) => {
        entry.status = answer.statusCode;
        entry.contentType = answer.headers['content-type'];
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, outgoing).catch(() => outgoing.destroy());
      },
    );
    outgoing.once('close', () => onward.destroy());
    onward.once('error', () => outgoing.destroy());
    pipeline(incoming, onward).catch(() => onward.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get passed() {
      return passed;
    },
    mostOpen: (meant) => mostAtOnce(passed.filter(meant)),
    reset() {
      passed = passed.filter((entry) => entry.tookMs === undefined);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function headerOf(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function mostAtOnce(entries: readonly Passed[]): number {
  const changes = entries.flatMap(({ atMs, tookMs }) => [
    { atMs, change: 1 },
    { atMs: tookMs === undefined ? Infinity : atMs + tookMs, change: -1 },
  ]);
  let open = 0;
  let most = 0;
  for (const { change } of changes.toSorted((a, b) => a.atMs - b.atMs || a.change - b.change)) {
    open += change;
    most = Math.max(most, open);
  }
  return most;
}
