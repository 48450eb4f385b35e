import { test } from 'node:test';
import type { Creation } from '../../src/cinder/creations.ts';
import { type Scales, weigh } from '../../src/cinder/weigh.ts';
import { assertLinear } from '../support/growth.ts';
import { judge, NOW_MS, service } from '../support/samples.ts';

/** A cloud in which so many creations failed, of types that each of `hosts` serves. */
function scales(
  backends: number,
  hosts: readonly (readonly number[])[],
  failed: number,
  reason: 'driver' | 'no_backend',
): Scales {
  const all = judge(Array.from({ length: backends }, (_, i) => service(`c@b${i}`)));
  const volumeOf = (i: number): Creation => ({
    volumeType: `t${i % hosts.length}`,
    project: `p${i % 7}`,
    raw: true,
    image: false,
    createdAtMs: NOW_MS - 1000,
    triedOn: new Set(),
    made: undefined,
  });
  const failures = Array.from({ length: failed }, (_, i) => {
    return { requestId: `r${i}`, reason, atMs: NOW_MS - 500, volume: volumeOf(i) };
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
