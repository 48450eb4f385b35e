import type { Answer } from './answer.ts';
import type { Operation } from './request-log.ts';

/** What a proxy in front answers instead of the cloud. */
interface CannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Answers that take the place of the real ones, by operation. */
export interface Canned {
  /** For the next `times` requests of that operation (for all without a number); null ends it. */
  readonly answerWith: (operation: Operation, answer: CannedAnswer | null, times?: number) => void;
  take(operation: Operation): Answer | undefined;
}

/** No answer is replaced yet. */
export function createCanned(): Canned {
  const replaced = new Map<Operation, { readonly answer: Answer; left: number }>();
  return {
    answerWith(operation, answer, times = Infinity) {
      if (answer === null) return void replaced.delete(operation);
      const headers = Object.entries(answer.headers ?? {});
      replaced.set(operation, { answer: { status: answer.status, headers, body: answer.body ?? '' }, left: times });
    },
    take(operation) {
      const found = replaced.get(operation);
      if (found === undefined || found.left <= 0) return undefined;
      found.left--;
      return found.answer;
    },
  };
}
