import type { Token, Tokens } from './token.ts';

/** keystonemiddleware in front of Cinder: asks Keystone about a token and remembers what it said. */
export interface AuthToken {
  /** The token, undefined when it is not good, or `unreachable` when Keystone must be asked and does not answer. */
  check(id: string): Token | 'unreachable' | undefined;
}

/** A middleware with an empty cache. A revoked token is honoured for `cacheMs`, an expired one never. */
export function createAuthToken(
  tokens: Tokens,
  now: () => number,
  cacheMs: number,
  keystoneIsUp: () => boolean,
): AuthToken {
  const cache = new Map<string, { readonly token: Token | undefined; readonly atMs: number }>();
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
