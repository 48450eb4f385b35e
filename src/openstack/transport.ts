import http from 'node:http';
import https from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import type { ClientTls } from './access.ts';
import { defaultAuthorities } from './authorities.ts';
import type { Environment } from './clouds/files.ts';
import { connectionTrouble, type FailureReason, oneLine, OpenStackError } from './errors.ts';
import { type Proxy, proxyChoice, ProxyError, TunnelAgent, type TunnelOptions } from './proxy.ts';
import { type Answer, type Request, shownUrl, withoutSecrets } from './request.ts';

const unzip = promisify(gunzip);

/** Sends requests to one cloud over kept-alive connections. */
export interface Transport {
  /** Resolves with any HTTP answer, whatever its status; rejects with an OpenStackError of reason timeout, connect, http or decode. */
  readonly send: (request: Request) => Promise<Answer>;
  /** Ends all connections; requests under way fail. */
  readonly close: () => void;
}

export interface TransportOptions {
  readonly tls: ClientTls;
  readonly maxBodyBytes: number;
  readonly userAgent: string;
  /** Variables: proxies, and lists of authorities. Default: the process's own. */
  readonly env?: Environment;
  readonly clock?: Clock;
  /** Called at the end of each request: operation, HTTP status or `error`, seconds. */
  readonly observe?: (operation: string, status: string, seconds: number) => void;
}

/** Redirects are never followed: a token goes only where the catalog or the configuration sent it. */
export function createTransport(options: TransportOptions): Transport {
  const ways = createWays(options);
  const underWay = new Set<AbortController>();
  let closed = false;

  async function send(request: Request): Promise<Answer> {
    const start = performance.now();
    const stop = new AbortController();
    underWay.add(stop);
    if (closed) stop.abort();
    let status = 'error';
    try {
      const answer = await exchange(request, wayFor(request, ways), options, stop);
      status = String(answer.status);
      return answer;
    } finally {
      underWay.delete(stop);
      options.observe?.(request.operation, status, (performance.now() - start) / 1000);
    }
  }

  return {
    send,
    close() {
      closed = true;
      for (const stop of underWay) stop.abort();
      ways.destroy();
    },
  };
}

/** How a request gets to its server: over which connections, and through which proxy. */
interface Way {
  readonly agent: http.Agent;
  readonly proxy: Proxy | undefined;
}

interface Ways {
  /** Throws a ProxyError. */
  readonly to: (url: URL) => Way;
  readonly destroy: () => void;
}

/** Nothing is taken from Node's own support for proxies (`NODE_USE_ENV_PROXY`): it is different in each version. */
function createWays({ tls: { ca, cert, key, verify }, env = process.env }: TransportOptions): Ways {
  const pool = { keepAlive: true, maxSockets: 8, maxFreeSockets: 2, timeout: 300_000 };
  const proxyOf = proxyChoice(env);
  const agents = new Map<string, http.Agent>();
  const kept = (name: string, create: () => http.Agent): http.Agent => {
    const agent = agents.get(name) ?? create();
    agents.set(name, agent);
    return agent;
  };
  // The list of authorities is parsed once, and only when a certificate is to be seen.
  let context: SecureContext | undefined;
  const tls = (): https.AgentOptions => {
    context ??= createSecureContext({
      minVersion: 'TLSv1.2',
      ...(verify && { ca: ca ?? [...defaultAuthorities(env)] }),
      ...(cert && { cert: cert.reveal() }),
      ...(key && { key: key.reveal() }),
    });
    return { rejectUnauthorized: verify, secureContext: context };
  };
  const direct = (protocol: string): http.Agent =>
    protocol === 'https:'
      ? kept('https:', () => new https.Agent({ ...pool, ...tls() }))
      : kept('http:', () => new http.Agent(pool));
  return {
    to(url) {
      const proxy = proxyOf(url);
      if (!proxy) return { agent: direct(url.protocol), proxy };
      if (url.protocol !== 'https:') return { agent: direct(proxy.url.protocol), proxy };
      return { agent: kept(proxy.variable, () => new TunnelAgent(proxy, { ...pool, ...tls() }, tls())), proxy };
    },
    destroy() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function wayFor(request: Request, ways: Ways): Way {
  try {
    return ways.to(request.url);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    throw failure(request, 'connect', error.message, error);
  }
}

/** Settles within the timeout, whatever the other side does and whatever Node makes of it: a promise left open would block its caller for good. */
async function exchange(request: Request, way: Way, options: TransportOptions, stop: AbortController): Promise<Answer> {
  const { signal } = stop;
  let late = false;
  const cancel = (options.clock ?? SYSTEM_CLOCK).after(request.timeoutMs, () => {
    late = true;
    stop.abort();
  });
  try {
    return await Promise.race([converse(request, way, options, signal), aborted(signal)]);
  } catch (error) {
    const via = way.proxy ? `, through the proxy ${way.proxy.url.host} (${way.proxy.variable})` : '';
    if (late) throw failure(request, 'timeout', `no whole answer within ${request.timeoutMs / 1000} s${via}`, error);
    if (error instanceof OpenStackError) throw error;
    const trouble = oneLine(connectionTrouble(error, (text) => withoutSecrets(request, text)));
    throw failure(request, 'connect', trouble + via, withoutBytes(error));
  } finally {
    cancel();
  }
}

async function converse(request: Request, way: Way, options: TransportOptions, signal: AbortSignal): Promise<Answer> {
  const response = await connect(request, way, options, signal);
  const status = response.statusCode ?? 0;
  const { headers } = response;
  const refusal = status !== 200 && status !== 201 && status !== 300;
  const most = refusal ? MAX_REFUSAL_BYTES : LISTS.has(request.operation) ? options.maxBodyBytes : MAX_SMALL_BYTES;
  const maxBytes = Math.min(most, options.maxBodyBytes);
  try {
    const raw = await read(response, maxBytes, request);
    return { status, headers, body: await decode(raw, response, maxBytes, request) };
  } catch (error) {
    // What it is counts, not what else it says.
    if (refusal && error instanceof TooLarge) return { status, headers, body: Buffer.alloc(0) };
    throw error;
  }
}

/** The operations whose answers grow with the cloud. The last two are for the report and for `check --from`. */
const LISTS: ReadonlySet<string> = new Set(['services', 'services_fallback', 'pools', 'prometheus', 'exporter']);
/** Everything else is small by nature: a token with its catalog, a version document, a page of volume types. */
const MAX_SMALL_BYTES = 4 * 1024 * 1024;
/** An error is a sentence, or a page of HTML that is not shown. */
const MAX_REFUSAL_BYTES = 65_536;

class TooLarge extends OpenStackError {}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const tell = (): void => reject(signal.reason as Error);
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
  });
}

