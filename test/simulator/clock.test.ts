import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realClock } from '../../src/simulator/clock.ts';
import { manualClock } from '../support/manual-clock.ts';

test('a clock moved by hand runs timers in order, each at its own time', () => {
  const clock = manualClock(1_000);
  const ran: string[] = [];
  const stop = clock.every(300, () => ran.push(`every ${clock.now()}`));
  clock.after(700, () => ran.push(`after ${clock.now()}`));
  clock.after(450, () => clock.after(100, () => ran.push(`nested ${clock.now()}`)));
  clock.advance(1_000);
  assert.deepEqual(ran, ['every 1300', 'nested 1550', 'every 1600', 'after 1700', 'every 1900']);
  assert.equal(clock.now(), 2_000);
  stop();
  clock.advance(1_000);
  assert.equal(ran.length, 5);
});

test('a fast clock: its time and its timers run together', async (t) => {
  // Timers of the clock do not keep the process alive; the test must.
  const awake = setTimeout(() => undefined, 60_000);
  t.after(() => clearTimeout(awake));
  const begun = performance.now();
  const clock = realClock(1_000, 0);
  const first = await new Promise<number>((resolve) => clock.after(20_000, () => resolve(clock.now())));
  assert.ok(first >= 19_000 && first <= (performance.now() - begun) * 1_000, String(first));
  const cancel = clock.after(1_000, () => assert.fail('it was cancelled'));
  cancel();
  let turns = 0;
  await new Promise<void>((resolve) => {
    const stop = clock.every(5_000, () => {
      if (++turns === 2) resolve(stop());
    });
  });
});
