import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createCreations,
  type CreationMessage,
  decodeMessages,
  decodeVolumes,
  newestVolumesPath,
  PAGE,
  type SeenVolume,
} from '../../src/cinder/creations.ts';
import { createCutter } from '../../src/cinder/wire.ts';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const MINUTE = 60_000;

const volume = (id: string, more: Partial<SeenVolume> = {}): SeenVolume => ({
  id,
  status: 'available',
  volumeType: 'gold',
  host: 'c1@one',
  project: 'p',
  size: 1,
  raw: true,
  image: false,
  createdAtMs: NOW,
  updatedAtMs: undefined,
  ...more,
});

const message = (requestId: string, more: Partial<CreationMessage> = {}): CreationMessage => ({
  id: `of ${requestId}`,
  requestId,
  volumeId: 'v',
  reason: 'driver',
  atMs: NOW,
  ...more,
});

test('a row of Cinder, decoded: its pool is cut off, and what it was made of is told', () => {
  const row = {
    id: 'a',
    status: 'in-use',
    volume_type: 'gold',
    size: 1,
    created_at: '2026-11-26T12:00:00.500000',
    updated_at: null,
    snapshot_id: null,
    source_volid: null,
    'os-vol-host-attr:host': 'c1@one#pool',
    'os-vol-tenant-attr:tenant_id': 'p',
  };
  const volume_image_metadata = { image_id: 'i' };
  const rows = [
    row,
    { ...row, id: 'b', source_volid: 'a' },
    { ...row, id: 'from an image', volume_image_metadata },
    { ...row, id: 'a copy of one', source_volid: 'from an image', volume_image_metadata },
    { ...row, id: 'c', created_at: null },
    7,
  ];
  const decoded = decodeVolumes({ volumes: rows }, createCutter(255));
  assert.deepEqual(decoded?.rows, [
    volume('a', { status: 'in-use', createdAtMs: NOW + 500 }),
    volume('b', { status: 'in-use', createdAtMs: NOW + 500, raw: false }),
    volume('from an image', { status: 'in-use', createdAtMs: NOW + 500, raw: false, image: true }),
    volume('a copy of one', { status: 'in-use', createdAtMs: NOW + 500, raw: false }),
  ]);
  assert.equal(decoded.rejected, 2);
  assert.equal(decodeVolumes({ messages: [] }, createCutter(255)), undefined);
});

test('messages: the two that tell why a creation failed, and others', () => {
  const row = { id: '1', request_id: 'req-1', resource_uuid: 'v', created_at: '2026-11-26T12:00:00' };
  const events = ['VOLUME_VOLUME_008_012', 'VOLUME_VOLUME_001_003', 'VOLUME_VOLUME_005_007', 'constructor', null];
  const decoded = decodeMessages({ messages: events.map((event_id, i) => ({ ...row, id: String(i), event_id })) });
  assert.deepEqual(
    decoded?.rows.map(({ reason }) => reason),
    ['driver', 'no_backend', undefined, undefined, undefined],
  );
});

test('what was there before the first look is no creation of ours, but is when the backend last worked', () => {
  const creations = createCreations();
  creations.saw([volume('old', { createdAtMs: NOW - 3 * MINUTE })], { nowMs: NOW, full: false });
  assert.deepEqual(creations.seen(NOW).made, [{ volumeType: 'gold', count: 0 }]);
  assert.deepEqual([...creations.seen(NOW).lastMade], [['c1@one', NOW - 3 * MINUTE]]);
  creations.saw([volume('new', { createdAtMs: NOW + MINUTE })], { nowMs: NOW + MINUTE, full: false });
  creations.saw([volume('new', { createdAtMs: NOW + MINUTE })], { nowMs: NOW + 2 * MINUTE, full: false });
  assert.deepEqual(creations.seen(NOW).made, [{ volumeType: 'gold', count: 1 }]);
});

test('a quiet cloud: its last volume is read again and again, and never counted', () => {
  const creations = createCreations();
  for (let hours = 0; hours < 48; hours += 1)
    creations.saw([volume('old')], { nowMs: NOW + hours * 60 * MINUTE, full: false });
  assert.deepEqual(creations.seen(NOW).made, [{ volumeType: 'gold', count: 0 }]);
  assert.equal(newestVolumesPath(creations.sinceMs()).split('gt:')[1], '2026-11-26T11:59:59');
});

test('a creation under way is asked for until it ends, an hour at most; its end is when it was made', () => {
  const creations = createCreations();
  const open = volume('open', { status: 'creating' });
  creations.saw([open], { nowMs: NOW + MINUTE, full: false });
  creations.saw([open, volume('other', { createdAtMs: NOW + 10 * MINUTE })], { nowMs: NOW + 11 * MINUTE, full: false });
  assert.equal(creations.sinceMs(), NOW - 1000);
  assert.deepEqual([...creations.seen(NOW + 11 * MINUTE).lastMade], [['c1@one', NOW + 10 * MINUTE]]);
  creations.saw([{ ...open, status: 'available', updatedAtMs: NOW + 20 * MINUTE }], {
    nowMs: NOW + 21 * MINUTE,
    full: false,
  });
  assert.deepEqual([...creations.seen(NOW + 21 * MINUTE).lastMade], [['c1@one', NOW + 20 * MINUTE]]);
});

test('a row in error with its host was not made there, and is no failure either', () => {
  const creations = createCreations();
  creations.saw([volume('e', { status: 'error' })], { nowMs: NOW, full: false });
  creations.told([], { nowMs: NOW, full: false });
  const seen = creations.seen(NOW);
  assert.deepEqual([seen.lastMade.size, seen.failed, seen.failures], [0, [], []]);
});

