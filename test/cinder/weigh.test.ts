import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Creation } from '../../src/cinder/creations.ts';
import { type Scales, weigh } from '../../src/cinder/weigh.ts';
import { assertLinear } from '../support/growth.ts';
import { judge, NOW_MS, pool, service } from '../support/samples.ts';

const creation = (volumeType: string, project: number): Creation => ({
  volumeType,
  project: `p${project}`,
  size: 1,
  raw: true,
  image: false,
  createdAtMs: NOW_MS - 60_000,
  triedOn: new Set(),
  made: undefined,
});

/** A cloud in which so many creations failed, of types that each of `hosts` serves. */
function scales(
  backends: number,
  hosts: readonly (readonly number[])[],
  failed: number,
  reason: 'driver' | 'no_backend',
): Scales {
  const all = judge(Array.from({ length: backends }, (_, i) => service(`c@b${i}`)));
  const failures = Array.from({ length: failed }, (_, i) => {
    return { requestId: `r${i}`, reason, atMs: NOW_MS - 500, volume: creation(`t${i % hosts.length}`, i % 7) };
  });
  return {
    creations: { lastMade: new Map(), made: [], failed: [], failures, recent: [], whole: true },
    underWay: undefined,
    backends: all,
    volumeTypes: hosts.flatMap((of, t) => of.map((b) => ({ volumeType: `t${t}`, host: `c@b${b}` }))),
    servingSince: new Map(all.map(({ host }) => [host, NOW_MS - 3_600_000])),
    togetherMs: -Infinity,
    failedMs: new Map(),
    nowMs: NOW_MS,
  };
}

const range = (from: number, length: number): number[] => Array.from({ length }, (_, i) => from + i);

test('what thousands of failures say of thousands of backends takes no longer than there are of them', async () => {
  for (const [what, prepare] of Object.entries<(scale: number) => Scales>({
    'types on all backends': (scale) => {
      const all = range(0, 2000 * scale);
      return scales(all.length, Array(5).fill(all), 0, 'driver');
    },
    'failures on all backends': (scale) => scales(1000 * scale, [range(0, 1000 * scale)], 2000, 'driver'),
    'types that share one backend': (scale) =>
      scales(
        1000,
        range(0, 20).map((t) => [...range(40 * t, 40), 999]),
        500 * scale,
        'no_backend',
      ),
  }))
    await assertLinear(what, (scale) => {
      const cloud = prepare(scale);
      return () => weigh(cloud);
    });
});

const MINUTE = 60_000;

/** Two types on a backend each, of which so many requests of two projects in turn found no backend; and volumes made from images so many minutes ago. */
function unexplained(failed: readonly number[], madeMinutesAgo: readonly number[]): Scales {
  const base = scales(2, [[0], [1]], 0, 'no_backend');
  const failures = failed.flatMap((count, type) =>
    Array.from({ length: count }, (_, i) => ({
      requestId: `r${type} ${i}`,
      reason: 'no_backend' as const,
      atMs: NOW_MS - 30_000,
      volume: creation(`t${type}`, i % 2),
    })),
  );
  const recent = madeMinutesAgo.map((minutes, i) => ({
    ...creation('other', i % 2),
    image: true,
    made: { host: 'c@b0', atMs: NOW_MS - minutes * MINUTE },
  }));
  return { ...base, creations: { ...base.creations, failures, recent } };
}

test('images fail: told of the cloud where some would have been made meanwhile, or few are asked for', () => {
  const together = (failed: readonly number[], made: readonly number[]) => weigh(unexplained(failed, made))?.together;
  const often = range(0, 20).map((i) => 1 + i);
  assert.equal(together([3, 3], []), true);
  assert.equal(together([3, 3], [2, 20]), true, 'a few before');
  assert.equal(together([3, 3], [0.1]), false, 'one after it');
  assert.equal(together([3, 2], []), false);
  assert.equal(together([9, 0], []), false, 'one backend');
  // One image is bad, and others are made every minute.
  assert.equal(together([9, 9], often), false);
  assert.equal(
    together(
      [9, 9],
      often.map((minutes) => minutes + 13),
    ),
    true,
    'none for 14 minutes',
  );
});

test('what nobody explains is told of a type where it fails alone', () => {
  const failing = (failed: readonly number[], made: readonly number[] = []) =>
    weigh(unexplained(failed, made))?.types.flatMap((type) => (type.failing ? type.volumeType : []));
  assert.deepEqual(failing([4, 0]), []);
  assert.deepEqual(failing([5, 0]), ['t0']);
  assert.deepEqual(failing([5, 1]), ['t0'], 'a mistake of somebody else');
  // So looks an image that is bad: another was made since.
  assert.deepEqual(failing([5, 2], [0.1]), []);
  assert.deepEqual(failing([9, 9], [0.1]), []);
});

test('a volume for which no pool has room fails by itself', () => {
  const cloud = unexplained([5, 0], []);
  const failing = (size: number, pools: Parameters<typeof pool>[1][]) => {
    const backends = judge([service('c@b0')], { pools: pools.map((more, i) => pool(`c@b0#${i}`, more)) });
    const failures = cloud.creations.failures.map((failure) => ({ ...failure, volume: { ...failure.volume!, size } }));
    return weigh({ ...cloud, backends, creations: { ...cloud.creations, failures } })?.types.some(
      (type) => type.failing,
    );
  };
  const room = { totalBytes: 900 * 1024 ** 3, freeBytes: 100 * 1024 ** 3, virtualFreeBytes: 100 * 1024 ** 3 };
  assert.equal(failing(100, [room]), true);
  assert.equal(failing(101, [room]), false);
  assert.equal(failing(101, [room, { ...room, freeBytes: 300 * 1024 ** 3, virtualFreeBytes: 300 * 1024 ** 3 }]), true);
  assert.equal(failing(101, [room, {}]), true, 'one that does not say');
});

test('no backend fits a type: said only when the pools of all of them are known', () => {
  const cloud = unexplained([5, 0], []);
  const unschedulable = (disabled: boolean, seen: boolean) => {
    const rows = [service('c@b0'), service('c@b1', { enabled: !disabled })];
    const backends = judge(rows, { pools: (seen ? ['c@b0#p', 'c@b1#p'] : ['c@b0#p']).map((name) => pool(name)) });
    return weigh({ ...cloud, backends, volumeTypes: [{ volumeType: 'other', host: 'c@b0' }] })?.types[0]?.unschedulable;
  };
  assert.equal(unschedulable(false, true), true);
  // It was disabled before the exporter started, and may be the one of the type.
  assert.equal(unschedulable(true, false), false);
});
