import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow, type Histories } from '../../src/cinder/snapshot.ts';
import type { Backend } from '../../src/cinder/model.ts';
import { judge, pool, service } from '../support/samples.ts';

function backends(said: Readonly<Record<string, string>>): Backend[] {
  const pools = Object.entries(said).map(([host, backendState]) => pool(`${host}#p`, { backendState }));
  return judge(
    Object.keys(said).map((host) => service(host)),
    { pools },
  );
}

test('changes are counted from what was seen, the first sight is none', () => {
  const none: Histories = new Map();
  const first = follow(none, backends({ 'h@a': 'up', 'h@b': 'down' }), 1000);
  assert.deepEqual(first.changes, []);
  assert.deepEqual(first.after.get('h@a'), { condition: 'up', sinceMs: 1000, changes: 0, lastChangeMs: undefined });
  const second = follow(first.after, backends({ 'h@a': 'down', 'h@b': 'down' }), 2000);
  assert.deepEqual(second.changes, [{ host: 'h@a', from: 'up', to: 'down', reason: 'its driver reports down' }]);
  assert.deepEqual(second.after.get('h@a'), { condition: 'down', sinceMs: 2000, changes: 1, lastChangeMs: 2000 });
  assert.equal(second.after.get('h@b'), first.after.get('h@b'));
  const third = follow(second.after, backends({ 'h@a': 'up' }), 3000);
  assert.equal(third.after.get('h@a')?.changes, 2);
  assert.equal(third.after.has('h@b'), false, 'a backend that is gone is forgotten');
  assert.equal(first.after.get('h@a')?.changes, 0, 'what was before stays as it was');
});
