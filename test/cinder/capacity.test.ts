import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { poolReader } from '../../src/cinder/pools.ts';
import { decodeRows } from '../../src/cinder/rows.ts';
import { createCutter } from '../../src/cinder/wire.ts';

const GIB = 1024 ** 3;

/** What a driver may put into its stats about capacity. */
interface Capability {
  readonly total_capacity_gb: number;
  readonly free_capacity_gb: number;
  readonly allocated_capacity_gb?: number;
  readonly provisioned_capacity_gb?: number;
  readonly reserved_percentage: number;
  readonly max_over_subscription_ratio: number | 'auto';
  readonly thin_provisioning_support: boolean;
}

/**
 * Line by line after `calculate_capacity_factors` and `calculate_max_over_subscription_ratio` of
 * openstack/cinder, cinder/scheduler/sched_utils.py; the defaults after cinder/scheduler/host_manager.py. In GiB.
 */
function virtualFreeByCinder(capability: Capability): number {
  const allocated = capability.allocated_capacity_gb ?? 0;
  const provisioned = capability.provisioned_capacity_gb ?? allocated;
  let ratio = capability.max_over_subscription_ratio;
  if (ratio === 'auto') {
    if (provisioned !== 0) {
      const used = capability.total_capacity_gb - capability.free_capacity_gb;
      ratio = 1 + provisioned / (used + 1);
    } else {
      ratio = 20;
    }
  }
  const reserved = capability.reserved_percentage / 100;
  const reservedCapacity = Math.floor(capability.total_capacity_gb * reserved);
  const totalReservedAvailable = capability.total_capacity_gb - reservedCapacity;
  if (capability.thin_provisioning_support) {
    const totalAvailable = totalReservedAvailable * ratio;
    return totalAvailable - provisioned;
  }
  const calculatedFree = totalReservedAvailable - provisioned;
  return capability.free_capacity_gb < calculatedFree ? capability.free_capacity_gb : calculatedFree;
}

function decoded(capabilities: object) {
  const pool = decodeRows({ pools: [{ name: 'h@b#p', capabilities }] }, poolReader(createCutter(64)), 1)?.rows[0];
  assert.ok(pool);
  return pool;
}

const size = fc.double({ min: 0, max: 1e7, noNaN: true, noDefaultInfinity: true });
const capability: fc.Arbitrary<Capability> = fc.record(
  {
    total_capacity_gb: size,
    free_capacity_gb: size,
    allocated_capacity_gb: size,
    provisioned_capacity_gb: fc.oneof(fc.constant(0), size),
    reserved_percentage: fc.integer({ min: 0, max: 100 }),
    max_over_subscription_ratio: fc.oneof(
      fc.constant('auto' as const),
      fc.double({ min: 1, max: 100, noNaN: true, noDefaultInfinity: true }),
    ),
    thin_provisioning_support: fc.boolean(),
  },
  {
    requiredKeys: [
      'total_capacity_gb',
      'free_capacity_gb',
      'reserved_percentage',
      'max_over_subscription_ratio',
      'thin_provisioning_support',
    ],
  },
);

test("virtual free space is the scheduler's own arithmetic", () => {
  fc.assert(
    fc.property(capability, (said) => {
      const cinder = virtualFreeByCinder(said);
      const ours = decoded(said).virtualFreeBytes;
      if (!Number.isFinite(cinder)) return assert.equal(ours, undefined);
      assert.ok(ours !== undefined);
      assert.ok(Math.abs(ours / GIB - cinder) <= 1e-9 * Math.max(1, Math.abs(cinder)), `${ours / GIB} != ${cinder}`);
    }),
    { numRuns: 1000 },
  );
});

test('numbers as text and Python booleans count the same', () => {
  fc.assert(
    fc.property(capability, (said) => {
      const asText = Object.fromEntries(
        Object.entries(said).map(([key, value]) => [
          key,
          typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value),
        ]),
      );
      assert.deepEqual(decoded(asText), decoded(said));
    }),
  );
});

test('what is not told has no value', () => {
  const full = {
    total_capacity_gb: 100,
    free_capacity_gb: 40,
    provisioned_capacity_gb: 60,
    thin_provisioning_support: true,
    max_over_subscription_ratio: '2.0',
  };
  const virtualFree = (patch: object) => decoded({ ...full, ...patch }).virtualFreeBytes;
  assert.equal(virtualFree({}), 140 * GIB);
  assert.equal(virtualFree({ total_capacity_gb: 'unknown' }), undefined);
  assert.equal(virtualFree({ free_capacity_gb: null }), undefined);
  assert.equal(virtualFree({ provisioned_capacity_gb: 'unknown' }), undefined, 'not "nothing is provisioned"');
  assert.equal(virtualFree({ free_capacity_gb: 'infinite' }), Infinity);
  assert.equal(virtualFree({ max_over_subscription_ratio: undefined }), undefined, "only the scheduler's file knows");
  assert.equal(virtualFree({ max_over_subscription_ratio: 0 }), undefined, 'zero is "not set" to Cinder');
  assert.equal(virtualFree({ max_over_subscription_ratio: undefined, thin_provisioning_support: false }), 40 * GIB);
  assert.equal(
    virtualFree({ max_over_subscription_ratio: 'auto', free_capacity_gb: 101 }),
    undefined,
    'divided by zero',
  );
});

test('provisioned space is the allocated one where the driver says nothing', () => {
  const bare = { total_capacity_gb: 10, free_capacity_gb: 10, thin_provisioning_support: false };
  assert.equal(decoded({ ...bare, allocated_capacity_gb: 3 }).provisionedBytes, 3 * GIB);
  assert.equal(decoded({ ...bare, allocated_capacity_gb: 3 }).virtualFreeBytes, 7 * GIB);
  assert.equal(decoded(bare).provisionedBytes, undefined);
  assert.equal(decoded(bare).virtualFreeBytes, 10 * GIB);
});

test('an over-provisioned pool is negative, not zero', () => {
  const pool = decoded({
    total_capacity_gb: 100,
    free_capacity_gb: 1,
    provisioned_capacity_gb: 500,
    reserved_percentage: 5,
    thin_provisioning_support: true,
    max_over_subscription_ratio: 2,
  });
  assert.equal(pool.virtualFreeBytes, (95 * 2 - 500) * GIB);
});
