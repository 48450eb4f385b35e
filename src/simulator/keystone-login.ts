import { type JsonValue, type JsonObject, isObject, jsonText } from './definition.ts';
import { type ApplicationCredential, DOMAIN, type Directory, type User } from './keystone-identity.ts';
import type { IssuedToken, TokenScope, Tokens } from './keystone-tokens.ts';
import { type WireAnswer, json } from './server.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
};

const MESSAGES: Readonly<Record<number, string>> = {
  401: 'The request you have made requires authentication.',
  403: 'You are not authorized to perform the requested action.',
};

const BLAME =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.';

/** An error of Keystone: `{"error": {"code", "message", "title"}}`. */
export class KeystoneError extends Error {
  override name = 'KeystoneError';
  readonly code: number;
  readonly extra: JsonObject;

  constructor(code: number, message = MESSAGES[code] ?? '', extra: JsonObject = {}) {
    super(message);
    this.code = code;
    this.extra = extra;
  }

  static expecting(what: string, where: string): KeystoneError {
    return new KeystoneError(400, `Expecting to find ${what} in ${where}. ${BLAME}`);
  }
}

/** The answer to an error; a 401 names the way to Keystone. */
export function keystoneErrorAnswer(error: KeystoneError, wwwAuthenticate: readonly [string, string]): WireAnswer {
  const title = TITLES[error.code] ?? 'Error';
  return json(
    error.code,
    { error: { code: error.code, ...error.extra, message: error.message, title } },
    error.code === 401 ? [wwwAuthenticate] : [],
  );
}

/** Who has proved to be whom. */
interface Identity {
  readonly user: User;
  readonly methods: readonly string[];
  readonly credential?: ApplicationCredential;
  /** A token got by a token ends when the first one ends. */
  readonly expiresAtMs?: number;
}

/** `POST /v3/auth/tokens`: checks the body and gives a token, or throws a KeystoneError. */
export function login(body: JsonValue, directory: Directory, tokens: Tokens, now: number, lifeMs: number): IssuedToken {
  const auth = member(isObject(body) ? body : {}, 'auth', 'root');
  const identity = identify(member(auth, 'identity', 'auth'), directory, tokens);
  const asked = auth['scope'];
  if (identity.credential !== undefined && asked !== undefined) {
    throw new KeystoneError(
      401,
      'Error authenticating with application credential: Application credentials cannot request a scope.',
      { identity: {} },
    );
  }
  const scope =
    identity.credential === undefined ? scopeOf(asked, directory) : credentialScope(identity.credential, directory);
  const roles = rolesIn(scope, identity, directory);
  if (scope.kind !== 'none' && roles.length === 0) throw new KeystoneError(401);
  const expiresAtMs = Math.floor((identity.expiresAtMs ?? now + lifeMs) / 1000) * 1000;
  return tokens.issue({ ...identity, credential: identity.credential, scope, roles, expiresAtMs });
}

function identify(identity: JsonObject, directory: Directory, tokens: Tokens): Identity {
  const methods = identity['methods'];
  const method = Array.isArray(methods) ? methods[0] : undefined;
  if (method === 'password') {
    const asked = member(member(identity, 'password', 'identity'), 'user', 'password');
    const user = findUser(asked, directory);
    if (user === undefined || user.password !== asked['password']) throw new KeystoneError(401);
    return { user, methods: ['password'] };
  }
  if (method === 'application_credential') {
    const asked = member(identity, 'application_credential', 'identity');
    const credential = findCredential(asked, directory);
    const user = directory.users.find(({ id }) => id === credential.userId);
    if (user === undefined || credential.secret !== asked['secret']) throw new KeystoneError(401);
    return { user, methods: ['application_credential'], credential };
  }
  if (method === 'token') {
    const token = tokens.valid(jsonText(member(identity, 'token', 'identity')['id']));
    if (token === undefined) throw new KeystoneError(401);
    return { user: token.user, methods: ['token', ...token.methods], expiresAtMs: token.expiresAtMs };
  }
  throw new KeystoneError(401, 'Attempted to authenticate with an unsupported method.', { identity: { methods: [] } });
}

function findUser(asked: JsonObject, directory: Directory): User | undefined {
  if (asked['id'] !== undefined) return directory.users.find(({ id }) => id === asked['id']);
  if (!isObject(asked['domain'])) throw KeystoneError.expecting('domain', 'user');
  const known = isDefaultDomain(asked['domain']);
  return known ? directory.users.find(({ name }) => name === asked['name']) : undefined;
}

function findCredential(asked: JsonObject, directory: Directory): ApplicationCredential {
  const all = directory.applicationCredentials;
  if (asked['id'] !== undefined) {
    const found = all.find(({ id }) => id === asked['id']);
    if (found !== undefined) return found;
    throw new KeystoneError(404, `Could not find Application Credential: ${jsonText(asked['id'])}.`);
  }
  const user = findUser(member(asked, 'user', 'application_credential'), directory);
  const found = all.find(({ name, userId }) => name === asked['name'] && userId === user?.id);
  if (found === undefined)
    throw new KeystoneError(
      user === undefined ? 401 : 404,
      `Could not find Application Credential: ${jsonText(asked['name'])}.`,
    );
  return found;
}

function scopeOf(asked: JsonValue | undefined, directory: Directory): TokenScope {
  if (!isObject(asked)) return { kind: 'none' };
  if (asked['system'] !== undefined) return { kind: 'system' };
  if (isObject(asked['domain'])) {
    if (isDefaultDomain(asked['domain'])) return { kind: 'domain' };
    throw new KeystoneError(401);
  }
  const wanted = member(asked, 'project', 'scope');
  if (wanted['id'] === undefined && !isObject(wanted['domain'])) throw KeystoneError.expecting('domain', 'project');
  const project = directory.projects.find(({ id, name }) =>
    wanted['id'] === undefined ? name === wanted['name'] && isDefaultDomain(wanted['domain']) : id === wanted['id'],
  );
  if (project === undefined) throw new KeystoneError(401);
  return { kind: 'project', project };
}

function credentialScope(credential: ApplicationCredential, directory: Directory): TokenScope {
  const project = directory.projects.find(({ id }) => id === credential.projectId);
  if (project === undefined) throw new KeystoneError(401);
  return { kind: 'project', project };
}

function rolesIn(scope: TokenScope, { user, credential }: Identity, directory: Directory): readonly string[] {
  if (credential !== undefined) return credential.roles;
  if (scope.kind === 'none') return [];
  return directory.roles(user.id, scope.kind === 'project' ? { projectId: scope.project.id } : scope.kind);
}

function isDefaultDomain(asked: JsonValue | undefined): boolean {
  if (!isObject(asked)) return false;
  return asked['id'] === undefined ? asked['name'] === DOMAIN.name : asked['id'] === DOMAIN.id;
}

function member(of: JsonObject, name: string, where: string): JsonObject {
  const found = of[name];
  if (isObject(found)) return found;
  throw KeystoneError.expecting(name, where);
}
