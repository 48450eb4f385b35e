/** A set of at most so many keys; the one that was not asked for longest goes first. */
export interface BoundedSet {
  readonly has: (key: string) => boolean;
  readonly add: (key: string) => void;
}

export function createBoundedSet(most: number): BoundedSet {
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
