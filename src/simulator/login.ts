import type { Json, JsonObject } from './definition.ts';
import { isObject, textOf } from './definition.ts';
import { type ApplicationCredential, type Directory, DOMAIN, type User } from './directory.ts';
import { KeystoneError } from './keystone-error.ts';
import type { Token, Tokens, TokenScope } from './token.ts';

/** Who has proved to be whom. */
interface Identity {
  readonly user: User;
  readonly methods: readonly string[];
  readonly credential?: ApplicationCredential;
  /** A token got by a token ends when the first one ends. */
  readonly expiresAtMs?: number;
}

/** `POST /v3/auth/tokens`: checks the body and gives a token, or throws a KeystoneError. */
export function login(body: Json, directory: Directory, tokens: Tokens, now: number, lifeMs: number): Token {
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
    const token = tokens.valid(textOf(member(identity, 'token', 'identity')['id']));
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
    throw new KeystoneError(404, `Could not find Application Credential: ${textOf(asked['id'])}.`);
  }
  const user = findUser(member(asked, 'user', 'application_credential'), directory);
  const found = all.find(({ name, userId }) => name === asked['name'] && userId === user?.id);
  if (found === undefined)
    throw new KeystoneError(
      user === undefined ? 401 : 404,
      `Could not find Application Credential: ${textOf(asked['name'])}.`,
    );
  return found;
}

function scopeOf(asked: Json | undefined, directory: Directory): TokenScope {
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

function isDefaultDomain(asked: Json | undefined): boolean {
  if (!isObject(asked)) return false;
  return asked['id'] === undefined ? asked['name'] === DOMAIN.name : asked['id'] === DOMAIN.id;
}

function member(of: JsonObject, name: string, where: string): JsonObject {
  const found = of[name];
  if (isObject(found)) return found;
  throw KeystoneError.expecting(name, where);
}
