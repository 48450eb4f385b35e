import { SYSTEM_CLOCK, type Clock } from '../clock.ts';
import type { Schedule } from '../config/config.ts';
import { calendarOf } from '../config/cron.ts';

/** A running schedule. */
export interface Scheduled {
  /** When the next run is due by the schedule, its random delay not counted; milliseconds since the epoch. */
  readonly dueAtMs: () => number;
  /** No further run starts; one under way is not waited for. */
  readonly stop: () => void;
}

export interface ScheduleOptions {
  readonly schedule: Schedule;
  readonly maxRandomDelayMs: number;
  /** Of an interval, the milliseconds from now to the first run: more than the interval to spread many clouds over it. */
  readonly firstAfterMs?: number;
  readonly run: () => void;
  /** So many runs were due and did not start, because the event loop or the process stood still. */
  readonly missed: (count: number) => void;
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** When runs are due, by the clock that they go by. */
interface Timetable {
  readonly time: () => number;
  /** The first run after a moment of `time`. */
  readonly next: (after: number) => number;
}

/** A sleep is no longer than this, so that a clock that was set is noticed. Node's own timers end at 24 days. */
const MAX_SLEEP_MS = 60_000;
/** A clock that runs a little slow was not set back. */
const SET_BACK_MS = 1000;
/** A millionth of an interval: more than what sums of fractions are off by. */
const ROUNDING = 1e-6;
/** Missed runs are counted up to here: enough to see that it was long. */
const MAX_MISSED = 10_000;

/**
 * Runs whenever it is due, from the next time on: the first refresh, at once, is the caller's. A late run is run once, and what was due meanwhile is counted as missed.
 * An interval goes by the monotonic clock, a cron expression by the wall clock in UTC. When somebody sets that clock, nothing was missed:
 * set ahead past the next run, it is run now; set back, the runs come at their new times.
 */
export function startSchedule(options: ScheduleOptions): Scheduled {
  const { maxRandomDelayMs, run, missed, random = Math.random, clock = SYSTEM_CLOCK } = options;
  const { time, next } = timetableOf(options, clock);
  let due = next(time());
  let delay = 0;
  /** What both clocks said when the wait began. */
  let begun = { time: time(), now: clock.now() };
  let cancel = (): void => {};

  function plan(): void {
    delay = random() * maxRandomDelayMs;
    begun = { time: time(), now: clock.now() };
    sleep();
  }
  function sleep(): void {
    cancel = clock.after(Math.min(MAX_SLEEP_MS, Math.max(1, due + delay - time())), wake);
  }
  function wake(): void {
    const at = time();
    // What the clock would say if nobody had set it.
    const reckoned = begun.time + (clock.now() - begun.now);
    if (at < reckoned - SET_BACK_MS) due = Math.min(due, next(at));
    if (at < due + delay) return sleep();
    const behind = countBetween(due, Math.min(at, reckoned) - maxRandomDelayMs);
    if (behind > 0) missed(behind);
    due = next(at);
    plan();
    run();
  }
  function countBetween(after: number, until: number): number {
    let count = 0;
    for (let slot = next(after); slot <= until && count < MAX_MISSED; slot = next(slot)) count += 1;
    return count;
  }

  plan();
  return { dueAtMs: () => clock.wall() + due - time(), stop: () => cancel() };
}

function timetableOf({ schedule, firstAfterMs }: ScheduleOptions, clock: Clock): Timetable {
  if (schedule.kind === 'cron') return { time: clock.wall, next: calendarOf(schedule.expression).next };
  const { everyMs } = schedule;
  const first = clock.now() + (firstAfterMs ?? everyMs);
  // Counted from the first run, so that neither late runs nor random delays add up. The clock has fractions of a millisecond: a run itself must not
  // pass for a time before it.
  const next = (after: number): number =>
    after < first ? first : first + (Math.floor((after - first) / everyMs + ROUNDING) + 1) * everyMs;
  return { time: clock.now, next };
}

/** Milliseconds from now to the next time of a schedule. */
export function untilDueMs(schedule: Schedule, clock: Clock = SYSTEM_CLOCK): number {
  return schedule.kind === 'interval'
    ? schedule.everyMs
    : calendarOf(schedule.expression).next(clock.wall()) - clock.wall();
}
