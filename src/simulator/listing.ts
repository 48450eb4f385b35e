import { atLeast, type CinderCall, COUNT } from './cinder-call.ts';
import { Fault } from './cinder-fault.ts';
import { pythonLiteral, type PythonValue } from './python-literal.ts';

/** Parameters of a list, the last of several with one name. What has been understood is taken out; the rest are filters. */
export type ListParameters = Map<string, string>;

/** A column and whether it descends. */
type SortKey = readonly [column: string, descending: boolean];

/** Which part of a list is asked for. */
export interface Page {
  readonly marker: string | undefined;
  readonly limit: number;
  readonly offset: number;
  readonly sort: readonly SortKey[];
}

/** A row of any table that is listed. */
type ListedRow = { readonly id: string };

/** `limit`, `marker`, `offset`, and `sort` or `sort_key` and `sort_dir`. Source: cinder/api/common.py, get_pagination_params and get_sort_params. */
export function pageOf(parameters: ListParameters, maxLimit: number): Page {
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value;
  };
  const limit = limitOf(take('limit'), maxLimit);
  const marker = take('marker');
  const offset = offsetOf(take('offset'));
  const old = parameters.has('sort_key') || parameters.has('sort_dir');
  if (parameters.has('sort') && old) {
    throw new Fault(
      400,
      "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.",
    );
  }
  const asked = old
    ? `${take('sort_key') ?? 'created_at'}:${take('sort_dir') ?? 'desc'}`
    : (take('sort') ?? 'created_at');
  return { marker, limit, offset, sort: sortOf(asked) };
}

function limitOf(text: string | undefined, maxLimit: number): number {
  if (text === undefined) return maxLimit;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new Fault(400, 'limit param must be an integer');
  if (Number(text) < 0) throw new Fault(400, 'limit param must be positive');
  return Math.min(Number(text), maxLimit);
}

/** What a column of the database holds. */
export const MOST = 2_147_483_647;

function offsetOf(text = '0'): number {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new Fault(400, 'offset must be an integer');
  if (Number(text) < 0) throw new Fault(400, 'offset must be >= 0');
  if (Number(text) > MOST) throw new Fault(400, `offset must be <= ${MOST}`);
  return Number(text);
}

/** `created_at` and `id` come last, in the direction of the first key. Source: cinder/db/sqlalchemy/api.py, process_sort_params. */
function sortOf(asked: string): SortKey[] {
  const keys = asked
    .trim()
    .split(',')
    .map((each): SortKey => {
      const [column = '', direction = 'desc'] = each.split(/:(.*)/).map((part) => part.trim());
      if (direction !== 'asc' && direction !== 'desc') {
        throw new Fault(400, "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.");
      }
      return [column === 'name' ? 'display_name' : column, direction === 'desc'];
    });
  const descending = keys[0]?.[1] ?? true;
  for (const column of ['created_at', 'id']) {
    if (!keys.some(([key]) => key === column)) keys.push([column, descending]);
  }
  return keys;
}

/** The rows of a page. `marker` is the row of that id; `columns` may be sorted by. */
export function rowsOfPage<R extends ListedRow>(
  rows: readonly R[],
  { limit, offset, sort }: Page,
  columns: readonly string[],
  marker: R | undefined,
): R[] {
  if (sort.some(([column]) => !columns.includes(column)))
    throw new Fault(400, 'Invalid input received: Invalid sort key');
  const compare = (a: ListedRow, b: ListedRow): number => {
    for (const [column, descending] of sort) {
      const order = compareValues(columnOf(a, column), columnOf(b, column));
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
  const sorted = rows.toSorted(compare);
  const after = marker === undefined ? sorted : sorted.filter((row) => compare(row, marker) > 0);
  return after.slice(offset, offset + limit);
}

/** A value of a column. */
type Cell = string | number | boolean | null | undefined;

/** What a row has in a column. */
export function columnOf(row: ListedRow, column: string): Cell {
  const value: Cell = Reflect.get(row, column);
  return value;
}

/** As sqlite and MySQL do: NULL is less than everything. */
function compareValues(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : 1;
}

/** The link to the next page, as `{"<collection>_links": [...]}`: from every page that is full. Source: cinder/api/common.py, _get_collection_links. */
export function nextLink(
  { api, request, urlProject }: CinderCall,
  collection: string,
  rows: readonly ListedRow[],
  { limit }: Page,
  path = collection,
  count = rows.length,
): Record<string, { rel: string; href: string }[]> {
  const last = rows.at(-1);
  if (last === undefined || limit > (count || rows.length)) return {};
  const query = new URLSearchParams(request.query);
  query.delete('marker');
  query.append('marker', last.id);
  const project = urlProject === undefined ? '' : `/${urlProject}`;
  return { [`${collection}_links`]: [{ rel: 'next', href: `${api.url}/v3${project}/${path}?${query.toString()}` }] };
}

/** The two links of a thing. */
export function linksOf(
  { api, urlProject }: CinderCall,
  collection: string,
  id: string,
): { rel: string; href: string }[] {
  const project = urlProject === undefined ? '' : `/${urlProject}`;
  return [
    { rel: 'self', href: `${api.url}/v3${project}/${collection}/${id}` },
    { rel: 'bookmark', href: `${api.url}${project}/${collection}/${id}` },
  ];
}

/** Is `with_count` asked for? Below 3.45 it is left where it is: a filter that nothing knows. */
export function takeCount({ version }: CinderCall, parameters: ListParameters): boolean {
  if (!atLeast(version, COUNT) || !parameters.has('with_count')) return false;
  const asked = flagOf(parameters, 'with_count');
  parameters.delete('with_count');
  return asked;
}

/** A parameter that must be one of Python's words for true or false. */
export function flagOf(parameters: ReadonlyMap<string, string>, name: string): boolean {
  const value = parameters.get(name);
  if (value === undefined) return false;
  if (/^\s*(1|t|true|on|y|yes)\s*$/i.test(value)) return true;
  if (/^\s*(0|f|false|off|n|no)\s*$/i.test(value)) return false;
  throw new Fault(400, `Value '${value}' for '${name}' is not a boolean.`);
}

/** Filters after `name~`: rows whose column holds the text, as SQL's LIKE finds it. A name that is no column fits no row. */
export function matches(row: ListedRow, filters: ReadonlyMap<string, string>, columns: readonly string[]): boolean {
  for (const [key, value] of filters) {
    const column = key.replace(/~+$/, '');
    if (!columns.includes(column)) return false;
    if (key.endsWith('~') ? !like(columnOf(row, column), `%${value}%`) : !equals(columnOf(row, column), literal(value)))
      return false;
  }
  return true;
}

/** `ast.literal_eval`, or the text itself. */
export function literal(value: string): PythonValue {
  return pythonLiteral(value) ?? value;
}

/** SQL's `=`, or `IN` for a list. */
export function equals(column: Cell, wanted: PythonValue): boolean {
  if (Array.isArray(wanted)) return wanted.some((each) => each !== null && equals(column, each));
  if (column === null || column === undefined) return wanted === null;
  return wanted !== null && wordOf(column) === wordOf(wanted);
}

function wordOf(value: PythonValue): string {
  return typeof value === 'object' ? '' : String(typeof value === 'boolean' ? Number(value) : value);
}

/** SQL's `LIKE`: `%` is any text, `_` any character, letters in either case. */
export function like(column: Cell, pattern: string): boolean {
  if (column === null || column === undefined) return false;
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '[^]*')
    .replaceAll('_', '[^]');
  return new RegExp(`^${source}$`, 'i').test(String(column));
}
