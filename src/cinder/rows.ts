import { isAscii } from 'node:buffer';
import { asObject } from './wire.ts';

/** Rows that were understood, and how many were not. */
export interface Decoded<T> {
  readonly rows: readonly T[];
  readonly rejected: number;
  /** What was wrong with the first rejected row. */
  readonly firstProblem: string | undefined;
}

/** How rows of one kind are read: `decode` gives the row or says what is wrong with it; of two with one `key` the newer stays. */
export interface RowReader<T> {
  readonly listKey: string;
  readonly decode: (row: unknown) => T | string;
  readonly key: (row: T) => string;
  readonly timeMs: (row: T) => number | undefined;
  /** May the row stand for the same bytes once more? Without this, each row is decoded each time. */
  readonly lasts?: (row: T) => boolean;
}

/** The rows of the last whole answer, as long as nobody needs the memory. */
export interface RowMemory<T> {
  last?: WeakRef<ReadRows<T>>;
}

/** Where the bytes of each row are. undefined: a row that is to be decoded again. */
interface ReadRows<T> {
  readonly bytes: Buffer;
  readonly rows: { readonly start: number; readonly end: number; readonly row: T | undefined }[];
}

/** A larger answer is not kept: 10,000 backends with four pools each have 56 MB of driver stats. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Reads the list under the reader's key from a body, row by row and in slices. A row that is not understood costs nothing but itself;
 * rows beyond `maxRows` are rejected. Resolves with a string, what the body was instead, when it is no whole JSON or holds no such list.
 * A row with the same bytes as the row at its place in `memory` is not decoded again: between two reports of a driver nothing is new.
 */
export async function decodeBody<T>(
  bytes: Uint8Array,
  reader: RowReader<T>,
  maxRows: number,
  memory: RowMemory<T> = {},
): Promise<Decoded<T> | string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = createRows(reader, maxRows);
  const slices = createSlices();
  const known = memory.last?.deref();
  const read: ReadRows<T> = { bytes: buffer, rows: [] };
  let place = 0;
  /** The end of the row that starts here, when it is the same as the one at its place before: an object's last byte is in its bytes. */
  const sameUntil = (start: number): number | undefined => {
    const old = known?.rows[place];
    if (old?.row === undefined || !reader.lasts?.(old.row)) return undefined;
    const end = start + old.end - old.start;
    return end <= buffer.length && known?.bytes.compare(buffer, start, end, old.start, old.end) === 0 ? end : undefined;
  };
  const textOf = textsOf(buffer);
  const take = ([start, end, depth, value]: Found): void => {
    let row: T | undefined;
    if (depth === SAME) row = rows.add(() => known?.rows[place]?.row as T);
    else if (value !== undefined) row = rows.add(() => reader.decode(value));
    else if (end - start > MAX_ROW_BYTES) rows.reject(`a row is longer than ${MAX_ROW_BYTES} bytes`);
    else if (depth > MAX_ROW_DEPTH) rows.reject(`a row is nested deeper than ${MAX_ROW_DEPTH} levels`);
    else row = rows.add(() => reader.decode(parseRow(textOf(start, end))));
    // A list of `0,` has a row in every two bytes: where each is would need thirty times the body.
    if (place < maxRows) read.rows.push({ start, end, row });
    place += 1;
  };
  try {
    for (const found of scanRows(buffer, reader.listKey, sameUntil, createGuess(buffer, textOf))) {
      if (found) take(found);
      if (slices.over()) await slices.next();
    }
  } catch (error) {
    if (error instanceof NoSuchList) return `JSON without a list of ${reader.listKey}`;
    if (!(error instanceof NotWholeJson)) throw error;
    return bytes.length === 0 ? 'an empty body' : `${bytes.length} bytes that are no whole JSON`;
  }
  if (bytes.length <= MAX_KEPT_BYTES) memory.last = new WeakRef(read);
  return rows.done();
}

/** The same for a body that is parsed already. Returns undefined when it is no such list at all. */
export function decodeRows<T>(body: unknown, reader: RowReader<T>, maxRows: number): Decoded<T> | undefined {
  const list = asObject(body)?.[reader.listKey];
  if (!Array.isArray(list)) return undefined;
  const rows = createRows(reader, maxRows);
  for (const raw of list as readonly unknown[]) rows.add(() => reader.decode(raw));
  return rows.done();
}

/**
 * Python's json writes `NaN` and `Infinity`, which JSON does not know; strings are matched so that nothing in them is. They end where the scanner
 * ends them, line feeds included: a quote that matched nothing would be tried to the end of the row, again for each one behind it.
 */
const NOT_JSON = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gs;

/** A longer row is rejected unread: no driver has that much to say, and parsed it could need more memory than there is. */
const MAX_ROW_BYTES = 256 * 1024;

/** Drivers nest three levels at most. A row of brackets would need a hundred times its size. */
const MAX_ROW_DEPTH = 100;

