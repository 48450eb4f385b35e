import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf, renderCheck } from '../../src/cli/check-table.ts';
import { NOW, pool, volume } from '../pages/cinder.ts';
import { one } from '../pages/clouds.ts';
import { type CloudState, watchedCloud } from '../pages/watched.ts';

const PLAIN = { colour: false, width: undefined };

/** The exit code and the first line of `check` for clouds that are in this state. */
function check(acts: readonly (CloudState | undefined)[], hosts: readonly string[] = []): [number, string] {
  const checked = acts.map((act, i) => ({ name: `c${i}`, snapshot: act && watchedCloud(`c${i}`, act).become(act) }));
  const [first = ''] = renderCheck(checked, hosts, PLAIN).split('\n');
  return [exitCodeOf(checked, hosts), first];
}

const ONE = '1 backend, 1 up, 0 down, stale or without service, 0 other';
const HOST = one().services?.find(({ binary }) => binary === 'cinder-volume')?.host ?? '';
const refused = {
  reason: 'auth',
  message: 'Keystone refused the login by password: POST https://k/v3/auth/tokens: 401',
};
const forbidden = { reason: 'forbidden', message: '403' };
const hidden = { reason: 'forbidden', message: 'Cinder may hide extra specs from this user' };
const silent = { reason: 'timeout', message: 'no answer from a scheduler within 10 s' };

test('all is well', () => {
  assert.deepEqual(check([one()]), [0, `OK: ${ONE}`]);
  assert.deepEqual(check([one()], [HOST]), [0, `OK: ${ONE}`]);
});

test('half blind is not OK, and the first line names the cause', () => {
  const cases: [CloudState['failures'], string][] = [
    [{ pools: forbidden }, 'Cinder forbids this user to read the driver stats'],
    [{ pools: silent }, 'No scheduler answers for the driver stats'],
    [{ volume_types: forbidden }, 'Cinder forbids this user to read the volume types'],
    [{ volume_types: hidden }, 'Cinder does not show this user all extra specs of the volume types'],
  ];
  for (const [failures = {}, cause] of cases)
    assert.deepEqual(check([{ ...one(), failures }]), [3, `UNKNOWN: ${ONE}; ${cause}`]);
});

test('who asks for one backend needs its driver stats, and no volume types', () => {
  assert.equal(check([{ ...one(), failures: { pools: forbidden } }], [HOST])[0], 3);
  assert.equal(check([{ ...one(), failures: { volume_types: hidden } }], [HOST])[0], 0);
  const other = { services: [volume('z@z')], pools: [], failures: { pools: forbidden } };
  assert.equal(check([one(), other], [HOST])[0], 0, 'the pools of another cloud');
});

test('what is broken for certain goes before what cannot be told', () => {
  const down = { services: [volume('c@x')], pools: [pool('c@x', 'x', { backendState: 'down' })] };
  const [code, first] = check([{ ...down, failures: { volume_types: hidden } }]);
  assert.equal(code, 2);
  assert.match(first, /^CRITICAL: 1 backend, 0 up, 1 down, .*; Cinder does not show this user all extra specs/);
});

test('a refused password is the first line, once', () => {
  const failures = { services: refused, pools: refused };
  assert.deepEqual(check([{ failures }]), [3, 'UNKNOWN: Keystone refused the login']);
  const whole = renderCheck([{ name: 'c', snapshot: watchedCloud('c').become({ failures }) }], [], PLAIN);
  assert.match(whole, /^services and pools cannot be read \(auth\): Keystone refused the login by password: .*401$/m);
  assert.deepEqual(check([one(), { failures }]), [3, `UNKNOWN: ${ONE}; cloud c1: Keystone refused the login`]);
  assert.deepEqual(check([undefined]), [3, 'UNKNOWN: nothing could be read']);
});

test('an empty service list, and a host that is not in it', () => {
  const none = { services: [], pools: [], atMs: NOW };
  assert.deepEqual(check([none]), [3, 'UNKNOWN: Cinder lists no backend']);
  assert.deepEqual(check([one(), none]), [3, `UNKNOWN: ${ONE}; cloud c1: Cinder lists no backend`]);
  assert.deepEqual(check([one()], ['no@where']), [3, 'UNKNOWN: not in the service list: no@where']);
});
