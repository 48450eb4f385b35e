import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCreations } from '../../src/cinder/assess.ts';
import { goodRounds } from '../../src/cinder/canary.ts';
import { alertOf, CONDITIONS, runbookUrl } from '../../src/cinder/conditions.ts';
import type { SeenVolume } from '../../src/cinder/creations.ts';
import { createOperations, type Operations } from '../../src/cinder/operations.ts';
import { OPERATION_LIMITS } from '../../src/config/load.ts';
import { canaryRow, judge, NOW_MS, pool, service } from '../support/samples.ts';

const MINUTE = 60_000;
const BACKENDS = judge([service('c@b')], { pools: [pool('c@b#p', { backendState: 'up' })] });
const TYPES = [{ volumeType: 't', host: 'c@b' }];

function volume(i: number, atMs: number): SeenVolume {
  return {
    id: `v${i}`,
    status: 'error',
    volumeType: 't',
    host: undefined,
    project: `p${i % 2}`,
    size: 1,
    raw: true,
    image: false,
    createdAtMs: atMs,
    updatedAtMs: undefined,
  };
}

/** A look at both lists in which so many more requests were refused by the driver. */
function refuse(operations: Operations, first: number, count: number, nowMs: number): void {
  const rows = Array.from({ length: count }, (_, i) => volume(first + i, nowMs - 1000));
  const messages = rows.map(({ id, createdAtMs }) => {
    return { id: `m-${id}`, requestId: `r-${id}`, volumeId: id, reason: 'driver' as const, atMs: createdAtMs };
  });
  operations.creations.told(messages, { nowMs, full: false });
  operations.creations.saw(rows, { nowMs, full: false });
}

/** One that knows its backends since half an hour, and has seen nothing fail. */
function quiet(): Operations {
  const operations = createOperations(OPERATION_LIMITS);
  refuse(operations, 0, 0, NOW_MS - 30 * MINUTE);
  operations.seen({ backends: BACKENDS, volumeTypes: TYPES, nowMs: NOW_MS - 30 * MINUTE });
  return operations;
}

test('a round of the canary that went well after the failures ends them, though no list shows its volume', () => {
  const operations = quiet();
  refuse(operations, 1, 4, NOW_MS);
  const failing = (nowMs: number, goodMs?: number) =>
    operations
      .seen({
        backends: BACKENDS,
        volumeTypes: TYPES,
        canaryMade: goodMs === undefined ? undefined : new Map([['c@b', goodMs]]),
        nowMs,
      })
      ?.failing.get('c@b')?.count;
  assert.equal(failing(NOW_MS), 4);
  assert.equal(failing(NOW_MS + MINUTE, NOW_MS - MINUTE), 4, 'a round before them');
  assert.equal(failing(NOW_MS + 2 * MINUTE, NOW_MS + MINUTE), undefined);
  assert.equal(failing(NOW_MS + 3 * MINUTE, NOW_MS + MINUTE), undefined, 'it does not come back');
  refuse(operations, 5, 4, NOW_MS + 4 * MINUTE);
  assert.equal(failing(NOW_MS + 4 * MINUTE, NOW_MS + MINUTE), 4, 'what failed after it');
});

test('a round that went well tells of a backend where its type leads there alone', () => {
  const run = { atMs: 5, success: true, tookMs: {}, failure: undefined };
  const rows = [
    canaryRow('sure', { backend: 'c@b', lastGood: run }),
    canaryRow('several', { lastGood: run }),
    canaryRow('shared', { backend: 'c@other', judges: false, lastGood: run }),
    canaryRow('new', { backend: 'c@new' }),
  ];
  assert.deepEqual([...goodRounds(rows)], [['c@b', 5]]);
});

test('creations that fail make failing what would be better; what is worse, or wanted, stays', () => {
  const evidence = { kind: 'refused', count: 3, sinceMs: NOW_MS, foundMs: NOW_MS } as const;
  const [backend] = BACKENDS;
  assert.ok(backend);
  const changed = CONDITIONS.filter((condition) => {
    const after = withCreations({ ...backend, condition }, evidence, NOW_MS);
    return after.failingBy === 'creations' && after.condition === 'failing';
  });
  assert.deepEqual(changed, ['degraded', 'up_assumed', 'up']);
  assert.equal(withCreations(backend, undefined, NOW_MS), backend);
});

test('each kind of failing has the runbook of its own alert', () => {
  const alerts = ([undefined, 'capacity', 'canary', 'creations'] as const).map((failingBy) =>
    alertOf({ condition: 'failing', failingBy }),
  );
  const capacity = 'CinderBackendCapacityVanished';
  assert.deepEqual(alerts, [capacity, capacity, 'CinderCanaryFailing', 'CinderBackendCreationsFailing']);
  assert.match(
    runbookUrl({ condition: 'failing', failingBy: 'creations' }) ?? '',
    /CinderBackendCreationsFailing\.md$/,
  );
});
