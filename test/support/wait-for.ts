import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither undefined nor false, and gives that. Throws `what` and the last error after
 * `deadlineMs`: an error thrown by `ask` is "not yet", its message says what is missing. `rest` is waited for in between: 2 ms
 * at first, longer the longer it takes, 100 ms at most.
 * The deadline only keeps a test from hanging: a minute, unless the cloud is a real one that needs longer.
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 60_000,
  rest: (elapsedMs: number) => Promise<unknown> = (elapsedMs) => pause(Math.min(100, 2 + elapsedMs / 20)),
): Promise<T> {
  const start = performance.now();
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await rest(performance.now() - start);
  } while (performance.now() - start < deadlineMs);
  const why = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`not within ${deadlineMs} ms: ${what}${why}`, { cause: last });
}
