import type { ServerResponse } from 'node:http';

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

/** Sets the default headers and those of `http_server_config.headers`, of which an empty one takes the default away. */
export function setSecurityHeaders(response: ServerResponse, configured: ReadonlyMap<string, string>): void {
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
