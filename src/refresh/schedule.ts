import { createTask, setLogger, type TaskContext } from 'node-cron';
import type { Schedule } from '../config/config.ts';

/** A running schedule. */
export interface Scheduled {
  /** No further run starts; one under way is not waited for. */
  readonly stop: () => void;
}

export interface ScheduleOptions {
  readonly schedule: Schedule;
  /** Milliseconds from one run to the next, also of a cron expression (see `intervalOf`). */
  readonly intervalMs: number;
  readonly maxRandomDelayMs: number;
  /** Milliseconds from the first run, which is at once, to the second: more than the interval to spread many clouds over it. */
  readonly secondAfterMs?: number;
  readonly run: () => void;
  /** A run was due and could not start in time, because the event loop or the machine stood still. */
  readonly missed: (count: number) => void;
  readonly random?: () => number;
}

/** Starts the first run at once, and every further one when it is due. */
export async function startSchedule(options: ScheduleOptions): Promise<Scheduled> {
  const scheduled =
    options.schedule.kind === 'interval' ? everyInterval(options) : await byCron(options, options.schedule.expression);
  options.run();
  return scheduled;
}

/** Timers are monotonic: neither a clock jump nor a blocked loop loses a run for good. A late run counts what it missed, and catches up once. */
function everyInterval({
  intervalMs,
  maxRandomDelayMs,
  secondAfterMs = intervalMs,
  run,
  missed,
  random = Math.random,
}: ScheduleOptions): Scheduled {
  let due = performance.now() + secondAfterMs;
  let timer: NodeJS.Timeout;
  const plan = (): void => {
    timer = setTimeout(fire, Math.max(0, due - performance.now()) + random() * maxRandomDelayMs);
  };
  const fire = (): void => {
    const behind = Math.floor(Math.max(0, performance.now() - due - maxRandomDelayMs) / intervalMs);
    if (behind > 0) missed(behind);
    due += (behind + 1) * intervalMs;
    plan();
    run();
  };
  plan();
  return { stop: () => clearTimeout(timer) };
}

/** Node's timers end at 2^31 - 1 ms; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * node-cron in UTC. It skips a slot that comes too late (a blocked loop), and goes by the wall clock (which may jump):
 * a watch by the monotonic clock runs what was skipped.
 */
async function byCron(
  { intervalMs, maxRandomDelayMs, run, missed, random = Math.random }: ScheduleOptions,
  expression: string,
): Promise<Scheduled> {
  setLogger({ info() {}, warn() {}, error() {}, debug() {} });
  const delays = new Set<NodeJS.Timeout>();
  let lastRun = performance.now();
  const start = (): void => {
    lastRun = performance.now();
    run();
  };
  const delayed = (): void => {
    lastRun = performance.now();
    const delay = setTimeout(() => {
      delays.delete(delay);
      start();
    }, random() * maxRandomDelayMs);
    delays.add(delay);
  };
  const task = createTask(expression, delayed, { timezone: 'UTC', suppressMissedWarning: true });
  task.on('execution:missed', (_context: TaskContext) => {
    missed(1);
    start();
  });
  await task.start();
  const watch = setInterval(
    () => {
      if (performance.now() - lastRun <= 2 * intervalMs + maxRandomDelayMs) return;
      missed(1);
      start();
    },
    Math.min(intervalMs, MAX_TIMER_MS),
  );
  return {
    stop() {
      clearInterval(watch);
      for (const delay of delays) clearTimeout(delay);
      void task.destroy();
    },
  };
}

/** Milliseconds between two runs of a schedule; of a cron expression the longest of the next ones. */
export async function intervalOf(schedule: Schedule): Promise<number> {
  if (schedule.kind === 'interval') return schedule.everyMs;
  const task = createTask(schedule.expression, () => {}, { timezone: 'UTC' });
  const runs = task.getNextRuns(10).map((date) => date.getTime());
  void task.destroy();
  const gaps = runs.slice(1).map((at, i) => at - (runs[i] ?? at));
  return Math.max(1000, ...gaps);
}
