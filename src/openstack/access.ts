import type { Secret } from '../config/secret.ts';

/** How to log in to Keystone. One of the three methods that a monitoring process can use. */
export type Auth =
  | { readonly method: 'password'; readonly user: Named; readonly password: Secret }
  | {
      readonly method: 'application_credential';
      /** Either the id alone, or the name together with its user. */
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: Named };
      readonly secret: Secret;
    }
  | { readonly method: 'token'; readonly token: Secret };

/** What of a login must never be shown. */
export function secretOf(auth: Auth): Secret {
  if (auth.method === 'password') return auth.password;
  return auth.method === 'token' ? auth.token : auth.secret;
}

/** A thing that Keystone knows by its id, or by its name within a domain. */
export type Named =
  | { readonly id: string }
  | { readonly name: string; readonly domain?: { readonly id: string } | { readonly name: string } };

/** What the token is good for. An application credential brings its own scope: Keystone refuses one in the request. */
export type Scope =
  | { readonly kind: 'project'; readonly project: Named }
  | { readonly kind: 'domain'; readonly domain: { readonly id: string } | { readonly name: string } }
  | { readonly kind: 'system' }
  | { readonly kind: 'none' };

/** The three kinds of endpoints in a catalog. */
export type Interface = 'public' | 'internal' | 'admin';

/** TLS towards the cloud. File contents, not paths: reading them is the loader's work. */
export interface ClientTls {
  readonly ca?: string;
  /** Secret as well: the file may hold the key beside the certificate. */
  readonly cert?: Secret;
  readonly key?: Secret;
  /** false only when somebody wrote so. */
  readonly verify: boolean;
}

/** Everything needed to reach one cloud: the outcome of clouds.yaml, secure.yaml and the OS_* variables. */
export interface CloudAccess {
  /** Name of the clouds.yaml entry, or `envvars`. */
  readonly name: string;
  /** Keystone's URL as configured, with or without `/v3`. */
  readonly authUrl: string;
  readonly auth: Auth;
  readonly scope: Scope;
  readonly region?: string;
  /** The one that is looked for first. */
  readonly interface: Interface;
  /** Those that do as well, in order of preference, when `interface` is a list. */
  readonly otherInterfaces?: readonly Interface[];
  /** `block_storage_service_type`: the type to look for in the catalog, before its other names. */
  readonly serviceType?: string;
  /** `block_storage_service_name`: which service of that type. */
  readonly serviceName?: string;
  readonly tls: ClientTls;
  /** `block_storage_endpoint_override` (or `volume_...`, `volumev3_...`): stands in for the catalog's URL. */
  readonly endpointOverride?: string;
  /** `api_timeout` in milliseconds, when given. */
  readonly apiTimeoutMs?: number;
  /** Files that were read, for messages and for noticing changes. */
  readonly files: readonly string[];
}
