import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTypeMemory, hiddenSpecs, type TypeMemory, type VolumeType } from '../../src/cinder/types.ts';
import type { Json } from '../../src/cinder/wire.ts';
import { service } from '../support/samples.ts';

const ROWS = ['c1@one', 'c1@two'].map((host) => service(host));

function type(name: string, specs: Record<string, string> | undefined, toldQos = false): VolumeType {
  return { id: name, name, specs: specs && new Map(Object.entries(specs)), toldQos };
}

/** The types as after their reading, and the pools of one refresh. */
function read(
  memory: TypeMemory,
  types: readonly VolumeType[],
  pools: Record<string, Json>,
  variants = true,
): string[] {
  memory.set(types, { protocolVariants: variants });
  for (const [host, stats] of Object.entries(pools)) memory.see(host, stats);
  memory.seen(true);
  return memory.rows(ROWS).map(({ volumeType, host }) => `${volumeType} ${host}`);
}

describe('extra specs that name a state or a capacity', () => {
  const TYPES = [
    type('state', { volume_backend_name: 'vmware', backend_state: 'up', 'capabilities:pool_state': 'up' }),
    type('cap', { volume_backend_name: 'vmware', total_capacity_gb: '>= 1' }),
    type('room', { volume_backend_name: 'vmware', free_capacity_gb: '>= 50' }),
  ];
  const up = {
    volume_backend_name: 'vmware',
    backend_state: 'up',
    pool_state: 'up',
    total_capacity_gb: 100,
    free_capacity_gb: 60,
  };
  const ALL = ['state c1@one', 'cap c1@one', 'room c1@one'];
  const OUTAGES: Record<string, Json> = {
    'the driver says down': { ...up, backend_state: 'down', pool_state: 'down', free_capacity_gb: 0 },
    'capacities are zero': { ...up, total_capacity_gb: 0, free_capacity_gb: 0 },
    'capacities are unknown': { ...up, total_capacity_gb: 'unknown', free_capacity_gb: 'unknown' },
  };

  for (const [name, stats] of Object.entries(OUTAGES)) {
    test(`${name}: the backend stays what it was`, () => {
      const memory = createTypeMemory();
      assert.deepEqual(read(memory, TYPES, { 'c1@one': up }), ALL);
      assert.deepEqual(read(memory, TYPES, { 'c1@one': stats }), ALL);
    });
  }

  test('after a restart in the outage it is taken to be meant', () => {
    const down = { ...up, backend_state: 'down', pool_state: 'down', total_capacity_gb: 0, free_capacity_gb: 0 };
    assert.deepEqual(read(createTypeMemory(), TYPES, { 'c1@one': down }), ALL);
  });

  test('of a pool that is well they count as they are', () => {
    const memory = createTypeMemory();
    const small = { ...up, total_capacity_gb: 0.5, free_capacity_gb: 0.5 };
    assert.deepEqual(read(memory, TYPES, { 'c1@one': small }), ['state c1@one']);
    // It was never meant for the two others, and an outage does not change that.
    assert.deepEqual(read(memory, TYPES, { 'c1@one': { ...small, backend_state: 'down' } }), ['state c1@one']);
  });

  test('a driver that never says a state or a capacity never meets a demand for it', () => {
    const silent = { volume_backend_name: 'vmware', total_capacity_gb: 'unknown', free_capacity_gb: 'unknown' };
    assert.deepEqual(read(createTypeMemory(), TYPES, { 'c1@one': silent }), []);
  });

  test('whatever happens to it, another name is another backend', () => {
    const other = { ...up, volume_backend_name: 'other', backend_state: 'down' };
    assert.deepEqual(read(createTypeMemory(), TYPES, { 'c1@one': up, 'c1@two': other }), ALL);
  });
});

test('the names of a storage protocol are one, but not for a Cinder before 20', () => {
  const types = [type('t', { storage_protocol: '<or> fc <or> iscsi' })];
  const pools = { 'c1@one': { storage_protocol: 'iSCSI' }, 'c1@two': { storage_protocol: 'fc' } };
  assert.deepEqual(read(createTypeMemory(), types, pools), ['t c1@one', 't c1@two']);
  assert.deepEqual(read(createTypeMemory(), types, pools, false), ['t c1@two']);
});

describe('are extra specs hidden?', () => {
  const admin = { admin: true, redacts: true };
  const other = { admin: false, redacts: true };
  const nothing = type('nothing', {});
  const told = type('told', {}, true);
  const shown = type('shown', { multiattach: '<is> True', 'RESKEY:availability_zones': 'nova' });
  const rows: [string, VolumeType[], typeof admin, RegExp | undefined][] = [
    ['a role that is not told: {} may be redacted', [nothing, shown], other, /read_sensitive/],
    ['Cinder sends none at all', [type('absent', undefined)], other, /access_types_extra_specs/],
    [
      'nor to an administrator whose right was taken',
      [type('absent', undefined, true)],
      admin,
      /access_types_extra_specs/,
    ],
    ['one type shows what others do not see', [nothing, type('gold', { volume_backend_name: 'a' })], other, undefined],
    ['a key for drivers is such a one', [type('gold', { 'netapp:qos': 'x' })], other, undefined],
    ['an administrator, who is told of QoS specs', [told], admin, undefined],
    ['the role admin, without its rights in Cinder', [nothing], admin, /read_sensitive/],
    ['QoS specs opened to everybody', [told], other, /read_sensitive/],
    ['a Cinder that hides all or nothing', [nothing], { admin: false, redacts: false }, undefined],
    ['no types: nothing to hide', [], other, undefined],
  ];
  for (const [name, types, who, wanted] of rows) {
    test(name, () => {
      const reason = hiddenSpecs(types, who);
      if (wanted === undefined) assert.equal(reason, undefined);
      else assert.match(reason ?? 'not hidden', wanted);
    });
  }
});

test('a thousand types on a thousand backends are remembered of none, until there are fewer types', () => {
  for (const specs of [{}, { volume_backend_name: 'none' }]) {
    const memory = createTypeMemory();
    const types = Array.from({ length: 1200 }, (_, i) => type(`t${i}`, specs));
    const pools = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`c1@${i}`, {}]));
    assert.deepEqual(read(memory, types, pools), []);
    assert.equal(memory.flooded(), true);
    assert.deepEqual(read(memory, types, { 'c1@one': {} }), [], 'they are not judged again and again');
    assert.equal(memory.wants('c1@one'), false);
    assert.deepEqual(read(memory, [type('t', {})], { 'c1@one': {} }), ['t c1@one']);
    assert.equal(memory.flooded(), false);
  }
});
