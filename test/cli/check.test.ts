import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionsOf, renderCheck } from '../../src/cli/check-table.ts';
import { codesOf, exitCodeOf, wanted } from '../../src/cli/check-verdict.ts';
import type { Snapshot } from '../../src/cinder/snapshot.ts';
import { NOW, pool, volume } from '../pages/cinder.ts';
import { one } from '../pages/clouds.ts';
import { type CloudState, watchedCloud } from '../pages/watched.ts';

const PLAIN = { colour: false, width: undefined };
const ALL = { hosts: [], codes: codesOf({}) };

/** The exit code and the first line of `check` for clouds that are in this state. */
function check(
  acts: readonly (CloudState | undefined)[],
  hosts: readonly string[] = [],
  flags: { readonly warning?: string; readonly critical?: string } = {},
): [number, string] {
  const asked = { hosts, codes: codesOf(flags) };
  const checked = acts.map((act, i) => ({ name: `c${i}`, snapshot: act && watchedCloud(`c${i}`, act).become(act) }));
  const [first = ''] = renderCheck(checked, asked, PLAIN).split('\n');
  return [exitCodeOf(checked, asked), first];
}

const ONE = '1 backend, it is up';
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
  assert.match(first, /^CRITICAL: 1 down of 1 backend: c@x; Cinder does not show this user all extra specs/);
});

