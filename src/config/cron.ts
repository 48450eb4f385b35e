import { createTask, validateDetailed } from 'node-cron';
import type { Schedule } from './config.ts';
import { quoted } from './tree.ts';

/** Why a cron expression is refused, and where: `offset` is the 0-based character of the field, `expected` completes the message. */
export interface CronProblem {
  readonly offset: number;
  readonly expected: string;
  readonly got: string;
}

type Field = 'second' | 'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek';

/** In the order of a six-field expression, with the values each may have. */
const FIELDS: readonly { readonly field: Field; readonly bounds: string }[] = [
  { field: 'second', bounds: 'seconds from 0 to 59' },
  { field: 'minute', bounds: 'minutes from 0 to 59' },
  { field: 'hour', bounds: 'hours from 0 to 23' },
  { field: 'dayOfMonth', bounds: 'a day of the month from 1 to 31' },
  { field: 'month', bounds: 'a month from 1 to 12 or jan to dec' },
  { field: 'dayOfWeek', bounds: 'a day of the week from 0 to 7 or sun to sat' },
];

/** A step has to divide this much evenly, or its last stretch is shorter than the others. */
const CYCLES: Partial<Record<Field, number>> = { second: 60, minute: 60, hour: 24 };

/** Every second of a minute, one by one, needs 169 characters; six such fields fit. node-cron expands lists and ranges before it looks at them. */
const MAX_EXPRESSION_LENGTH = 1000;

/** A number that no field has. As the end of a range node-cron would count up to it: a day at work, or more memory than there is. The step after `/` is harmless. */
const TOO_LARGE = /(?<![\d/])\d{3}/;

/** The first thing wrong with an expression of five or six fields, or undefined. */
export function cronProblem(expression: string): CronProblem | undefined {
  const words = [...expression.matchAll(/\S+/g)].map((match) => ({ text: match[0], offset: match.index }));
  const nickname = words.length === 1 && expression.startsWith('@');
  if (!nickname && words.length !== 5 && words.length !== 6) {
    return { offset: 0, expected: 'a node-cron expression of 5 or 6 fields', got: `${words.length} fields` };
  }
  if (expression.length > MAX_EXPRESSION_LENGTH) {
    const expected = `a node-cron expression of at most ${MAX_EXPRESSION_LENGTH} characters`;
    return { offset: 0, expected, got: `${expression.length} characters` };
  }
  const fieldAt = (index: number): Field | undefined => FIELDS[index + (words.length === 5 ? 1 : 0)]?.field;
  const large = words.findIndex(({ text }) => TOO_LARGE.test(text));
  const error = large === -1 ? validateDetailed(expression).errors[0] : { field: fieldAt(large), message: '' };
  if (error) {
    const index = words.findIndex((_, index) => fieldAt(index) === error.field);
    const bounds = FIELDS.find(({ field }) => field === error.field)?.bounds;
    const impossible = error.message.includes('impossible');
    return {
      offset: words[index]?.offset ?? 0,
      expected: impossible ? 'a day that the month has' : (bounds ?? 'a node-cron expression of 5 or 6 fields'),
      got: quoted(words[index]?.text ?? expression),
    };
  }
  for (const [index, { text, offset }] of words.entries()) {
    const field = fieldAt(index);
    const cycle = field && CYCLES[field];
    if (!cycle || nickname) continue;
    if (text.split(',').some((part) => unevenStep(part, cycle))) {
      const expected = `a step that divides ${cycle} evenly (for any other pace use interval, such as interval: 90s)`;
      return { offset, expected, got: quoted(text) };
    }
  }
  return comes(expression) ? undefined : { offset: 0, expected: 'times that come', got: quoted(expression) };
}

/** node-cron finds the days of `30 2` impossible, but not those of `31W 2` or of `L-30 4`; it would give up when it is to run. */
function comes(expression: string): boolean {
  const task = createTask(expression, () => {}, { timezone: 'UTC' });
  try {
    return task.getNextRuns(10).length === 10;
  } catch {
    return false;
  } finally {
    void task.destroy();
  }
}

/** `*` and a range over everything come round again after the cycle; `10-40/7` is what somebody meant. */
function unevenStep(part: string, cycle: number): boolean {
  const [range, step] = part.split('/');
  if (step === undefined) return false;
  const everything = range === '*' || range === `0-${cycle - 1}`;
  return Number(step) > cycle || (everything && cycle % Number(step) !== 0);
}

/** The shortest time between two refreshes of a schedule, in milliseconds. */
export function periodMs(schedule: Schedule): number {
  if (schedule.kind === 'interval') return schedule.everyMs;
  const { fields } = validateDetailed(schedule.expression);
  if (!fields) return 86_400_000;
  const { second, minute, hour } = fields;
  if (second.length > 1) return smallestGap(second, 60) * 1000;
  if (minute.length > 1) return smallestGap(minute, 60) * 60_000;
  return smallestGap(hour, 24) * 3_600_000;
}

function smallestGap(values: readonly number[], cycle: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const first = sorted[0] ?? 0;
  return Math.min(...[...sorted.slice(1), first + cycle].map((value, index) => value - (sorted[index] ?? first)));
}
