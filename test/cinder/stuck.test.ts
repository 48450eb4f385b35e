import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATION_LIMITS } from '../../src/config/load.ts';
import type { SeenVolume } from '../../src/cinder/creations.ts';
import { createUnderWay, leftOverPath, OPERATIONS, type Operation, underWayPath } from '../../src/cinder/stuck.ts';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const volume = (id: string, status: string, more: Partial<SeenVolume> = {}): SeenVolume => ({
  id,
  status,
  volumeType: 'gold',
  host: 'c1@one',
  project: 'p',
  size: 1,
  raw: true,
  image: false,
  createdAtMs: NOW - 90 * 24 * HOUR,
  updatedAtMs: NOW,
  ...more,
});
const WHOLE = { full: false, windowed: true };

/** Minutes after which a volume in this status counts as stuck. */
function stuckAfter(operation: Operation, more: Partial<SeenVolume> = {}, restoring = false): number {
  for (let minutes = 1; minutes < 7 * 24 * 60; minutes += 1) {
    const underWay = createUnderWay(OPERATION_LIMITS);
    const nowMs = NOW + minutes * MINUTE;
    underWay.restoring(restoring);
    underWay.saw(operation, [volume('v', operation, { createdAtMs: NOW, ...more })], { nowMs, ...WHOLE });
    if ((underWay.seen(nowMs)?.stuck.length ?? 0) > 0) return minutes - 1;
  }
  return Infinity;
}

test('each operation may last as long as it rightly may', () => {
  const expected: Record<Operation, number> = {
    creating: 30,
    deleting: 240,
    extending: 30,
    attaching: 30,
    detaching: 30,
    managing: 30,
    downloading: 240,
    uploading: 720,
    'backing-up': 1440,
    'restoring-backup': 1440,
    retyping: 4320,
    maintenance: 4320,
  };
  assert.deepEqual(Object.fromEntries(OPERATIONS.map((operation) => [operation, stuckAfter(operation)])), expected);
  assert.equal(stuckAfter('creating', { raw: false }), 240);
  // A volume that is made from a backup looks as one that is made of nothing.
  assert.equal(stuckAfter('creating', {}, true), 1440);
  // Never saved again: since it was made.
  assert.equal(stuckAfter('deleting', { updatedAtMs: undefined }), 240);
});

test('what is older than a week is a left-over, counted apart', () => {
  const underWay = createUnderWay(OPERATION_LIMITS);
  const rows = [
    volume('orphan', 'deleting', { updatedAtMs: Date.parse('2023-01-01') }),
    volume('today', 'deleting', { updatedAtMs: NOW - 5 * HOUR }),
  ];
  underWay.saw('deleting', rows, { nowMs: NOW, full: false, windowed: false });
  const seen = underWay.seen(NOW);
  assert.deepEqual(seen?.stuck, [{ host: 'c1@one', operation: 'deleting', count: 1 }]);
  assert.deepEqual(seen.looks, [{ operation: 'deleting', judged: true, leftOver: 1 }]);
  underWay.leftOver('deleting', 17);
  assert.equal(underWay.seen(NOW)?.looks[0]?.leftOver, 17);
});

test('a full page is not judged: it is never none', () => {
  const underWay = createUnderWay(OPERATION_LIMITS);
  const old = [volume('a', 'deleting', { updatedAtMs: NOW - 5 * HOUR })];
  underWay.saw('deleting', old, { nowMs: NOW, ...WHOLE });
  underWay.saw('deleting', old, { nowMs: NOW, full: true, windowed: true });
  assert.deepEqual(underWay.seen(NOW)?.stuck, []);
  assert.deepEqual(underWay.seen(NOW)?.looks, [{ operation: 'deleting', judged: false, leftOver: undefined }]);
});

test('what left creating is known, by host; and a volume without a host is on no backend', () => {
  const underWay = createUnderWay(OPERATION_LIMITS);
  const rows = [
    volume('a', 'creating', { createdAtMs: NOW }),
    volume('b', 'creating', { createdAtMs: NOW, host: 'c1@two' }),
    volume('c', 'creating', { host: undefined, createdAtMs: NOW - HOUR }),
  ];
  underWay.saw('creating', rows, { nowMs: NOW, ...WHOLE });
  underWay.saw('creating', rows.slice(1), { nowMs: NOW + MINUTE, ...WHOLE });
  const seen = underWay.seen(NOW + MINUTE);
  assert.deepEqual([...(seen?.leftCreating ?? [])], [['c1@one', NOW + MINUTE]]);
  assert.deepEqual(seen?.stuck, []);
});

test('what cannot be read again for an hour is no longer told', () => {
  const underWay = createUnderWay(OPERATION_LIMITS);
  underWay.saw('attaching', [volume('a', 'attaching', { updatedAtMs: NOW - HOUR })], { nowMs: NOW, ...WHOLE });
  assert.equal(underWay.seen(NOW + 59 * MINUTE)?.stuck.length, 1);
  assert.equal(underWay.seen(NOW + 61 * MINUTE)?.stuck.length, 0);
});

test('how long something takes is told as of the last look, not as of now: meanwhile it may have ended', () => {
  const underWay = createUnderWay(OPERATION_LIMITS);
  const rows = [volume('a', 'creating', { createdAtMs: NOW - 20 * MINUTE })];
  underWay.saw('creating', rows, { nowMs: NOW, ...WHOLE });
  const later = underWay.seen(NOW + 50 * MINUTE);
  assert.deepEqual(later?.stuck, []);
  assert.equal(later.creatingAtMs, NOW);
});

test('the questions: exact statuses, one comparison of one field, and no id', () => {
  assert.equal(
    underWayPath('creating', NOW),
    '/volumes/detail?all_tenants=1&status=creating&sort=created_at:asc&limit=200&created_at=gt:2026-11-19T12:00:00',
  );
  assert.equal(
    underWayPath('backing-up', undefined),
    '/volumes/detail?all_tenants=1&status=backing-up&sort=updated_at:asc&limit=200',
  );
  assert.equal(
    leftOverPath('deleting', NOW),
    '/volumes?all_tenants=1&limit=0&with_count=true&status=deleting&updated_at=lt:2026-11-19T12:00:00',
  );
});