/** Python's json writes nothing but ASCII, unless it is told to; that is copied, and all else looked at byte by byte. */
function textsOf(buffer: Buffer): (start: number, end: number) => string {
  const encoding = isAscii(buffer) ? 'latin1' : 'utf8';
  return (start, end) => buffer.toString(encoding, start, end);
}

function parseRow(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsePython(text);
  }
}

function parsePython(text: string): unknown {
  try {
    return JSON.parse(
      text.replace(NOT_JSON, (found) => (found[0] === '"' ? found : found === 'Infinity' ? '"infinite"' : 'null')),
    );
  } catch {
    throw new NotWholeJson();
  }
}

function createRows<T>(reader: RowReader<T>, maxRows: number) {
  const byKey = new Map<string, T>();
  let seen = 0;
  let rejected = 0;
  let firstProblem: string | undefined;
  const reject = (problem: string): void => {
    rejected += 1;
    firstProblem ??= problem;
  };
  return {
    reject,
    /** Gives the row back, unless it was rejected. */
    add(decode: () => T | string): T | undefined {
      seen += 1;
      const row = seen > maxRows ? `more rows than max_rows (${maxRows})` : decode();
      if (typeof row === 'string') {
        reject(row);
        return undefined;
      }
      const key = reader.key(row);
      const other = byKey.get(key);
      if (!other || (reader.timeMs(row) ?? -Infinity) > (reader.timeMs(other) ?? -Infinity)) byKey.set(key, row);
      return row;
    },
    done: (): Decoded<T> => ({ rows: [...byKey.values()], rejected, firstProblem }),
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The body is not a whole JSON object. */
export class NotWholeJson extends Error {
  override readonly name = 'NotWholeJson';
}

/** The body is JSON, but no object that holds the list. */
export class NoSuchList extends Error {
  override readonly name = 'NoSuchList';
}

/** Instead of a depth: the same bytes were read before as a row. */
const SAME = -1;

/** Where an element of the list is, how deep what is in it is nested, and what it says when that is known already. */
type Found = readonly [start: number, end: number, depth: number, value?: unknown];

/** So much is looked at before the reader may do something else, in bytes: about a millisecond. */
const STRETCH = 262_144;

/** The longest run of blanks between two tokens, in bytes. */
const MAX_BLANKS = 65_536;

/**
 * Finds the elements of the list under a top-level key, as ranges of bytes, without parsing them: an answer of 50 MB is decoded row by row,
 * so that no more than a row of it is ever in memory as objects. Reads to the end of the body first-hand, so a cut-off one throws NotWholeJson
 * (at its end, when rows have been given already); a body without the list throws NoSuchList. Whether a row is JSON shows when it is parsed.
 * Within a long value it yields undefined now and then, to let others in. `sameUntil` gives the end of an element that is known; `guess` an element that
 * it has found in a quicker way.
 */
export function* scanRows(
  bytes: Uint8Array,
  listKey: string,
  sameUntil: (start: number) => number | undefined = () => undefined,
  guess: (start: number) => Found | undefined = () => undefined,
): Generator<Found | undefined, void> {
  const wanted = Buffer.from(JSON.stringify(listKey));
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== OPEN_OBJECT) throw at < bytes.length ? notAnObject(bytes, at) : new NotWholeJson();
  let found = false;
  at = skipSpace(bytes, at + 1);
  while (bytes[at] !== CLOSE_OBJECT) {
    if (bytes[at] !== QUOTE) throw new NotWholeJson();
    const [, keyEnd] = yield* skipValue(bytes, at);
    const matches = wanted.equals(bytes.subarray(at, keyEnd));
    at = expect(bytes, keyEnd, COLON);
    // Which of two would be meant?
    if (matches && found) throw new NotWholeJson();
    if (matches && bytes[at] === OPEN_LIST) {
      found = true;
      at = yield* scanList(bytes, at, sameUntil, guess);
    } else {
      [, at] = yield* skipValue(bytes, at);
    }
    at = skipSpace(bytes, at);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
    else if (bytes[at] !== CLOSE_OBJECT) throw new NotWholeJson();
  }
  if (skipSpace(bytes, at + 1) !== bytes.length) throw new NotWholeJson();
  if (!found) throw new NoSuchList();
}

function* scanList(
  bytes: Uint8Array,
  open: number,
  sameUntil: (start: number) => number | undefined,
  guess: (start: number) => Found | undefined,
): Generator<Found | undefined, number> {
  let at = skipSpace(bytes, open + 1);
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    const same = sameUntil(at);
    const row: Found = same === undefined ? (guess(at) ?? (yield* skipValue(bytes, at))) : [at, same, SAME];
    const [start, end] = row;
    if (end === start) throw new NotWholeJson();
    yield row;
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    at = expect(bytes, at, COMMA);
  }
}

