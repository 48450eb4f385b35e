import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Secret } from '../config/secret.ts';
import type { Environment } from './clouds/files.ts';
import { UserError } from '../user-error.ts';

/** A proxy, and the variable that named it. */
export interface Proxy {
  readonly variable: string;
  /** Without user and password. */
  readonly url: URL;
  /** The `Proxy-Authorization` header. */
  readonly authorization?: Secret;
}

/** A variable that names a proxy which cannot be used. The message holds nothing of its value. */
export class ProxyError extends UserError {
  override readonly name = 'ProxyError';
}

/**
 * Which proxy a URL goes through, by `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; undefined for none. The rules of Python's clients
 * hold: small letters win, an empty value means none, a proxy without a scheme speaks HTTP. Source: requests, utils.py, `get_environ_proxies`,
 * `select_proxy`; urllib, `getproxies_environment`. The function that is returned throws a ProxyError.
 */
export function proxyChoice(env: Environment): (url: URL) => Proxy | undefined {
  const unproxied = bypassOf(env['no_proxy'] || env['NO_PROXY'] || '');
  const named = { http: variableOf(env, 'http_proxy'), https: variableOf(env, 'https_proxy') };
  const all = variableOf(env, 'all_proxy');
  return (url) => {
    const variable = named[url.protocol === 'https:' ? 'https' : 'http'] ?? all;
    return variable === undefined || unproxied(url) ? undefined : readProxy(variable.name, variable.text);
  };
}

interface Variable {
  readonly name: string;
  readonly text: string;
}

function variableOf(env: Environment, small: string): Variable | undefined {
  const name = env[small] === undefined ? small.toUpperCase() : small;
  const text = env[name]?.trim();
  return text ? { name, text } : undefined;
}

function readProxy(variable: string, text: string): Proxy {
  const scheme = /^([a-z][a-z0-9+.-]{0,19}):\/\//i.exec(text)?.[1]?.toLowerCase();
  const full = scheme === undefined ? `http://${text}` : text;
  const wrong = (got: string): ProxyError =>
    new ProxyError(`${variable}: expected the URL of a proxy, such as http://proxy.example:3128, got ${got}`);
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') throw wrong(`one of scheme ${scheme}`);
  if (!URL.canParse(full)) throw wrong('a text that is no URL');
  const url = new URL(full);
  const user = [url.username, url.password].map(decoded).join(':');
  const authorization = user === ':' ? undefined : new Secret(`Basic ${Buffer.from(user).toString('base64')}`);
  const bare = new URL(`${url.protocol}//${url.host}/`);
  return { variable, url: bare, ...(authorization && { authorization }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Whether `NO_PROXY` exempts a URL. An entry is `*`, a name (with all names below it, with or without a dot before it), an address, or a range of
 * addresses (`10.0.0.0/8`, `fd00::/8`); a port after it (`name:8776`) makes it count for that port alone. Names are not looked up.
 */
function bypassOf(text: string): (url: URL) => boolean {
  const entries = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(entryOf);
  return (url) => {
    const host = url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return entries.some((entry) => (entry.port === undefined || entry.port === port) && entry.holds(host));
  };
}

interface Entry {
  readonly port?: string;
  readonly holds: (host: string) => boolean;
}

function entryOf(text: string): Entry {
  if (text === '*') return { holds: () => true };
  const [, network = '', bits = ''] = /^\[?([^\]/]+)\]?\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(network);
  if (version !== 0 && Number(bits) <= (version === 4 ? 32 : 128)) {
    const range = new BlockList();
    range.addSubnet(network, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
    return { holds: (host) => isIP(host) !== 0 && range.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6') };
  }
  const [, name = text, port] = isIP(text) === 6 ? [] : (/^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? []);
  const wanted = name
    .replace(/^\[|\]$/g, '')
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  const holds = (host: string): boolean => {
    if (isIP(wanted) === 0) return host === wanted || (wanted !== '' && host.endsWith(`.${wanted}`));
    return isIP(host) !== 0 && sameAddress(wanted, host);
  };
  return { holds, ...(port !== undefined && { port }) };
}

/** IPv6 has many ways to write one address. */
function sameAddress(one: string, other: string): boolean {
  if (isIP(one) !== isIP(other)) return false;
  const list = new BlockList();
  const kind = isIP(one) === 4 ? 'ipv4' : 'ipv6';
  list.addAddress(one, kind);
  return list.check(other, kind);
}

type Connected = (error: Error | null, socket: Duplex) => void;

/** A request option: ends the way through the proxy that is being made for the request. */
export interface TunnelOptions {
  readonly tunnelSignal: AbortSignal;
}

/**
 * An agent for https URLs behind a proxy: `CONNECT`, then TLS with the server through it. Node's own client and parser bound the size of the proxy's
 * answer. A proxy that never answers holds a connection no longer than the request lives.
 */
export class TunnelAgent extends https.Agent {
  readonly #proxy: Proxy;
  readonly #toProxy: https.RequestOptions;

  /** `toProxy` has the TLS settings towards a proxy that is itself reached by https. */
  constructor(proxy: Proxy, options: https.AgentOptions, toProxy: https.RequestOptions) {
    super(options);
    this.#proxy = proxy;
    this.#toProxy = toProxy;
  }

  override createConnection(options: https.RequestOptions, callback?: Connected): undefined {
    // Node.js calls with an error alone when there is one; the types of both do not say so.
    const settle = callback as (error: Error | null, socket?: Duplex) => void;
    const { url, authorization } = this.#proxy;
    const host = String(options.host);
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${options.port}`;
    const connect = (url.protocol === 'https:' ? https : http).request(url, {
      ...(url.protocol === 'https:' && this.#toProxy),
      method: 'CONNECT',
      path: target,
      agent: false,
      signal: (options as Partial<TunnelOptions>).tunnelSignal,
      headers: { host: target, ...(authorization && { 'proxy-authorization': authorization.reveal() }) },
    });
    connect.once('connect', ({ statusCode }: http.IncomingMessage, socket: Socket) => {
      if (statusCode === 200) {
        const through: https.RequestOptions & { socket: Socket } = { ...options, socket };
        settle(null, super.createConnection(through) ?? undefined);
        return;
      }
      socket.destroy();
      settle(new Error(`the proxy answered ${statusCode}${statusCode === 407 ? ': it wants a login' : ''}`));
    });
    connect.once('error', settle);
    connect.end();
    return undefined;
  }
}
