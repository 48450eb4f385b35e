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
export const SAME = -1;

/** Where an element of the list is, how deep what is in it is nested, and what it says when that is known already. */
export type Found = readonly [start: number, end: number, depth: number, value?: unknown];

/** Drivers nest three levels at most. A row of brackets would need a hundred times its size. */
export const MAX_ROW_DEPTH = 100;

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
export function createGuess(
  buffer: Buffer,
  textOf: (start: number, end: number) => string,
): (start: number) => Found | undefined {
  let beginning: Buffer | undefined;
  let wrong = 0;
  return (start) => {
    if (wrong >= MAX_WRONG_GUESSES) return undefined;
    beginning ??= beginningAt(buffer, start);
    const found = guessRow(buffer, start, beginning, textOf);
    if (found === undefined) wrong += 1;
    return found;
  };
}

/** A row's first key, and what is before it; empty where there is none, which nothing is found by. */
function beginningAt(buffer: Buffer, start: number): Buffer {
  const colon = buffer.subarray(start, start + MAX_BEGINNING_BYTES).indexOf(COLON);
  return buffer.subarray(start, start + colon + 1);
}

function guessRow(
  buffer: Buffer,
  start: number,
  beginning: Buffer,
  textOf: (start: number, end: number) => string,
): Found | undefined {
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
