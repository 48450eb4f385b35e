import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertLinear } from './growth.ts';

/** The pattern begins anew at every letter, and reads to the end each time: so often that it is far above what counts as noise. */
const quadratic = (scale: number) => {
  const text = 'a'.repeat(6000 * scale);
  return () => /a*b/.test(text);
};

test('what is linear passes, what is quadratic is refused', async () => {
  await assertLinear('linear', (scale) => {
    const text = `[${'1,'.repeat(200_000 * scale)}1]`;
    return () => JSON.parse(text) as unknown;
  });
  await assert.rejects(
    assertLinear('quadratic', quadratic, 2),
    /^AssertionError.*: quadratic: .* for 4 times as much$/,
  );
});
