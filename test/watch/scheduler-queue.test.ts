import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLane, type Lane, type SchedulerOperation } from '../../src/watch/scheduler-queue.ts';
import { OpenStackError, type FailureDetails } from '../../src/openstack/errors.ts';
import { createPauses, type Pauses } from '../../src/openstack/pause.ts';
import { manualTime } from '../support/manual-time.ts';

const PATIENCE_MS = 10_000;

interface Bench {
  readonly lane: Lane;
  readonly pauses: Pauses;
  readonly ready: (operation: SchedulerOperation) => boolean;
  readonly advance: (ms: number) => void;
}

/** A lane whose time only passes when told, and no chance in its pauses. */
function lane(): Bench {
  const { clock, advance } = manualTime();
  const pauses = createPauses(30_000, clock, () => 1);
  const made = createLane({ patienceMs: PATIENCE_MS, pauses, clock });
  return { lane: made, pauses, ready: (operation) => made.obstacle(operation) === undefined, advance };
}

function error(details: Partial<FailureDetails>): OpenStackError {
  return new OpenStackError('x', { reason: 'http', operation: 'services', url: '', ...details });
}

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (cause: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const never = (): void => assert.fail('no late answer was expected');

async function failWith(target: Lane, operation: 'services' | 'pools', cause: unknown): Promise<void> {
  const outcome = await target.ask(operation, () => Promise.reject(cause), never);
  assert.equal(outcome.kind, 'failed');
}

test('an answer in time is an answer, and leaves the lane ready', async () => {
  const { lane: target, ready } = lane();
  const outcome = await target.ask('services', () => Promise.resolve(5), never);
  assert.deepEqual(outcome, { kind: 'answered', value: 5 });
  assert.ok(ready('services') && ready('pools') && !target.ailing() && target.pauseMs() === 0);
});

test('without an answer in time the question stays open, nobody else may ask, and the late answer is told', async () => {
  const { lane: target, ready, advance } = lane();
  const question = deferred<number>();
  const told = deferred<number>();
  const asked = target.ask('services', () => question.promise, told.resolve);
  advance(PATIENCE_MS);
  const outcome = await asked;
  assert.equal(outcome.kind, 'waiting');
  assert.ok(target.open() && target.ailing() && !ready('services') && !ready('pools'));
  question.resolve(7);
  assert.equal(await told.promise, 7);
  assert.ok(!target.open() && ready('services') && ready('pools'));
});

test('a question that fails late opens the lane again, after a pause', async () => {
  const { lane: target, ready, advance } = lane();
  const question = deferred<number>();
  const asked = target.ask('services', () => question.promise, never);
  advance(PATIENCE_MS);
  await asked;
  question.reject(error({ status: 500 }));
  await question.promise.catch(() => {});
  await Promise.resolve();
  assert.ok(!target.open() && !ready('services') && !ready('pools'));
  assert.equal(target.pauseMs(), 7500);
  advance(7500);
  assert.ok(ready('services') && ready('pools') && target.ailing());
});

test('pauses grow with each failure in a row up to the limit, and end with the first success', async () => {
  const { lane: target, advance } = lane();
  const pauses: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    await failWith(target, 'services', error({ status: 500 }));
    pauses.push(target.pauseMs());
    advance(target.pauseMs());
  }
  assert.deepEqual(pauses, [7500, 15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  await target.ask('services', () => Promise.resolve(1), never);
  await failWith(target, 'services', error({ status: 500 }));
  assert.equal(target.pauseMs(), 7500);
});

test('a prompt 5xx of one operation does not stop the other; what Retry-After asks for is kept', async () => {
  const { lane: target, ready, advance } = lane();
  await failWith(target, 'pools', error({ status: 503, retryAfterMs: 90_000 }));
  assert.ok(ready('services') && !ready('pools'));
  advance(89_999);
  assert.ok(!ready('pools'));
  advance(1);
  assert.ok(ready('pools'));
});

test('a request that may still hold a worker of the API is waited for: our timeout, and that of a proxy', async () => {
  for (const details of [{ reason: 'timeout' }, { status: 504 }] as const) {
    const { lane: target, ready } = lane();
    await failWith(target, 'pools', error(details));
    assert.ok(!ready('services'));
    assert.equal(target.pauseMs(), 60_000);
  }
});

test('a refusal or a connection that is refused at once asks for no pause', async () => {
  for (const details of [{ reason: 'forbidden', status: 403 }, { reason: 'connect' }, { status: 404 }] as const) {
    const { lane: target, ready } = lane();
    await failWith(target, 'pools', error(details));
    assert.ok(ready('pools'));
  }
});

test('a connection that is refused brought nothing to Cinder, also when that took long', async () => {
  const { lane: target, ready, advance } = lane();
  const question = deferred<number>();
  const asked = target.ask('pools', () => question.promise, never);
  advance(3000);
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  question.reject(error({ reason: 'connect', cause }));
  await asked;
  assert.ok(ready('pools') && ready('services'));
});

test('the API is back: what failed with it may be asked, but for what may still hold a worker, or asked us to wait', async () => {
  const { lane: target, ready, advance } = lane();
  for (let i = 0; i < 5; i += 1) {
    await failWith(target, 'pools', error({ status: 503 }));
    if (i < 4) advance(target.pauseMs());
  }
  assert.equal(target.pauseMs(), 120_000);
  target.apiIsBack();
  assert.ok(ready('pools'));
  for (let i = 0; i < 6; i += 1) {
    await failWith(target, 'pools', error({ status: 504 }));
    if (i < 5) advance(target.pauseMs());
  }
  assert.equal(target.pauseMs(), 240_000);
  target.apiIsBack();
  assert.equal(target.pauseMs(), 60_000);

  const { lane: told } = lane();
  await failWith(told, 'pools', error({ status: 503, retryAfterMs: 90_000 }));
  told.apiIsBack();
  assert.equal(told.pauseMs(), 90_000);
});

test('something thrown that is no OpenStackError is a failure, not a stuck lane', async () => {
  const { lane: target, ready } = lane();
  const outcome = await target.ask('pools', () => Promise.reject(new TypeError('of our own')), never);
  assert.ok(outcome.kind === 'failed' && outcome.error.reason === 'decode');
  assert.match(outcome.error.message, /^unexpected: TypeError: of our own$/);
  assert.ok(ready('pools'));
});
