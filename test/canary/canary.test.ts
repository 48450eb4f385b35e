import { proofsOf } from '../../src/cinder/canary.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCanary } from '../../src/canary/canary.ts';
import { createWatcher } from '../../src/watch/watcher.ts';
import { CONFIG as WATCH_CONFIG } from '../watch/watched.ts';
import { CANARY_CLOUD, canaryBench, CONFIG, EVERYTHING, REQUEST_MS } from './bench.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TWO_TYPES = [
  { volumeType: 'canary-one', backend: 'h1@one' },
  { volumeType: 'canary-two', backend: 'h1@two' },
];

test('the first round after two minutes, then one each interval, each type at its own time', async (t) => {
  const bench = await canaryBench(t);
  const canary = bench.start({ types: TWO_TYPES });
  const began: [string, number][] = [];
  bench.gate = ({ method, body }) => {
    if (method === 'POST')
      began.push([/canary-\w+/.exec(body)?.[0] ?? '', Math.round(bench.time.clock.now() / MINUTE)]);
    return 'pass';
  };
  canary.start();
  await bench.pass(2 * HOUR + MINUTE);
  assert.deepEqual(began.slice(0, 6), [
    ['canary-one', 2],
    ['canary-two', 4],
    ['canary-one', 30],
    ['canary-two', 45],
    ['canary-one', 60],
    ['canary-two', 75],
  ]);
  assert.deepEqual(
    canary.rows().map(({ last, runs }) => [last?.success, runs.length]),
    [
      [true, 5],
      [true, 4],
    ],
  );
  assert.deepEqual(await bench.volumes(), []);
});

test('never more than 30 rounds an hour, and one operation at a time', async (t) => {
  const bench = await canaryBench(t);
  const types = Array.from({ length: 60 }, (_, i) => ({ volumeType: i % 2 ? 'canary-one' : 'canary-two' }));
  const canary = bench.start({ types, everyMs: 60 * 2 * MINUTE });
  let rounds = 0;
  let mostAtOnce = 0;
  let atOnce = 0;
  bench.gate = ({ method }) => {
    if (method === 'POST') {
      rounds += 1;
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
    }
    if (method === 'DELETE') atOnce -= 1;
    return 'pass';
  };
  canary.start();
  await bench.pass(2 * HOUR);
  assert.ok(rounds > 40 && rounds <= 60, `${rounds} rounds in two hours`);
  assert.equal(mostAtOnce, 1);
});

test('a first failure of the storage is looked into after five minutes; the second in a row is proof', async (t) => {
  const bench = await canaryBench(t);
  const canary = bench.start();
  bench.simulator.cloud.setDriver('h1@one', { _fail_create: 'no' });
  canary.start();
  await bench.pass(3 * MINUTE);
  assert.equal(canary.rows()[0]?.inARow, 1);
  await bench.pass(6 * MINUTE);
  assert.equal(canary.rows()[0]?.inARow, 2);
  bench.gate = ({ method }) => (method === 'POST' ? { status: 500 } : 'pass');
  await bench.pass(HOUR);
  const [row] = canary.rows();
  assert.ok(row);
  assert.equal(row.last?.failure?.reason, 'http');
  assert.equal(row.inARow, 2, 'an API that fails does not say that the storage is well');
  const proof = proofsOf([{ ...row, judges: true }], bench.time.clock.wall()).get('h1@one');
  assert.deepEqual([proof?.failing, proof?.run.failure?.reason], [true, 'driver']);
  bench.gate = () => 'pass';
  bench.simulator.cloud.setDriver('h1@one', { _fail_create: null });
  await bench.pass(HOUR);
  assert.equal(canary.rows()[0]?.inARow, 0);
});

const PAUSES: readonly (readonly [why: string, surroundings: object])[] = [
  ['scheduler', { schedulerAnswers: false }],
  ['backends', { conditionOf: () => 'disabled' }],
  ['backends', { conditionOf: () => 'frozen' }],
];

