import { child, kindText, placeText, quotedKey } from '../../config/tree.ts';
import type { LeafTree, MapTree, SourcePlace, Tree } from '../../config/tree.ts';

/** One value as written, with what a message needs to name it. */
export interface Written {
  readonly key: string;
  readonly leaf: LeafTree;
  readonly text: string;
}

/** The settings of one cloud, and the list of what is wrong with them. */
export interface EntrySettings {
  /** A key of the entry itself; the first of the names that has a value. */
  top(...names: readonly string[]): Written | undefined;
  /** All texts of a key that may be a list in order of preference, such as `interface`; the first of the names that has a value. */
  all(...names: readonly string[]): readonly Written[];
  /** A key of `auth`, or of the entry itself: openstacksdk moves it there. */
  auth(...names: readonly string[]): Written | undefined;
  /** Something is wrong with a value: `reason` is `expected ..., got ...` and holds no secret. */
  wrong(written: Written, reason: string): void;
  /** A value is needed and not there. `expected` may name more than one way. */
  missing(key: string, expected: string): void;
  /** The keys that stand in `auth`. */
  readonly authKeys: readonly WrittenKey[];
  /** A key of `auth` has no place there. */
  wrongKey(key: WrittenKey, reason: string): void;
  readonly problems: readonly string[];
}

/** A key of `auth`, and where it stands. */
interface WrittenKey {
  readonly name: string;
  readonly at: SourcePlace;
}

/** openstacksdk prefers these outside of `auth`, where a region or a variable may have put them. */
const OUTSIDE_FIRST =
  /^(?:(?:user_|project_)?domain_(?:id|name)|(?:project|tenant)_(?:id|name)|auth_token|token|passcode)$/;

/** `keyPrefix` is `clouds.NAME`, or undefined for the cloud of the `OS_*` variables. */
export function entrySettings(entry: MapTree, keyPrefix: string | undefined): EntrySettings {
  const problems: string[] = [];
  const wrongKeys = new Set<string>();
  const add = (at: SourcePlace, key: string, reason: string): void => {
    wrongKeys.add(key);
    problems.push(`${placeText(at)}${keyPrefix === undefined ? '' : `: ${keyPrefix}.${key}`}: ${reason}`);
  };
  const treeOf = (key: string): Tree | undefined =>
    key.startsWith('auth.') ? child(child(entry, 'auth'), key.slice(5)) : child(entry, key);
  const written = (key: string): Written | undefined => {
    const tree = treeOf(key);
    // `interface` and `region_name` may be lists in order of preference.
    return one(key, tree?.kind === 'list' && !key.startsWith('auth.') ? tree.items[0] : tree);
  };
  const one = (key: string, value: Tree | undefined): Written | undefined => {
    if (value === undefined || (value.kind === 'leaf' && value.text.trim() === '')) return undefined;
    if (value.kind === 'leaf') return value.value === null ? undefined : { key, leaf: value, text: value.text };
    add(value.at, key, `expected text, got ${kindText(value)}`);
    return undefined;
  };
  const top = (...names: readonly string[]): Written | undefined => first(names, written);
  const all = (...names: readonly string[]): readonly Written[] => {
    for (const name of names) {
      const tree = treeOf(name);
      const found = (tree?.kind === 'list' ? tree.items : [tree]).map((item) => one(name, item));
      const given = found.filter((item) => item !== undefined);
      if (given.length > 0) return given;
    }
    return [];
  };
  const auth = (...names: readonly string[]): Written | undefined =>
    first(names, (name) =>
      OUTSIDE_FIRST.test(name)
        ? (written(name) ?? written(`auth.${name}`))
        : (written(`auth.${name}`) ?? written(name)),
    );
  const authTree = child(entry, 'auth');
  if (authTree && authTree.kind !== 'map' && kindText(authTree) !== 'nothing') {
    add(authTree.at, 'auth', `expected a mapping, got ${kindText(authTree)}`);
  }
  const authEntries = authTree?.kind === 'map' ? [...authTree.entries] : [];
  return {
    top,
    all,
    auth,
    authKeys: authEntries.map(([name, { keyAt }]) => ({ name, at: keyAt })),
    wrongKey: ({ name, at }, reason) => add(at, `auth.${/^\w{1,60}$/.test(name) ? name : quotedKey(name)}`, reason),
    problems,
    wrong: ({ leaf, key }, reason) => add(leaf.at, key, reason),
    missing: (key, expected) => {
      // Not missing, but of the wrong kind, and said already.
      if (wrongKeys.has(key) || wrongKeys.has('auth')) return;
      const variable = variableOf(key);
      if (keyPrefix === undefined)
        problems.push(`${variable}: expected ${expected}, got nothing (in clouds.yaml: ${key})`);
      else add(entry.at, key, `expected ${expected}, got nothing (${variable} where no clouds.yaml entry is used)`);
    },
  };
}

/** The `OS_*` twin of a key: `auth.username` is `OS_USERNAME`. */
function variableOf(key: string): string {
  return `OS_${key.replace(/^auth\./, '').toUpperCase()}`;
}

function first(names: readonly string[], look: (name: string) => Written | undefined): Written | undefined {
  for (const name of names) {
    const found = look(name);
    if (found) return found;
  }
  return undefined;
}
