import { inspect } from 'node:util';

/**
 * What a JSON value must look like. A primitive is meant strictly, a RegExp matches a string, a function says yes or no
 * (its name is the message), an array is complete, an object names only the keys that matter.
 */
export type Pattern =
  | string
  | number
  | boolean
  | null
  | RegExp
  | ((value: unknown) => boolean)
  | readonly Pattern[]
  | { readonly [key: string]: Pattern };

/** A key that is not there. */
export function absent(value: unknown): boolean {
  return value === undefined;
}

/** An object with just these keys, whatever their values. */
export function keys(...names: readonly string[]): (value: unknown) => boolean {
  const wanted = names.toSorted().join(' ');
  const check = (value: unknown): boolean => isRecord(value) && Object.keys(value).toSorted().join(' ') === wanted;
  return named(`keys ${wanted}`, check);
}

/** An array whose elements match these patterns one to one, in any order. */
export function anyOrder(...patterns: readonly Pattern[]): (value: unknown) => boolean {
  const check = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.length === patterns.length &&
    patterns.every((pattern) => value.some((element) => mismatch(element, pattern) === undefined));
  return named(`in any order ${inspect(patterns, { depth: 4 })}`, check);
}

/** An array that holds, among others, an element for each of these patterns. */
export function including(...patterns: readonly Pattern[]): (value: unknown) => boolean {
  const check = (value: unknown): boolean =>
    Array.isArray(value) &&
    patterns.every((pattern) => value.some((element) => mismatch(element, pattern) === undefined));
  return named(`including ${inspect(patterns, { depth: 4 })}`, check);
}

/** Gives a predicate the name under which a failure shows it. */
export function named<T extends (value: never) => boolean>(name: string, predicate: T): T {
  return Object.defineProperty(predicate, 'name', { value: name });
}

/** The first difference between a value and its pattern, in words; undefined when there is none. */
export function mismatch(value: unknown, pattern: Pattern, at = '$'): string | undefined {
  const matches = matchesLeaf(value, pattern);
  if (matches !== undefined) {
    return matches ? undefined : `${at}: expected ${inspect(pattern)}, got ${inspect(value, { depth: 3 })}`;
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) {
      return `${at}: expected ${pattern.length} elements, got ${inspect(value, { depth: 2 })}`;
    }
    return first(pattern.map((element: Pattern, index) => mismatch(value[index], element, `${at}[${index}]`)));
  }
  if (!isRecord(value)) return `${at}: expected an object, got ${inspect(value)}`;
  return first(Object.entries(pattern as object).map(([key, wanted]) => mismatch(value[key], wanted, `${at}.${key}`)));
}

function matchesLeaf(value: unknown, pattern: Pattern): boolean | undefined {
  if (typeof pattern === 'function') return pattern(value);
  if (pattern instanceof RegExp) return typeof value === 'string' && pattern.test(value);
  return typeof pattern === 'object' && pattern !== null ? undefined : value === pattern;
}

function first(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}

/** Is it a JSON object? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
