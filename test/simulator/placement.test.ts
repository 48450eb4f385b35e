import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePool } from '../../src/simulator/placement.ts';
import type { JsonObject } from '../../src/simulator/definition.ts';

const pool = (name: string, capabilities: JsonObject) => ({ name, backend: name, capabilities });
const choose = (sizeGb: number, extraSpecs: Record<string, string>, ...pools: ReturnType<typeof pool>[]) =>
  choosePool(pools, { sizeGb, extraSpecs, zones: [] }, () => 'nova')?.name;
const thin = {
  total_capacity_gb: 100,
  free_capacity_gb: 10,
  provisioned_capacity_gb: 100,
  thin_provisioning_support: true,
  max_over_subscription_ratio: '2.0',
};

test('the pool with the most virtual free capacity', () => {
  const thick = pool('thick', { total_capacity_gb: 100, free_capacity_gb: 60 });
  assert.equal(choose(1, {}, thick, pool('thin', thin)), 'thin');
  assert.equal(choose(1, { 'provisioning:type': 'thick' }, thick, pool('thin', thin)), 'thick');
});

test('capacity that is not told will do for any volume, and is chosen last', () => {
  const unknown = pool('unknown', { total_capacity_gb: 'unknown', free_capacity_gb: 'unknown' });
  assert.equal(choose(1e6, {}, unknown), 'unknown');
  assert.equal(choose(1, {}, unknown, pool('small', { total_capacity_gb: 2, free_capacity_gb: 1 })), 'small');
});

test('no room', () => {
  assert.equal(choose(11, {}, pool('a', { total_capacity_gb: 100, free_capacity_gb: 10 })), undefined);
  assert.equal(choose(1, {}, pool('nothing told', {})), undefined);
  assert.equal(choose(1, {}, pool('null', { free_capacity_gb: null })), undefined);
  assert.equal(choose(101, {}, pool('thin', thin)), undefined);
  assert.equal(choose(1, {}, pool('ratio', { ...thin, max_over_subscription_ratio: 0.5 })), undefined);
  const reserved = { total_capacity_gb: 'infinite', free_capacity_gb: 5, reserved_percentage: 1 };
  assert.equal(choose(1, {}, pool('reserved of what', reserved)), undefined);
});

test('a zone, and demands of the type', () => {
  const some = [pool('a', { total_capacity_gb: 9, free_capacity_gb: 9, volume_backend_name: 'x' })];
  assert.equal(choose(1, { volume_backend_name: 'y' }, ...some), undefined);
  const zoned = choosePool(some, { sizeGb: 1, extraSpecs: {}, zones: ['az1'] }, () => 'nova');
  assert.equal(zoned, undefined);
});
