import http from 'node:http';
import type { RequestListener, ServerOptions } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Secret } from '../config/secret.ts';
import type { Log } from '../log.ts';
import type { WebWatch } from './watch.ts';

export interface ServerSettings {
  readonly options: ServerOptions;
  readonly handshakeTimeoutMs: number;
  readonly web: WebWatch | undefined;
  readonly log: Log;
  /** Called when what clients must show or see has changed. */
  readonly onTlsChange: () => void;
}

/** An HTTP server, or an HTTPS server whose certificates and rules for clients follow the web configuration. Not listening yet. */
export function createServer(answer: RequestListener, settings: ServerSettings): http.Server | https.Server {
  const { web, options } = settings;
  const tls = web?.current().tls;
  return web && tls ? createTlsServer(answer, tls, web, settings) : http.createServer(options, answer);
}

function createTlsServer(
  answer: RequestListener,
  first: TlsConfig,
  web: WebWatch,
  settings: ServerSettings,
): https.Server {
  const { options, handshakeTimeoutMs: handshakeTimeout, log, onTlsChange } = settings;
  const admitted = new WeakSet<object>();
  let tls = first;
  const server = https.createServer(
    // Clients are judged below, where all five of Go's policies can be told apart.
    { ...options, ...contextOptions(tls), requestCert: asksClients(tls), rejectUnauthorized: false, handshakeTimeout },
    (request, response) => {
      if (admitted.has(request.socket)) answer(request, response);
      else request.socket.destroy();
    },
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    const problem = clientProblem(socket, tls);
    if (problem === undefined) return void admitted.add(socket);
    log('debug', 'A client was turned away', { client: socket.remoteAddress, reason: problem });
    socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    log('debug', 'A TLS handshake failed', { client: socket.remoteAddress, error: error.message });
  });
  web.onChange((config) => {
    if (!config.tls || fingerprint(config.tls) === fingerprint(tls)) return;
    ({ tls } = config);
    server.setSecureContext(contextOptions(tls));
    // Read by Node at every connection, though not documented; were it not, clients without a certificate would be turned away above.
    Object.assign(server, { requestCert: asksClients(tls) });
    onTlsChange();
  });
  return server;
}

function asksClients({ clientAuth }: TlsConfig): boolean {
  return clientAuth !== 'NoClientCert';
}

function fingerprint(tls: TlsConfig): string {
  return JSON.stringify([contextOptions(tls), tls.clientAuth, tls.allowedSans]);
}

/** `tls_server_config`, with the certificates read and checked. */
export interface TlsConfig {
  /** PEM, the server's own certificate first. */
  readonly cert: string;
  readonly key: Secret;
  /** PEM; undefined: Node's own list of authorities. */
  readonly clientCa: string | undefined;
  readonly clientAuth: ClientAuth;
  /** One of these must be a subject alternative name of the client's certificate. */
  readonly allowedSans: readonly string[] | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL's list; undefined is Node's default. */
  readonly ciphers: string | undefined;
  /** OpenSSL's list; undefined is Node's default. */
  readonly curves: string | undefined;
  readonly preferServerCiphers: boolean;
  /** When the server's certificate ends, in milliseconds since 1970. */
  readonly expiresAtMs: number;
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** What of it goes into a TLS context, which every new connection gets. */
export type TlsContext = Pick<
  TlsConfig,
  'cert' | 'key' | 'clientCa' | 'minVersion' | 'maxVersion' | 'ciphers' | 'curves' | 'preferServerCiphers'
>;

/** The same in Node's words. */
export function contextOptions(tls: TlsContext): SecureContextOptions {
  return {
    cert: tls.cert,
    key: tls.key.reveal(),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    honorCipherOrder: tls.preferServerCiphers,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa }),
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
    ...(tls.curves === undefined ? {} : { ecdhCurve: tls.curves }),
  };
}

/** Why a client whose handshake is done may not go on, for the log; undefined when it may. */
function clientProblem(socket: TLSSocket, { clientAuth, allowedSans }: TlsConfig): string | undefined {
  if (clientAuth === 'NoClientCert' || clientAuth === 'RequestClientCert') return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return clientAuth === 'VerifyClientCertIfGiven' ? undefined : 'no client certificate';
  if (clientAuth !== 'RequireAnyClientCert' && !socket.authorized) {
    return `client certificate not verified: ${String(socket.authorizationError)}`;
  }
  const names = subjectNames(certificate.subjectAltName ?? '');
  if (!allowedSans || allowedSans.some((allowed) => names.includes(canonical(allowed)))) return undefined;
  return `no allowed subject alternative name in the client certificate: ${names.join(', ').slice(0, 500)}`;
}

/** DNS names, e-mail addresses, IP addresses and URIs of Node's text for a subjectAltName (`DNS:a, IP Address:1.2.3.4, URI:"quoted like JSON"`). None when any of it is not understood. */
export function subjectNames(text: string): readonly string[] {
  const names: string[] = [];
  const part = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (!match) return [];
    const [, kind = '', value = ''] = match;
    if (!['DNS', 'email', 'IP Address', 'URI'].includes(kind)) continue;
    names.push(canonical(value.startsWith('"') ? String(JSON.parse(value)) : value));
  }
  return names;
}

/** OpenSSL writes `2001:DB8:0:0:0:0:0:7`, people write `2001:db8::7`. */
function canonical(name: string): string {
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

/** TLS versions by exporter-toolkit's names. Its TLS10 and TLS11 are missing on purpose. */
export const TLS_VERSIONS: ReadonlyMap<string, 'TLSv1.2' | 'TLSv1.3'> = new Map([
  ['TLS12', 'TLSv1.2'],
  ['TLS13', 'TLSv1.3'],
]);

/** The suites that are not configurable in Go: always on with TLS 1.3. */
export const TLS13_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
] as const;

/** Go's `tls.CipherSuites()` (1.22 and later) -> OpenSSL's names. */
export const CIPHER_SUITES: ReadonlyMap<string, string> = new Map([
  ...TLS13_SUITES.map((name) => [name, name] as const),
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
]);

/** exporter-toolkit's curves -> OpenSSL's groups. */
export const CURVES: ReadonlyMap<string, string> = new Map([
  ['CurveP256', 'prime256v1'],
  ['CurveP384', 'secp384r1'],
  ['CurveP521', 'secp521r1'],
  ['X25519', 'X25519'],
]);

/** What is asked of a client's certificate. */
export type ClientAuth =
  | 'NoClientCert'
  | 'RequestClientCert'
  | 'RequireAnyClientCert'
  | 'VerifyClientCertIfGiven'
  | 'RequireAndVerifyClientCert';

/** Go's names, and the older `RequireClientCert` that exporter-toolkit keeps. */
export const CLIENT_AUTH: ReadonlyMap<string, ClientAuth> = new Map([
  ['NoClientCert', 'NoClientCert'],
  ['RequestClientCert', 'RequestClientCert'],
  ['RequireClientCert', 'RequireAnyClientCert'],
  ['RequireAnyClientCert', 'RequireAnyClientCert'],
  ['VerifyClientCertIfGiven', 'VerifyClientCertIfGiven'],
  ['RequireAndVerifyClientCert', 'RequireAndVerifyClientCert'],
]);
