import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import { renderPlugin, renderUnknown } from '../../src/cli/check-plugin.ts';
import { codesOf } from '../../src/cli/check-verdict.ts';
import { NOW, pool, volume } from '../pages/cinder.ts';
import { type CloudState, watchedCloud } from '../pages/watched.ts';

/** One datum: source, the Monitoring Plugins development guidelines, 2.6. */
const DATUM = /^(?:[^\s'=|]+|'[^'=|]+')=-?\d+(?:\.\d+)?(?:s|%|[KMGT]?B|c)?(?:;[\d.:~@-]*){0,2}(?:;-?[\d.]*){0,2}$/;

/** What a monitoring system makes of an answer: the line, the performance data, the details. */
function read(answer: string): {
  readonly line: string;
  readonly data: ReadonlyMap<string, string>;
  readonly details: readonly string[];
} {
  assert.ok(answer.endsWith('\n'));
  const [first = '', ...details] = answer.slice(0, -1).split('\n');
  const parts = first.split(' | ');
  assert.equal(parts.length, 2, first);
  assert.ok(!details.some((line) => line.includes('|')), 'no more performance data');
  const data = new Map<string, string>();
  for (const [whole] of (parts[1] ?? '').matchAll(/(?:'[^']*'|[^\s'])+/g)) {
    assert.match(whole, DATUM);
    const at = whole.indexOf('=');
    const label = whole.slice(0, at).replaceAll("'", '');
    assert.ok(!data.has(label), `${label} twice`);
    data.set(label, whole.slice(at + 1));
  }
  return { line: parts[0] ?? '', data, details };
}

function plugin(acts: readonly CloudState[], hosts: readonly string[] = []) {
  const checked = acts.map((act, i) => ({ name: `c${i}`, snapshot: watchedCloud(`c${i}`).become(act) }));
  return read(renderPlugin(checked, { hosts, codes: codesOf({}) }));
}

const BAD: CloudState = {
  services: [volume('c@x'), volume('c@y'), volume('c@z', { enabled: false, disabledReason: 'maintenance' })],
  pools: [pool('c@x', 'x', { backendState: 'down' }), pool('c@y', 'y'), pool('c@z', 'z')],
};

test('one line with the counts, then who and why, and where to read on', () => {
  const { line, data, details } = plugin([BAD]);
  assert.equal(line, 'CRITICAL: 1 down, 1 disabled of 3 backends: c@x, c@z');
  assert.deepEqual([...data.keys()], ['backends', ...CONDITIONS]);
  assert.equal(data.get('backends'), '3;;;0');
  assert.equal(data.get('down'), '1;;0;0;3');
  assert.equal(data.get('disabled'), '1;0;;0;3');
  assert.equal(data.get('up'), '1;;;0;3');
  assert.equal(data.get('unknown'), '0;;;0;3');
  assert.deepEqual(details, [
    'c@x: down: its driver reports down',
    'c@z: disabled: disabled by an administrator: "maintenance"',
    'down: https://github.com/cinder-exporter/cinder-exporter/blob/main/docs/runbooks/CinderBackendDown.md',
    'disabled: https://github.com/cinder-exporter/cinder-exporter/blob/main/docs/runbooks/CinderServiceDisabledTooLong.md',
  ]);
});

test('who asks for one backend gets its values', () => {
  const { line, data } = plugin([BAD], ['c@y']);
  assert.equal(line, 'OK: 1 backend, it is up');
  assert.equal(data.get('usable'), '1;;;0;1');
  assert.equal(data.get('stats_age'), '12s;;;0');
  assert.equal(data.get('heartbeat_age'), '4s;;;0');
  assert.equal(data.get('y free'), '16712576742195B;;;0;43980465111040');
  assert.equal(data.get('y allocated'), '24189255811072B;;;0');
  assert.ok(!data.has('volumes_in_use'), 'what is not known has no value');
  assert.ok(!plugin([BAD], ['c@z']).data.has('usable'));
  const both = plugin([BAD], ['c@*']).data;
  assert.deepEqual([both.get('c@x usable'), both.get('c@y usable')], ['0;;;0;1', '1;;;0;1']);
});

test('nothing without an end, and nothing that is not known', () => {
  const endless = pool('c@x', 'x', { totalBytes: Infinity, freeBytes: Infinity, allocatedBytes: undefined });
  const { data } = plugin([{ services: [volume('c@x')], pools: [endless] }], ['c@x']);
  assert.deepEqual(
    [...data.keys()].filter((label) => label.startsWith('x ')),
    [],
  );
});

test('of many backends in trouble the first are told', () => {
  const hosts = Array.from({ length: 40 }, (_, i) => `c@b${i}`);
  const { details } = plugin([
    {
      services: hosts.map((host) => volume(host)),
      pools: hosts.map((host) => pool(host, 'p', { backendState: 'down' })),
    },
  ]);
  assert.equal(details.length, 25 + 2);
  assert.equal(details[25], 'and 15 more');
});

test('several clouds, one of which cannot be read', () => {
  const failures = { services: { reason: 'auth', message: 'Keystone refused the login: 401' } };
  const { line, details, data } = plugin([BAD, { failures }], ['x']);
  assert.equal(line, 'CRITICAL: 1 down of 1 backend: c@x; cloud c1: Keystone refused the login');
  assert.deepEqual(details.slice(0, 2), [
    'cloud c1: services cannot be read (auth): Keystone refused the login: 401',
    'cloud c0: c@x: down: its driver reports down',
  ]);
  assert.ok(data.has('c0 c@x usable'));
});

test('whatever names and reasons hold, an answer stays one line, its data, and its details', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '@', '|', "'", '=', ';', ' ', '\n', '\r', '\u001b[2J', '\u202e', '"'),
  });
  fc.assert(
    fc.property(text, text, text, (host, name, reason) => {
      const asked = `h${host}@b`;
      const act = {
        services: [volume(asked, { enabled: false, disabledReason: reason })],
        pools: [pool(asked, `p${name}`)],
        atMs: NOW,
      };
      const { line, data } = plugin([act], ['*']);
      assert.match(line, /^WARNING: 1 disabled of 1 backend: /);
      assert.ok(data.size >= 14, [...data.keys()].join());
    }),
    { numRuns: 200 },
  );
  assert.equal(renderUnknown('a | b\n  c'), 'UNKNOWN: a / b; c\n');
});
