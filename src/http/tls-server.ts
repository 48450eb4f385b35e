import http from 'node:http';
import type { RequestListener, ServerOptions } from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Log } from '../log/log.ts';
import { clientProblem } from './tls-clients.ts';
import { contextOptions } from './tls-config.ts';
import type { TlsConfig } from './tls-config.ts';
import type { WebWatch } from './web-config-watch.ts';

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
