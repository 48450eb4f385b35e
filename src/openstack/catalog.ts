import { textOf } from './answer.ts';
import { secretOf, type CloudAccess, type Interface } from './access.ts';
import { withoutSecrets } from './request.ts';
import { OpenStackError, oneLine } from './errors.ts';

/** The names under which the Block Storage API is found in a catalog, the official one first. Source: os-service-types, aliases of `block-storage`. */
const TYPES: readonly string[] = ['block-storage', 'volumev3', 'volumev2', 'volume', 'block-store'];

interface Endpoint {
  readonly type: string;
  readonly interface: string | undefined;
  readonly region: string | undefined;
  readonly url: string;
}

/**
 * The URL of the Block Storage API as the catalog has it, without a slash at its end: the override, or the catalog's by type, interface and region.
 * It may be of another version, or of none: `findVersion3` leads on. A URL of v3 goes before others of the same interface.
 * `projectId` is the project that the token is for: without one, a URL with a project id in it is of no use.
 * Throws an OpenStackError that says what the catalog holds, or why what it holds cannot be used.
 */
export function findEndpoint(catalog: unknown, access: CloudAccess, projectId: string | undefined): string {
  if (access.endpointOverride !== undefined) return strip(expand(access.endpointOverride, projectId));
  const all = readCatalog(catalog, access.serviceName);
  const fitting = fittingEndpoints(all, access);
  const usable = fitting.find(({ url }) => uselessBecause(url, projectId) === undefined);
  if (usable) return strip(usable.url);
  throw notFound(all, fitting, access, projectId);
}

/** Whether a URL leads to the v3 API, with or without a project. */
export function isVersion3(url: string): boolean {
  return /\/v3(\.\d+)?(\/|$)/.test(new URL(url).pathname);
}

function typesOf({ serviceType }: CloudAccess): readonly string[] {
  if (serviceType === undefined) return TYPES;
  return TYPES.includes(serviceType) ? [...new Set([serviceType, ...TYPES])] : [serviceType];
}

/** Those of the right type, interface and region: by interface in the configured order, then v3 before the rest, then by type. */
function fittingEndpoints(all: readonly Endpoint[], access: CloudAccess): readonly Endpoint[] {
  const types = typesOf(access);
  return [access.interface, ...(access.otherInterfaces ?? [])].flatMap((wanted) => {
    const these = types.flatMap((type) =>
      all.filter((endpoint) => endpoint.type === type && fits(endpoint, wanted, access)),
    );
    const isNewest = ({ url }: Endpoint): boolean => isUrl(url) && isVersion3(url);
    return [...these.filter(isNewest), ...these.filter((endpoint) => !isNewest(endpoint))];
  });
}

/** Every endpoint of the catalog, of services with the wanted name when one is wanted. */
function readCatalog(catalog: unknown, serviceName: string | undefined): readonly Endpoint[] {
  if (!Array.isArray(catalog)) return [];
  return catalog.flatMap((raw: unknown) => {
    const { type, name, endpoints } = (raw ?? {}) as { type?: unknown; name?: unknown; endpoints?: unknown };
    if (typeof type !== 'string' || !Array.isArray(endpoints)) return [];
    if (serviceName !== undefined && typeof name === 'string' && name !== serviceName) return [];
    return endpoints
      .filter((e): e is Record<string, unknown> => typeof e === 'object' && e !== null)
      .map((e) => ({
        type,
        interface: textOf(e['interface']),
        region: textOf(e['region_id'] ?? e['region']),
        url: textOf(e['url']) ?? '',
      }));
  });
}

function fits(endpoint: Endpoint, wanted: Interface, { region }: CloudAccess): boolean {
  return endpoint.interface === wanted && (region === undefined || endpoint.region === region);
}

function isUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** Why a URL of the catalog cannot be asked; undefined when it can. */
function uselessBecause(url: string, projectId: string | undefined): string | undefined {
  if (!isUrl(url)) return 'does not begin with http:// or https://';
  if (projectId !== undefined || !endsInProject(url)) return undefined;
  return 'needs a project, and the token has none: configure a project, or give block_storage_endpoint_override';
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

function nameOf({ type, interface: kind, region }: Endpoint): string {
  return oneLine(`${type}/${kind ?? 'no interface'}/${region ?? 'no region'}`);
}

/** What stands before an `@` may be a password. */
function shown(url: string): string {
  return JSON.stringify(oneLine(url.replace(/^.*@/s, '<user>@')));
}

function notFound(
  all: readonly Endpoint[],
  fitting: readonly Endpoint[],
  access: CloudAccess,
  projectId: string | undefined,
): OpenStackError {
  const url = URL.canParse(access.authUrl) ? new URL(access.authUrl).origin : '';
  const details = { reason: 'http', operation: 'token', url } as const;
  // The catalog comes with the answer to a login, which held the password.
  const clean = (text: string): string => withoutSecrets({ headers: {}, secret: secretOf(access.auth) }, text);
  const [useless] = fitting;
  if (useless) {
    const why = `its URL ${clean(shown(useless.url))} ${uselessBecause(useless.url, projectId)}`;
    return new OpenStackError(
      `the endpoint ${clean(nameOf(useless))} of Keystone's catalog cannot be used: ${why}`,
      details,
    );
  }
  const interfaces = [access.interface, ...(access.otherInterfaces ?? [])].join(', ');
  const named = access.serviceName === undefined ? '' : `, service name ${access.serviceName}`;
  const region = access.region === undefined ? '' : `, region ${access.region}`;
  const wanted = oneLine(`${typesOf(access).join(', ')} (interface ${interfaces}${region}${named})`);
  const held = all.map(nameOf).toSorted().slice(0, 40);
  const unscoped = access.scope.kind === 'none' && access.auth.method !== 'application_credential' && all.length === 0;
  const hint = unscoped
    ? '; no project, domain or system_scope is configured, and a login without one has no catalog'
    : '';
  return new OpenStackError(
    `the catalog of Keystone has no endpoint for any of ${wanted}; it holds: ${clean(held.join(', ') || 'nothing')}${hint}`,
    details,
  );
}
