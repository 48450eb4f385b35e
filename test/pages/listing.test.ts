import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendLink, grafanaLink, link, readFilter } from '../../src/pages/address.ts';
import { list, PAGE_SIZE } from '../../src/pages/listing.ts';
import { WORST_FIRST } from '../../src/cinder/conditions.ts';
import { HOSTILE, many, twelve } from './clouds.ts';
import { watchedCloud, type CloudState } from './watched.ts';

const clouds = (...states: CloudState[]) =>
  states.map((state, i) => ({ name: `cloud${i}`, snapshot: watchedCloud(`cloud${i}`, state).watcher.snapshot() }));
const wanted = (query: Record<string, unknown>) => readFilter(query);
const hosts = (query: Record<string, unknown>, ...states: CloudState[]) =>
  list(clouds(...states), wanted(query)).entries.map(({ backend }) => backend.host);

test('the worst come first, then by cloud and host', () => {
  const { entries, counts } = list(clouds(twelve(), twelve()), wanted({}));
  const ranks = entries.map(({ backend }) => WORST_FIRST.indexOf(backend.condition));
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => a - b),
  );
  // Of the twelve none is failing.
  assert.deepEqual(
    [...counts.keys()],
    WORST_FIRST.filter((condition) => condition !== 'failing'),
  );
  assert.deepEqual(
    entries.slice(0, 2).map(({ cloud, backend }) => [cloud, backend.host]),
    [
      ['cloud0', 'ctl1@vsp-gold'],
      ['cloud1', 'ctl1@vsp-gold'],
    ],
  );
});

test('filters by parts of any name, whatever the case, and by condition', () => {
  assert.deepEqual(hosts({ q: 'NETAPP.nfs' }, twelve()), ['stor7.example.net@netapp.nfs']);
  assert.deepEqual(hosts({ q: 'mdiskgrp2' }, twelve()), ['ctl1@svc-pools']);
  assert.deepEqual(hosts({ q: 'node-b' }, twelve()), ['prod@ceph']);
  assert.deepEqual(hosts({ condition: 'frozen' }, twelve()), ['ctl2@old-array']);
  assert.equal(hosts({ condition: 'trouble' }, twelve()).length, 5);
  assert.deepEqual(hosts({ q: 'ctl2', condition: 'up' }, twelve()), ['ctl2@rbd-hdd']);
  assert.deepEqual(hosts({ q: '.*' }, twelve()), []);
});

test('parameters that make no sense are no filter, and no error', () => {
  const nothing = { q: '', condition: undefined, page: 1 };
  for (const page of ['0', '-1', '1e99', 'NaN', '1.5', ''])
    assert.deepEqual(wanted({ page, condition: '__proto__' }), nothing);
  assert.deepEqual(wanted({ q: ['a', 'b'], condition: ['up', 'down'], page: ['2', '3'] }), nothing);
});

test('pages: each backend once, and a page beyond the last is the last', () => {
  const state = many(250);
  const seen = [1, 2, 3].flatMap((page) => hosts({ page: String(page) }, state));
  assert.equal(new Set(seen).size, 250);
  const beyond = list(clouds(state), wanted({ page: '99' }));
  assert.deepEqual(
    [beyond.page, beyond.pages, beyond.entries.length, beyond.matching],
    [3, 3, 250 - 2 * PAGE_SIZE, 250],
  );
});

test('a link keeps every name whole', () => {
  for (const host of HOSTILE) {
    const url = new URL(backendLink('a&b', host), 'http://x/');
    assert.equal(url.searchParams.get('host'), host);
    assert.equal(url.searchParams.get('cloud'), 'a&b');
    assert.equal(url.pathname, '/backend');
  }
  assert.equal(link('./', { q: '', page: undefined }), './');
  assert.equal(
    grafanaLink('https://g.example.net/grafana/', 'a@b#c', undefined),
    'https://g.example.net/grafana/d/cinder-backend?var-host=a%40b%23c',
  );
});
