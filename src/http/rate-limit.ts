import type { RateLimit } from './web-config-rate.ts';

/** A token bucket that begins full: answers whether one more request may pass now. `nowMs` must not go backwards. */
export function createRateLimiter({ intervalMs, burst }: RateLimit, nowMs: () => number): () => boolean {
  let tokens = burst;
  let atMs = nowMs();
  return () => {
    const now = nowMs();
    tokens = Math.min(burst, tokens + (now - atMs) / intervalMs);
    atMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