test('three messages of one request are one failure; it waits for its volume, and is forgotten', () => {
  const creations = createCreations();
  creations.saw([], { nowMs: NOW, full: false });
  creations.told([], { nowMs: NOW, full: false });
  const told = [message('r', { id: '1' }), message('r', { id: '2' }), message('r', { id: '3', reason: 'no_backend' })];
  creations.told(told, { nowMs: NOW, full: false });
  assert.deepEqual(creations.seen(NOW).failed, []);
  creations.saw([volume('v', { status: 'error', host: undefined })], { nowMs: NOW, full: false });
  assert.deepEqual(creations.seen(NOW).failed, [
    { volumeType: 'gold', reason: 'driver', count: 1 },
    { volumeType: 'gold', reason: 'no_backend', count: 1 },
  ]);
  assert.equal(creations.seen(NOW).failures[0]?.volume?.project, 'p');
  assert.equal(creations.seen(NOW + 31 * MINUTE).failures.length, 0);
});

test('a failure is weighed when the volumes were read after it: before, neither its volume nor what was made since is known', () => {
  const creations = createCreations();
  const look = (rows: readonly SeenVolume[]) => creations.saw(rows, { nowMs: NOW, full: false });
  const tell = (...ids: readonly string[]) =>
    creations.told(
      ids.map((id) => message(id, { volumeId: id })),
      { nowMs: NOW, full: false },
    );
  const weighed = () => creations.seen(NOW).failures.map(({ requestId, volume: of }) => [requestId, of?.project]);
  tell();
  look([]);
  tell('r');
  assert.deepEqual(weighed(), []);
  look([volume('r', { status: 'error' })]);
  tell('r', 'gone');
  assert.deepEqual(weighed(), [['r', 'p']]);
  look([]);
  assert.deepEqual(weighed(), [
    ['r', 'p'],
    ['gone', undefined],
  ]);
});

test('a page that is too short for all that is new is said for half an hour', () => {
  const creations = createCreations();
  const page = (prefix: string, atMs: number): SeenVolume[] =>
    Array.from({ length: PAGE }, (_, i) => volume(`${prefix}${i}`, { createdAtMs: atMs }));
  creations.told([], { nowMs: NOW, full: false });
  creations.saw(page('a', NOW), { nowMs: NOW, full: true });
  assert.equal(creations.seen(NOW).whole, true);
  creations.saw(page('b', NOW + MINUTE), { nowMs: NOW + MINUTE, full: true });
  assert.equal(creations.seen(NOW + MINUTE).whole, false);
  assert.equal(creations.seen(NOW + 40 * MINUTE).whole, true);
});

test('a look that failed: nothing is seen whole until that list is read again', () => {
  for (const list of ['volumes', 'messages'] as const) {
    const creations = createCreations();
    const read = {
      volumes: () => creations.saw([], { nowMs: NOW, full: false }),
      messages: () => creations.told([], { nowMs: NOW, full: false }),
    };
    read.volumes();
    read.messages();
    assert.equal(creations.seen(NOW).whole, true);
    creations.missed(list);
    read[list === 'volumes' ? 'messages' : 'volumes']();
    assert.equal(creations.seen(NOW).whole, false, list);
    read[list]();
    assert.equal(creations.seen(NOW).whole, true, list);
  }
});

test('whatever a cloud sends, memory ends somewhere', () => {
  const creations = createCreations();
  creations.saw([], { nowMs: NOW, full: false });
  creations.told([], { nowMs: NOW, full: false });
  for (let round = 0; round < 300; round += 1) {
    const ids = Array.from({ length: PAGE }, (_, i) => `${round} ${i}`);
    const rows = ids.map((id) => volume(id, { volumeType: id, host: id, createdAtMs: NOW + round }));
    creations.saw(rows, { nowMs: NOW, full: true });
    creations.told(
      ids.map((id) => message(id, { volumeId: id })),
      { nowMs: NOW, full: true },
    );
  }
  const { made, failed, lastMade, failures, recent } = creations.seen(NOW);
  assert.deepEqual([made.length, failed.length, lastMade.size], [1000, 1000, 20_000]);
  assert.ok(failures.length <= 2000 && recent.length <= 2000);
});

test('what is remembered of a row keeps no more than itself in memory: a part of a text would keep the whole', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => (collect(), process.memoryUsage().heapUsed);
  const before = heap();
  const creations = createCreations();
  for (let i = 0; i < 20; i += 1) {
    // As the parser of JSON makes it: a text of its own.
    const long = Buffer.alloc(1_000_000, 'x').toString();
    const [id, created_at] = [String(i), new Date(NOW).toISOString().slice(0, 19)];
    const host = `c1@the-backend-${i}#${long}`;
    const row = {
      id,
      created_at,
      status: 'available',
      'os-vol-host-attr:host': host,
      'os-vol-tenant-attr:tenant_id': long,
    };
    const told = { id, created_at, request_id: id, resource_uuid: long, event_id: 'VOLUME_VOLUME_001_003' };
    const how = { nowMs: NOW, full: false };
    creations.saw(decodeVolumes({ volumes: [row] }, createCutter(1024))?.rows ?? [], how);
    creations.told(decodeMessages({ messages: [told] })?.rows ?? [], how);
  }
  const grown = heap() - before;
  assert.equal(creations.lastMade.size, 20);
  assert.ok(grown < 10_000_000, `${grown} bytes`);
});
