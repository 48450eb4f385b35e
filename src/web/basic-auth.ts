import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Secret } from '../config/secret.ts';

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

/** A set of at most so many keys; the one that was not asked for longest goes first. */
interface BoundedSet {
  readonly has: (key: string) => boolean;
  readonly add: (key: string) => void;
}

function createBoundedSet(most: number): BoundedSet {
  const keys = new Set<string>();
  return {
    has(key) {
      const known = keys.delete(key);
      if (known) keys.add(key);
      return known;
    },
    add(key) {
      keys.add(key);
      const [oldest] = keys;
      if (keys.size > most && oldest !== undefined) keys.delete(oldest);
    },
  };
}

/** What a client says it is. */
interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The credentials of an `Authorization: Basic` header (RFC 7617, in UTF-8); undefined when it is absent or malformed. */
export function parseBasicHeader(header: string | undefined): Credentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '')?.[1];
  const text = encoded === undefined ? undefined : decoded(encoded);
  const colon = text?.indexOf(':') ?? -1;
  return text === undefined || colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decoded(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  // Replaced bytes would make different passwords equal.
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

interface QueueLimits {
  /** Waiting, of all clients together. */
  readonly most: number;
  /** Waiting or running, of one client. */
  readonly mostPerClient: number;
}

/** Runs one work at a time, with a pause as long as the work after each: it gets half of the process at most. Undefined when too much is waiting. */
function createQueue({
  most,
  mostPerClient,
}: QueueLimits): <T>(client: string, work: () => Promise<T>) => Promise<T> | undefined {
  const perClient = new Map<string, number>();
  let waiting = 0;
  let free: Promise<unknown> = Promise.resolve();

  return (client, work) => {
    const own = perClient.get(client) ?? 0;
    if (waiting >= most || own >= mostPerClient) return undefined;
    waiting += 1;
    perClient.set(client, own + 1);
    let startMs = 0;
    const result = free.then(() => {
      startMs = performance.now();
      return work();
    });
    const release = async (): Promise<void> => {
      waiting -= 1;
      const rest = (perClient.get(client) ?? 1) - 1;
      if (rest > 0) perClient.set(client, rest);
      else perClient.delete(client);
      const tookMs = performance.now() - startMs;
      if (tookMs >= 1) await sleep(tookMs);
    };
    free = result.then(release, release);
    return result;
  };
}
