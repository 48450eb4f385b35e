import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createTask } from 'node-cron';
import { calendarOf, cronProblem, periodMs } from '../../src/config/cron.ts';
import { nearest } from '../../src/config/nearest.ts';
import { formatSize, parseSize } from '../../src/config/size.ts';

test('sizes', () => {
  assert.deepEqual(['64MiB', '1GiB', '5B', '0KiB', '1.5MiB', '64MB', '64', '-1B', '64 MiB'].map(parseSize), [
    67_108_864,
    1_073_741_824,
    5,
    0,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  fc.assert(fc.property(fc.nat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
});

test('the nearest word', () => {
  const known = ['interval', 'schedule', 'stale_after', 'grafana_url'];
  assert.equal(nearest('Intervall', known), 'interval');
  assert.equal(nearest('stale-after', known), 'stale_after');
  assert.equal(nearest('graf', known), 'grafana_url');
  assert.equal(nearest('chekc', ['canary', 'check']), 'check', 'two letters that changed places are one error');
  assert.equal(nearest('dmeo', ['demo', 'rules']), 'demo');
  assert.equal(nearest('password', known), undefined);
  assert.equal(nearest('x'.repeat(1e6), known), undefined);
});

test('the shortest time between two runs of a schedule, from the expression alone', () => {
  for (const [expression, ms] of [
    ['*/30 * * * * *', 30_000],
    ['5,10,59 * * * * *', 5000],
    ['55,2 * * * * *', 7000],
    ['7 * * * * *', 60_000],
    ['0 */5 * * * *', 300_000],
    ['*/20 * * * *', 1_200_000],
    ['0 0 */6 * * *', 21_600_000],
    ['@daily', 86_400_000],
    ['*/30 * 8-18 * * 1-5', 30_000],
    ['0 0,20 * * * *', 1_200_000],
    ['0,50 0 * * * *', 50_000],
    ['0 59 23 * * *', 86_400_000],
    ['0,59 0,59 0,23 * * *', 1000],
    ['0 0 3 * * 1', 7 * 86_400_000],
    ['0 0 0 29 2 *', 1461 * 86_400_000],
    ['0 0 0 L * *', 28 * 86_400_000],
  ] as const) {
    assert.equal(cronProblem(expression), undefined, expression);
    assert.equal(periodMs({ kind: 'cron', expression }), ms, expression);
  }
  assert.equal(periodMs({ kind: 'interval', everyMs: 1234 }), 1234);
});

test('the next run is that of node-cron, at any time', () => {
  for (const expression of [
    '*/30 * 8-18 * * 1-5',
    '0,50 0 * * * *',
    '@weekly',
    '0 0 0 29 2 *',
    '0 0 0 L * *',
    '0 0 0 15W * *',
    '0 0 0 * * 1#2',
    '0 0 12 13 * 5',
    '30 5 0,12 1,31 jan,dec *',
  ]) {
    const task = createTask(expression, () => {}, { timezone: 'UTC' });
    const theirs = task.getNextRuns(40).map((date) => date.getTime());
    void task.destroy();
    const { next } = calendarOf(expression);
    let at = (theirs[0] ?? 0) - 1;
    const ours = theirs.map(() => (at = next(at)));
    assert.deepEqual(ours, theirs, expression);
  }
});
