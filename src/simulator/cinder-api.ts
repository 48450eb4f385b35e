import { createAttachment, deleteAttachment, listAttachments, showAttachment } from './attachments-api.ts';
import { changeQuota, resetQuota, showDefaultQuota, showLimits, showQuota } from './quota.ts';
import { createSnapshot, deleteSnapshot, listSnapshots, showSnapshot, updateSnapshot } from './snapshots-api.ts';
import { showCapabilities } from './capabilities-api.ts';
import { listBackups, showBackup } from './backups-api.ts';
import { deleteMessage, listMessages, showMessage } from './messages-api.ts';
import {
  allows,
  BACKEND_STATE,
  type ApiProcess,
  type CinderCall,
  type ApiVersion,
  type Result,
  atLeast,
  checkOffered,
  microversionText,
  jsonResult,
  requestedMicroversion,
} from './cinder-call.ts';
import { Fault, INCAPABLE, MALFORMED, NOT_FOUND, faultAnswer, errorPage } from './cinder-fault.ts';
import type { JsonObject } from './definition.ts';
import type { IssuedToken } from './keystone-tokens.ts';
import { MessagingTimeout } from './message-bus.ts';
import { listPools } from './pools-api.ts';
import { type WireAnswer, type WireRequest, json } from './server.ts';
import { changeService, listServices, SERVICE_ROUTES } from './services-api.ts';
import { actOnType, listAccess } from './type-access-api.ts';
import { createSpecs, deleteSpec, listSpecs, showSpec, updateSpec } from './type-specs-api.ts';
import { createType, deleteType, listTypes, showType, updateType } from './types-api.ts';
import { createVolume } from './volume-create.ts';
import { actOnVolume, deleteVolume, listVolumes, showVolume, summarizeVolumes, updateVolume } from './volumes-api.ts';

const MAX_BODY_BYTES = 114_688;

/** Answers a request to Cinder; `request.path` is the part after `/volume`. */
export async function answerCinder(api: ApiProcess, request: WireRequest): Promise<WireAnswer> {
  const answer = await answerBody(api, request);
  return { ...answer, headers: [...answer.headers, ['x-openstack-request-id', request.requestId]] };
}

