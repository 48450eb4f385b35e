import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Log } from '../log.ts';
import { createAuthenticator, parseBasicHeader } from './basic-auth.ts';
import type { WebConfig } from './config.ts';
import type { RateLimit } from './schema.ts';

const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Stands before `serve`, for every path and method: security headers, then the rate limit, then the password. `current` undefined: there is no web configuration file. */
export function guard(serve: RequestListener, current: () => WebConfig | undefined, log: Log): RequestListener {
  const authenticate = createAuthenticator();
  const allowed = followRateLimit();

  async function check(config: WebConfig, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!allowed(config.rateLimit)) return refuse(response, 429, 'Too many requests');
    if (config.users.size > 0) {
      const credentials = parseBasicHeader(request.headers.authorization);
      const verdict = credentials
        ? await authenticate(config.users, credentials, request.socket.remoteAddress ?? '')
        : 'refused';
      if (verdict === 'busy') return refuse(response, 503, 'Too many passwords to check, try again');
      if (verdict === 'refused') {
        response.setHeader('WWW-Authenticate', 'Basic realm="cinder-exporter", charset="UTF-8"');
        return refuse(response, 401, 'Unauthorized');
      }
    }
    if (!response.destroyed) serve(request, response);
  }

  return (request, response) => {
    const config = current();
    setSecurityHeaders(response, config?.headers ?? NO_HEADERS);
    if (!config) return serve(request, response);
    check(config, request, response).catch((error: unknown) => {
      log('error', 'A password could not be checked', {
        error: error instanceof Error ? error.message : String(error),
      });
      if (!response.headersSent) refuse(response, 500, 'The request could not be answered');
    });
  };
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (status === 429 || status === 503) response.setHeader('Retry-After', '1');
  response.end(`${text}.\n`);
}

/** One bucket for all, kept as long as its settings stay the same. */
function followRateLimit(): (limit: RateLimit | undefined) => boolean {
  let settings = '';
  let allowed = (): boolean => true;
  return (limit) => {
    if (JSON.stringify(limit ?? '') !== settings) {
      settings = JSON.stringify(limit ?? '');
      allowed = limit ? createRateLimiter(limit, () => performance.now()) : () => true;
    }
    return allowed();
  };
}

/** A token bucket that begins full: answers whether one more request may pass now. `nowMs` must not go backwards. */
export function createRateLimiter({ intervalMs, burst }: RateLimit, nowMs: () => number): () => boolean {
  let tokens = burst;
  let atMs = nowMs();
  return () => {
    const now = nowMs();
    tokens = Math.min(burst, tokens + (now - atMs) / intervalMs);
    atMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** For everything that is no page of ours: it may load nothing and be framed by nobody. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Frame-Options', 'deny'],
  ['Content-Security-Policy', DATA_POLICY],
]);

/** Answers whose policy is the default, and not one of the web configuration file. */
const loosenable = new WeakSet<ServerResponse>();

/** Sets the default headers, then the headers of `http_server_config.headers`. An empty one there takes the default away. */
function setSecurityHeaders(response: ServerResponse, configured: ReadonlyMap<string, string>): void {
  for (const [name, value] of [...DEFAULTS, ...configured]) {
    if (value === '') response.removeHeader(name);
    else response.setHeader(name, value);
  }
  if (!configured.has('Content-Security-Policy')) loosenable.add(response);
}

/** Loosens the policy for an HTML page of ours, unless the web configuration file says something of its own. */
export function setPagePolicy(response: ServerResponse, policy: string): void {
  if (loosenable.has(response)) response.setHeader('Content-Security-Policy', policy);
}
