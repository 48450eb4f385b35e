import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTempest } from '../tempest/tempest.ts';

test('Tempest, OpenStack’s own suite, against the simulated cloud', { timeout: 1_200_000 }, async () => {
  let said = '';
  const result = await runTempest('simulated', undefined, (text) => {
    said += text;
  });
  assert.equal(result.failed, 0, said);
  assert.ok(result.passed > 115, said);
});
