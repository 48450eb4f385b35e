import { type Answer, json } from './answer.ts';
import { catalogBody, type CatalogEntry } from './catalog.ts';
import type { Json, JsonObject } from './definition.ts';
import { type Directory, DOMAIN, idOf } from './directory.ts';
import { KeystoneError, keystoneErrorAnswer } from './keystone-error.ts';
import { login } from './login.ts';
import { keystoneTimestamp } from './timestamp.ts';
import type { Token, Tokens } from './token.ts';
import type { WireRequest } from './wire-request.ts';

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
export function answerKeystone(keystone: Keystone, request: WireRequest): Answer {
  try {
    return withCommonHeaders(route(keystone, request), request.requestId);
  } catch (error) {
    if (!(error instanceof KeystoneError)) throw error;
    const www = ['WWW-Authenticate', `Keystone uri="${keystone.url}/v3"`] as const;
    return withCommonHeaders(keystoneErrorAnswer(error, www), request.requestId);
  }
}

function withCommonHeaders(answer: Answer, requestId: string): Answer {
  return { ...answer, headers: [...answer.headers, ['Vary', 'X-Auth-Token'], ['x-openstack-request-id', requestId]] };
}

function route(keystone: Keystone, { method, path, query, headers, body }: WireRequest): Answer {
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
  if (path === '/v3/auth/tokens' && method === 'DELETE') {
    const subject = keystone.tokens.valid(headers['x-subject-token']?.toString() ?? '');
    if (subject === undefined) throw new KeystoneError(404, 'Could not find token.');
    subject.revoked = true;
    return { status: 204, headers: [], body: '' };
  }
  if (path === '/v3/auth/catalog' && method === 'GET') {
    if (bearer.scope.kind !== 'project') throw new KeystoneError(403);
    const catalog = catalogBody(keystone.catalog(), bearer.scope.project.id);
    return json(200, { catalog, links: { self: `${keystone.url}/v3/auth/catalog` } });
  }
  throw new KeystoneError(404, 'The resource could not be found.');
}

function parse(body: string): Json {
  try {
    const parsed: Json = JSON.parse(body);
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

function tokenBody(token: Token, catalog: readonly CatalogEntry[] | undefined): JsonObject {
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
