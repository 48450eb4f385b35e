import { isAscii } from 'node:buffer';
import type { Kept } from '../kept.ts';
import { createSlices } from '../slices.ts';
import { createGuess, type Found, MAX_ROW_DEPTH, NoSuchList, NotWholeJson, SAME, scanRows } from './row-scanner.ts';
import { asObject, time } from './wire.ts';

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
  /** The key of that time in the row, and the row with another: of most rows nothing else changes. */
  readonly dated?: { readonly key: string; readonly at: (row: T, timeMs: number) => T };
  /** May the row stand for the same bytes once more? Without this, each row is decoded each time. */
  readonly lasts?: (row: T) => boolean;
}

/** The rows of a whole answer, and where the bytes of each are. */
export interface ReadRows<T> {
  readonly bytes: Buffer;
  readonly rows: ReadRow<T>[];
}

interface ReadRow<T> {
  readonly start: number;
  readonly end: number;
  /** undefined: a row that is to be decoded again. */
  readonly row: T | undefined;
  /** Where in it its time is, as soon as somebody has looked for it; null: not to be found. */
  time?: readonly [from: number, to: number] | null | undefined;
}

/** A larger answer is not kept: 10,000 backends with four pools each have 56 MB of driver stats. */
export const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Reads the list under the reader's key from a body, row by row and in slices. A row that is not understood costs nothing but itself;
 * rows beyond `maxRows` are rejected. Resolves with a string, what the body was instead, when it is no whole JSON or holds no such list.
 * A row with the same bytes as the row at its place in the answer before, or with another time and else the same, is not decoded again: `known` has
 * that answer, and this one afterwards.
 */
export async function decodeBody<T>(
  bytes: Uint8Array,
  reader: RowReader<T>,
  maxRows: number,
  known?: Kept<ReadRows<T>>,
  slices = createSlices(),
): Promise<Decoded<T> | string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = createRows(reader, maxRows);
  const before = known?.value();
  const read: ReadRows<T> = { bytes: buffer, rows: [] };
  let place = 0;
  let again: T | undefined;
  const rowAgain = createAgain(buffer, before, reader);
  /** The end of the row that starts here, when it is the one at its place before: an object's last byte is in its bytes. */
  const sameUntil = (start: number): number | undefined => {
    const old = before?.rows[place];
    again = old && rowAgain(start, old);
    return old && again !== undefined ? start + old.end - old.start : undefined;
  };
  const textOf = textsOf(buffer);
  const take = ([start, end, depth, value]: Found): void => {
    let row: T | undefined;
    if (depth === SAME) row = rows.add(() => again as T);
    else if (value !== undefined) row = rows.add(() => reader.decode(value));
    else if (end - start > MAX_ROW_BYTES) rows.reject(`a row is longer than ${MAX_ROW_BYTES} bytes`);
    else if (depth > MAX_ROW_DEPTH) rows.reject(`a row is nested deeper than ${MAX_ROW_DEPTH} levels`);
    else row = rows.add(() => reader.decode(parseRow(textOf(start, end))));
    // A list of `0,` has a row in every two bytes: where each is would need thirty times the body.
    if (place < maxRows)
      read.rows.push({ start, end, row, time: depth === SAME ? before?.rows[place]?.time : undefined });
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
  if (bytes.length <= MAX_KEPT_BYTES) known?.keep(read, bytes.length);
  if (slices.over()) await slices.next();
  return rows.done();
}

/** After so many rows more that are others than such that have another time, the rest is not looked at for it: that costs a third of decoding it. */
const MAX_OTHERS = 8;

/** Gives the row of the bytes that start here, by one that was read before: the same, or the same at another time. undefined: it is another. */
function createAgain<T>(
  bytes: Buffer,
  before: ReadRows<T> | undefined,
  { lasts, dated, timeMs: timeOf }: RowReader<T>,
): (start: number, old: ReadRow<T>) => T | undefined {
  const key = Buffer.from(`"${dated?.key}"`);
  let others = 0;
  return (start, old) => {
    const { row, start: oldStart, end: oldEnd } = old;
    const length = oldEnd - oldStart;
    if (!before || row === undefined || !lasts?.(row) || start + length > bytes.length) return undefined;
    const isSame = (from: number, to: number): boolean =>
      before.bytes.compare(bytes, start + from, start + to, oldStart + from, oldStart + to) === 0;
    if (isSame(0, length)) return row;
    if (!dated || others >= MAX_OTHERS) return undefined;
    others += 1;
    old.time ??= timeIn(before.bytes.subarray(oldStart, oldEnd), key, timeOf(row)) ?? null;
    if (old.time === null) return undefined;
    const [from, to] = old.time;
    if (!isSame(0, from) || !isSame(to, length)) return undefined;
    const text = bytes.toString('latin1', start + from, start + to);
    const timeMs = PLAIN_TIME.test(text) ? time(text) : undefined;
    if (timeMs === undefined) return undefined;
    others = Math.max(0, others - 2);
    return dated.at(row, timeMs);
  };
}

/** A time as Python writes it. In a string of JSON it means itself. */
const PLAIN_TIME = /^[\d:.+TZ -]+$/;
const TIME_VALUE = /^ ?: ?"([\d:.+TZ -]+)"/;
const MAX_TIME_BYTES = 64;
const ESCAPED_LETTERS = [Buffer.from('\\u006'), Buffer.from('\\u007')];

/** Where in a row the time is that was read from it; not where its key is there more than once, or may be in another spelling (`\u0074imestamp`). */
function timeIn(bytes: Buffer, key: Buffer, timeMs: number | undefined): ReadRow<unknown>['time'] {
  const at = bytes.indexOf(key);
  if (at === -1 || bytes.indexOf(key, at + 1) !== -1) return undefined;
  if (ESCAPED_LETTERS.some((escaped) => bytes.includes(escaped))) return undefined;
  const behind = at + key.length;
  const found = TIME_VALUE.exec(bytes.toString('latin1', behind, behind + MAX_TIME_BYTES));
  const value = found?.[1];
  if (value === undefined || time(value) !== timeMs) return undefined;
  const to = behind + (found?.[0].length ?? 0) - 1;
  return [to - value.length, to];
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
