import { createHash } from 'node:crypto';

/** A JSON object as it came, nothing known about it. */
export type Json = Readonly<Record<string, unknown>>;

/** The value as a JSON object, or undefined when it is anything else. */
export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

/** Text for a label: numbers and booleans become their text, everything else but a string is empty. Lone surrogates are replaced. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Text that is an answer: undefined for null, empty and everything that is no text. */
export function word(value: unknown): string | undefined {
  const said = text(value);
  return said === '' ? undefined : said;
}

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** A finite number, or a string that is one; undefined for `unknown`, `auto`, booleans, `1e999` and everything else. */
export function number(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string' && value.length <= 64 && NUMBER.test(value)) {
    const parsed = Number(value);
    return Number.isFinite(parsed) ? parsed : undefined;
  }
  return undefined;
}

/** A JSON boolean, or Python's `"True"` / `"False"` in any case. */
export function boolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const lower = value.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/;

/** Cinder's naive ISO time, which is UTC (an explicit zone is honoured), in milliseconds since the epoch with its microseconds kept. */
export function time(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const parts = TIME.exec(value);
  if (!parts) return undefined;
  const seconds = Date.parse(`${parts[1]}T${parts[2]}${parts[4] ?? 'Z'}`);
  return Number.isNaN(seconds) ? undefined : seconds + Number(parts[3] ?? 0) * 1000;
}

/** Cuts label values to a length; `count` says how many were cut. */
export interface Cutter {
  /** Free text: cut with an ellipsis. */
  (value: string): string;
  /**
   * A name that tells entities apart: cut, with a hash of what was cut at its end, so that two stay two. Of `host@backend` each part is cut for
   * itself, so that a backend keeps its name.
   */
  readonly identity: (value: string) => string;
  readonly count: () => number;
}

const HASH_LENGTH = 12;
/** Below this the two parts of a name have no room for a hash each. No configuration goes as low. */
const SPLIT_FROM = 64;

export function createCutter(maxLength: number): Cutter {
  let cut = 0;
  const short = (value: string, length: number, ending: string): string =>
    (value.slice(0, Math.max(0, length - ending.length)) + ending).toWellFormed();
  const name = (value: string, length: number): string =>
    value.length <= length
      ? value
      : short(value, length, `~${createHash('sha256').update(value).digest('hex').slice(0, HASH_LENGTH)}`);
  const free = (value: string): string => {
    if (value.length <= maxLength) return value;
    cut += 1;
    return short(value, maxLength, '…');
  };
  const identity = (value: string): string => {
    if (value.length <= maxLength) return value;
    cut += 1;
    const at = value.indexOf('@');
    if (at === -1 || maxLength < SPLIT_FROM) return name(value, maxLength);
    const half = Math.floor((maxLength - 1) / 2);
    const backend = name(value.slice(at + 1), Math.max(half, maxLength - 1 - at));
    return `${name(value.slice(0, at), maxLength - 1 - backend.length)}@${backend}`;
  };
  return Object.assign(free, { identity, count: () => cut });
}
