import { child, kindText, placeText } from '../config/tree.ts';
import type { LeafTree, MapTree, Place } from '../config/tree.ts';

/** One value as written, with what a message needs to name it. */
export interface Written {
  readonly key: string;
  readonly leaf: LeafTree;
  readonly text: string;
}

/** The settings of one cloud, and the list of what is wrong with them. */
export interface Settings {
  /** A key of the entry itself; the first of the names that has a value. */
  top(...names: readonly string[]): Written | undefined;
  /** A key of `auth`, or of the entry itself: openstacksdk moves it there. */
  auth(...names: readonly string[]): Written | undefined;
  /** Something is wrong with a value: `reason` is `expected ..., got ...` and holds no secret. */
  wrong(written: Written, reason: string): void;
  /** A value is needed and not there. `expected` may name more than one way. */
  missing(key: string, expected: string): void;
  readonly problems: readonly string[];
}

/** openstacksdk prefers these outside of `auth`, where a region or a variable may have put them. */
const OUTSIDE_FIRST =
  /^(?:(?:user_|project_)?domain_(?:id|name)|(?:project|tenant)_(?:id|name)|auth_token|token|passcode)$/;

/** `keyPrefix` is `clouds.NAME`, or undefined for the cloud of the `OS_*` variables. */
export function entrySettings(entry: MapTree, keyPrefix: string | undefined): Settings {
  const problems: string[] = [];
  const wrongKeys = new Set<string>();
  const add = (at: Place, key: string, reason: string): void => {
    wrongKeys.add(key);
    problems.push(`${placeText(at)}${keyPrefix === undefined ? '' : `: ${keyPrefix}.${key}`}: ${reason}`);
  };
  const written = (key: string): Written | undefined => {
    const tree = key.startsWith('auth.') ? child(child(entry, 'auth'), key.slice(5)) : child(entry, key);
    // `interface` and `region_name` may be lists in order of preference.
    const value = tree?.kind === 'list' && !key.startsWith('auth.') ? tree.items[0] : tree;
    if (value === undefined || (value.kind === 'leaf' && value.text.trim() === '')) return undefined;
    if (value.kind === 'leaf') return value.value === null ? undefined : { key, leaf: value, text: value.text };
    add(value.at, key, `expected text, got ${kindText(value)}`);
    return undefined;
  };
  const top = (...names: readonly string[]): Written | undefined => first(names, written);
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
  return {
    top,
    auth,
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