for (const [why, change] of PAUSES)
  test(`paused by ${why} ${JSON.stringify(change)}: Cinder is not asked at all, the last result stays, and it goes on by itself`, async (t) => {
    const bench = await canaryBench(t);
    const canary = bench.start();
    const { surroundings } = bench;
    await bench.through(canary.once('canary-one'));
    bench.surroundings = { ...surroundings, ...change };
    const before = bench.asked.length;
    canary.start();
    await bench.pass(2 * HOUR);
    assert.equal(canary.rows()[0]?.paused?.why, why);
    assert.equal(canary.rows()[0]?.last?.success, true);
    assert.equal(bench.asked.length, before);
    bench.surroundings = surroundings;
    await bench.pass(3 * MINUTE);
    assert.equal(canary.rows()[0]?.paused, undefined);
    assert.equal(canary.rows()[0]?.runs.length, 2);
  });

test('the pause switch: no round while the file exists, and it shows at once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'canary-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pauseFile = join(folder, 'paused');
  const bench = await canaryBench(t);
  const canary = bench.start({ pauseFile });
  assert.equal(canary.rows()[0]?.paused, undefined);
  writeFileSync(pauseFile, '');
  assert.equal(canary.rows()[0]?.paused?.why, 'switch');
  await bench.through(canary.once('canary-one'));
  assert.equal(bench.asked.length, 0);
  rmSync(pauseFile);
  assert.equal(canary.rows()[0]?.paused, undefined);
  await bench.through(canary.once('canary-one'));
  assert.equal(canary.rows()[0]?.last?.success, true);
});

test('an administrator is refused: nothing is asked for, nothing is touched', async (t) => {
  const bench = await canaryBench(t);
  const row = await bench.through(bench.start({}, 'admin').once('canary-one'));
  assert.equal(row.paused?.why, 'refused');
  assert.match(row.paused.message, /role admin/);
  assert.ok(!bench.asked.some(({ method }) => method !== 'GET'));
});

test('a project that holds a volume without the mark is refused, and that volume is not touched', async (t) => {
  const bench = await canaryBench(t);
  // Of the project demo, in which users make volumes.
  const id = bench.simulator.cloud.makeVolume('standard', 1);
  await bench.pass(1000);
  const canary = bench.start({ types: [{ volumeType: 'standard', backend: 'h1@one' }] }, 'member');
  const row = await bench.through(canary.once('standard'));
  assert.equal(row.paused?.why, 'refused');
  assert.match(row.paused.message, /a volume without the mark of the canary/);
  assert.ok(row.paused.message.includes(id));
  assert.deepEqual(await bench.through(canary.clean()), { left: 0, otherIsAtIt: false, refusal: row.paused.message });
  assert.ok(!bench.asked.some(({ method }) => method !== 'GET'));
  assert.equal(bench.simulator.cloud.volumeStatus(id), 'available');
});

test('left-overs that cannot be deleted: counted, and after three of a type no more are made until they are gone', async (t) => {
  const bench = await canaryBench(t);
  const canary = bench.start({ types: TWO_TYPES });
  bench.simulator.cloud.setDriver('h1@one', { _fail_delete: 'no' });
  for (const leaked of [1, 2, 3]) {
    await bench.through(canary.once('canary-one'));
    assert.equal(canary.rows()[0]?.leaked, leaked);
  }
  const row = await bench.through(canary.once('canary-one'));
  assert.equal(row.paused?.why, 'left_overs');
  assert.equal(row.runs.length, 3);
  assert.equal(row.last?.success, false);
  assert.equal((await bench.through(canary.once('canary-two'))).last?.success, true, 'the other type goes on');
  assert.equal((await bench.volumes()).length, 3);

  // An administrator resets them.
  bench.simulator.cloud.setDriver('h1@one', { _fail_delete: null });
  for (const { id } of await bench.volumes()) await bench.reset(id, 'error');
  const after = await bench.through(canary.once('canary-one'));
  assert.equal(after.last?.success, true);
  assert.equal(after.leaked, 0);
  assert.deepEqual(await bench.volumes(), []);
});

test('two exporters with the same configuration do not double the rounds', async (t) => {
  const bench = await canaryBench(t);
  const one = bench.start();
  const other = bench.start();
  let posts = 0;
  bench.gate = ({ method }) => {
    if (method === 'POST') posts += 1;
    return 'pass';
  };
  one.start();
  await bench.pass(7000);
  other.start();
  await bench.pass(10 * HOUR + MINUTE);
  const rows = [...one.rows(), ...other.rows()];
  assert.ok(posts >= 20 && posts <= 22, `${posts} rounds in ten hours`);
  assert.equal(rows[0]?.paused, undefined);
  assert.equal(rows[1]?.paused?.why, 'other_exporter');
  assert.deepEqual(await bench.volumes(), []);
});

