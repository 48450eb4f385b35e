import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { poolReader } from '../../src/cinder/pools.ts';
import { decodeRows } from '../../src/cinder/rows.ts';
import { serviceReader } from '../../src/cinder/services.ts';
import { createCutter } from '../../src/cinder/wire.ts';

const MANY = 1000;
const decodeServices = (body: unknown) => decodeRows(body, serviceReader(createCutter(64)), MANY);
const decodePools = (body: unknown) => decodeRows(body, poolReader(createCutter(64)), MANY);

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>;
const messy = fc.oneof(
  json,
  fc.constantFrom('infinite', 'unknown', 'auto', 'True', '1e999', 'up', '2026-11-22T11:00:00', '\ud800', -0, 1e308),
);
const keyed = (keys: readonly string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, messy])), { requiredKeys: [] });
const serviceRow = keyed(['binary', 'host', 'status', 'state', 'frozen', 'cluster', 'updated_at', 'disabled_reason']);
const capabilities = keyed([
  'total_capacity_gb',
  'free_capacity_gb',
  'allocated_capacity_gb',
  'provisioned_capacity_gb',
  'reserved_percentage',
  'max_over_subscription_ratio',
  'thin_provisioning_support',
  'backend_state',
  'timestamp',
  'storage_protocol',
  '__proto__',
]);
const poolRow = fc.record({ name: messy, capabilities: fc.oneof(capabilities, messy) }, { requiredKeys: [] });

test('arbitrary JSON: nothing throws, every row is accepted once or counted, no number is NaN', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(serviceRow, json)), fc.array(fc.oneof(poolRow, json)), (some, others) => {
      const ofServices = decodeServices({ services: some });
      assert.ok(ofServices && ofServices.rows.length + ofServices.rejected <= some.length);
      assert.equal(ofServices.rejected > 0, ofServices.firstProblem !== undefined);
      const ofPools = decodePools({ pools: others });
      assert.ok(ofPools && ofPools.rows.length + ofPools.rejected <= others.length);
      for (const row of [...ofServices.rows, ...ofPools.rows]) {
        for (const [key, value] of Object.entries(row)) {
          assert.ok(!Number.isNaN(value), key);
          if (typeof value === 'string') assert.equal(value, value.toWellFormed());
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('arbitrary JSON as a whole body', () => {
  fc.assert(
    fc.property(json, (body) => {
      decodeServices(body);
      decodePools(body);
    }),
  );
});
