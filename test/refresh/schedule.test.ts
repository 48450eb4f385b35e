import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import type { Schedule } from '../../src/config/config.ts';
import { intervalOf, startSchedule, type ScheduleOptions } from '../../src/refresh/schedule.ts';
import { until } from './watched.ts';

interface Running {
  readonly runs: number[];
  readonly missed: () => number;
  readonly stop: () => void;
}

async function start(t: TestContext, schedule: Schedule, options: Partial<ScheduleOptions> = {}): Promise<Running> {
  const runs: number[] = [];
  let missed = 0;
  const scheduled = await startSchedule({
    schedule,
    intervalMs: await intervalOf(schedule),
    maxRandomDelayMs: 0,
    run: () => void runs.push(performance.now()),
    missed: (count) => void (missed += count),
    ...options,
  });
  t.after(scheduled.stop);
  return { runs, missed: () => missed, stop: scheduled.stop };
}

const every = (everyMs: number): Schedule => ({ kind: 'interval', everyMs });
const EVERY_SECOND: Schedule = { kind: 'cron', expression: '* * * * * *' };

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('the first run is at once, the others at the interval, without drift', async (t) => {
  const before = performance.now();
  const { runs, stop } = await start(t, every(60));
  assert.equal(runs.length, 1);
  assert.ok((runs[0] ?? Infinity) - before < 50);
  await until('runs', () => runs.length === 6);
  stop();
  for (const [i, at] of runs.entries()) assert.ok(at >= before + i * 60 - 2, `run ${i} came too early`);
  assert.ok((runs[5] ?? Infinity) < before + 5 * 60 + 250);
});

test('the second run may come sooner, to spread many clouds', async (t) => {
  const { runs } = await start(t, every(60_000), { secondAfterMs: 30 });
  await until('the second run', () => runs.length === 2);
});

test('random delays do not add up', async (t) => {
  const begun = performance.now();
  const { runs } = await start(t, every(50), { maxRandomDelayMs: 25, random: () => 1 });
  await until('runs', () => runs.length >= 21);
  assert.ok((runs[20] ?? Infinity) < begun + 20 * 50 + 25 + 300);
});

test('a blocked event loop is counted, and caught up once', async (t) => {
  const { runs, missed } = await start(t, every(50));
  await until('a run', () => runs.length === 2);
  blockFor(330);
  const at = runs.length;
  await until('caught up', () => runs.length > at);
  assert.ok(missed() >= 5 && missed() <= 7, `${missed()} missed`);
  assert.equal(runs.length, at + 1, 'once, not once for each');
  await until('goes on', () => runs.length >= at + 3);
});

test('a stopped schedule runs no more, and leaves no timer', async (t) => {
  for (const schedule of [every(20), EVERY_SECOND]) {
    const before = timers();
    const { runs, stop } = await start(t, schedule, { maxRandomDelayMs: 5 });
    await until('a second run', () => runs.length >= 2);
    stop();
    await until('no timer is left', () => timers() <= before);
    const seen = runs.length;
    await new Promise((resolve) => {
      setTimeout(resolve, schedule.kind === 'cron' ? 1100 : 60);
    });
    assert.equal(runs.length, seen);
  }
});

test('cron: a slot lost by a blocked loop is run late, and counted', async (t) => {
  const { runs, missed } = await start(t, EVERY_SECOND);
  await until('a run by the clock', () => runs.length === 2);
  blockFor(2100);
  const at = runs.length;
  const blocked = performance.now();
  await until('run again', () => runs.length > at);
  assert.ok(performance.now() - blocked < 1200);
  await until('counted', () => missed() >= 1);
});

test('cron: a jump of the clock back does not stop it for good', async (t) => {
  t.after(() => mock.timers.reset());
  const { runs } = await start(t, EVERY_SECOND);
  await until('a run by the clock', () => runs.length === 2);
  mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 });
  const back = runs.length;
  await until('runs after a jump back', () => runs.length > back, 8000);
});

test('the time between two runs of a cron expression is the longest of the next ones', async () => {
  const of = (expression: string) => intervalOf({ kind: 'cron', expression });
  assert.equal(await of('*/15 * * * * *'), 15_000);
  assert.equal(await of('* * * * *'), 60_000);
  assert.equal(await of('0 0,20 * * * *'), 40 * 60_000);
  assert.equal(await of('0 0 3 * * *'), 24 * 3_600_000);
  assert.equal(await intervalOf(every(1234)), 1234);
});

test('a cron expression of a year does not spin', async (t) => {
  const { runs, stop } = await start(t, { kind: 'cron', expression: '0 0 0 1 1 *' });
  const before = process.cpuUsage();
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  assert.ok(process.cpuUsage(before).user < 150_000);
  assert.equal(runs.length, 1);
  stop();
});