test('a refused password is the first line, once', () => {
  const failures = { services: refused, pools: refused };
  assert.deepEqual(check([{ failures }]), [3, 'UNKNOWN: Keystone refused the login']);
  const whole = renderCheck([{ name: 'c', snapshot: watchedCloud('c').become({ failures }) }], ALL, PLAIN);
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

const down = (host: string): CloudState => ({
  services: [volume(host)],
  pools: [pool(host, 'p', { backendState: 'down' })],
});
const several = (...hosts: readonly string[]): CloudState => ({
  services: hosts.map((host) => volume(host)),
  pools: hosts.map((host) => pool(host, 'p', { backendState: host.startsWith('bad') ? 'down' : 'up' })),
});

test('the first line names the worst three, and says how many more there are', () => {
  assert.deepEqual(check([several('a@ok', 'bad1@x')]), [2, 'CRITICAL: 1 down of 2 backends: bad1@x']);
  assert.deepEqual(check([several('a@ok', 'bad1@x', 'bad2@x', 'bad3@x', 'bad4@x')]), [
    2,
    'CRITICAL: 4 down of 5 backends: bad1@x, bad2@x, bad3@x and 1 more',
  ]);
  assert.deepEqual(check([several('a@ok', 'b@ok')]), [0, 'OK: 2 backends, all up']);
});

test('HOST is a host, the name of a backend, or a pattern of either', () => {
  const snapshot = watchedCloud('c').become(several('a@lvm-1', 'a@lvm-2', 'b.c@ceph', 'x@y@ceph'));
  const asked = (...hosts: readonly string[]): string[] => wanted(snapshot, hosts).map(({ host }) => host);
  assert.deepEqual(asked('a@lvm-1'), ['a@lvm-1']);
  assert.deepEqual(asked('ceph'), ['b.c@ceph']);
  assert.deepEqual(asked('y@ceph'), ['x@y@ceph']);
  assert.deepEqual(asked('lvm-*'), ['a@lvm-1', 'a@lvm-2']);
  assert.deepEqual(asked('*@lvm-?', 'b*'), ['a@lvm-1', 'a@lvm-2', 'b.c@ceph']);
  assert.deepEqual(asked('*'), ['a@lvm-1', 'a@lvm-2', 'b.c@ceph', 'x@y@ceph']);
  assert.deepEqual(asked('.*', 'a@lvm', 'LVM-1', '?'), []);
  assert.deepEqual(check([several('a@lvm-1')], ['zz*']), [3, 'UNKNOWN: not in the service list: zz*']);
  const name = 'a'.repeat(255);
  const hostile = watchedCloud('c').become(several(name));
  assert.deepEqual(wanted(hostile, [`${'a*'.repeat(200)}b`]), [], 'and takes no time');
});

test('a reason that does not fit is wrapped below its row, whole', () => {
  const silent = {
    services: [volume('controller-1@a-rather-long-name')],
    pools: [],
    failures: { pools: forbidden },
  };
  const checked = [{ name: 'c', snapshot: watchedCloud('c').become(silent) }];
  const reason = checked[0]?.snapshot.backends[0]?.reason ?? '';
  const wide = renderCheck(checked, ALL, PLAIN);
  const narrow = renderCheck(checked, ALL, { ...PLAIN, width: 80 });
  assert.ok(wide.includes(`  ${reason}\n`));
  assert.ok(!narrow.includes(reason), 'it needs more than a line');
  assert.ok(narrow.replaceAll(/\s+/g, ' ').includes(reason));
  const rows = narrow.split('\n').slice(narrow.split('\n').findIndex((line) => line.startsWith('BACKEND')));
  assert.ok(
    rows.every((line) => line.length <= 80),
    narrow,
  );
});

test('the first line is wrapped on a terminal, and one line for all others', () => {
  const hosts = ['controller-1@a-rather-long-name', 'controller-2@another-long-name', 'controller-3@x'];
  const state = {
    services: hosts.map((host) => volume(host)),
    pools: hosts.map((host) => pool(host, 'p', { backendState: 'down' })),
  };
  const checked = [{ name: 'c', snapshot: watchedCloud('c').become(state) }];
  const verdict = `CRITICAL: 3 down of 3 backends: ${hosts.join(', ')}`;
  assert.ok(renderCheck(checked, ALL, PLAIN).startsWith(`${verdict}\n\n`));
  const [first = '', second = '', third] = renderCheck(checked, ALL, { ...PLAIN, width: 80 }).split('\n');
  assert.equal(`${first} ${second.trim()}`, verdict);
  assert.ok(first.length <= 80 && second.length <= 80 && second.startsWith('    '), `${first}\n${second}`);
  assert.equal(third, '');
});

test('of what is a warning, the worse condition is first', () => {
  const state = {
    services: [volume('a@frozen', { frozen: true }), volume('b@degraded')],
    pools: [pool('b@degraded', 'p', { backendState: 'up' }), pool('b@degraded', 'q', { backendState: 'down' })],
  };
  assert.equal(check([state])[1], 'WARNING: 1 degraded, 1 frozen of 2 backends: b@degraded, a@frozen');
});

test('watched, what has changed since the last table is marked', () => {
  const cloud = watchedCloud('c');
  const at = (state: CloudState) => [{ name: 'c', snapshot: cloud.become(state) }];
  const before = conditionsOf(at(several('a@x', 'ok@y')));
  const marked = (state: CloudState): string[] =>
    renderCheck(at(state), ALL, { ...PLAIN, before })
      .split('\n')
      .filter((line) => line.includes('CHANGED'))
      .map((line) => line.split(' ')[0] ?? '');
  assert.deepEqual(marked(several('a@x', 'ok@y')), []);
  assert.deepEqual(marked(several('a@x', 'new@z')), ['new@z']);
  assert.deepEqual(marked(down('a@x')), ['a@x']);
});

test('of a backend that is out the table says who is hit; counts that fail change nothing else', () => {
  const act = {
    services: [volume('c@x'), volume('c@y')],
    pools: [pool('c@x', 'x', { backendState: 'down' }), pool('c@y', 'y')],
  };
  const counted = { inUse: 412, available: 9, ageMs: 0 };
  const snapshot = {
    ...watchedCloud('c').become(act),
    volumes: new Map([
      ['c@x', counted],
      ['c@y', counted],
    ]),
    typesAlone: new Map([['c@x', 3]]),
  };
  const table = renderCheck([{ name: 'c', snapshot }], ALL, PLAIN);
  assert.match(table, /c@x .* 412 volumes in use, 3 volume types without another backend: its driver reports down$/m);
  assert.doesNotMatch(table, /c@y .* volumes/);
  assert.deepEqual(check([{ ...one(), failures: { volumes: forbidden } }]), check([one()]));
});

test('--warning and --critical make other lists of conditions', () => {
  const frozen = { ...one(), services: one().services?.map((row) => ({ ...row, frozen: true })) };
  const bad = { services: [volume('c@x')], pools: [pool('c@x', 'x', { backendState: 'down' })] };
  const codes = (state: CloudState, warning?: string, critical?: string): [number, string] =>
    check([state], [], { ...(warning !== undefined && { warning }), ...(critical !== undefined && { critical }) });
  assert.deepEqual(codes(frozen), [1, 'WARNING: 1 frozen of 1 backend: ctl1@lvm']);
  assert.deepEqual(codes(frozen, 'degraded'), [0, 'OK: 1 backend: 1 frozen']);
  assert.deepEqual(codes(frozen, 'none'), [0, 'OK: 1 backend: 1 frozen']);
  assert.equal(codes(frozen, undefined, 'frozen,down')[0], 2);
  assert.equal(codes(bad, 'down')[0], 1, 'taken from the other list');
  assert.equal(codes(bad, undefined, 'stale')[0], 0);
  assert.equal(codesOf({ warning: 'none', critical: 'none' }).unknown, 3);
  assert.equal(codesOf({ warning: 'unknown' }).unknown, 1);
  assert.equal(codesOf({ warning: 'stale' }).down, 2, 'the other list stays');
  assert.throws(
    () => codesOf({ warning: 'down, stal' }),
    /--warning: expected none, or some of .* got "stal", did you mean stale\?/,
  );
  assert.throws(() => codesOf({ warning: 'down', critical: 'stale,down' }), /got down in both/);
  assert.throws(() => codesOf({ critical: '' }), /got ""/);
});

test('watched before, the first line says since when', () => {
  const cloud = watchedCloud('c');
  cloud.become(several('ok@x'));
  const lines = (snapshot: Snapshot): string => renderCheck([{ name: 'c', snapshot }], ALL, PLAIN).split('\n')[0] ?? '';
  const bad = { ...down('ok@x'), atMs: NOW + 10_000 };
  assert.equal(lines(cloud.become(bad)), 'CRITICAL: 1 down of 1 backend: ok@x');
  assert.equal(lines(cloud.become({ ...bad, atMs: NOW + 70_000 })), 'CRITICAL: 1 down of 1 backend: ok@x (60 s)');
  const fresh = watchedCloud('d');
  fresh.become(bad);
  const soon = { ...bad, atMs: NOW + 10_400 };
  assert.equal(lines(fresh.become(soon)), 'CRITICAL: 1 down of 1 backend: ok@x', 'a look takes a moment: no time');
  assert.equal(
    lines(fresh.become({ ...bad, atMs: NOW + 70_000 })),
    'CRITICAL: 1 down of 1 backend: ok@x (at least 60 s)',
  );
});
