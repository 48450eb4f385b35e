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

/**
 * Finds the elements of the list under a top-level key, as ranges of bytes, without parsing them: an answer of 50 MB is decoded row by row,
 * so that no more than a row of it is ever in memory as objects. Reads to the end of the body first-hand, so a cut-off one throws NotWholeJson
 * (at its end, when rows have been given already); a body without the list throws NoSuchList. Whether a row is JSON shows when it is parsed.
 */
export function* scanRows(bytes: Uint8Array, listKey: string): Generator<readonly [start: number, end: number], void> {
  const wanted = Buffer.from(JSON.stringify(listKey));
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== OPEN_OBJECT) throw at < bytes.length ? notAnObject(bytes, at) : new NotWholeJson();
  let found = false;
  at = skipSpace(bytes, at + 1);
  while (bytes[at] !== CLOSE_OBJECT) {
    if (bytes[at] !== QUOTE) throw new NotWholeJson();
    const keyEnd = skipString(bytes, at);
    const matches = wanted.equals(bytes.subarray(at, keyEnd));
    at = expect(bytes, keyEnd, COLON);
    // Which of two would be meant?
    if (matches && found) throw new NotWholeJson();
    if (matches && bytes[at] === OPEN_LIST) {
      found = true;
      at = yield* scanList(bytes, at);
    } else {
      at = skipValue(bytes, at);
    }
    at = skipSpace(bytes, at);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
    else if (bytes[at] !== CLOSE_OBJECT) throw new NotWholeJson();
  }
  if (skipSpace(bytes, at + 1) !== bytes.length) throw new NotWholeJson();
  if (!found) throw new NoSuchList();
}

function* scanList(bytes: Uint8Array, open: number): Generator<readonly [number, number], number> {
  let at = skipSpace(bytes, open + 1);
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    const end = skipValue(bytes, at);
    if (end === at) throw new NotWholeJson();
    yield [at, end];
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
  }
  return at;
}

/** From the opening quote to behind the closing one. */
function skipString(bytes: Uint8Array, open: number): number {
  for (let at = open + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at + 1;
  }
  throw new NotWholeJson();
}

/** To behind a value; a scalar ends before the next separator. */
function skipValue(bytes: Uint8Array, from: number): number {
  let depth = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09))
      return at;
    at += 1;
  }
  throw new NotWholeJson();
}
