import type { Problem } from '../config/problems.ts';
import { openSection } from './web-config-section.ts';
import type { SectionTree } from './web-config-section.ts';

/** A token bucket: one request more every `intervalMs`, up to `burst` at once. */
export interface RateLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration as Go writes it (`1.5s`, `1m30s`, `0`); undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d{1,12}(?:\.\d{1,12})?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    sum += Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  }
  return sum;
}

/** `rate_limit`; undefined when there is none or its interval is 0. */
export function readRateLimit({ tree, keyAt, key }: SectionTree, problems: Problem[]): RateLimit | undefined {
  const section = openSection(tree, keyAt, [key], ['interval', 'burst'], problems);
  if (section.refuseEmpty()) return undefined;
  const interval = 'a duration such as 1s or 100ms';
  const text = section.text('interval', interval);
  const intervalMs = text === undefined ? 0 : parseGoDuration(text);
  if (intervalMs === undefined) section.refuse('interval', interval);
  const burst = section.text('burst', 'a whole number');
  const count = burst !== undefined && /^\d{1,9}$/.test(burst) ? Number(burst) : undefined;
  if (burst !== undefined && count === undefined) section.refuse('burst', 'a whole number');
  if (!intervalMs) return undefined;
  // exporter-toolkit would take 0 and then answer no request at all.
  if (burst === undefined || count === 0) section.refuse('burst', 'a whole number of at least 1');
  return { intervalMs, burst: count ?? 1 };
}
