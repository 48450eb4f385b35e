import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { CanaryRow } from '../../src/cinder/canary.ts';
import type { CanaryConfig } from '../../src/config/config.ts';
import { canaryBench, type CanaryBench, EVERYTHING } from './bench.ts';

/** One round of the first type in a cloud, in which something was done before. */
async function oneRound(
  t: TestContext,
  prepare: (bench: CanaryBench) => void,
  config: Partial<CanaryConfig> = {},
): Promise<{ bench: CanaryBench; row: CanaryRow; posts: number }> {
  const bench = await canaryBench(t);
  prepare(bench);
  const row = await bench.through(bench.start(config).once('canary-one'));
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

test('a round that does everything: of an image, with a snapshot, exported to the connector', async (t) => {
  const { bench, row, posts } = await oneRound(t, () => {}, EVERYTHING);
  assert.equal(row.last?.success, true, row.last?.failure?.message);
  assert.deepEqual(Object.keys(row.last.tookMs), ['look', 'create', 'snapshot', 'attach', 'delete']);
  assert.equal(posts, 3);
  const bodies = bench.asked.flatMap(({ method, body }) => (method === 'POST' ? [JSON.parse(body) as object] : []));
  const [volume, snapshot, attachment] = bodies.map((body) => Object.values(body)[0] as Record<string, unknown>);
  assert.equal(volume?.['imageRef'], EVERYTHING.image);
  assert.deepEqual(Object.keys(snapshot?.['metadata'] as object), ['cinder-exporter', 'cinder-exporter-run']);
  assert.deepEqual(attachment?.['connector'], EVERYTHING.connector);
  assert.deepEqual(Object.keys(attachment ?? {}), ['volume_uuid', 'connector']);
  assert.deepEqual(await bench.volumes(), []);
  assert.deepEqual(await bench.held(), { snapshots: 0, attachments: 0 });
});

const quotaOf = (path: string) => (bench: CanaryBench) => {
  const fault = { overLimit: { code: 413, message: 'Maximum number of snapshots allowed (0) exceeded' } };
  bench.gate = (one) =>
    one.method === 'POST' && one.path === path ? { status: 413, body: JSON.stringify(fault) } : 'pass';
};

type Expected = { phase: string; reason: string; storage: boolean; success: boolean | undefined; message: RegExp };

/** Of rounds that do everything: what is asked for before the failure, and how many volumes are left by its driver's fault. */
const FURTHER: readonly (readonly [
  what: string,
  prepare: (bench: CanaryBench) => void,
  expected: Expected & { posts: number; left?: number },
])[] = [
  [
    'the image cannot be written to the volume',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_copy: 'ImageCopyFailure', _slow_copy: 2 }),
    { phase: 'create', reason: 'image', storage: false, success: false, message: /could not be written/, posts: 1 },
  ],
  [
    'the image is too large',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_copy: 'ImageTooBig' }),
    { phase: 'create', reason: 'image', storage: false, success: false, message: /exceeds available/, posts: 1 },
  ],
  [
    'the driver fails to make the snapshot',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_snapshot: 'no' }),
    { phase: 'snapshot', reason: 'driver', storage: true, success: false, message: /failed to create/, posts: 2 },
  ],
  [
    'the driver hangs when it makes the snapshot',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _hang_snapshot: true }),
    {
      phase: 'snapshot',
      reason: 'stuck',
      storage: true,
      success: false,
      message: /the snapshot is still "creating" after 5 min/,
      posts: 2,
      left: 1,
    },
  ],
  [
    'the driver fails to delete the snapshot',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_delete_snapshot: 'no' }),
    {
      phase: 'snapshot',
      reason: 'error_deleting',
      storage: true,
      success: false,
      message: /the snapshot is in "error_deleting"/,
      posts: 2,
      left: 1,
    },
  ],
  [
    'the quota of snapshots is full',
    quotaOf('/snapshots'),
    { phase: 'snapshot', reason: 'quota', storage: false, success: undefined, message: /Maximum number/, posts: 2 },
  ],
  [
    'the driver fails to export it',
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_attach: 'no path' }),
    {
      phase: 'attach',
      reason: 'driver',
      storage: true,
      success: false,
      message: /Driver initialize connection failed/,
      posts: 3,
    },
  ],
  [
    'nobody answers the API when it is to be exported',
    (bench) => {
      const fault = { computeFault: { code: 500, message: 'Unable to create attachment for volume.' } };
      bench.gate = ({ method, path }) =>
        method === 'POST' && path === '/attachments' ? { status: 500, body: JSON.stringify(fault) } : 'pass';
    },
    { phase: 'attach', reason: 'http', storage: false, success: false, message: /500: Unable to create/, posts: 3 },
  ],
  [
    'the answer to the request for an attachment never comes',
    (bench) => {
      bench.gate = ({ method, path }) => (method === 'POST' && path === '/attachments' ? 'hang' : 'pass');
    },
    { phase: 'attach', reason: 'timeout', storage: false, success: false, message: /no whole answer/, posts: 3 },
  ],
];

