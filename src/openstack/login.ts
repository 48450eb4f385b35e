import { secretOf, type Auth, type CloudAccess, type Named, type Scope } from './access.ts';
import { parseJson, serverTime, statusError, textOf } from './answer.ts';
import { OpenStackError } from './errors.ts';
import type { Answer, Request } from './request.ts';
import type { Transport } from './transport.ts';
import { Secret } from '../config/secret.ts';

/** A token and what came with it. */
export interface Token {
  readonly value: Secret;
  /** `expires_at`, milliseconds since the epoch by Keystone's clock. */
  readonly expiresAtMs: number;
  /** How long it was good for when it came, in milliseconds: no clock of ours in it. */
  readonly lifetimeMs: number;
  readonly projectId: string | undefined;
  readonly catalog: unknown;
  /** Names of the roles, in small letters: Cinder's policies do not tell them apart by case. */
  readonly roles: readonly string[];
}

/** Logs in once. Throws an OpenStackError; a refused password, credential or scope is reason `auth`. */
export async function logIn(access: CloudAccess, transport: Transport, timeoutMs: number): Promise<Token> {
  const base = access.authUrl.replace(/\/+$/, '');
  const request: Request = {
    operation: 'token',
    method: 'POST',
    url: new URL(`${base.endsWith('/v3') ? base : `${base.replace(/\/v2\.0$/, '')}/v3`}/auth/tokens`),
    headers: {},
    secret: secretOf(access.auth),
    body: JSON.stringify({ auth: { identity: identityOf(access.auth), ...scopeOf(access.scope) } }),
    timeoutMs,
  };
  const answer = await transport.send(request);
  if (answer.status !== 201 && answer.status !== 200) throw refused(request, answer, access.auth);
  return readToken(request, answer);
}

/** Keystone answers 404 for an unknown application credential; to the operator that is a refused login like any other. */
function refused(request: Request, answer: Answer, auth: Auth): OpenStackError {
  const error = statusError(request, answer);
  const unknownCredential =
    answer.status === 404 && auth.method === 'application_credential' && answer.body[0] === 0x7b;
  if (answer.status !== 401 && answer.status !== 403 && !unknownCredential) return error;
  return new OpenStackError(`Keystone refused the login by ${auth.method.replace('_', ' ')}: ${error.message}`, {
    ...error.details,
    reason: 'auth',
  });
}

function readToken(request: Request, answer: Answer): Token {
  const value = answer.headers['x-subject-token'];
  const token = (parseJson(request, answer) as { token?: Record<string, unknown> } | null)?.token;
  const expiresAtMs = Date.parse(textOf(token?.['expires_at']) ?? '');
  if (typeof value !== 'string' || value === '' || typeof token !== 'object' || Number.isNaN(expiresAtMs)) {
    const missing = typeof value !== 'string' || value === '' ? 'X-Subject-Token header' : 'token with an expires_at';
    throw new OpenStackError(`POST ${request.url.origin}${request.url.pathname}: the answer has no ${missing}`, {
      reason: 'decode',
      operation: 'token',
      url: request.url.origin + request.url.pathname,
      status: answer.status,
    });
  }
  const issued = Date.parse(textOf(token['issued_at']) ?? '');
  const project = token['project'] as { id?: unknown } | undefined;
  // Keystone's own two times go together; the `Date` may be of a proxy's clock, hours off.
  const from = Number.isNaN(issued) ? (serverTime(answer) ?? Date.now()) : issued;
  return {
    value: new Secret(value),
    expiresAtMs,
    lifetimeMs: Math.max(0, expiresAtMs - from),
    projectId: typeof project?.id === 'string' ? project.id : undefined,
    catalog: token['catalog'],
    roles: rolesOf(token['roles']),
  };
}

function rolesOf(roles: unknown): readonly string[] {
  if (!Array.isArray(roles)) return [];
  return roles.flatMap((role: { readonly name?: unknown } | null) =>
    typeof role?.name === 'string' ? [role.name.toLowerCase()] : [],
  );
}

function identityOf(auth: Auth): unknown {
  switch (auth.method) {
    case 'password':
      return { methods: ['password'], password: { user: { ...named(auth.user), password: auth.password.reveal() } } };
    case 'application_credential': {
      const { credential } = auth;
      const who = 'id' in credential ? { id: credential.id } : { name: credential.name, user: named(credential.user) };
      return { methods: ['application_credential'], application_credential: { ...who, secret: auth.secret.reveal() } };
    }
    case 'token':
      return { methods: ['token'], token: { id: auth.token.reveal() } };
  }
}

function scopeOf(scope: Scope): { scope?: unknown } {
  switch (scope.kind) {
    case 'project':
      return { scope: { project: named(scope.project) } };
    case 'domain':
      return { scope: { domain: scope.domain } };
    case 'system':
      return { scope: { system: { all: true } } };
    case 'none':
      return {};
  }
}

function named(thing: Named): object {
  if ('id' in thing) return { id: thing.id };
  return thing.domain ? { name: thing.name, domain: thing.domain } : { name: thing.name };
}
