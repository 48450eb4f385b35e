import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Up to this size, collecting garbage more often costs no measurable CPU; beyond, a refresh would cost a third more. */
const SMALL_HEAP_BYTES = 64 * 1024 * 1024;

let tight: boolean | undefined;

/**
 * Keeps the heap of a small cloud's exporter small. A refresh leaves short-lived garbage behind. V8 would answer by growing its young generation to
 * 32 MB, and the old one to a multiple of what lives in it. A process that is idle between refreshes would hold that memory for nothing.
 * Measured on 2026-11-26 with Node.js 20: 74 MB resident instead of 85 with 100 backends, 92 instead of 123 with 1,000.
 * Called at the start, before anything is loaded, and after each refresh: a large heap gets V8's own measure for the old generation back.
 */
export function fitHeap(): void {
  const small = getHeapStatistics().used_heap_size < SMALL_HEAP_BYTES;
  if (small === tight) return;
  if (tight === undefined) setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${small ? 20 : 0}`);
  tight = small;
}
