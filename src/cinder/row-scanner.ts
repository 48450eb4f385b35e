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

/** Where an element of the list is, and how deep what is in it is nested. */
export type Found = readonly [start: number, end: number, depth: number];

/** So much is looked at before the reader may do something else, in bytes: about a millisecond. */
const STRETCH = 262_144;

/** The longest run of blanks between two tokens, in bytes. */
const MAX_BLANKS = 65_536;

/**
 * Finds the elements of the list under a top-level key, as ranges of bytes, without parsing them: an answer of 50 MB is decoded row by row,
 * so that no more than a row of it is ever in memory as objects. Reads to the end of the body first-hand, so a cut-off one throws NotWholeJson
 * (at its end, when rows have been given already); a body without the list throws NoSuchList. Whether a row is JSON shows when it is parsed.
 * Within a long value it yields undefined now and then, to let others in.
 */
export function* scanRows(bytes: Uint8Array, listKey: string): Generator<Found | undefined, void> {
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
      at = yield* scanList(bytes, at);
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

function* scanList(bytes: Uint8Array, open: number): Generator<Found | undefined, number> {
  let at = skipSpace(bytes, open + 1);
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    const row = yield* skipValue(bytes, at);
    const [start, end] = row;
    if (end === start) throw new NotWholeJson();
    yield row;
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    at = expect(bytes, at, COMMA);
  }
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
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
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
    } else if (depth === 0 && (byte === COMMA || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) {
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
