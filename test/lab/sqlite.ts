import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from './answer.ts';

const TRIES = 8;

/** Asks again while the answer is 500: SQLite, which the lab has for a database, refuses one of two writes that come at once. */
export async function persist(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask();
    if (answer.status !== 500 || tries === TRIES) return answer;
    await pause(500);
  }
}

/** The same for a command that says so. */
export async function persistently<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries === TRIES || !/HTTP 500|database is locked/.test(String((error as { stderr?: unknown }).stderr)))
        throw error;
    }
  }
}
