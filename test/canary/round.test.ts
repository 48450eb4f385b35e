import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { CanaryRow } from '../../src/cinder/canary.ts';
import { canaryBench, type CanaryBench } from './bench.ts';

/** One round of the first type in a cloud, in which something was done before. */
async function oneRound(
  t: TestContext,
  prepare: (bench: CanaryBench) => void,
): Promise<{ bench: CanaryBench; row: CanaryRow; posts: number }> {
  const bench = await canaryBench(t);
  prepare(bench);
  const row = await bench.through(bench.start().once('canary-one'));
  return { bench, row, posts: bench.asked.filter(({ method }) => method === 'POST').length };
}

test('a round: a volume is made, seen available, deleted, and gone', async (t) => {
  const { bench, row, posts } = await oneRound(t, () => {});
  assert.equal(row.last?.success, true);
  assert.equal(row.last.failure, undefined);
  assert.equal(row.inARow, 0);
  assert.equal(row.judges, true);
  assert.equal(row.leaked, 0);
  assert.equal(row.paused, undefined);
  assert.equal(row.last.tookMs.create, 500);
  assert.equal(row.last.tookMs.delete, 500);
  assert.equal(posts, 1);
  assert.deepEqual(await bench.volumes(), []);
  const [post] = bench.asked.filter(({ method }) => method === 'POST');
  const { volume } = JSON.parse(post?.body ?? '') as { volume: Record<string, unknown> };
  assert.equal(volume['size'], 1);
  assert.equal(volume['volume_type'], 'canary-one');
  assert.deepEqual(Object.keys(volume['metadata'] as object), [
    'cinder-exporter',
    'cinder-exporter-run',
    'cinder-exporter-owner',
  ]);
  assert.ok(!bench.asked.some(({ path }) => /force|action|cascade/.test(path)));
});

test('just before a volume is deleted it is read again', async (t) => {
  const { bench } = await oneRound(t, () => {});
  const at = bench.asked.findIndex(({ method }) => method === 'DELETE');
  assert.equal(bench.asked[at - 1]?.method, 'GET');
  assert.equal(bench.asked[at - 1]?.path, bench.asked[at]?.path);
});

const FAILURES: readonly (readonly [
  what: string,
  prepare: (bench: CanaryBench) => void,
  expected: { phase: string; reason: string; storage: boolean; success: boolean | undefined; message: RegExp },
])[] = [
  [
    'the driver fails to make it',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_create: 'no' }),
    { phase: 'create', reason: 'driver', storage: true, success: false, message: /Driver failed to create the volume/ },
  ],
  [
    'the driver hangs when it makes it',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _hang_create: true }),
    { phase: 'create', reason: 'stuck', storage: true, success: false, message: /still "creating" after 5 min/ },
  ],
  [
    'the driver fails to delete it',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_delete: 'no' }),
    { phase: 'delete', reason: 'error_deleting', storage: true, success: false, message: /error_deleting/ },
  ],
  [
    'the driver hangs when it deletes it',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _hang_delete: true }),
    { phase: 'delete', reason: 'stuck', storage: true, success: false, message: /still "deleting" after 10 min/ },
  ],
  [
    'the backend has no room',
    ({ simulator }) => {
      simulator.cloud.setDriver('h1@one', { free_capacity_gb: 0 });
      simulator.cloud.poll();
    },
    {
      phase: 'create',
      reason: 'no_backend',
      storage: false,
      success: false,
      message: /any available weighted backend/,
    },
  ],
  [
    'the quota is full',
    (bench) => {
      const fault = { overLimit: { code: 413, message: 'VolumeLimitExceeded: Maximum number of volumes allowed (4)' } };
      bench.gate = ({ method }) => (method === 'POST' ? { status: 413, body: JSON.stringify(fault) } : 'pass');
    },
    { phase: 'create', reason: 'quota', storage: false, success: undefined, message: /VolumeLimitExceeded/ },
  ],
  [
    'the type is gone when the volume is asked for',
    (bench) => {
      const fault = { itemNotFound: { code: 404, message: 'Volume type with name canary-one could not be found.' } };
      bench.gate = ({ method }) => (method === 'POST' ? { status: 404, body: JSON.stringify(fault) } : 'pass');
    },
    { phase: 'create', reason: 'volume_type', storage: false, success: undefined, message: /404/ },
  ],
  [
    'it may not make volumes',
    (bench) => {
      bench.gate = ({ method }) => (method === 'POST' ? { status: 403 } : 'pass');
    },
    { phase: 'create', reason: 'forbidden', storage: false, success: undefined, message: /403/ },
  ],
  [
    'the API fails to take the volume',
    (bench) => {
      bench.gate = ({ method }) => (method === 'POST' ? { status: 500 } : 'pass');
    },
    { phase: 'create', reason: 'http', storage: false, success: false, message: /500/ },
  ],
  [
    'the answer to the request for a volume never comes',
    (bench) => {
      bench.gate = ({ method }) => (method === 'POST' ? 'hang' : 'pass');
    },
    { phase: 'create', reason: 'timeout', storage: false, success: false, message: /no whole answer/ },
  ],
  [
    'the API hangs in the middle',
    (bench) => {
      let made = false;
      bench.gate = ({ method }) => {
        if (made) return 'hang';
        made = method === 'POST';
        return 'pass';
      };
    },
    { phase: 'create', reason: 'timeout', storage: false, success: false, message: /no whole answer/ },
  ],
  [
    'somebody else takes the volume away',
    (bench) => {
      bench.gate = ({ method, path }) => {
        if (method !== 'GET' || !/^\/volumes\/[\da-f-]{36}$/.test(path)) return 'pass';
        bench.simulator.cloud.deleteVolume(path.slice('/volumes/'.length));
        return 'pass';
      };
      bench.simulator.cloud.setDriver('h1@one', { _slow_delete: 0 });
    },
    { phase: 'create', reason: 'vanished', storage: false, success: false, message: /gone before it was made/ },
  ],
  [
    'a proxy says 404 for the volume',
    (bench) => {
      bench.gate = ({ path }) => (/^\/volumes\/[\da-f-]{36}$/.test(path) ? { status: 404, body: '<html>' } : 'pass');
    },
    { phase: 'create', reason: 'http', storage: false, success: false, message: /404/ },
  ],
];

