import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TlsConfig } from './tls-config.ts';

/** Why a client whose handshake is done may not go on, for the log; undefined when it may. */
export function clientProblem(socket: TLSSocket, { clientAuth, allowedSans }: TlsConfig): string | undefined {
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
