import { createHmac, randomBytes } from 'node:crypto';
import type { Secret } from '../config/secret.ts';
import { createBoundedSet } from './basic-auth-cache.ts';
import type { Credentials } from './basic-auth-header.ts';
import { createQueue } from './basic-auth-queue.ts';
import type { QueueLimits } from './basic-auth-queue.ts';

/** `busy`: too many passwords wait to be compared, ask again later. */
type Verdict = 'accepted' | 'refused' | 'busy';

export type Authenticate = (
  users: ReadonlyMap<string, Secret>,
  credentials: Credentials,
  client: string,
) => Promise<Verdict>;

const LIMITS: QueueLimits = { most: 32, mostPerClient: 4 };
const REMEMBERED = 1000;

/** Compares passwords with bcrypt hashes, each pair once: the answer, good or bad, is remembered under a keyed hash. `client` is the address that asks. */
export function createAuthenticator(compare = compareBcrypt, limits = LIMITS): Authenticate {
  const processKey = randomBytes(32);
  // Apart, so that guesses cannot push out those who know the password.
  const accepted = createBoundedSet(REMEMBERED);
  const refused = createBoundedSet(REMEMBERED);
  const underWay = new Map<string, Promise<boolean>>();
  const queue = createQueue(limits);
  const digest = (parts: readonly string[]): Buffer =>
    createHmac('sha256', processKey).update(JSON.stringify(parts)).digest();

  return async (users, { user, password }, client) => {
    const own = users.get(user);
    // An unknown user costs as much as one of the known, always the same one, and is refused whatever the answer.
    const stranger = [...users.values()][digest(['stranger', user]).readUInt32BE() % users.size];
    const hash = (own ?? stranger)?.reveal();
    if (hash === undefined) return 'refused';
    const key = digest([user, hash, password]).toString('base64');
    if (accepted.has(key)) return own ? 'accepted' : 'refused';
    if (refused.has(key)) return 'refused';
    const known = underWay.get(key) ?? queue(client, () => compare(password, hash));
    if (!known) return 'busy';
    underWay.set(key, known);
    try {
      const matches = await known;
      (matches && own ? accepted : refused).add(key);
      return matches && own ? 'accepted' : 'refused';
    } finally {
      underWay.delete(key);
    }
  };
}

async function compareBcrypt(password: string, hash: string): Promise<boolean> {
  const { compare } = await import('bcryptjs');
  return compare(password, hash);
}