/** Longer rows are not guessed, and after so many wrong guesses none is: a guess looks at this many bytes. */
const MAX_GUESSED_BYTES = 16_384;
const MAX_WRONG_GUESSES = 8;
/** The rows of a list begin alike, with the same key. */
const MAX_BEGINNING_BYTES = 64;

/**
 * Finds most rows without looking at each of their bytes: up to where the next begins like the first. When what is between is JSON, it is the row:
 * no object's text is the beginning of another's. Gives undefined where that is not so.
 */
function createGuess(
  buffer: Buffer,
  textOf: (start: number, end: number) => string,
): (start: number) => Found | undefined {
  let beginning: Buffer | undefined;
  let wrong = 0;
  const guess = (start: number): Found | undefined => {
    if (beginning === undefined) {
      const key = buffer.subarray(start, start + MAX_BEGINNING_BYTES).indexOf(COLON);
      beginning = buffer.subarray(start, start + key + 1);
      if (beginning.length < 2 || beginning[0] !== OPEN_OBJECT) wrong = MAX_WRONG_GUESSES;
    }
    const next = buffer.subarray(start + 1, start + 1 + MAX_GUESSED_BYTES).indexOf(beginning);
    if (next === -1) return undefined;
    let end = start + next;
    while (isSpace(buffer[end])) end -= 1;
    if (buffer[end] !== COMMA) return undefined;
    const text = textOf(start, end);
    if (brackets(text) > MAX_ROW_DEPTH) return undefined;
    try {
      const value = JSON.parse(text) as unknown;
      return typeof value === 'object' && value !== null ? [start, end, 0, value] : undefined;
    } catch {
      return undefined;
    }
  };
  return (start) => {
    if (wrong >= MAX_WRONG_GUESSES) return undefined;
    const found = guess(start);
    if (found === undefined) wrong += 1;
    return found;
  };
}

/** At least as many as the text is deep. */
function brackets(text: string): number {
  let count = 0;
  for (const bracket of ['{', '['])
    for (let at = text.indexOf(bracket); at !== -1 && count <= MAX_ROW_DEPTH; at = text.indexOf(bracket, at + 1))
      count += 1;
  return count;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Another kind of value than an object, if it is one at all. */
function notAnObject(bytes: Uint8Array, start: number): Error {
  try {
    JSON.parse(Buffer.from(bytes.subarray(start, start + 65_536)).toString('utf8'));
    return new NoSuchList();
  } catch {
    return new NotWholeJson();
  }
}

function expect(bytes: Uint8Array, from: number, byte: number): number {
  const at = skipSpace(bytes, from);
  if (bytes[at] !== byte) throw new NotWholeJson();
  return skipSpace(bytes, at + 1);
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    if (!isSpace(bytes[at])) break;
    if (at - from > MAX_BLANKS) throw new NotWholeJson();
  }
  return at;
}

interface Scan {
  at: number;
  depth: number;
  deepest: number;
  inString: boolean;
}

/** A value, from its first byte to behind its last; a scalar ends before the next separator. */
function* skipValue(bytes: Uint8Array, from: number): Generator<undefined, Found> {
  const scan: Scan = { at: from, depth: 0, deepest: 0, inString: false };
  while (!advance(bytes, scan, Math.min(bytes.length, scan.at + STRETCH))) {
    if (scan.at >= bytes.length) throw new NotWholeJson();
    yield undefined;
  }
  return [from, scan.at, scan.deepest];
}

/** Goes on up to `until`; true when the value has ended before. */
function advance(bytes: Uint8Array, scan: Scan, until: number): boolean {
  let { at, depth, inString } = scan;
  let ended = false;
  while (at < until) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) {
        inString = false;
        if (depth === 0) {
          at += 1;
          ended = true;
          break;
        }
      }
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      depth += 1;
      if (depth > scan.deepest) scan.deepest = depth;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth > 0) depth -= 1;
      else {
        ended = true;
        break;
      }
      if (depth === 0) {
        at += 1;
        ended = true;
        break;
      }
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) {
      ended = true;
      break;
    }
    at += 1;
  }
  scan.at = at;
  scan.depth = depth;
  scan.inString = inString;
  return ended;
}

/** How long work may hold the event loop before scrapes are let in, in milliseconds. */
const SLICE_MS = 3;

/** Lets long work be done in slices. */
export interface Slices {
  /** Whether this slice is used up; then `await next()`. */
  readonly over: () => boolean;
  readonly next: () => Promise<void>;
}

/** Slices by the monotonic clock, which is looked at every time: a single row can take as long as a slice. */
export function createSlices(): Slices {
  let end = performance.now() + SLICE_MS;
  return {
    over: () => performance.now() >= end,
    async next() {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      end = performance.now() + SLICE_MS;
    },
  };
}

/** Takes the steps in slices, to the end; their result. */
export async function inSlices<T>(steps: Generator<void, T>): Promise<T> {
  const slices = createSlices();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (slices.over()) await slices.next();
  }
}

/** Takes the steps at once, to the end; their result. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
