import type { SecureContextOptions } from 'node:tls';
import type { Secret } from '../config/secret.ts';
import type { ClientAuth } from './tls-names.ts';

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
