import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLParseError,
  type YAMLWarning,
} from 'yaml';
import { ConfigError } from './error.ts';
import { FileError, readRegularFile } from './regular-file.ts';
import {
  type MapEntry,
  type LeafTree,
  type MapTree,
  type SourcePlace,
  placeText,
  quotedKey,
  type Tree,
} from './tree.ts';

/** A file whose mappings merge each other grows with the square of its length. */
const MAX_MERGED_KEYS = 100_000;

/** The key in messages about a document as a whole. */
const WHOLE_FILE = '(whole file)';

/** One YAML document (or JSON: YAML holds it) as a mapping that knows its places. `version` decides what `yes`, `0123` and `<<` mean; an empty document may count as an empty mapping. Throws `ConfigError`. */
export function parseTree(
  text: string,
  file: string,
  version: '1.1' | '1.2',
  empty: 'refused' | 'allowed' = 'refused',
): MapTree {
  const start: SourcePlace = { source: file, line: 1, column: 1 };
  const refused = refusedYaml(text);
  if (refused) throw new ConfigError([`${placeText(start)}: ${WHOLE_FILE}: ${refused}`]);
  const lineCounter = new LineCounter();
  const document = parsed(text, start, { version, merge: version === '1.1', lineCounter });
  const placeOf = (offset: number): SourcePlace => {
    const { line, col } = lineCounter.linePos(offset);
    return { source: file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = [...document.errors, ...document.warnings].map(
    (error) => `${placeText(placeOf(error.pos[0]))}: ${WHOLE_FILE}: ${yamlReason(error)}`,
  );
  // The first error is the cause, what follows is mostly its echo.
  if (syntax[0] !== undefined) throw new ConfigError([syntax[0]]);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    if (empty === 'allowed') return { kind: 'map', at: start, entries: new Map() };
    throw new ConfigError([`${placeText(start)}: ${WHOLE_FILE}: expected a mapping, got an empty file`]);
  }
  const problems: string[] = [];
  const tree = new TreeBuilder(placeOf, problems).build(document.contents, []);
  if (problems.length > 0) throw new ConfigError(problems);
  if (tree.kind === 'map') return tree;
  throw new ConfigError([
    `${placeText(tree.at)}: ${WHOLE_FILE}: expected a mapping, got ${tree.kind === 'list' ? 'a list' : 'a single value'}`,
  ]);
}

/** The document of a file, as `parseTree` has it. Throws `ConfigError`, also when the file cannot be read. */
export function readTree(file: string, version: '1.1' | '1.2', empty: 'refused' | 'allowed' = 'refused'): MapTree {
  return parseTree(readText(file), file, version, empty);
}

function readText(file: string): string {
  try {
    return readRegularFile(file);
  } catch (error) {
    throw error instanceof FileError ? new ConfigError([error.message]) : error;
  }
}

type Options = Parameters<typeof parseDocument>[1] & object;

function parsed(text: string, start: SourcePlace, options: Options): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, { ...options, prettyErrors: false, uniqueKeys: false });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ConfigError([`${placeText(start)}: ${WHOLE_FILE}: expected fewer levels, got too many`]);
  }
}

/** Walks the parsed nodes once, in document order: an alias is the tree its anchor already became, so it costs nothing however often it is used. */
class TreeBuilder {
  readonly #anchors = new Map<string, Tree>();
  readonly #placeOf: (offset: number) => SourcePlace;
  readonly #problems: string[];
  #copied = 0;

  constructor(placeOf: (offset: number) => SourcePlace, problems: string[]) {
    this.#placeOf = placeOf;
    this.#problems = problems;
  }

  build(node: unknown, path: readonly string[]): Tree {
    const at = this.#at(node);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target) return target;
      this.#problem(at, path, 'expected an alias of an anchor above, got an alias of none');
    }
    let tree: Tree = { kind: 'leaf', at, value: null, text: '', quoted: false };
    if (isMap(node)) tree = this.#map(node, at, path);
    else if (isSeq(node)) {
      tree = { kind: 'list', at, items: node.items.map((item, index) => this.build(item, [...path, String(index)])) };
    } else if (isScalar(node)) tree = leaf(node, at);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, tree);
    return tree;
  }

  #map(node: YAMLMap, at: SourcePlace, path: readonly string[]): MapTree {
    const entries = new Map<string, MapEntry>();
    const merged: Tree[] = [];
    for (const { key, value } of node.items as Pair<Node | null, Node | null>[]) {
      if (isScalar(key) && typeof key.value === 'symbol') {
        merged.push(this.build(value, [...path, '<<']));
        continue;
      }
      const keyAt = this.#at(key);
      const name = this.#keyName(key, keyAt, path);
      const built = this.build(value, [...path, name]);
      const earlier = entries.get(name);
      if (earlier) {
        const { line, column } = earlier.keyAt;
        this.#problem(keyAt, [...path, name], `expected once, got it again (first at ${line}:${column})`);
      }
      entries.set(name, { keyAt, value: value === null ? { ...built, at: keyAt } : built });
    }
    for (const tree of merged) this.#merge(entries, tree, [...path, '<<']);
    return { kind: 'map', at, entries };
  }

  /** YAML 1.1's `<<`: a mapping or a list of them; what is already there stays. */
  #merge(entries: Map<string, MapEntry>, tree: Tree, path: readonly string[]): void {
    if (tree.kind === 'list') for (const item of tree.items) this.#merge(entries, item, path);
    else if (tree.kind === 'leaf') this.#problem(tree.at, path, 'expected a mapping to merge, got a single value');
    else {
      this.#copied += tree.entries.size;
      if (this.#copied > MAX_MERGED_KEYS) throw tooManyMerged(tree.at, path);
      for (const [name, entry] of tree.entries) if (!entries.has(name)) entries.set(name, entry);
    }
  }

  #keyName(key: Node | null, at: SourcePlace, path: readonly string[]): string {
    const built = this.build(key, path);
    if (built.kind === 'leaf') return built.text;
    this.#problem(at, path, 'expected a plain key, got a collection as a key');
    return '?';
  }

  #at(node: unknown): SourcePlace {
    const range = isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
    return this.#placeOf(range?.[0] ?? 0);
  }

  #problem(at: SourcePlace, path: readonly string[], reason: string): void {
    this.#problems.push(`${placeText(at)}: ${keyText(path)}: ${reason}`);
  }
}