test('what a process that died has left is fresh at first, and taken away when it is not', async (t) => {
  const bench = await canaryBench(t);
  const dead = bench.start();
  bench.gate = ({ method }) => (method === 'POST' ? 'unheard' : 'pass');
  await bench.through(dead.once('canary-one'));
  dead.close();
  bench.gate = () => 'pass';
  const next = bench.start();
  await bench.through(next.once('canary-one'));
  assert.equal(next.rows()[0]?.paused?.why, 'other_exporter');
  await bench.pass(17 * MINUTE);
  await bench.through(next.once('canary-one'));
  assert.equal(next.rows()[0]?.last?.success, true);
  assert.deepEqual(await bench.volumes(), []);
});

test('on the wire: the login that monitors sends nothing but GET, that of the canary nothing but what a round needs', async (t) => {
  const bench = await canaryBench(t, { cloud: CANARY_CLOUD });
  const watcher = createWatcher({
    config: {
      ...WATCH_CONFIG,
      collectors: { pools: true, volumeTypes: true, volumes: true, capabilities: false, operations: false },
      requestTimeoutMs: REQUEST_MS,
      schedulerPatienceMs: REQUEST_MS,
      schedulerTimeoutMs: REQUEST_MS,
      canary: { ...CONFIG, ...EVERYTHING },
    },
    access: bench.accessOf('admin'),
    canaryAccess: bench.accessOf('canary'),
    createCanary,
    clock: bench.time.clock,
    log: () => {},
  });
  t.after(() => watcher.close());
  await bench.through(watcher.refresh());
  await bench.through(watcher.canary?.once('canary-one') ?? Promise.reject(new Error('no canary')));
  await bench.through(watcher.refresh());
  assert.equal(watcher.snapshot()?.canary?.[0]?.last?.success, true);
  const verbs = new Map<string, Set<string>>();
  for (const { token, method, path } of bench.asked) {
    if (token === 'undefined') assert.equal(method, 'GET', path);
    else verbs.set(token, (verbs.get(token) ?? new Set()).add(method));
  }
  assert.deepEqual(
    new Set([...verbs.values()].map((set) => [...set].toSorted().join(' '))),
    new Set(['DELETE GET POST', 'GET']),
  );
  const written = bench.asked
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path.replace(/[\da-f-]{36}/, 'ID')}`);
  assert.deepEqual(written, [
    'POST /volumes',
    'POST /snapshots',
    'DELETE /snapshots/ID',
    'POST /attachments',
    'DELETE /attachments/ID',
    'DELETE /volumes/ID',
  ]);
  const monitoring = bench.asked.find(({ path }) => path.startsWith('/os-services'))?.token;
  assert.ok(bench.asked.every(({ token, method }) => token !== monitoring || method === 'GET'));
});

test('with an image a driver that fails looks like a lack of room: the next volume is of nothing, and soon', async (t) => {
  const bench = await canaryBench(t);
  bench.simulator.cloud.setDriver('h1@one', { _fail_create: 'no' });
  const canary = bench.start({ image: EVERYTHING.image ?? '' });
  const posts: [number, boolean][] = [];
  bench.gate = ({ method, body }) => {
    if (method === 'POST') posts.push([Math.round(bench.time.clock.now() / MINUTE), body.includes('imageRef')]);
    return 'pass';
  };
  canary.start();
  await bench.pass(14 * MINUTE);
  assert.deepEqual(posts, [
    [2, true],
    [7, false],
    [12, false],
  ]);
  assert.deepEqual(
    canary.rows()[0]?.runs.map(({ failure }) => failure?.reason),
    ['no_backend', 'driver', 'driver'],
  );
  assert.equal(canary.rows()[0]?.inARow, 2);
  bench.simulator.cloud.setDriver('h1@one', { _fail_create: null });
  await bench.pass(HOUR);
  assert.equal(posts.at(-1)?.[1], true);
});
