import { type Answer, htmlError, json } from './answer.ts';
import { MessagingTimeout } from './bus.ts';
import type { CinderApi, CinderCall, Result } from './cinder-call.ts';
import type { JsonObject } from './definition.ts';
import { Fault, faultAnswer, INCAPABLE, NOT_FOUND } from './fault.ts';
import {
  atLeast,
  BACKEND_STATE,
  checkOffered,
  type Microversion,
  microversionText,
  requestedMicroversion,
} from './microversion.ts';
import { listPools } from './pools-api.ts';
import { type Route, route } from './cinder-route.ts';
import { changeService } from './services-actions.ts';
import { listServices } from './services-api.ts';
import { listTypes } from './types-api.ts';
import type { Token } from './token.ts';
import type { WireRequest } from './wire-request.ts';

const MAX_BODY_BYTES = 114_688;

/** Answers a request to Cinder; `request.path` is the part after `/volume`. */
export async function answerCinder(api: CinderApi, request: WireRequest): Promise<Answer> {
  const answer = await answerBody(api, request);
  return { ...answer, headers: [...answer.headers, ['x-openstack-request-id', request.requestId]] };
}

/** Will this request wait for a scheduler, once it has a thread? */
export function needsScheduler(api: CinderApi, { method, path, headers }: WireRequest): boolean {
  const resource = method === 'GET' ? route(method, path)?.resource : undefined;
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

async function answerBody(api: CinderApi, request: WireRequest): Promise<Answer> {
  const { path, method, headers } = request;
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return htmlError(413);
  if (method === 'GET' && (path === '' || path === '/')) return versions(api, request, 300);
  if (method === 'GET' && path === '/healthcheck') {
    return { status: 200, headers: [['Content-Type', 'text/plain; charset=UTF-8']], body: 'OK' };
  }
  if (path !== '/v3' && !path.startsWith('/v3/')) return htmlError(404);
  const token = api.authToken.check(headers['x-auth-token']?.toString() ?? '');
  if (token === 'unreachable') return htmlError(503);
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
  if (path === '/v3/') return versions(api, request, 200);
  const to = route(method, path);
  return to === undefined ? htmlError(404) : perform(api, request, token, to);
}

/** Runs an operation with the checks that come before each, in Cinder's order: microversion, project in the URL, policy. */
async function perform(api: CinderApi, request: WireRequest, token: Token, to: Route): Promise<Answer> {
  const ids = [['x-compute-request-id', request.requestId]] as const;
  let version: Microversion | undefined;
  try {
    const { minMicroversion, maxMicroversion } = api.settings;
    const header = request.headers['openstack-api-version']?.toString();
    version = requestedMicroversion(header, minMicroversion, maxMicroversion);
    checkOffered(version, minMicroversion, maxMicroversion);
    const { project, resource } = to;
    const own = token.scope.kind === 'project' ? token.scope.project.id : undefined;
    if (project !== undefined && project !== own) throw new Fault(400, 'Malformed request url');
    const { status, body } = await operate({
      api,
      request,
      version,
      roles: token.roles,
      urlProject: project,
      resource,
    });
    return { status, headers: [['Content-Type', 'application/json'], ...ids, ...versionHeaders(version)], body };
  } catch (error) {
    const fault =
      error instanceof Fault ? error : error instanceof MessagingTimeout ? new Fault(500, INCAPABLE) : undefined;
    if (fault === undefined) throw error;
    const named = version !== undefined && version.major >= 3 ? versionHeaders(version) : [];
    const answer = faultAnswer(fault, named);
    return { ...answer, headers: [...answer.headers, ...ids] };
  }
}

async function operate(call: CinderCall): Promise<Result> {
  const { resource, request } = call;
  if (request.method === 'GET') {
    if (resource === 'os-services') return listServices(call);
    if (resource === 'scheduler-stats/get_pools') return listPools(call);
    if (resource === 'types') return listTypes(call);
  }
  if (request.method === 'PUT' && resource.startsWith('os-services/')) {
    return changeService(call, resource.slice('os-services/'.length));
  }
  throw new Fault(404, NOT_FOUND);
}

function versionHeaders(version: Microversion): Answer['headers'] {
  return [
    ['OpenStack-API-Version', `volume ${microversionText(version)}`],
    ['Vary', 'OpenStack-API-Version'],
  ];
}

function versions(api: CinderApi, request: WireRequest, status: number): Answer {
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
    ['OpenStack-API-Version', `volume ${minMicroversion}`],
    ['Vary', 'OpenStack-API-Version'],
  ]);
}
