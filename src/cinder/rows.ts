import { NoSuchList, NotWholeJson, scanRows, type Found } from './row-scanner.ts';
import { createSlices } from './slices.ts';
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
}

/**
 * Reads the list under the reader's key from a body, row by row and in slices. A row that is not understood costs nothing but itself;
 * rows beyond `maxRows` are rejected. Resolves with a string, what the body was instead, when it is no whole JSON or holds no such list.
 */
export async function decodeBody<T>(
  bytes: Uint8Array,
  reader: RowReader<T>,
  maxRows: number,
): Promise<Decoded<T> | string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = createRows(reader, maxRows);
  const slices = createSlices();
  const take = ([start, end, depth]: Found): void => {
    if (end - start > MAX_ROW_BYTES) rows.reject(`a row is longer than ${MAX_ROW_BYTES} bytes`);
    else if (depth > MAX_ROW_DEPTH) rows.reject(`a row is nested deeper than ${MAX_ROW_DEPTH} levels`);
    else rows.add(() => parseRow(buffer, start, end));
  };
  try {
    for (const found of scanRows(buffer, reader.listKey)) {
      if (found) take(found);
      if (slices.over()) await slices.next();
    }
  } catch (error) {
    if (error instanceof NoSuchList) return `JSON without a list of ${reader.listKey}`;
    if (!(error instanceof NotWholeJson)) throw error;
    return bytes.length === 0 ? 'an empty body' : `${bytes.length} bytes that are no whole JSON`;
  }
  return rows.done();
}

/** The same for a body that is parsed already. Returns undefined when it is no such list at all. */
export function decodeRows<T>(body: unknown, reader: RowReader<T>, maxRows: number): Decoded<T> | undefined {
  const list = asObject(body)?.[reader.listKey];
  if (!Array.isArray(list)) return undefined;
  const rows = createRows(reader, maxRows);
  for (const raw of list as readonly unknown[]) rows.add(() => raw);
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

function parseRow(buffer: Buffer, start: number, end: number): unknown {
  const text = buffer.toString('utf8', start, end);
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
    add(parse: () => unknown): void {
      seen += 1;
      const row = seen > maxRows ? `more rows than max_rows (${maxRows})` : reader.decode(parse());
      if (typeof row === 'string') return reject(row);
      const key = reader.key(row);
      const other = byKey.get(key);
      if (!other || (reader.timeMs(row) ?? -Infinity) > (reader.timeMs(other) ?? -Infinity)) byKey.set(key, row);
    },
    done: (): Decoded<T> => ({ rows: [...byKey.values()], rejected, firstProblem }),
  };
}
