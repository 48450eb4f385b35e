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
 * Reads the list under `listKey` of an answer. A row that is not understood costs nothing but itself; rows beyond `maxRows` are rejected.
 * Returns undefined when the body is no such list at all.
 */
export function decodeRows<T>(body: unknown, reader: RowReader<T>, maxRows: number): Decoded<T> | undefined {
  const list = asObject(body)?.[reader.listKey];
  if (!Array.isArray(list)) return undefined;
  const excess = Math.max(0, list.length - maxRows);
  const byKey = new Map<string, T>();
  let rejected = excess;
  let firstProblem = excess > 0 ? `${list.length} rows, more than max_rows ${maxRows}` : undefined;
  for (const raw of excess > 0 ? list.slice(0, maxRows) : list) {
    const row = reader.decode(raw);
    if (typeof row === 'string') {
      rejected += 1;
      firstProblem ??= row;
      continue;
    }
    const key = reader.key(row);
    const other = byKey.get(key);
    if (!other || (reader.timeMs(row) ?? -Infinity) > (reader.timeMs(other) ?? -Infinity)) byKey.set(key, row);
  }
  return { rows: [...byKey.values()], rejected, firstProblem };
}