/** Will this request wait for a scheduler, once it has a thread? */
export function needsScheduler(api: ApiProcess, { method, path, headers }: WireRequest): boolean {
  const resource = method === 'GET' ? route(method, path, api.settings.serviceRoutes)?.resource : undefined;
  if (resource !== 'os-services') return resource === 'scheduler-stats/get_pools';
  const { minMicroversion, maxMicroversion } = api.settings;
  try {
    const header = headers['openstack-api-version']?.toString();
    return atLeast(requestedMicroversion(header, minMicroversion, maxMicroversion), BACKEND_STATE);
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

async function answerBody(api: ApiProcess, request: WireRequest): Promise<WireAnswer> {
  const { path, method, headers } = request;
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return errorPage(413, headers.accept);
  if (path === '/healthcheck') {
    if (method === 'HEAD') return { status: 204, headers: [], body: '' };
    return { status: 200, headers: [['Content-Type', 'text/plain; charset=UTF-8']], body: 'OK' };
  }
  // Answered by the middleware of CORS.
  if (method === 'OPTIONS' && path !== '/v3/') return { status: 200, headers: [], body: '' };
  if (path === '' || path === '/') return versions(api, request, 300);
  if (path !== '/v3' && !path.startsWith('/v3/')) return errorPage(404, headers.accept);
  const token = api.authToken.check(headers['x-auth-token']?.toString() ?? '');
  if (token === 'unreachable') return errorPage(503, headers.accept);
  if (token === undefined) {
    return json(
      401,
      { error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' } },
      [['WWW-Authenticate', `Keystone uri="${api.keystoneUrl}/v3"`]],
    );
  }
  if (path === '/v3') {
    const headers = [
      ['Content-Type', 'text/plain; charset=utf8'],
      ['Location', `${api.url}/v3/`],
    ] as const;
    return { status: 302, headers, body: '' };
  }
  const to = route(method, path, api.settings.serviceRoutes);
  return to === undefined ? errorPage(404, headers.accept) : perform(api, request, token, to);
}

/** Runs an operation with the checks that come before each, in Cinder's order: microversion, project in the URL, policy. */
async function perform(api: ApiProcess, request: WireRequest, token: IssuedToken, to: Route): Promise<WireAnswer> {
  const ids = [['x-compute-request-id', request.requestId]] as const;
  let version: ApiVersion | undefined;
  try {
    const { minMicroversion, maxMicroversion } = api.settings;
    const header = request.headers['openstack-api-version']?.toString();
    version = requestedMicroversion(header, minMicroversion, maxMicroversion);
    checkOffered(version, minMicroversion, maxMicroversion);
    const { project, resource } = to;
    if (resource === '' && request.body !== '') throw new Fault(400, MALFORMED);
    if (resource === '') return versions(api, request, 200, version);
    const own = token.scope.kind === 'project' ? token.scope.project.id : undefined;
    if (project !== undefined && project !== own) throw new Fault(400, 'Malformed request url');
    checkContentType(request);
    checkQuery(request);
    const {
      status,
      body,
      contentType = 'application/json',
    } = await operate({
      api,
      request,
      version,
      roles: token.roles,
      admin: allows(api.policy().contextIsAdmin, token.roles),
      project: own,
      user: token.user.id,
      urlProject: project,
      resource,
    });
    return { status, headers: [['Content-Type', contentType], ...ids, ...versionHeaders(version)], body };
  } catch (error) {
    const fault =
      error instanceof Fault ? error : error instanceof MessagingTimeout ? new Fault(500, INCAPABLE) : undefined;
    if (fault === undefined) throw error;
    const named = version !== undefined && version.major >= 3 ? versionHeaders(version) : [];
    const answer = faultAnswer(fault, named);
    return { ...answer, headers: [...answer.headers, ...ids] };
  }
}

const MEDIA_TYPES = ['application/json', 'application/vnd.openstack.volume+json'];

/** What is not UTF-8 is refused. */
function checkQuery({ query }: WireRequest): void {
  if (![...query].flat().some((text) => text.includes('\ufffd'))) return;
  const why = 'Either the URL or the request body contained characters that could not be decoded by Cinder.';
  throw new Fault(400, `Error decoding your request. ${why}`);
}

/** A body of another type than JSON is refused, once there is somebody to read it. */
function checkContentType({ method, headers, body }: WireRequest): void {
  const type = headers['content-type'];
  if (body === '' || type === undefined || !['POST', 'PUT'].includes(method)) return;
  if (!MEDIA_TYPES.includes(type.split(';')[0]?.trim() ?? '')) throw new Fault(415, 'Unsupported Content-Type');
}

/** Finds the operation; a path that is known with a method that is not: `NOT_FOUND`. */
function operate(call: CinderCall): Promise<Result> | Result {
  const { resource, request } = call;
  const [, collection = '', rest = ''] = /^([^/]+)\/?(.*)$/.exec(resource) ?? [];
  const operations = OPERATIONS[collection] ?? {};
  const exact = operations[`${request.method} ${rest}`];
  if (exact !== undefined) return exact(call, '', '');
  const [id = '', below, key] = rest.split('/');
  const path = ['{id}', ...(below === undefined ? [] : [below]), ...(key === undefined ? [] : ['{key}'])].join('/');
  const operation = id === '' ? undefined : operations[`${request.method} ${path}`];
  if (operation === undefined) throw new Fault(404, NOT_FOUND);
  return operation(call, id, key ?? '');
}

type CinderOperation = (call: CinderCall, id: string, key: string) => Promise<Result> | Result;

/** By collection, then by method and what follows in the path. */
const OPERATIONS: Readonly<Record<string, Readonly<Record<string, CinderOperation>>>> = {
  'os-services': { 'GET ': listServices, 'PUT {id}': changeService },
  'scheduler-stats': { 'GET get_pools': listPools },
  types: {
    'GET ': listTypes,
    'POST ': createType,
    'GET {id}': showType,
    'PUT {id}': updateType,
    'DELETE {id}': deleteType,
    'POST {id}/action': actOnType,
    'GET {id}/os-volume-type-access': listAccess,
    'GET {id}/extra_specs': listSpecs,
    'POST {id}/extra_specs': createSpecs,
    'GET {id}/extra_specs/{key}': showSpec,
    'PUT {id}/extra_specs/{key}': updateSpec,
    'DELETE {id}/extra_specs/{key}': deleteSpec,
  },
  capabilities: { 'GET {id}': showCapabilities },
  messages: { 'GET ': listMessages, 'GET {id}': showMessage, 'DELETE {id}': deleteMessage },
  volumes: {
    'GET ': (call) => listVolumes(call, false),
    'GET detail': (call) => listVolumes(call, true),
    'GET summary': summarizeVolumes,
    'POST ': createVolume,
    'GET {id}': showVolume,
    'PUT {id}': updateVolume,
    'DELETE {id}': deleteVolume,
    'POST {id}/action': actOnVolume,
  },
  snapshots: {
    'GET ': (call) => listSnapshots(call, false),
    'GET detail': (call) => listSnapshots(call, true),
    'POST ': createSnapshot,
    'GET {id}': showSnapshot,
    'PUT {id}': updateSnapshot,
    'DELETE {id}': deleteSnapshot,
  },
  backups: {
    'GET ': listBackups,
    'GET detail': listBackups,
    'GET {id}': showBackup,
    'DELETE {id}': showBackup,
  },
  attachments: {
    'GET ': (call) => listAttachments(call, false),
    'GET detail': (call) => listAttachments(call, true),
    'POST ': createAttachment,
    'GET {id}': showAttachment,
    'DELETE {id}': deleteAttachment,
  },
  'os-quota-sets': {
    'GET {id}': showQuota,
    'GET {id}/defaults': showDefaultQuota,
    'PUT {id}': changeQuota,
    'DELETE {id}': resetQuota,
  },
  limits: { 'GET ': showLimits },
  'os-availability-zone': { 'GET ': listZones },
};

function versionHeaders(version: ApiVersion): WireAnswer['headers'] {
  return [
    ['OpenStack-API-Version', `volume ${microversionText(version)}`],
    ['Vary', 'OpenStack-API-Version'],
  ];
}

function versions(api: ApiProcess, request: WireRequest, status: number, version?: ApiVersion): WireAnswer {
  const { minMicroversion, maxMicroversion } = api.settings;
  const current: JsonObject = {
    id: 'v3.0',
    status: 'CURRENT',
    version: maxMicroversion,
    min_version: minMicroversion,
    updated: '2022-08-31T00:00:00Z',
    links: [
      { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' },
      { rel: 'self', href: `${api.url}/v3/` },
    ],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.volume+json;version=3' }],
  };
  return json(status, { versions: [current] }, [
    ['x-compute-request-id', request.requestId],
    ['OpenStack-API-Version', `volume ${version ? microversionText(version) : minMicroversion}`],
    ['Vary', 'OpenStack-API-Version'],
  ]);
}

/** Where a path below `/v3/` leads. */
interface Route {
  readonly project: string | undefined;
  /** Without the project: `os-services`, `os-services/disable`, `scheduler-stats/get_pools`, `types`, ... */
  readonly resource: string;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
/** What follows the id of a thing. */
const BELOW =
  /^POST (volumes|types)\/[^/]+\/action$|^GET os-quota-sets\/[^/]+\/defaults$|^(GET|POST) types\/[^/]+\/os-volume-type-access$|^(GET|POST) types\/[^/]+\/extra_specs$|^(GET|PUT|DELETE) types\/[^/]+\/extra_specs\/[^/]+$/;
/** `project_id_regex`: hexadecimal digits and hyphens. */
const PROJECT = /^[0-9a-f-]+$/;

/** As the router sees a path: decoded, with single slashes. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path).replace(/\/{2,}/g, '/');
  } catch {
    return path;
  }
}

/** Finds the route; undefined is the router's own 404 in HTML: an unknown path, a trailing slash, a project that is not an id. */
function route(method: string, encoded: string, serviceRoutes: boolean): Route | undefined {
  const whole = decoded(encoded);
  // Resources may be asked for with a format; plain routes may not.
  const path = serviceRoutes && whole.includes('/os-services') ? whole : whole.replace(/\.json$/, '');
  if (path === '/v3/') return { project: undefined, resource: '' };
  const isRoute = (resource: string): boolean => {
    const [collection = '', id, ...more] = resource.split('/');
    if (collection === 'os-services' && serviceRoutes) {
      return id === undefined ? method === 'GET' : method === 'PUT' && SERVICE_ROUTES.includes([id, ...more].join('/'));
    }
    if (!Object.hasOwn(OPERATIONS, collection) || id === '') return false;
    if (more.length > 0) return BELOW.test(`${method} ${resource}`);
    return id === undefined ? method === 'GET' || method === 'POST' : method !== 'POST';
  };
  if (!METHODS.includes(method)) return undefined;
  const rest = path.slice('/v3/'.length);
  if (isRoute(rest)) return { project: undefined, resource: rest };
  const slash = rest.indexOf('/');
  const project = rest.slice(0, slash);
  const resource = rest.slice(slash + 1);
  return slash > 0 && PROJECT.test(project) && isRoute(resource) ? { project, resource } : undefined;
}

/** `GET /v3/os-availability-zone`: a zone is available while one of its cinder-volumes is enabled. */
function listZones({ api }: CinderCall): Result {
  const zones = new Map<string, boolean>();
  for (const { binary, zone, disabled } of api.database.services) {
    if (binary === 'cinder-volume') zones.set(zone, zones.get(zone) === true || !disabled);
  }
  const known = [...zones].map(([zoneName, available]) => ({ zoneName, zoneState: { available } }));
  return jsonResult(200, { availabilityZoneInfo: known });
}
