import { createTask, validateDetailed } from 'node-cron';
import type { Schedule } from './config.ts';
import { quoted } from './tree.ts';
import { DAY, MINUTE, SECOND } from '../duration.ts';

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

/** node-cron finds the days of `30 2` impossible. It accepts the days of `31W 2` and of `L-30 4`. */
function comes(expression: string): boolean {
  return Number.isFinite(calendarOf(expression).next(0));
}

/** `*` and a range over everything come round again after the cycle; `10-40/7` is what somebody meant. */
function unevenStep(part: string, cycle: number): boolean {
  const [range, step] = part.split('/');
  if (step === undefined) return false;
  const everything = range === '*' || range === `0-${cycle - 1}`;
  return Number(step) > cycle || (everything && cycle % Number(step) !== 0);
}

/** When a cron expression is due, in UTC: derived from the expression alone, whatever the time is now. */
export interface Calendar {
  /** The shortest time from one run to the next, in milliseconds. What lies between two windows, such as a night, is no period. */
  readonly periodMs: () => number;
  /** The first run after a moment; both in milliseconds since the epoch. Infinity when none comes within a lifetime. */
  readonly next: (afterMs: number) => number;
}

/** 1 January 2000. The weekdays of all dates come round again after 28 years. */
const SOME_DAY = 10_957 * DAY;
const CYCLE_DAYS = 28 * 365 + 7;
/** So many days that are meant, one after the other, show how near two of them come to each other. */
const ENOUGH_DAYS = 24;
/** As far as node-cron itself looks. */
const LIFETIME_DAYS = 36_600;

/** The calendar of a valid expression. node-cron reads it, and knows which days are meant. */
export function calendarOf(expression: string): Calendar {
  const { fields } = validateDetailed(expression);
  if (!fields) return { periodMs: () => DAY, next: () => Infinity };
  const sorted = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  const seconds = sorted(fields.second).map((second) => second * SECOND);
  const minutes = sorted(fields.hour).flatMap((hour) => sorted(fields.minute).map((m) => (hour * 60 + m) * MINUTE));
  const months = new Set(fields.month);
  const first = (minutes[0] ?? 0) + (seconds[0] ?? 0);
  const last = (minutes.at(-1) ?? 0) + (seconds.at(-1) ?? 0);

  // Only asked about days: not started, and destroyed lest node-cron keeps it.
  const task = createTask(expression, () => {}, { timezone: 'UTC' });
  void task.destroy();
  // Only letters need node-cron, such as the L of the last day.
  const plainDays = fields.dayOfMonth.every((day) => typeof day === 'number') ? new Set(fields.dayOfMonth) : undefined;
  function dayMeant(day: number): boolean {
    const date = new Date(day);
    if (!months.has(date.getUTCMonth() + 1) || plainDays?.has(date.getUTCDate()) === false) return false;
    return task.match(new Date(day + first));
  }
  const asked = { day: NaN, meant: false };
  function meant(day: number): boolean {
    if (day !== asked.day) {
      asked.day = day;
      asked.meant = dayMeant(day);
    }
    return asked.meant;
  }

  function nextDay(fromMs: number, days: number): number {
    for (let i = 0, day = fromMs; i < days; i += 1, day += DAY) if (meant(day)) return day;
    return Infinity;
  }

  /** The first run of a day at or after a time of day, both in milliseconds; undefined when none is left. */
  function onDay(fromMs: number): number | undefined {
    for (const minute of minutes) {
      if (minute + (seconds.at(-1) ?? 0) < fromMs) continue;
      return minute + (seconds.find((second) => minute + second >= fromMs) ?? 0);
    }
    return undefined;
  }

  function periodMs(): number {
    const within = Math.min(
      ...gaps(seconds),
      ...gaps(minutes).map((gap) => gap + (seconds[0] ?? 0) - (seconds.at(-1) ?? 0)),
    );
    const overnight = first - last;
    if (within <= overnight + DAY) return within;
    let shortest = Infinity;
    let day = nextDay(SOME_DAY, CYCLE_DAYS);
    for (let looks = 0; looks < ENOUGH_DAYS && Number.isFinite(day) && shortest > DAY; looks += 1) {
      const after = nextDay(day + DAY, CYCLE_DAYS);
      shortest = Math.min(shortest, after - day);
      day = after;
    }
    return Math.min(within, shortest + overnight, CYCLE_DAYS * DAY);
  }

  return {
    periodMs,
    next(afterMs) {
      const from = Math.floor(afterMs / SECOND) * SECOND + SECOND;
      const today = Math.floor(from / DAY) * DAY;
      const sameDay = meant(today) ? onDay(from - today) : undefined;
      return sameDay === undefined ? nextDay(today + DAY, LIFETIME_DAYS) + first : today + sameDay;
    },
  };
}

/** From each value to the next. */
function gaps(sorted: readonly number[]): number[] {
  return sorted.slice(1).map((value, i) => value - (sorted[i] ?? value));
}

/** The shortest time between two refreshes of a schedule, in milliseconds. Pauses, ages and random delays are measured by it. */
export function periodMs(schedule: Schedule): number {
  return schedule.kind === 'interval' ? schedule.everyMs : calendarOf(schedule.expression).periodMs();
}