function tooManyMerged(at: SourcePlace, path: readonly string[]): ConfigError {
  return new ConfigError([
    `${placeText(at)}: ${keyText(path)}: expected at most ${MAX_MERGED_KEYS} merged keys, got more`,
  ]);
}

function leaf(node: Scalar, at: SourcePlace): LeafTree {
  const { value, source } = node;
  const plain = typeof value === 'number' || typeof value === 'boolean' || value === null ? value : undefined;
  const text = typeof value === 'string' ? value : (source ?? '');
  return {
    kind: 'leaf',
    at,
    value: plain === undefined ? text : plain,
    text,
    quoted: node.type?.startsWith('QUOTE') ?? false,
  };
}

/** `clouds.prod.interval`; a part that is no plain word is quoted. */
export function keyText(path: readonly string[]): string {
  if (path.length === 0) return WHOLE_FILE;
  return path.map((part) => (/^[\w@/-]{1,100}$/.test(part) ? part : quotedKey(part))).join('.');
}

const MAX_TOKENS = 100_000;
const MAX_DEPTH = 30;
/** Deeper than any of our files; without it a line of spaces a block costs the parser its stack. */
const DEEP_INDENT = /^[ \t]{120}[ \t]*[^ \t\r\n]/m;

/** Why a text is refused before it is parsed, or undefined: the parser is recursive, and enough brackets end the whole process. */
function refusedYaml(text: string): string | undefined {
  let tokens = 0;
  let open = 0;
  let pending = 0;
  if (DEEP_INDENT.test(text)) return 'expected lines indented by less than 120 columns, got more';
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === '[' || token === '{') open += 1;
    if (token === ']' || token === '}') open = Math.max(0, open - 1);
    // A chain of `- - -`, `a: b: c:` or `&a &b`: it ends with the line, in brackets with the next item.
    if (open === 0 ? token === '\n' || token === '\r\n' : /^[[\]{},]$/.test(token)) pending = 0;
    else if (/^(?:[-?:]$|[&!%])/.test(token)) pending += 1;
    if (open > MAX_DEPTH || pending > MAX_DEPTH) return `expected at most ${MAX_DEPTH} levels, got more`;
    if (tokens > MAX_TOKENS) return `expected at most ${MAX_TOKENS} YAML tokens, got more`;
  }
  return undefined;
}

/** Our own words for the parser's error codes: its messages quote the document, and that may be a password. */
const REASONS: Record<string, string> = {
  ALIAS_PROPS: 'an alias with an anchor or tag',
  BAD_ALIAS: 'an alias without a name',
  BAD_COLLECTION_TYPE: 'a tag that does not fit',
  BAD_DIRECTIVE: 'a bad % directive',
  BAD_DQ_ESCAPE: 'a bad escape in double quotes',
  BAD_INDENT: 'wrong indentation, or a bracket that is not closed',
  BAD_PROP_ORDER: 'an anchor or tag in the wrong place',
  BAD_SCALAR_START: 'a value that begins with a reserved character (quote it)',
  BLOCK_AS_IMPLICIT_KEY: 'a second ":" on the line (quote the value)',
  BLOCK_IN_FLOW: 'a block inside brackets',
  KEY_OVER_1024_CHARS: 'a key longer than 1024 characters',
  MISSING_CHAR: 'a missing character, such as a closing quote, a ":" or a space',
  MULTILINE_IMPLICIT_KEY: 'a key over several lines (is a ":" missing?)',
  MULTIPLE_ANCHORS: 'two anchors on one value',
  MULTIPLE_DOCS: 'several documents',
  MULTIPLE_TAGS: 'two tags on one value',
  RESOURCE_EXHAUSTION: 'too many levels',
  TAB_AS_INDENT: 'a tab as indentation (use spaces)',
  TAG_RESOLVE_FAILED: 'a tag that is not known',
  UNEXPECTED_TOKEN: 'something that does not belong here',
};

/** `expected ..., got ...` for one error or warning of the parser. */
function yamlReason(error: YAMLParseError | YAMLWarning): string {
  if (error.code === 'MULTIPLE_DOCS') return 'expected one document, got several';
  return `expected valid YAML, got ${REASONS[error.code] ?? 'a syntax error'}`;
}
