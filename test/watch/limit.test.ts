import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit } from '../../src/watch/fleet.ts';

test('at most so many at a time, first come first served, failures too', async () => {
  const limit = createLimit(2);
  const order: string[] = [];
  const gates = new Map<string, () => void>();
  const task = (name: string, fails = false) =>
    limit(async () => {
      order.push(name);
      await new Promise<void>((resolve) => {
        gates.set(name, resolve);
      });
      if (fails) throw new Error(name);
    });
  const all = [task('a'), task('b', true), task('c'), task('d')];
  const failed = assert.rejects(all[1] ?? Promise.resolve(), /b/);
  await Promise.resolve();
  assert.deepEqual(order, ['a', 'b']);
  gates.get('b')?.();
  await failed;
  await new Promise(setImmediate);
  assert.deepEqual(order, ['a', 'b', 'c']);
  gates.get('a')?.();
  gates.get('c')?.();
  await Promise.all([all[0], all[2]]);
  await new Promise(setImmediate);
  gates.get('d')?.();
  await all[3];
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
});
