import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schedule } from '../../src/config/config.ts';
import { startSchedule, untilDueMs, type ScheduleOptions } from '../../src/watch/schedule.ts';
import { manualTime, type ManualTime } from '../support/manual-time.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Friday. */
const FRIDAY = Date.UTC(2026, 10, 27);

interface Running extends ManualTime {
  /** Times of `wall` at which it ran. */
  readonly runs: number[];
  readonly missed: () => number;
  readonly dueAtMs: () => number;
  readonly stop: () => void;
  /** Time passes in which nothing of the process can run: no timer fires before it is over. */
  readonly standStill: (ms: number) => void;
}

function start(schedule: Schedule, options: Partial<ScheduleOptions> = {}, startMs = FRIDAY): Running {
  const time = manualTime(startMs);
  const runs: number[] = [];
  let missed = 0;
  let stands = false;
  const held: (() => void)[] = [];
  const scheduled = startSchedule({
    schedule,
    maxRandomDelayMs: 0,
    run: () => void runs.push(time.clock.wall()),
    missed: (count) => void (missed += count),
    clock: {
      ...time.clock,
      after: (ms, run) => time.clock.after(ms, () => void (stands ? held.push(run) : run())),
    },
    ...options,
  });
  return {
    ...time,
    runs,
    missed: () => missed,
    ...scheduled,
    standStill(ms) {
      stands = true;
      time.advance(ms);
      stands = false;
      for (const run of held.splice(0)) run();
    },
  };
}

const every = (everyMs: number): Schedule => ({ kind: 'interval', everyMs });
const cron = (expression: string): Schedule => ({ kind: 'cron', expression });
const times = (runs: readonly number[]): string[] => runs.map((at) => new Date(at).toISOString().slice(8, 19));

test('an interval: every so often, without drift, however long the random delays are', () => {
  for (const maxRandomDelayMs of [0, 25]) {
    const { runs, advance, missed } = start(every(50), { maxRandomDelayMs, random: () => 1 });
    advance(20 * 50 + 30);
    assert.equal(runs.length, 20);
    assert.deepEqual([runs[0], runs[19]], [FRIDAY + 50 + maxRandomDelayMs, FRIDAY + 1000 + maxRandomDelayMs]);
    assert.equal(missed(), 0);
  }
});

test('the first run may come later, to spread many clouds over the interval', () => {
  const { runs, advance } = start(every(MINUTE), { firstAfterMs: 90_000 });
  advance(3 * MINUTE);
  assert.deepEqual(runs, [FRIDAY + 90_000, FRIDAY + 150_000]);
});

test('times with fractions of a millisecond, as the monotonic clock has them, are neither run twice nor missed', () => {
  for (let i = 1; i < 300; i += 1) {
    const time = manualTime(FRIDAY);
    const base = 2718.281_828_459 * i;
    let runs = 0;
    let missed = 0;
    startSchedule({
      schedule: every(3000),
      maxRandomDelayMs: 0,
      firstAfterMs: (i * 31.415_926_535) % 3000,
      run: () => void (runs += 1),
      missed: (count) => void (missed += count),
      clock: { ...time.clock, now: () => base + time.clock.now() },
    });
    time.advance(21 * 3000);
    assert.deepEqual([runs, missed], [21, 0], `run ${i}`);
  }
});

test('a process that stands still counts what it missed, and catches up once', () => {
  for (const schedule of [every(MINUTE), cron('* * * * *')]) {
    const { runs, missed, advance, standStill } = start(schedule);
    advance(MINUTE);
    standStill(5 * MINUTE + 1000);
    assert.deepEqual(times(runs), ['27T00:01:00', '27T00:06:01'], 'once, not once for each');
    // One of the five is run late; four are gone.
    assert.equal(missed(), 4);
    advance(MINUTE);
    assert.deepEqual(times(runs.slice(2)), ['27T00:07:00'], 'at its time again');
    assert.equal(missed(), 4);
  }
});

