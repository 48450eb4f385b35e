import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createKept, type Kept } from '../src/kept.ts';

/** A quarter of all that is held. */
const QUARTER = 3 * 1024 * 1024;

function garbageCollector(): () => Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return async () => {
    // With turns of the loop: who is told of the dead is told later.
    for (let i = 0; i < 2; i += 1) {
      await turn();
      collect();
      await turn();
    }
  };
}

function filled(bytes: number): Kept<{ readonly big: number[] }> {
  const kept = createKept<{ big: number[] }>();
  kept.keep({ big: [bytes] }, bytes);
  return kept;
}

test('what has room is held, and what has none is not kept', () => {
  const small = filled(QUARTER);
  const alsoSmall = filled(2 * QUARTER);
  const large = filled(3 * QUARTER);
  assert.deepEqual([small.value(), alsoSmall.value()], [{ big: [QUARTER] }, { big: [2 * QUARTER] }]);
  assert.equal(large.value(), undefined);

  small.keep({ big: [2] }, 2 * QUARTER);
  assert.deepEqual(small.value(), { big: [2] }, 'instead of what it held, whose room is free');
  small.forget();
  assert.equal(small.value(), undefined);
  large.keep({ big: [1] }, 2 * QUARTER);
  assert.deepEqual(large.value(), { big: [1] }, 'what is forgotten leaves room');
});

test('the room of who is gone is free', async () => {
  const collect = garbageCollector();
  for (let i = 0; i < 10; i += 1) filled(QUARTER);
  await collect();
  const kept = filled(4 * QUARTER);
  assert.deepEqual(kept.value(), { big: [4 * QUARTER] });
});
