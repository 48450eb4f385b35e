import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Up to this size, collecting garbage more often costs no measurable CPU; beyond, a refresh would cost a third more. */
const SMALL_HEAP_BYTES = 64 * 1024 * 1024;

/**
 * Has a function run more often before V8 compiles it to faster machine code, which costs more than it brings to who works for 20 ms twice a minute:
 * seven to ten times as often, by the flags that this version of V8 has. Measured on 2026-11-27 in the first five minutes with 100 backends, CPU seconds
 * an hour and resident memory: Node.js 20 5.5 instead of 7.9 and 72 MB instead of 75, Node.js 24 5.1 instead of 6.0 and 87 MB instead of 90.
 * Who is asked thousands of times a second is compiled all the same, and so is the first refresh of 10,000 backends. Thirty times as often saves no more,
 * and halves how many scrapes a second can be had.
 */
const SELDOM_COMPILED = process.versions.v8.startsWith('11.')
  ? ['--interrupt-budget=500000']
  : ['--invocation-count-for-maglev=4000', '--invocation-count-for-turbofan=30000'];

let tight: boolean | undefined;

/**
 * Fits V8 to a process that is idle between refreshes. A refresh leaves short-lived garbage behind. V8 would answer by growing its young generation to
 * 32 MB, and the old one to a multiple of what lives in it. The process would hold that memory for nothing.
 * Measured on 2026-11-26 with Node.js 20: 74 MB resident instead of 85 with 100 backends, 92 instead of 123 with 1,000.
 * Called when all is loaded, and after each refresh: a large heap gets V8's own measure for the old generation back.
 * Only numbers are set that V8 reads anew each time. Flags that switch a part of V8 on or off end the process when that part is at work.
 */
export function fitV8(): void {
  const small = getHeapStatistics().used_heap_size < SMALL_HEAP_BYTES;
  if (small === tight) return;
  if (tight === undefined) {
    for (const flag of ['--semi-space-growth-factor=1', ...SELDOM_COMPILED]) setFlagsFromString(flag);
  }
  setFlagsFromString(`--heap-growing-percent=${small ? 20 : 0}`);
  tight = small;
}
