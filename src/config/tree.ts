import { visibleJson } from '../text.ts';

/** Where a value was written: a file with line and column (from 1), or an environment variable's name alone. */
export interface SourcePlace {
  readonly source: string;
  readonly line?: number;
  readonly column?: number;
}

/** A document as it was written: every value knows its place, and a scalar still has its source text (`0123`, `1_000`, `yes`). */
export type Tree = MapTree | ListTree | LeafTree;

export interface MapTree {
  readonly kind: 'map';
  readonly at: SourcePlace;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

/** A value of a mapping, with the place of its key. */
export interface MapEntry {
  readonly keyAt: SourcePlace;
  readonly value: Tree;
}

interface ListTree {
  readonly kind: 'list';
  readonly at: SourcePlace;
  readonly items: readonly Tree[];
}

export interface LeafTree {
  readonly kind: 'leaf';
  readonly at: SourcePlace;
  /** What the YAML schema made of it. */
  readonly value: string | number | boolean | null;
  /** The text of a string, or the source of anything else. */
  readonly text: string;
  /** In quotes: its first character is one column further. */
  readonly quoted: boolean;
}

/** `file:line:column`, or the variable's name. */
export function placeText(place: SourcePlace): string {
  return place.line === undefined ? place.source : `${place.source}:${place.line}:${place.column ?? 1}`;
}

/** The child under a key, or of a list under its index; undefined when absent. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  if (tree?.kind === 'list') return tree.items[Number(key)];
  return tree?.kind === 'map' ? tree.entries.get(key)?.value : undefined;
}

/**
 * Plain data for a schema; `leafOf` says what a scalar becomes. What aliases share stays shared, or a few lines could grow without end. Objects without a
 * prototype: `__proto__` is a key like any other.
 */
export function plainValue(tree: Tree, leafOf: (leaf: LeafTree) => unknown, known = new Map<Tree, unknown>()): unknown {
  if (tree.kind === 'leaf') return leafOf(tree);
  const before = known.get(tree);
  if (before !== undefined) return before;
  if (tree.kind === 'list') {
    const list = tree.items.map((item) => plainValue(item, leafOf, known));
    known.set(tree, list);
    return list;
  }
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of tree.entries) object[key] = plainValue(value, leafOf, known);
  known.set(tree, object);
  return object;
}

/** What a value is, in words that never show its content. */
export function kindText(tree: Tree): string {
  if (tree.kind === 'map') return tree.entries.size === 0 ? 'an empty mapping' : 'a mapping';
  if (tree.kind === 'list') return tree.items.length === 0 ? 'an empty list' : 'a list';
  if (tree.value === null) return 'nothing';
  return typeof tree.value === 'string' ? 'text' : `a ${typeof tree.value}`;
}

const SHOWN_CHARACTERS = 60;

/** What a value is, quoted when it is a scalar: only for what is no secret. */
export function quotedText(tree: Tree): string {
  if (tree.kind !== 'leaf' || tree.value === null) return kindText(tree);
  return typeof tree.value === 'string' ? quoted(tree.value) : quotedRaw(tree.text);
}

/**
 * What may hold a secret although nobody asked for one there: the user and password before the `@` of a URL, in whatever spelling; a key or token in
 * its query; PEM text where a file name is expected; a password's hash.
 */
const SENSITIVE: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/-----BEGIN|-----END/, 'PEM text'],
  [/^\$(?:2[abxy]|5|6|y)\$/, 'a hash (not shown)'],
  [/[@\uFF20\uFE6B]|%40/i, 'a text with an @ in it (not shown: it may hold a <secret>)'],
  [/[?&;#][^=&;?#]*=/, 'a text with a query in it (not shown: it may hold a <secret>)'],
  [/\/\/(?!\[)[^/?#]*:(?!\d{0,5}(?:[/?#]|$))/, 'a URL with a user or password in it (not shown)'],
  [/[\r\n][^]{60}|[^]{60}[\r\n]/, 'several lines (not shown)'],
];

/** JSON's quoting, cut to a length for one line; words instead for what may hold a secret. */
export function quoted(text: string): string {
  const [, words] = SENSITIVE.find(([pattern]) => pattern.test(text)) ?? [];
  return words ?? visibleJson(cut(text));
}

/** A key that nobody knows, quoted. Behind a colon without a blank, `{password:hunter2}`, or behind a blank without a colon stands what was meant as its value: it is not shown. */
export function quotedKey(key: string): string {
  const end = key.search(/[:=\s]/);
  return quoted(end === -1 ? key : `${key.slice(0, end + 1)}...`);
}

/** Whether `quoted` has words instead of the text. */
export function isSensitive(text: string): boolean {
  return SENSITIVE.some(([pattern]) => pattern.test(text));
}

function quotedRaw(text: string): string {
  return visibleJson(cut(text)).slice(1, -1);
}

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
