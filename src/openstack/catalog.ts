import type { CloudAccess } from './access.ts';
import { OpenStackError, oneLine } from './errors.ts';

/** The names under which the Block Storage API is found in a catalog, the official one first. */
const TYPES = ['block-storage', 'volumev3', 'block-store'] as const;

interface Endpoint {
  readonly interface?: unknown;
  readonly region?: unknown;
  readonly region_id?: unknown;
  readonly url?: unknown;
}

interface Entry {
  readonly type: string;
  readonly endpoints: readonly Endpoint[];
}

/**
 * The URL of the Block Storage API, without a slash at its end: the override, or the catalog's by type, interface and region.
 * `hasProject` says whether the token is scoped to a project: a URL with a project id in it is of no use to another one.
 * Throws an OpenStackError that lists what the catalog holds.
 */
export function findEndpoint(catalog: unknown, access: CloudAccess, projectId: string | undefined): string {
  if (access.endpointOverride !== undefined) return strip(expand(access.endpointOverride, projectId));
  const entries = readCatalog(catalog);
  const fitting = TYPES.flatMap((type) => entries.filter((entry) => entry.type === type)).flatMap((entry) =>
    entry.endpoints.filter((endpoint) => fits(endpoint, access)).map((endpoint) => String(endpoint.url)),
  );
  const usable = fitting.find((url) => isUrl(url) && (projectId !== undefined || !endsInProject(url)));
  if (usable !== undefined) return strip(usable);
  throw notFound(entries, access, fitting.length > 0);
}

function readCatalog(catalog: unknown): Entry[] {
  if (!Array.isArray(catalog)) return [];
  return catalog.flatMap((raw: unknown) => {
    const { type, endpoints } = (raw ?? {}) as { type?: unknown; endpoints?: unknown };
    if (typeof type !== 'string' || !Array.isArray(endpoints)) return [];
    return [{ type, endpoints: endpoints.filter((e): e is Endpoint => typeof e === 'object' && e !== null) }];
  });
}

function fits(endpoint: Endpoint, access: CloudAccess): boolean {
  const region = endpoint.region_id ?? endpoint.region;
  return endpoint.interface === access.interface && (access.region === undefined || region === access.region);
}

function isUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** A segment after the version is a project id (`/v3/<id>`, `/v3/AUTH_<id>`), or was to become one (`/v3/`). */
function endsInProject(url: string): boolean {
  return /\/v\d+(\.\d+)?\/.+/.test(new URL(url).pathname);
}

/** Source: keystoneauth1, discover.py: an override may hold the placeholder of the catalog's templates. */
function expand(url: string, projectId: string | undefined): string {
  return url.replace(/[%$]\((project_id|tenant_id)\)s/g, projectId ?? '');
}

function strip(url: string): string {
  return url.replace(/\/+$/, '');
}

function notFound(entries: readonly Entry[], access: CloudAccess, onlyWithProject: boolean): OpenStackError {
  const wanted = `${TYPES.join(', ')} (interface ${access.interface}${access.region === undefined ? '' : `, region ${access.region}`})`;
  const held = entries.flatMap((entry) =>
    entry.endpoints.map((e) => `${entry.type}/${String(e.interface)}/${String(e.region_id ?? e.region)}`),
  );
  const found = held.length > 0 ? held.toSorted().slice(0, 40).join(', ') : 'nothing';
  const hint = onlyWithProject ? '; the endpoint found needs a project in its URL, and the token has none' : '';
  return new OpenStackError(
    `the catalog of Keystone has no endpoint for any of ${wanted}${hint}; it holds: ${found.split(', ').map(oneLine).join(', ')}`,
    {
      reason: 'http',
      operation: 'token',
      url: access.authUrl,
    },
  );
}
