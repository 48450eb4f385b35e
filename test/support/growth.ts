import assert from 'node:assert/strict';

/** What is linear in the size of its input takes four times as long for four times the input, what is quadratic sixteen times. */
const SCALE = 4;
const MOST = 8;
/** Less is noise: what takes no longer than eight times this is cheap, however it grows. In milliseconds. */
const NOISE_MS = 5;
const ATTEMPTS = 6;

/**
 * Asserts that the cost of `work` grows no faster than its input. `prepare` makes the input of a scale (1 or 4) and returns the work on it, of which
 * only the processor time counts: a busy machine makes that no longer. The least of some attempts is taken, as the machine can only add.
 */
export async function assertLinear(
  what: string,
  prepare: (scale: number) => () => unknown,
  attempts = ATTEMPTS,
): Promise<void> {
  // The first run also pays for compiling: the smaller work would seem as dear as the larger.
  await prepare(1)();
  const least: [number, number] = [Infinity, Infinity];
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    least[0] = Math.min(least[0], await processorMs(prepare(1)));
    least[1] = Math.min(least[1], await processorMs(prepare(SCALE)));
    if (least[1] <= MOST * Math.max(least[0], NOISE_MS)) return;
  }
  const [small, large] = least.map((ms) => ms.toFixed(1));
  assert.fail(`${what}: ${small} ms of processor time, and ${large} ms for ${SCALE} times as much`);
}

/** Processor time of this process while the work runs, in milliseconds. */
async function processorMs(work: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
