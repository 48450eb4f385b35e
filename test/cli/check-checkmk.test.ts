import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import { renderCheckmk, renderCheckmkUnknown } from '../../src/cli/check-checkmk.ts';
import { type Asked, type Checked, codesOf } from '../../src/cli/check-verdict.ts';
import { NOW, pool, volume } from '../pages/cinder.ts';
import { type CloudState, watchedCloud } from '../pages/watched.ts';
import { readLocal, type LocalService } from '../support/checkmk.ts';

const ALL: Asked = { hosts: [], codes: codesOf({}) };

const BAD: CloudState = {
  services: [volume('c@x'), volume('c@y'), volume('c@z', { enabled: false, disabledReason: 'maintenance' })],
  pools: [pool('c@x', 'x', { backendState: 'down' }), pool('c@y', 'y'), pool('c@z', 'z')],
};

function checkedOf(...acts: readonly CloudState[]): Checked[] {
  return acts.map((act, i) => ({ name: `c${i}`, snapshot: watchedCloud(`c${i}`).become(act) }));
}

function services(checked: readonly Checked[], asked: Asked = ALL): ReadonlyMap<string, LocalService> {
  return readLocal(renderCheckmk(checked, asked));
}

test('a service for each backend, and one that says whether anything can be told', () => {
  const all = services(checkedOf(BAD));
  assert.deepEqual([...all.keys()], ['Cinder', 'Cinder c@x', 'Cinder c@y', 'Cinder c@z']);
  const { state, summary, metrics } = all.get('Cinder') ?? assert.fail();
  assert.deepEqual([state, summary], [0, '3 backends: 1 down, 1 disabled']);
  assert.deepEqual([...metrics.keys()], ['backends', ...CONDITIONS]);
  assert.deepEqual(metrics.get('down'), { value: 1, levels: ['', ''], min: 0, max: 3 });
  assert.deepEqual(all.get('Cinder c@x'), {
    state: 2,
    summary: 'down: its driver reports down',
    details: ['https://github.com/cinder-exporter/cinder-exporter/blob/main/docs/runbooks/CinderBackendDown.md'],
    metrics: new Map([
      ['usable', { value: 0, levels: ['', ''], min: 0, max: 1 }],
      ['stats_age', { value: 12, levels: ['', ''], min: 0, max: undefined }],
      ['heartbeat_age', { value: 4, levels: ['', ''], min: 0, max: undefined }],
    ]),
  });
  assert.equal(all.get('Cinder c@y')?.state, 0);
  assert.equal(all.get('Cinder c@y')?.summary, 'up: its driver reports up');
  assert.deepEqual(all.get('Cinder c@y')?.details, []);
  assert.equal(all.get('Cinder c@z')?.state, 1);
});

test('the states are those of the exit codes, and --warning and --critical change both', () => {
  const states = (flags: Parameters<typeof codesOf>[0]) =>
    [...services(checkedOf(BAD), { hosts: [], codes: codesOf(flags) })].map(([, { state }]) => state);
  assert.deepEqual(states({}), [0, 2, 0, 1]);
  assert.deepEqual(states({ critical: 'disabled', warning: 'down' }), [0, 1, 0, 2]);
  assert.deepEqual(states({ critical: 'none', warning: 'none' }), [0, 0, 0, 0]);
});

test('what is old is UNKNOWN of each backend, and what cannot be read is of none', () => {
  const [one = assert.fail()] = checkedOf(BAD);
  const old = services([{ ...one, old: 'what the exporter knows is 7m old (--max-age is 5m)' }]);
  for (const [name, { state, summary }] of old) {
    assert.equal(state, 3, name);
    assert.match(summary, /^what the exporter knows is 7m old/, name);
  }
  assert.equal(old.size, 4);
  const unread = services([{ name: 'c', snapshot: undefined }]);
  assert.deepEqual([...unread.keys()], ['Cinder']);
  assert.equal(unread.get('Cinder')?.state, 3);
  const failed = services(checkedOf({ failures: { services: { reason: 'auth', message: 'Keystone | refused' } } }));
  assert.deepEqual(
    [...failed].map(([name, { state }]) => [name, state]),
    [['Cinder', 3]],
  );
  assert.equal(readLocal(renderCheckmkUnknown('GET http://x:\n  refused')).get('Cinder')?.state, 3);
  assert.equal(renderCheckmkUnknown('a |\n  b'), '3 "Cinder" - a /; b\n');
});

test('only who is asked for, and who is not there', () => {
  const all = services(checkedOf(BAD), { ...ALL, hosts: ['y', 'gone'] });
  assert.deepEqual([...all.keys()], ['Cinder', 'Cinder c@y']);
  assert.deepEqual(
    [all.get('Cinder')?.state, all.get('Cinder')?.summary],
    [3, '1 backend, it is up; not in the service list: gone'],
  );
});

test('several clouds have their names in the services', () => {
  const all = services(checkedOf(BAD, BAD));
  assert.deepEqual(
    [...all.keys()],
    ['Cinder', ...['c0', 'c1'].flatMap((cloud) => ['x', 'y', 'z'].map((name) => `Cinder ${cloud} c@${name}`))],
  );
});

test('names that differ in quotes alone stay two services', () => {
  const hosts = [`c@a"b`, `c@a'b`, 'c@a_b'];
  const all = services(
    checkedOf({ services: hosts.map((host) => volume(host)), pools: hosts.map((host) => pool(host, 'p')) }),
  );
  assert.deepEqual([...all.keys()], ['Cinder', 'Cinder c@a_b', 'Cinder c@a_b 2', 'Cinder c@a_b 3']);
});

test('whatever names and reasons hold, each line is one service, its metrics and its text', () => {
  const text = fc.string({
    unit: fc.constantFrom(
      'a',
      '@',
      '|',
      "'",
      '=',
      ';',
      ' ',
      '\n',
      '\r',
      '\u001b[2J',
      '\u202e',
      '"',
      '\\',
      'n',
      '-',
      'ß',
    ),
  });
  fc.assert(
    fc.property(text, text, (name, reason) => {
      const host = `h${name}@b`;
      const all = services(
        checkedOf({
          services: [volume(host, { enabled: false, disabledReason: reason })],
          pools: [pool(host, 'p')],
          atMs: NOW,
        }),
      );
      assert.equal(all.size, 2);
      const { state, summary, details } = [...all.values()][1] ?? assert.fail();
      assert.equal(state, 1);
      assert.match(summary, /^disabled: /);
      assert.deepEqual(details.length, 1, 'the runbook, and no line of a reason');
    }),
    { numRuns: 300 },
  );
});
