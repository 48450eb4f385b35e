import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backendLink,
  grafanaLink,
  link,
  listLink,
  readFilter,
  type Filter,
  type Group,
} from '../../src/pages/address.ts';
import { groupBackends, list, PAGE_SIZE } from '../../src/pages/listing.ts';
import { WORST_FIRST } from '../../src/cinder/conditions.ts';
import { NOW } from './cinder.ts';
import { HOSTILE, many, twelve } from './clouds.ts';
import { watchedCloud, type CloudState } from './watched.ts';

const clouds = (...states: CloudState[]) =>
  states.map((state, i) => ({ name: `cloud${i}`, snapshot: watchedCloud(`cloud${i}`, state).watcher.snapshot() }));
const wanted = (query: Record<string, unknown>) => readFilter(query);
const hosts = (query: Record<string, unknown>, ...states: CloudState[]) =>
  list(clouds(...states), wanted(query)).entries.map(({ backend }) => backend.host);
const foldedHosts = (query: Record<string, unknown>, ...states: CloudState[]) =>
  list(clouds(...states), wanted(query)).folded.map(({ backend }) => backend.host);

test('the worst come first, then by cloud and host', () => {
  const { entries, folded, counts } = list(clouds(twelve(), twelve()), wanted({}));
  const ranks = [...entries, ...folded].map(({ backend }) => WORST_FIRST.indexOf(backend.condition));
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => a - b),
  );
  // Of the twelve none is unresponsive or failing.
  assert.deepEqual(
    [...counts.keys()],
    WORST_FIRST.filter((condition) => condition !== 'unresponsive' && condition !== 'failing'),
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
  const nothing = {
    q: '',
    condition: undefined,
    group: undefined,
    within: '',
    sort: 'worst',
    past: 'all',
    page: 1,
  } as const;
  for (const page of ['0', '-1', '1e99', 'NaN', '1.5', ''])
    assert.deepEqual(
      wanted({ page, condition: '__proto__', group: 'constructor', in: 'x', sort: 'toString', past: '' }),
      nothing,
    );
  assert.deepEqual(wanted({ q: ['a', 'b'], condition: ['up', 'down'], page: ['2', '3'] }), nothing);
});

test('pages: each backend once, and a page beyond the last is the last', () => {
  const state = many(250);
  const seen = [1, 2, 3].flatMap((page) => hosts({ q: 'backend', page: String(page) }, state));
  assert.equal(new Set(seen).size, 250);
  const beyond = list(clouds(state), wanted({ q: 'backend', page: '99' }));
  assert.deepEqual(
    [beyond.page, beyond.pages, beyond.entries.length, beyond.matching],
    [3, 3, 250 - 2 * PAGE_SIZE, 250],
  );
});

test('those that need nobody are folded, unless somebody asks for them', () => {
  const state = many(250);
  assert.equal(hosts({}, state).length, 5);
  assert.equal(foldedHosts({}, state).length, 245);
  assert.deepEqual(hosts({ condition: 'healthy', page: '1' }, state), foldedHosts({}, state).slice(0, PAGE_SIZE));
  assert.deepEqual(hosts({ condition: 'healthy', page: '3' }, state), foldedHosts({}, state).slice(2 * PAGE_SIZE));
  assert.deepEqual(
    [hosts({ q: 'backend-0001' }, state), foldedHosts({ q: 'backend-0001' }, state)],
    [['ctl1@backend-0001'], []],
  );
});

test('within a condition the newest comes first; by name, by time and by space for those who want that', () => {
  const cloud = watchedCloud('prod', many(200, NOW - 900_000, 50));
  cloud.become(many(200, NOW, 25));
  const now = [{ name: 'prod', snapshot: cloud.watcher.snapshot() }];
  const sorted = (sort: string) => list(now, wanted({ sort })).entries.map(({ backend }) => backend.host.split('-')[1]);
  assert.deepEqual(sorted('worst'), ['0175', '0025', '0075', '0125', '0000', '0050', '0100', '0150']);
  assert.deepEqual(sorted('since'), sorted('worst'));
  assert.deepEqual(
    sorted('host'),
    ['0000', '0175', '0050', '0100', '0150', '0025', '0075', '0125'].toSorted(
      (a, b) => (Number(a) % 7) - (Number(b) % 7) || Number(a) - Number(b),
    ),
  );
  const used = (host: string | undefined) => (Number(host) * 37) % 400;
  assert.deepEqual(
    sorted('fullest').map(used),
    sorted('host')
      .map(used)
      .toSorted((a, b) => a - b),
  );
});

test('the counts follow the search, and not the condition that is chosen', () => {
  const { counts, matching, total } = list(clouds(many(250)), wanted({ q: 'backend-00', condition: 'down' }));
  assert.deepEqual(
    [...counts],
    [
      ['down', 2],
      ['up', 98],
    ],
  );
  assert.deepEqual([matching, total], [2, 250]);
});

test('groups: how many of each need somebody, the worst first; a cluster is in the group of each of its hosts', () => {
  const groups = (group: Group, state = twelve()) =>
    groupBackends(clouds(state), group).map(({ name, troubled, total }) => `${name}: ${troubled} of ${total}`);
  assert.deepEqual(groups('zone'), ['az1: 3 of 3', 'az2: 1 of 3', 'az3: 1 of 1', 'nova: 0 of 5']);
  assert.ok(groups('host').includes('node-a: 0 of 1') && groups('host').includes('node-b: 0 of 1'));
  assert.ok(groups('vendor').includes('IBM: 1 of 1'));
  assert.deepEqual(groups('type'), []);
  assert.deepEqual(hosts({ group: 'zone', in: 'az2' }, twelve()), ['stor7.example.net@netapp.nfs']);
  assert.deepEqual(foldedHosts({ group: 'zone', in: 'az2' }, twelve()), ['ctl2@old-array', 'ctl2@rbd-hdd']);
  const snapshot = watchedCloud('prod').become(twelve());
  const volumeTypes = ['ctl1@vsp-gold', 'ctl1@lvm'].map((host) => ({ volumeType: 'gold', host }));
  assert.deepEqual(
    groupBackends([{ name: 'prod', snapshot: { ...snapshot, volumeTypes } }], 'type').map(({ troubled, total }) => [
      troubled,
      total,
    ]),
    [[1, 2]],
  );
});

test('a link to the list keeps what a reader has chosen, and begins with the first page', () => {
  const chosen = { q: 'a&b', condition: 'down', group: 'zone', in: 'az 1', sort: 'host', past: '1h', page: '3' };
  const place = { page: 'cloud', name: 'prod' };
  const back = (change: Partial<Filter>) =>
    Object.fromEntries(new URL(listLink(place, wanted(chosen), change), 'http://x/').searchParams);
  assert.deepEqual(back({ page: 3 }), { ...chosen, name: 'prod' });
  assert.deepEqual(back({ sort: 'worst', condition: undefined, within: '' }), {
    q: 'a&b',
    group: 'zone',
    past: '1h',
    name: 'prod',
  });
  assert.equal(listLink({ page: './', name: undefined }, wanted({})), './');
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
