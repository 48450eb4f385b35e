import type { Pool } from '../cinder/model.ts';
import { bytesText, percentText } from './quantity.ts';

/** How full a pool is, for a bar and in words. Ratios are of the total, from 0 to 1. */
export interface Fill {
  /** undefined: there is nothing to draw. */
  readonly used: number | undefined;
  readonly reserved: number;
  readonly words: string;
}

/** A pool this full is drawn as nearly full. */
export const NEARLY_FULL = 0.9;

export function fillOf({ totalBytes: total, freeBytes: free, reservedRatio }: Pool): Fill {
  const reserved = clamp(reservedRatio ?? 0);
  if (total === Infinity || free === Infinity) return { used: undefined, reserved: 0, words: 'infinite' };
  if (total === undefined && free === undefined) return { used: undefined, reserved: 0, words: 'capacity not told' };
  if (total === undefined) return { used: undefined, reserved: 0, words: `${bytesText(free)} free` };
  if (free === undefined) return { used: undefined, reserved: 0, words: `${bytesText(total)}, free not told` };
  if (total <= 0) return { used: undefined, reserved: 0, words: 'no capacity' };
  const used = clamp((total - free) / total);
  return { used, reserved, words: `${percentText(used)} of ${bytesText(total)}` };
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, ratio));
}

/** Fullest first; those that cannot be drawn last. */
export function fullestFirst(pools: readonly Pool[]): Pool[] {
  return pools.toSorted((a, b) => (fillOf(b).used ?? -1) - (fillOf(a).used ?? -1) || (a.pool < b.pool ? -1 : 1));
}
