import { z } from 'zod';
import { formatDuration, parseDuration } from './duration.ts';
import { formatSize, parseSize } from './size.ts';

/** What the documentation prints about a key, beside its description. */
export interface KeyMeta {
  /** The type and its bounds, in words. */
  readonly type: string;
  /** The default in words; undefined: the key is required or has none. */
  readonly default?: string;
}

declare module 'zod' {
  interface GlobalMeta {
    /** Set by the functions of this file: read by the generator of docs/configuration.md. */
    key?: KeyMeta;
  }
}

/** In these schemas an issue's message is what was expected; the loader adds the place and what it got. */
function meta(description: string, type: string, fallback: string | undefined): { description: string; key: KeyMeta } {
  return { description, key: fallback === undefined ? { type } : { type, default: fallback } };
}

/** A duration within bounds, in milliseconds; `fallback` is only what the documentation says. */
export function duration(minMs: number, maxMs: number, fallback: string | undefined, description: string) {
  const type = `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  const expected = `${type}, such as 30s or 1m30s`;
  return z
    .string({ error: expected })
    .transform((text, context) => inBounds(parseDuration(text), minMs, maxMs, expected, context))
    .meta(meta(description, type, fallback));
}

/** A size within bounds, in bytes. */
export function size(minBytes: number, maxBytes: number, fallback: string, description: string) {
  const type = `a size from ${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
  const expected = `${type}, such as 64MiB`;
  return z
    .string({ error: expected })
    .transform((text, context) => inBounds(parseSize(text), minBytes, maxBytes, expected, context))
    .meta(meta(description, type, fallback));
}

/** A whole number within bounds. */
export function count(min: number, max: number, fallback: number, description: string) {
  const type = `a whole number from ${min} to ${max}`;
  return z
    .int({ error: type })
    .min(min, { error: type })
    .max(max, { error: type })
    .meta(meta(description, type, String(fallback)));
}

export function flag(fallback: boolean, description: string) {
  const type = 'true or false';
  return z.boolean({ error: type }).meta(meta(description, type, String(fallback)));
}

/** A text whose check answers what was expected instead, or undefined when it is right. */
export function text(
  type: string,
  check: (text: string) => boolean,
  fallback: string | undefined,
  description: string,
) {
  return z
    .string({ error: type })
    .refine(check, { error: type })
    .meta(meta(description, type, fallback));
}

function inBounds(value: number | undefined, min: number, max: number, expected: string, context: z.RefinementCtx) {
  if (value !== undefined && value >= min && value <= max) return value;
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}
