import { randomBytes } from 'node:crypto';
import type { ApplicationCredential, Project, User } from './keystone-identity.ts';

export type TokenScope =
  | { readonly kind: 'project'; readonly project: Project }
  | { readonly kind: 'domain' }
  | { readonly kind: 'system' }
  | { readonly kind: 'none' };

/** A token that Keystone gave out. */
export interface IssuedToken {
  readonly id: string;
  readonly user: User;
  readonly methods: readonly string[];
  readonly scope: TokenScope;
  readonly roles: readonly string[];
  readonly credential: ApplicationCredential | undefined;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly auditId: string;
  revoked: boolean;
}

/** The tokens given out, in memory. */
export interface Tokens {
  issue(token: Omit<IssuedToken, 'id' | 'auditId' | 'revoked' | 'issuedAtMs'>): IssuedToken;
  /** The token if it is neither unknown, expired nor revoked. */
  valid(id: string): IssuedToken | undefined;
  /** Revokes every token, or the tokens of one user. */
  revoke(userId?: string): void;
}

/** An empty store; `now` is the cloud's clock. */
export function createTokens(now: () => number): Tokens {
  const tokens = new Map<string, IssuedToken>();
  return {
    issue(asked) {
      const token: IssuedToken = {
        ...asked,
        id: `gAAAAAB${randomBytes(132).toString('base64url')}`,
        auditId: randomBytes(16).toString('base64url'),
        issuedAtMs: now(),
        revoked: false,
      };
      for (const old of tokens.values()) {
        if (old.expiresAtMs > now()) break;
        tokens.delete(old.id);
      }
      tokens.set(token.id, token);
      return token;
    },
    valid(id) {
      const token = tokens.get(id);
      return token === undefined || token.revoked || token.expiresAtMs <= now() ? undefined : token;
    },
    revoke(userId) {
      for (const token of tokens.values()) if (userId === undefined || token.user.id === userId) token.revoked = true;
    },
  };
}

/** keystonemiddleware, through which Cinder sees every request: asks Keystone about a token and remembers what it said. */
export interface AuthToken {
  /** The token, undefined when it is not good, or `unreachable` when Keystone must be asked and does not answer. */
  check(id: string): IssuedToken | 'unreachable' | undefined;
}

/** A middleware with an empty cache. A revoked token is honoured for `cacheMs`, an expired one never. */
export function createAuthToken(
  tokens: Tokens,
  now: () => number,
  cacheMs: number,
  keystoneIsUp: () => boolean,
): AuthToken {
  const cache = new Map<string, { readonly token: IssuedToken | undefined; readonly atMs: number }>();
  return {
    check(id) {
      const cached = cache.get(id);
      if (cached !== undefined && now() - cached.atMs < cacheMs) {
        return cached.token === undefined || cached.token.expiresAtMs <= now() ? undefined : cached.token;
      }
      cache.delete(id);
      if (!keystoneIsUp()) return 'unreachable';
      const token = tokens.valid(id);
      if (cache.size >= 10_000) cache.clear();
      cache.set(id, { token, atMs: now() });
      return token;
    },
  };
}
