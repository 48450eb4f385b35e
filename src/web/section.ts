import { problem, unknownKey } from '../config/problems.ts';
import type { Problem } from '../config/problems.ts';
import { kindText, quotedText } from '../config/tree.ts';
import type { LeafTree, Place, Tree } from '../config/tree.ts';

/** One mapping of the web configuration file. A key without a value counts as not written, as in exporter-toolkit, unless `refuseEmpty` is called. */
export interface Section {
  readonly path: readonly string[];
  /** Where the section's key is written; the start of the file when it is not. */
  readonly at: Place;
  readonly keys: readonly string[];
  readonly has: (key: string) => boolean;
  readonly keyAt: (key: string) => Place;
  /** Where the value is written, or else the section. */
  readonly valueAt: (key: string) => Place;
  readonly section: (key: string) => { readonly tree: Tree | undefined; readonly keyAt: Place; readonly key: string };
  /** The source text of a scalar: `0` is "0". Anything else is noted, without its content. */
  readonly text: (key: string, expected: string) => string | undefined;
  readonly flag: (key: string, fallback: boolean) => boolean;
  /** What the table has for the word that is written. */
  readonly choice: <T>(key: string, table: ReadonlyMap<string, T>, expected: string) => T | undefined;
  readonly list: (key: string, expected: string) => readonly LeafTree[] | undefined;
  /**
   * For what is to keep somebody out: notes a section that is written and holds nothing, and every known key with nothing or an empty text; answers
   * whether there was any. A template whose variable was empty must not open what it was to close.
   */
  readonly refuseEmpty: () => boolean;
  /** Notes that the value of a key is wrong; `got` undefined shows the value. */
  readonly refuse: (key: string, expected: string, got?: string) => void;
}

/** A section as `Section.section` hands it on. */
export type SectionTree = ReturnType<Section['section']>;

/** `known` lists the keys it may have; undefined allows all. What is wrong goes to `problems`. */
export function openSection(
  tree: Tree | undefined,
  keyAt: Place | undefined,
  path: readonly string[],
  known: readonly string[] | undefined,
  problems: Problem[],
): Section {
  const map = tree?.kind === 'map' ? tree : undefined;
  const at = keyAt ?? tree?.at ?? { source: '', line: 1, column: 1 };
  if (tree && !map && !isNothing(tree)) problems.push(problem(tree.at, path, 'a mapping', kindText(tree)));
  for (const key of map?.entries.keys() ?? []) {
    if (map && known && !known.includes(key)) problems.push(unknownKey(map, path, key, known));
  }
  const valueOf = (key: string): Tree | undefined => {
    const value = map?.entries.get(key)?.value;
    return value && !isNothing(value) ? value : undefined;
  };
  const note = (tree: Tree, key: string, expected: string, got: string): undefined => {
    problems.push(problem(tree.at, [...path, key], expected, got));
  };
  return {
    path,
    at,
    keys: [...(map?.entries.keys() ?? [])],
    has: (key) => valueOf(key) !== undefined,
    keyAt: (key) => map?.entries.get(key)?.keyAt ?? at,
    valueAt: (key) => valueOf(key)?.at ?? map?.entries.get(key)?.keyAt ?? at,
    section: (key) => ({ tree: map?.entries.get(key)?.value, keyAt: map?.entries.get(key)?.keyAt ?? at, key }),
    text(key, expected) {
      const value = valueOf(key);
      if (value && value.kind !== 'leaf') return note(value, key, expected, kindText(value));
      return value?.text;
    },
    flag(key, fallback) {
      const value = valueOf(key);
      if (value?.kind === 'leaf' && typeof value.value === 'boolean') return value.value;
      if (value) note(value, key, 'true or false', quotedText(value));
      return fallback;
    },
    choice(key, table, expected) {
      const value = valueOf(key);
      if (!value) return undefined;
      const found = value.kind === 'leaf' ? table.get(value.text) : undefined;
      return found ?? note(value, key, expected, quotedText(value));
    },
    list(key, expected) {
      const value = valueOf(key);
      if (!value) return undefined;
      if (value.kind !== 'list') return note(value, key, expected, quotedText(value));
      const leaves = value.items.filter((item): item is LeafTree => item.kind === 'leaf' && item.value !== null);
      if (leaves.length === value.items.length) return leaves;
      return note(value, key, expected, 'a list with something else in it');
    },
    refuseEmpty() {
      const before = problems.length;
      const expected = 'a value (leave the key out when there is none)';
      if (tree && (isNothing(tree) || map?.entries.size === 0))
        problems.push(problem(at, path, expected, kindText(tree)));
      for (const [key, { keyAt, value }] of map?.entries ?? [])
        if (known?.includes(key) && value.kind === 'leaf' && value.text.trim() === '')
          problems.push(problem(keyAt, [...path, key], expected, 'nothing'));
      return problems.length > before;
    },
    refuse(key, expected, got) {
      const value = valueOf(key);
      const shown = got ?? (value ? quotedText(value) : 'nothing');
      problems.push(problem(value?.at ?? map?.entries.get(key)?.keyAt ?? at, [...path, key], expected, shown));
    },
  };
}

function isNothing(tree: Tree): boolean {
  return tree.kind === 'leaf' && tree.value === null;
}