/** A kept-alive connection that the server closed just now shows within this time, and is no failure of the server. */
const STALE_CONNECTION_MS = 1000;

function connect(
  request: Request,
  way: Way,
  own: TransportOptions,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = withResolvers<http.IncomingMessage>();
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const { clock = SYSTEM_CLOCK, userAgent } = own;
  const start = clock.now();
  const { agent, proxy } = way;
  // A proxy is told the whole URL of what it is to fetch; within a tunnel the server is spoken to as ever.
  const asked = proxy !== undefined && request.url.protocol === 'http:' ? proxy : undefined;
  const url = asked?.url ?? request.url;
  const options: http.RequestOptions & TunnelOptions = {
    method: request.method,
    agent,
    signal,
    tunnelSignal: signal,
    ...(asked && { path: `http://${request.url.host}${request.url.pathname}${request.url.search}` }),
    headers: {
      ...(asked && { host: request.url.host }),
      ...(asked?.authorization && { 'proxy-authorization': asked.authorization.reveal() }),
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': userAgent,
      ...(body && { 'content-type': 'application/json', 'content-length': body.length }),
      ...request.headers,
    },
  };
  const outgoing = (url.protocol === 'https:' ? https : http).request(url, options);
  outgoing.on('response', resolve);
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    const stale = outgoing.reusedSocket && error.code === 'ECONNRESET' && request.method === 'GET';
    if (stale && clock.now() - start < STALE_CONNECTION_MS) resolve(connect(request, way, own, signal));
    else reject(error);
  });
  // An answer that switches protocols ends without a response and without an error.
  outgoing.on('close', () => reject(new Error('the connection was closed without an answer')));
  outgoing.end(body);
  return promise;
}

async function read(response: http.IncomingMessage, maxBytes: number, request: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(request, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

async function decode(
  raw: Buffer,
  response: http.IncomingMessage,
  maxBytes: number,
  request: Request,
): Promise<Buffer> {
  const coding = response.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (coding === 'identity' || raw.length === 0) return raw;
  if (coding !== 'gzip' && coding !== 'x-gzip')
    throw failure(
      request,
      'decode',
      `content-encoding ${/^[\w-]{1,20}$/.test(coding) ? withoutSecrets(request, coding) : 'of some kind'} was not asked for`,
    );
  try {
    return await unzip(raw, { maxOutputLength: maxBytes, chunkSize: sizeHint(raw, maxBytes) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(request, maxBytes);
    throw failure(request, 'decode', 'the gzip body is damaged or cut off', error);
  }
}

/** Node's parser of HTTP puts what came into its errors. */
function withoutBytes(error: unknown): unknown {
  if (error instanceof Error && 'rawPacket' in error) delete error.rawPacket;
  return error;
}

/** The size that the gzip trailer promises, so that a large body is unpacked into one piece of memory; it may lie, and then costs a copy. */
function sizeHint(raw: Buffer, maxBytes: number): number {
  const promised = raw.length >= 18 ? raw.readUInt32LE(raw.length - 4) : 0;
  return Math.max(16_384, Math.min(promised + 64, maxBytes, raw.length * 50));
}

function tooLarge(request: Request, maxBytes: number): TooLarge {
  const { message, details } = failure(
    request,
    'decode',
    `the answer is larger than ${LISTS.has(request.operation) ? `max_body (${maxBytes} bytes)` : `${maxBytes} bytes`}`,
  );
  return new TooLarge(message, details);
}

function failure(request: Request, reason: FailureReason, message: string, cause?: unknown): OpenStackError {
  const url = shownUrl(request);
  return new OpenStackError(`${request.method} ${url}: ${message}`, {
    reason,
    operation: request.operation,
    url,
    cause,
  });
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T | Promise<T>) => void;
  reject: (reason: unknown) => void;
} {
  let resolve!: (value: T | Promise<T>) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
