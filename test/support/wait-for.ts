import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks again and again until the answer is not undefined, and gives that. Throws `what` and the last error after
 * `deadlineMs`: an error thrown by `ask` is "not yet", its message says what is missing. `rest` is waited for in between.
 * The deadline only keeps a test from hanging: a minute, unless the cloud is a real one that needs longer.
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 60_000,
  rest: () => Promise<unknown> = () => pause(100),
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await rest();
  } while (performance.now() < end);
  const why = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`not within ${deadlineMs} ms: ${what}${why}`, { cause: last });
}