for (const [what, prepare, expected] of FAILURES)
  test(`${what}: ${expected.reason}, and one POST`, async (t) => {
    const { row, posts } = await oneRound(t, prepare);
    const run = row.runs.at(-1);
    const { message, ...words } = expected;
    assert.match(run?.failure?.message ?? '', message);
    assert.deepEqual(
      {
        phase: run?.failure?.phase,
        reason: run?.failure?.reason,
        storage: run?.failure?.storage,
        success: run?.success,
      },
      words,
    );
    assert.equal(row.inARow, expected.storage ? 1 : 0);
    assert.equal(posts, 1);
    const { phase, reason } = expected;
    assert.deepEqual(row.failures, [{ phase, reason, count: 1 }]);
  });

test('what the driver could not make is taken away at once', async (t) => {
  const { bench } = await oneRound(t, ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_create: 'no' }));
  assert.deepEqual(await bench.volumes(), []);
});

test('no scheduler answered while the volume was being made: that points at nothing', async (t) => {
  const { row } = await oneRound(t, (bench) => {
    bench.simulator.cloud.setDriver('h1@one', { _hang_create: true });
    const { surroundings } = bench;
    bench.gate = ({ method }) => {
      if (method === 'POST') bench.surroundings = { ...surroundings, schedulerAnswers: false };
      return 'pass';
    };
  });
  assert.equal(row.last?.failure?.reason, 'stuck');
  assert.equal(row.last.failure.storage, false);
});

test('a type that is not there for the project: nothing is asked for', async (t) => {
  const bench = await canaryBench(t);
  const row = await bench.through(
    bench.start({ types: [{ volumeType: 'nothing', backend: 'h1@one' }] }).once('nothing'),
  );
  assert.equal(row.runs.at(-1)?.failure?.reason, 'volume_type');
  assert.equal(row.last, undefined);
  assert.ok(!bench.asked.some(({ method }) => method === 'POST'));
});

test('a public type, and one that leads elsewhere too, judge no backend', async (t) => {
  const bench = await canaryBench(t);
  const open = bench.start({ types: [{ volumeType: 'standard', backend: 'h1@one' }] });
  assert.equal((await bench.through(open.once('standard'))).judges, false);
  bench.surroundings = { ...bench.surroundings, backendsOf: () => ['h1@one', 'h1@two'] };
  assert.equal((await bench.through(bench.start().once('canary-one'))).judges, false);
});

test('a late answer: the volume of a request that nobody heard of is found and deleted', async (t) => {
  const bench = await canaryBench(t);
  const canary = bench.start();
  bench.gate = ({ method }) => (method === 'POST' ? 'unheard' : 'pass');
  await bench.through(canary.once('canary-one'));
  assert.equal((await bench.volumes()).length, 1);
  await bench.pass(1000);
  bench.gate = () => 'pass';
  await bench.through(canary.once('canary-one'));
  assert.deepEqual(await bench.volumes(), []);
  assert.equal(canary.rows()[0]?.last?.success, true);
});
