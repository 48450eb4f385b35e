import type { Entry, MapTree } from '../config/tree.ts';

/** One description of a cloud over another (secure.yaml over clouds.yaml, an entry over its profile, a region's values over the entry): `auth` is merged key by key, every other key replaces. No deeper, so that shared aliases cannot multiply: no other mapping of an entry means anything here. */
export function mergeEntry(under: MapTree, over: MapTree): MapTree {
  const entries = new Map([...under.entries, ...over.entries]);
  const [below, above] = [under, over].map(({ entries }) => entries.get('auth'));
  if (above && below?.value.kind === 'map' && above.value.kind === 'map') {
    const merged = new Map([...below.value.entries, ...above.value.entries]);
    entries.set('auth', { ...above, value: { ...above.value, entries: merged } });
  }
  return { ...over, entries };
}

/** `auth-url` and `auth_url` are one key: openstacksdk turns dashes into underscores, in the entry and in `auth`. */
export function normalized(entry: MapTree): MapTree {
  const flat = withUnderscores(entry);
  const auth = flat.entries.get('auth');
  if (auth?.value.kind !== 'map') return flat;
  return { ...flat, entries: new Map(flat.entries).set('auth', { ...auth, value: withUnderscores(auth.value) }) };
}

function withUnderscores(tree: MapTree): MapTree {
  const renamed = [...tree.entries].map(([key, entry]): [string, Entry] => [key.replaceAll('-', '_'), entry]);
  return { ...tree, entries: new Map(renamed) };
}
