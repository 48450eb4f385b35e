import { keystoneTimestamp } from './clock.ts';
import type { JsonValue, JsonObject } from './definition.ts';
import { DOMAIN, type Directory, idOf } from './keystone-identity.ts';
import { KeystoneError, keystoneErrorAnswer, login } from './keystone-login.ts';
import type { IssuedToken, Tokens } from './keystone-tokens.ts';
import { type WireAnswer, type WireRequest, json } from './server.ts';

export interface Keystone {
  readonly directory: Directory;
  readonly tokens: Tokens;
  catalog(): readonly CatalogEntry[];
  now(): number;
  readonly tokenLifeMs: number;
  /** Where Keystone is found, without `/v3`. */
  readonly url: string;
}

/** Answers a request to Keystone; `request.path` is the part after `/identity`. */
export function answerKeystone(keystone: Keystone, request: WireRequest): WireAnswer {
  try {
    return withCommonHeaders(route(keystone, request), request.requestId);
  } catch (error) {
    if (!(error instanceof KeystoneError)) throw error;
    const www = ['WWW-Authenticate', `Keystone uri="${keystone.url}/v3"`] as const;
    return withCommonHeaders(keystoneErrorAnswer(error, www), request.requestId);
  }
}

function withCommonHeaders(answer: WireAnswer, requestId: string): WireAnswer {
  return { ...answer, headers: [...answer.headers, ['Vary', 'X-Auth-Token'], ['x-openstack-request-id', requestId]] };
}

function route(keystone: Keystone, { method, path, query, headers, body }: WireRequest): WireAnswer {
  const v3 = `${keystone.url}/v3/`;
  if (method === 'GET' && (path === '' || path === '/')) {
    return json(300, { versions: { values: [versionBody(v3)] } }, [['Location', v3]]);
  }
  if (method === 'GET' && (path === '/v3' || path === '/v3/')) return json(200, { version: versionBody(v3) });
  if (path === '/v3/auth/tokens' && method === 'POST') {
    const token = login(parse(body), keystone.directory, keystone.tokens, keystone.now(), keystone.tokenLifeMs);
    return json(201, { token: tokenBody(token, query.has('nocatalog') ? undefined : keystone.catalog()) }, [
      ['X-Subject-Token', token.id],
    ]);
  }
  const bearer = keystone.tokens.valid(headers['x-auth-token']?.toString() ?? '');
  if (bearer === undefined) throw new KeystoneError(401);
  if (path === '/v3/auth/tokens' && ['GET', 'HEAD', 'DELETE'].includes(method)) {
    const subject = subjectOf(keystone, bearer, headers['x-subject-token']?.toString() ?? '', method);
    if (method === 'DELETE') {
      subject.revoked = true;
      return { status: 204, headers: [], body: '' };
    }
    const token = tokenBody(subject, query.has('nocatalog') ? undefined : keystone.catalog());
    const answer = json(200, { token }, [['X-Subject-Token', subject.id]]);
    return method === 'HEAD' ? { ...answer, body: '' } : answer;
  }
  if (path === '/v3/auth/catalog' && method === 'GET') {
    if (bearer.scope.kind !== 'project') throw new KeystoneError(403);
    const catalog = catalogBody(keystone.catalog(), bearer.scope.project.id);
    return json(200, { catalog, links: { self: `${keystone.url}/v3/auth/catalog` } });
  }
  throw new KeystoneError(404, 'The resource could not be found.');
}

/** The token that is asked about or revoked: one's own, or any for an administrator. */
function subjectOf({ tokens }: Keystone, bearer: IssuedToken, id: string, method: string): IssuedToken {
  if (id === '') throw new KeystoneError(404, 'No token in the request');
  const subject = tokens.valid(id);
  if (subject === undefined) {
    throw new KeystoneError(
      404,
      id.startsWith('gAAAAA') ? 'Failed to validate token' : 'Could not recognize Fernet token',
    );
  }
  if (subject.user.id === bearer.user.id || bearer.roles.includes('admin')) return subject;
  const rule = method === 'DELETE' ? 'revoke_token' : 'validate_token';
  throw new KeystoneError(403, `You are not authorized to perform the requested action: identity:${rule}.`);
}

function parse(body: string): JsonValue {
  try {
    const parsed: JsonValue = JSON.parse(body);
    return parsed;
  } catch (error) {
    if (error instanceof SyntaxError) throw KeystoneError.expecting('valid JSON', 'request body');
    throw error;
  }
}

function versionBody(href: string): JsonObject {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function tokenBody(token: IssuedToken, catalog: readonly CatalogEntry[] | undefined): JsonObject {
  const { scope, user, credential } = token;
  const roles = token.roles.map((name) => ({ id: idOf('role', name), name }));
  const projectId = scope.kind === 'project' ? scope.project.id : undefined;
  return {
    methods: token.methods,
    user: { domain: DOMAIN, id: user.id, name: user.name, password_expires_at: null },
    audit_ids: [token.auditId],
    expires_at: keystoneTimestamp(token.expiresAtMs),
    issued_at: keystoneTimestamp(token.issuedAtMs),
    ...(scope.kind === 'project' ? { project: { domain: DOMAIN, ...scope.project }, is_domain: false } : {}),
    ...(scope.kind === 'domain' ? { domain: DOMAIN } : {}),
    ...(scope.kind === 'none' ? {} : { roles }),
    ...(scope.kind === 'system' ? { system: { all: true } } : {}),
    ...(scope.kind === 'none' || catalog === undefined ? {} : { catalog: catalogBody(catalog, projectId) }),
    ...(credential === undefined
      ? {}
      : { application_credential: { id: credential.id, name: credential.name, restricted: true } }),
  };
}

/** A service of the catalogue; `%(project_id)s` in the URL stands for the token's project. */
export interface CatalogEntry {
  readonly type: string;
  readonly name: string;
  readonly url: string;
}

/** The same API twice, as in many clouds: the official type without, the old type with the project in the URL. */
export function defaultCatalog(url: string): CatalogEntry[] {
  return [
    { type: 'identity', name: 'keystone', url: `${url}/identity/v3` },
    { type: 'block-storage', name: 'cinder', url: `${url}/volume/v3` },
    { type: 'volumev3', name: 'cinderv3', url: `${url}/volume/v3/%(project_id)s` },
  ];
}

/** The catalogue as a token holds it: without a project, an endpoint with the project in its URL is left out. */
function catalogBody(entries: readonly CatalogEntry[], projectId: string | undefined): JsonObject[] {
  return entries.map(({ type, name, url }) => {
    const usable = projectId !== undefined || !url.includes('%(project_id)s');
    const endpoints = (usable ? ['public', 'internal', 'admin'] : []).map((kind) => ({
      id: idOf('endpoint', `${type}:${kind}`),
      interface: kind,
      region_id: 'RegionOne',
      url: url.replace('%(project_id)s', projectId ?? ''),
      region: 'RegionOne',
    }));
    return { endpoints, id: idOf('service', type), type, name };
  });
}