for (const [what, prepare, expected] of FURTHER)
  test(`${what}: ${expected.phase}, ${expected.reason}, nothing is asked for twice`, async (t) => {
    const { bench, row, posts } = await oneRound(t, prepare, EVERYTHING);
    const run = row.runs.at(-1);
    const { message, left = 0, ...words } = expected;
    assert.match(run?.failure?.message ?? '', message);
    const { phase, reason, storage } = run?.failure ?? {};
    assert.deepEqual({ phase, reason, storage, success: run?.success, posts }, words);
    assert.equal((await bench.volumes()).length, left);
    assert.deepEqual(await bench.held(), { snapshots: left, attachments: 0 });
  });

test('a snapshot that its driver cannot delete is a left-over at once; an administrator ends that', async (t) => {
  const { bench, row } = await oneRound(
    t,
    ({ simulator }) => simulator.cloud.setDriver('h1@one', { _fail_delete_snapshot: 'no' }),
    EVERYTHING,
  );
  assert.equal(row.leaked, 1);
  bench.simulator.cloud.setDriver('h1@one', { _fail_delete_snapshot: null });
  bench.simulator.cloud.resetSnapshots();
  await bench.pass(28 * 60_000);
  const next = bench.start();
  assert.deepEqual(await bench.through(next.clean()), { left: 0, otherIsAtIt: false, refusal: undefined });
  assert.deepEqual(await bench.volumes(), []);
  assert.deepEqual(await bench.held(), { snapshots: 0, attachments: 0 });
});

test('an attachment of a server, and a snapshot without the mark, are not touched', async (t) => {
  const server = '5f3a1c1e-0000-4f0e-9b6a-0d3c2b1a4e5f';
  for (const [thing, path, answer] of [
    ['attachments', /^\/attachments\?/, (row: object) => ({ attachments: [{ ...row, instance: server }] })],
    ['snapshots', /^\/snapshots\/[\da-f-]{36}$/, (row: object) => ({ snapshot: { ...row, metadata: {} } })],
  ] as const) {
    const bench = await canaryBench(t);
    bench.simulator.cloud.setDriver('h1@one', { _fail_attach: 'no path', _slow_snapshot: 30 });
    let id = '';
    bench.gate = (one) => {
      const said = /[\da-f-]{36}/.exec(one.path)?.[0];
      if (one.path.startsWith('/volumes/') && said) id = said;
      if (one.method !== 'GET' || !path.test(one.path)) return 'pass';
      return { status: 200, body: JSON.stringify(answer({ id: said, volume_id: id, status: 'available' })) };
    };
    const row = await bench.through(bench.start(EVERYTHING).once('canary-one'));
    assert.equal(row.last?.success, false);
    assert.ok(!bench.asked.some((one) => one.method === 'DELETE' && one.path.startsWith(`/${thing}/`)));
    assert.equal((await bench.volumes()).length, 1);
  }
});

const FAILURES: readonly (readonly [what: string, prepare: (bench: CanaryBench) => void, expected: Expected])[] = [
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

test('a token that comes back in the words or the status that Cinder shows is in no message', async (t) => {
  for (const what of ['messages', 'volume'] as const) {
    let token = '';
    const { bench, row } = await oneRound(t, (bench) => {
      bench.simulator.cloud.setDriver('h1@one', { _fail_create: 'no' });
      bench.gate = (asked) => {
        ({ token } = asked);
        const [, id = '', query] = /^\/(?:volumes\/|messages\?resource_uuid=)([\da-f-]{36})()/.exec(asked.path) ?? [];
        if (query === undefined || asked.method !== 'GET' || !asked.path.startsWith(`/${what}`)) return 'pass';
        const messages = [{ resource_uuid: id, event_id: 'VOLUME_VOLUME_008_012', user_message: `no: ${token}` }];
        const volume = { id, status: `error ${token}` };
        return { status: 200, body: JSON.stringify(what === 'messages' ? { messages } : { volume }) };
      };
    });
    const { failure } = row.runs.at(-1) ?? {};
    assert.ok(failure && token.length > 8);
    assert.ok(!`${failure.message} ${bench.log.join('')}`.includes(token.slice(0, 12)), failure.message);
    if (what === 'messages') assert.deepEqual([failure.reason, failure.storage], ['driver', true]);
  }
});

test('a list longer than Cinder makes one is no list: its rows would each bring requests', async (t) => {
  const id = '00000000-0000-4000-8000-000000000000';
  const { row, bench, posts } = await oneRound(t, (bench) => {
    const volumes = Array.from({ length: 1001 }, () => ({ id }));
    bench.gate = ({ path }) =>
      path.startsWith('/volumes/detail') ? { status: 200, body: JSON.stringify({ volumes }) } : 'pass';
  });
  assert.match(row.runs.at(-1)?.failure?.message ?? '', /more than 1000 rows of "volumes"/);
  assert.deepEqual([posts, bench.asked.length < 10], [0, true]);
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