test('a stopped schedule runs no more, and leaves no timer', () => {
  for (const schedule of [every(20), cron('* * * * * *')]) {
    const { runs, stop, waiting, advance } = start(schedule, { maxRandomDelayMs: 5 });
    advance(2000);
    stop();
    assert.deepEqual(waiting(), []);
    const seen = runs.length;
    assert.ok(seen >= 1);
    advance(DAY);
    assert.equal(runs.length, seen);
  }
});

test('cron with a window: nothing runs outside of it, and nothing is missed', () => {
  const { runs, missed, advance, dueAtMs } = start(cron('*/30 * 8-18 * * 1-5'), {}, FRIDAY + 18 * HOUR + 57 * MINUTE);
  advance(3 * MINUTE);
  assert.equal(runs.length, 5);
  const monday = FRIDAY + 3 * DAY + 8 * HOUR;
  assert.equal(dueAtMs(), monday);
  advance(monday - 1 - (FRIDAY + 19 * HOUR));
  assert.equal(runs.length, 5, 'nights and weekends are quiet');
  advance(1);
  assert.deepEqual(times(runs.slice(-2)), ['27T18:59:30', '30T08:00:00']);
  assert.equal(missed(), 0);
});

test('cron: a clock that is set ahead by a day costs nothing, and the next run is soon', () => {
  const { runs, missed, advance, setWall } = start(cron('*/2 * * * * *'));
  advance(10_000);
  setWall(DAY);
  advance(2000);
  assert.equal(runs.length, 6);
  assert.equal(runs.at(-1), FRIDAY + DAY + 12_000);
  assert.equal(missed(), 0, 'nothing was due and not run');
  advance(10_000);
  assert.deepEqual([runs.length, missed()], [11, 0]);
});

test('cron: a clock that is set ahead past a run that is far is noticed within a minute', () => {
  const { runs, missed, advance, setWall } = start(cron('0 0 12 * * *'));
  advance(HOUR);
  setWall(11 * HOUR + 1000);
  advance(MINUTE);
  assert.deepEqual([runs.length, missed()], [1, 0]);
});

test('cron: a clock that is set back does not stop it, and runs come at their new times', () => {
  const { runs, missed, advance, setWall } = start(cron('0 */10 * * * *'));
  advance(25 * MINUTE);
  setWall(-DAY);
  advance(10 * MINUTE);
  assert.deepEqual(times(runs), ['27T00:10:00', '27T00:20:00', '26T00:30:00']);
  advance(10 * MINUTE);
  assert.deepEqual(times(runs.slice(3)), ['26T00:40:00']);
  assert.equal(missed(), 0);
});

test('cron: a clock that was ahead is put right just before a run', () => {
  const { runs, missed, advance, setWall } = start(cron('0 0 3 * * *'), {}, FRIDAY + 2 * HOUR);
  setWall(30 * MINUTE);
  advance(20 * MINUTE);
  setWall(-30 * MINUTE);
  advance(40 * MINUTE);
  assert.deepEqual([times(runs), missed()], [['27T03:00:00'], 0]);
});

test('an interval does not care what is done to the clock', () => {
  const { runs, missed, advance, setWall } = start(every(MINUTE));
  setWall(DAY);
  advance(MINUTE);
  setWall(-3 * DAY);
  advance(MINUTE);
  assert.deepEqual([runs.length, missed()], [2, 0]);
});

test('a cron expression of a year waits without work', () => {
  const { runs, advance, waiting, dueAtMs } = start(cron('0 0 0 1 1 *'));
  assert.equal(dueAtMs(), Date.UTC(2027, 0, 1));
  assert.deepEqual(waiting(), [MINUTE]);
  advance(7 * DAY);
  assert.equal(runs.length, 0);
});

test('how long until a schedule is due', () => {
  const { clock } = manualTime(FRIDAY + 5000);
  assert.equal(untilDueMs(every(1234), clock), 1234);
  assert.equal(untilDueMs(cron('*/15 * * * * *'), clock), 10_000);
});
