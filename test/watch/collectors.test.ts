import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCollectorLog } from '../../src/watch/collectors.ts';
import { OpenStackError, type FailureReason } from '../../src/openstack/errors.ts';

function error(reason: FailureReason, message = 'why', notAsked = false): OpenStackError {
  return new OpenStackError(message, { reason, operation: 'pools', url: '', notAsked });
}

function collectorLog() {
  let now = 1000;
  const turns: string[] = [];
  const log = createCollectorLog(
    ({ collector, failure }) => turns.push(`${collector} ${failure?.reason ?? 'succeeds'}`),
    () => now,
  );
  return { log, turns, advance: (ms: number) => void (now += ms) };
}

test('told once when a collector begins to fail, fails otherwise, and succeeds again', () => {
  const { log, turns, advance } = collectorLog();
  log.succeeded('pools', 5);
  for (let i = 0; i < 3; i += 1) {
    advance(30_000);
    log.failed('pools', 5, error('http'));
  }
  log.failed('pools', 5, error('timeout'));
  log.succeeded('pools', 5);
  log.succeeded('pools', 5);
  assert.deepEqual(turns, ['pools http', 'pools timeout', 'pools succeeds']);
});

test('the failure knows since when, and the last success stays', () => {
  const { log, advance } = collectorLog();
  log.succeeded('services', 5);
  advance(30_000);
  log.failed('services', 7, error('connect', 'first'));
  advance(30_000);
  log.failed('services', 9, error('http', 'second'));
  assert.deepEqual(log.all(), [
    {
      collector: 'services',
      success: false,
      durationMs: 9,
      lastSuccessAtMs: 1000,
      failure: { sinceMs: 31_000, reason: 'http', message: 'second' },
    },
  ]);
});

test('not asking is no success, and does not hide why it failed before', () => {
  const { log, turns } = collectorLog();
  const notAsked = error('timeout', 'not asked', true);
  log.succeeded('pools', 5);
  log.failed('pools', 0, notAsked);
  assert.equal(log.all()[0]?.success, false);
  log.failed('pools', 5, error('http', 'the real reason'));
  for (let i = 0; i < 5; i += 1) assert.equal(log.failed('pools', 0, notAsked), 'http');
  assert.equal(log.all()[0]?.failure?.message, 'the real reason');
  assert.deepEqual(turns, ['pools timeout', 'pools http']);
});
