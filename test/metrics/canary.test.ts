import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CanaryRow, CanaryRun } from '../../src/cinder/canary.ts';
import { renderPiece } from '../../src/metrics/exposition.ts';
import { renderSnapshot } from '../../src/metrics/families.ts';
import { canaryRow } from '../support/samples.ts';
import { parseExposition, type Exposition } from '../support/exposition-parser.ts';

const RUN: CanaryRun = {
  atMs: 1_000_000,
  success: true,
  tookMs: { look: 100, create: 1500, delete: 900 },
  failure: undefined,
};
const FAILED: CanaryRun = {
  atMs: 2_000_000,
  success: false,
  tookMs: { look: 100 },
  failure: { phase: 'create', reason: 'driver', message: 'Driver failed to "create"', storage: true },
};
const ROW = canaryRow('t', { backend: 'c@b' });

/** The page of a snapshot that has nothing but a canary. */
function page(canary: readonly CanaryRow[] | undefined): Exposition {
  const snapshot = {
    atMs: 0,
    clockOffsetMs: undefined,
    up: true,
    services: [],
    pools: [],
    backends: [],
    histories: new Map(),
    volumeTypes: [],
    volumes: new Map(),
    counts: [],
    typesAlone: new Map(),
    canary,
    api: undefined,
    collectors: [],
  };
  let text = '';
  for (const { header, samples } of renderSnapshot(snapshot)) {
    const all = [...samples].map(renderPiece).join('');
    if (all !== '') text += header.text + all;
  }
  return parseExposition(text, 'text');
}

const ofType = { volume_type: 't' };
const ofBackend = { volume_type: 't', host: 'c@b', backend: 'b' };

test('without a canary there is no family of it', () => {
  assert.deepEqual(page(undefined).samples('cinder_canary_success'), []);
  assert.deepEqual(page(undefined).samples('cinder_canary_interval_seconds'), []);
});

test('before its first round the canary says how often it comes, and nothing of the storage', () => {
  const said = page([ROW]);
  assert.equal(said.value('cinder_canary_interval_seconds', ofType), 1800);
  for (const name of ['success', 'last_run_timestamp_seconds', 'leaked_volumes'])
    assert.equal(said.value(`cinder_canary_${name}`, ofType), undefined);
  assert.equal(said.value('cinder_canary_failing', ofBackend), undefined);
});

test('after a round that went well', () => {
  const said = page([{ ...ROW, last: RUN, lastGood: RUN, runs: [RUN], leaked: 0 }]);
  assert.equal(said.value('cinder_canary_success', ofType), 1);
  assert.equal(said.value('cinder_canary_duration_seconds', { ...ofType, phase: 'create' }), 1.5);
  assert.equal(said.value('cinder_canary_duration_seconds', { ...ofType, phase: 'delete' }), 0.9);
  assert.equal(said.value('cinder_canary_last_run_timestamp_seconds', ofType), 1000);
  assert.equal(said.value('cinder_canary_leaked_volumes', ofType), 0);
  assert.equal(said.value('cinder_canary_failing', ofBackend), 0);
  assert.deepEqual(said.samples('cinder_canary_failure_info'), []);
});

test('a first failure since the start proves nothing; the second in a row does', () => {
  const failures = [{ phase: 'create', reason: 'driver', count: 2 }] as const;
  const once = page([{ ...ROW, last: FAILED, inARow: 1, runs: [FAILED] }]);
  assert.equal(once.value('cinder_canary_success', ofType), 0);
  assert.equal(once.value('cinder_canary_failing', ofBackend), undefined);
  const afterGood = page([{ ...ROW, last: FAILED, lastGood: RUN, inARow: 1, runs: [RUN, FAILED] }]);
  assert.equal(afterGood.value('cinder_canary_failing', ofBackend), 0);
  const twice = page([{ ...ROW, last: FAILED, lastBlamed: FAILED, inARow: 2, runs: [FAILED, FAILED], failures }]);
  assert.equal(twice.value('cinder_canary_failing', ofBackend), 1);
  assert.equal(twice.value('cinder_canary_failures_total', { ...ofType, phase: 'create', reason: 'driver' }), 2);
  assert.equal(
    twice.value('cinder_canary_failure_info', {
      ...ofBackend,
      phase: 'create',
      reason: 'driver',
      storage: 'true',
      message: 'Driver failed to "create"',
    }),
    1,
  );
  assert.equal(twice.value('cinder_canary_duration_seconds', { ...ofType, phase: 'create' }), undefined);
});

test('after a failure by the fault of the storage, one of something else: both are there, each with whose it is', () => {
  const failure = { phase: 'look', reason: 'http', message: '503', storage: false } as const;
  const last: CanaryRun = { ...FAILED, failure };
  const samples = page([{ ...ROW, last, lastBlamed: FAILED, inARow: 2, runs: [] }]).samples(
    'cinder_canary_failure_info',
  );
  assert.deepEqual(
    samples.map(({ labels }) => [labels['storage'], labels['phase'], labels['message']]),
    [
      ['true', 'create', 'Driver failed to "create"'],
      ['false', 'look', '503'],
    ],
  );
});

test('why it is paused: exactly one of the reasons is 1', () => {
  const samples = page([{ ...ROW, paused: { why: 'switch', message: '' } }]).samples('cinder_canary_paused');
  assert.deepEqual(
    samples.filter(({ value }) => value === 1).map(({ labels }) => labels['why']),
    ['switch'],
  );
  assert.equal(samples.length, 6);
});
