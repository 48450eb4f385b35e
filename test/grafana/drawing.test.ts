import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, framesOf, stepsOf } from '../../scripts/drawing/frames.ts';

const STEPS = { fromMs: 60_000, toMs: 180_000, stepMs: 60_000 };

test('a line of a range query: named by its legend, with a gap where a step has no sample', () => {
  const target = { refId: 'A', expr: 'x', range: true, legendFormat: '{{host}} {{ cloud }}|{{none}}' };
  const [frame, ...more] = framesOf(
    target,
    [
      {
        metric: { host: 'c1@vsp', cloud: 'oslo' },
        values: [
          [60, '3'],
          [180, '0'],
        ],
      },
    ],
    true,
    STEPS,
  );
  assert.deepEqual(more, []);
  const [time, value] = frame?.fields ?? [];
  assert.deepEqual(time?.values, [60_000, 120_000, 180_000]);
  assert.deepEqual(value?.values, [3, null, 0]);
  assert.deepEqual(value?.config, { displayNameFromDS: 'c1@vsp oslo|' });
  assert.deepEqual(value?.labels, { host: 'c1@vsp', cloud: 'oslo' });
});

test('a table: a column for each label of any row, and the value named for its query where there are several', () => {
  const target = { refId: 'B', expr: 'x', instant: true, format: 'table' };
  const rows = [
    { metric: { pool: 'p' }, values: [[7, '1.5']] as const },
    { metric: { host: 'h', pool: 'q' }, values: [[7, '+Inf']] as const },
  ];
  const columns = (alone: boolean): unknown =>
    framesOf(target, rows, alone).map(({ fields }) => fields.map(({ name, values }) => [name, ...values]));
  const labels = [
    ['host', '', 'h'],
    ['pool', 'p', 'q'],
  ];
  assert.deepEqual(columns(false), [[['Time', 7000, 7000], ...labels, ['Value #B', 1.5, Infinity]]]);
  assert.deepEqual(framesOf(target, [], true), [{ refId: 'B', length: 0, fields: [] }]);
});

test('steps are as wide as a pixel or as the panel asks, and begin at a multiple of themselves', () => {
  assert.deepEqual(stepsOf(90_500, 3_690_500, 1440), { fromMs: 90_000, toMs: 3_690_000, stepMs: 15_000 });
  assert.deepEqual(stepsOf(90_500, 3_690_500, 60), { fromMs: 60_000, toMs: 3_660_000, stepMs: 60_000 });
  assert.equal(stepsOf(0, 3_600_000, 1440, '5m').stepMs, 300_000);
  assert.equal(durationMs('30d'), 2_592_000_000);
  assert.throws(() => durationMs('soon'), /expected a duration like 30s, got "soon"/);
});
