import type { Answer } from '../lab/answer.ts';
import type { Expected } from './case.ts';
import { isRecord, mismatch } from './pattern.ts';
import type { Pattern } from './pattern.ts';

/** The first way in which an answer is not what was expected, in words; undefined when it is. */
export function judge(answer: Answer, expected: Expected): string | undefined {
  if (answer.status !== expected.status) {
    return `status: expected ${expected.status}, got ${answer.status} ${answer.text.slice(0, 300)}`;
  }
  if (expected.atLeastMs !== undefined && answer.tookMs < expected.atLeastMs) {
    return `took ${answer.tookMs} ms, expected at least ${expected.atLeastMs} ms`;
  }
  if (expected.atMostMs !== undefined && answer.tookMs > expected.atMostMs) {
    return `took ${answer.tookMs} ms, expected at most ${expected.atMostMs} ms`;
  }
  return (
    mismatch(answer.headers, expected.headers ?? {}, 'headers') ??
    page(answer, expected) ??
    (expected.json === undefined ? undefined : mismatch(answer.json, expected.json)) ??
    rows(serviceRows(answer.json), expected.services, 'service') ??
    rows(poolRows(answer.json), expected.pools, 'pool') ??
    poolNames(answer.json, expected.poolNames)
  );
}

function page(answer: Answer, expected: Expected): string | undefined {
  if (expected.html === undefined) return undefined;
  if (answer.json !== undefined) return `expected HTML, got JSON ${answer.text.slice(0, 200)}`;
  return mismatch(answer.headers['content-type'], /^text\/html/, 'content-type');
}

function rows(
  found: ReadonlyMap<string, unknown>,
  expected: Readonly<Record<string, Pattern>> | undefined,
  kind: string,
): string | undefined {
  return Object.entries(expected ?? {})
    .map(([name, pattern]) => mismatch(found.get(name), pattern, `${kind} '${name}'`))
    .find((problem) => problem !== undefined);
}

function poolNames(json: unknown, expected: readonly string[] | undefined): string | undefined {
  if (expected === undefined) return undefined;
  const found = list(json, 'pools').map((pool) => String(pool['name']));
  return found.toSorted().join('\n') === expected.toSorted().join('\n')
    ? undefined
    : `pools: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`;
}

function serviceRows(json: unknown): ReadonlyMap<string, unknown> {
  return new Map(list(json, 'services').map((row) => [`${String(row['binary'])} ${String(row['host'])}`, row]));
}

function poolRows(json: unknown): ReadonlyMap<string, unknown> {
  return new Map(list(json, 'pools').map((pool) => [String(pool['name']), pool['capabilities']]));
}

function list(json: unknown, key: string): readonly Record<string, unknown>[] {
  const value = isRecord(json) ? json[key] : undefined;
  return Array.isArray(value) ? value.filter((element) => isRecord(element)) : [];
}
