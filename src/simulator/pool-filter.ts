import { type Json, textOf } from './definition.ts';
import type { SchedulerPool } from './scheduler.ts';

/** Does the pool have that name, and does every other parameter equal the capability of that name? */
export function poolMatches(pool: SchedulerPool, filters: URLSearchParams): boolean {
  for (const [key, value] of filters) {
    if (key === 'name' ? value !== pool.name : !equalAfterConvert(pool.capabilities[key], value)) return false;
  }
  return true;
}

/** `HostManager._equal_after_convert`: booleans by their words, everything else as text; a missing capability equals nothing. */
function equalAfterConvert(capability: Json | undefined, value: string): boolean {
  if (capability === undefined || capability === null) return false;
  if (typeof capability === 'boolean') return capability === /^(1|t|true|on|y|yes)$/i.test(value.trim());
  return textOf(capability) === value;
}
