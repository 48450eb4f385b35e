import { randomBytes } from 'node:crypto';
import type { ApplicationCredential, Project, User } from './directory.ts';

export type TokenScope =
  | { readonly kind: 'project'; readonly project: Project }
  | { readonly kind: 'domain' }
  | { readonly kind: 'system' }
  | { readonly kind: 'none' };

/** A token that Keystone gave out. */
export interface Token {
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
  issue(token: Omit<Token, 'id' | 'auditId' | 'revoked' | 'issuedAtMs'>): Token;
  /** The token if it is neither unknown, expired nor revoked. */
  valid(id: string): Token | undefined;
  /** Revokes every token, or those of one user. */
  revoke(userId?: string): void;
}

/** An empty store; `now` is the cloud's clock. */
export function createTokens(now: () => number): Tokens {
  const tokens = new Map<string, Token>();
  return {
    issue(asked) {
      const token: Token = {
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
