import { BASE_STATS, POOL_NAMES, VOLUME_TYPES } from './base.ts';
import { before, forbidden, from, plain } from './answers.ts';
import type { Case, Step } from './case.ts';
import type { Cloud } from './cloud.ts';
import { absent, including, keys } from './pattern.ts';

const detail = { path: '/scheduler-stats/get_pools?detail=true' };
const named = (query: string, microversion: string): Step['ask'] => ({
  path: `/scheduler-stats/get_pools?${query}`,
  microversion,
});
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;
const allNumbersGone = async (cloud: Cloud): Promise<void> => {
  const unsaid = { total_capacity_gb: 'infinite', free_capacity_gb: 'infinite' };
  await Promise.all([
    cloud.stats('single', unsaid),
    cloud.stats('clustered', unsaid),
    cloud.stats('pools', {
      pools: [
        { pool_name: 'fast', ...unsaid, reserved_percentage: 0 },
        { pool_name: 'slow', total_capacity_gb: 'unknown', free_capacity_gb: 'unknown', reserved_percentage: 0 },
      ],
    }),
  ]);
};

/** The scheduler's pools: shapes, capacities as drivers give them, filters, volume types. */
export const POOL_CASES: readonly Case[] = [
  {
    name: 'pools: without detail only names',
    steps: [
      {
        ask: { path: '/scheduler-stats/get_pools' },
        expect: { status: 200, json: { pools: including(keys('name')) }, poolNames: POOL_NAMES },
      },
      ...['true', 'True', '1'].map((yes) => ({
        ask: { path: `/scheduler-stats/get_pools?detail=${yes}` },
        expect: { status: 200, json: { pools: including(keys('name', 'capabilities')) }, poolNames: POOL_NAMES },
      })),
      {
        ask: { path: '/scheduler-stats/get_pools?detail=maybe' },
        expect: {
          status: 400,
          json: { badRequest: { code: 400, message: "Value 'maybe' for 'detail' is not a boolean." } },
        },
      },
    ],
  },
  {
    name: 'pools: what drivers report comes through as they wrote it',
    steps: [
      {
        ask: detail,
        expect: {
          status: 200,
          pools: {
            'lab@single#single': {
              ...BASE_STATS['single'],
              vendor_name: 'Lab',
              driver_version: '1.0.0',
              storage_protocol: 'iSCSI',
              timestamp,
              filter_function: null,
              goodness_function: null,
              pool_name: absent,
            },
            'lab@pools#fast': {
              pool_name: 'fast',
              backend_state: 'up',
              total_capacity_gb: 1000,
              free_capacity_gb: 250.5,
              provisioned_capacity_gb: 1500,
              allocated_capacity_gb: 0,
              reserved_percentage: 10,
              max_over_subscription_ratio: '2.0',
              thin_provisioning_support: true,
              thick_provisioning_support: false,
              volume_backend_name: 'pools',
              timestamp,
            },
            'lab@pools#cold tier/ä': {
              backend_state: absent,
              free_capacity_gb: 19999.99,
              provisioned_capacity_gb: absent,
            },
            'labcluster@clustered#clustered': { backend_state: 'up', timestamp },
          },
        },
      },
    ],
  },
  {
    name: 'pools: a capacity is a number, infinite, unknown, or absent',
    steps: [
      {
        arrange: (cloud) =>
          cloud.stats('pools', {
            pools: [
              { pool_name: 'inf', total_capacity_gb: 'infinite', free_capacity_gb: 'infinite' },
              { pool_name: 'unk', total_capacity_gb: 'unknown', free_capacity_gb: 'unknown' },
              { pool_name: 'none', max_over_subscription_ratio: 'auto', thin_provisioning_support: 'True' },
            ],
          }),
        ask: detail,
        expect: {
          status: 200,
          pools: {
            'lab@pools#inf': { total_capacity_gb: 'infinite', free_capacity_gb: 'infinite' },
            'lab@pools#unk': { total_capacity_gb: 'unknown', free_capacity_gb: 'unknown' },
            'lab@pools#none': {
              total_capacity_gb: absent,
              free_capacity_gb: absent,
              max_over_subscription_ratio: 'auto',
              thin_provisioning_support: 'True',
            },
            'lab@pools#fast': absent,
          },
        },
      },
    ],
  },
  {
    name: 'pools: an empty list of pools is one pool named after volume_backend_name',
    steps: [
      {
        arrange: (cloud) =>
          cloud.stats('pools', { pools: [], volume_backend_name: 'not the backend', backend_state: 'down' }),
        ask: detail,
        expect: {
          status: 200,
          pools: {
            'lab@pools#not the backend': { backend_state: 'down', total_capacity_gb: absent, free_capacity_gb: absent },
            'lab@pools#fast': absent,
          },
        },
      },
      {
        ask: { path: '/os-services', microversion: '3.49' },
        expect: { status: 200, services: { 'cinder-volume lab@pools': { state: 'up', backend_state: 'down' } } },
      },
    ],
  },
  {
    name: 'pools: ?name= filters from 3.28, and is ignored below',
    steps: [
      { ask: named('name=lab@pools%23fast', '3.28'), expect: { status: 200, poolNames: ['lab@pools#fast'] } },
      { ask: named('name=lab@pools', '3.28'), expect: { status: 200, poolNames: [] } },
      { ask: named('name=lab@pools%23fast', '3.27'), expect: { status: 200, poolNames: POOL_NAMES } },
    ],
  },
  {
    name: 'pools: any capability filters from 3.28, and is refused from 3.31',
    steps: [
      {
        ask: named('backend_state=up', '3.28'),
        expect: { status: 200, poolNames: POOL_NAMES.filter((name) => !name.includes('cold')) },
      },
      {
        ask: named('backend_state=up', '3.31'),
        expect: {
          status: 400,
          json: { badRequest: { code: 400, message: 'Invalid filters backend_state are found in query options.' } },
        },
      },
      { ask: named('backend_state=up', '3.27'), expect: { status: 200, poolNames: POOL_NAMES } },
    ],
  },
  {
    name: 'pools: ?volume_type= is a server error told as 400 wherever a capacity is a number (CapacityFilter compares it with None)',
    steps: [
      {
        ask: named('volume_type=plain', '3.35'),
        expect: { status: 400, json: { badRequest: { code: 400, message: /^The server could not comply/ } } },
      },
      { ask: named('volume_type=plain', '3.34'), expect: { status: 200, poolNames: POOL_NAMES } },
      {
        ask: named('volume_type=no%20such', '3.35'),
        expect: {
          status: 404,
          json: { itemNotFound: { code: 404, message: /^Volume type with name no such could not be found\./ } },
        },
      },
    ],
  },
  {
    name: 'pools: ?volume_type= gives the pools whose capabilities fit its extra specs, when no capacity is a number',
    steps: [
      {
        arrange: allNumbersGone,
        ask: named('volume_type=gold%20%231', '3.35'),
        expect: { status: 200, poolNames: ['lab@pools#fast', 'lab@pools#slow'] },
      },
      { ask: named('volume_type=plain', '3.35'), expect: { status: 200, poolNames: ['lab@single#single'] } },
      { ask: named('volume_type=nowhere', '3.35'), expect: { status: 200, poolNames: [] } },
    ],
  },
  {
    name: 'pools: a storage protocol fits by each of its names, and is shown by the first',
    steps: [
      {
        arrange: async (cloud) => {
          await allNumbersGone(cloud);
          await cloud.stats('single', { storage_protocol: 'nfs' });
        },
        ask: detail,
        expect: { status: 200, pools: { 'lab@single#single': { storage_protocol: 'NFS' } } },
      },
      { ask: named('volume_type=by%20protocol', '3.35'), expect: { status: 200, poolNames: ['lab@single#single'] } },
    ],
  },
  {
    name: 'types: listed with their extra specs for an administrator, without needing the scheduler',
    steps: [
      {
        ask: { path: '/types?is_public=None' },
        expect: {
          status: 200,
          json: {
            volume_types: including(
              { name: '__DEFAULT__', extra_specs: {} },
              ...Object.entries(VOLUME_TYPES).map(([name, specs]) => ({ name, is_public: true, extra_specs: specs })),
            ),
          },
        },
      },
    ],
  },
  ...before(
    29,
    plain(
      'types: the role of the least-privilege policy sees no extra specs',
      { path: '/types', as: 'monitor' },
      { status: 200, json: { volume_types: including({ name: 'plain', extra_specs: absent }) } },
    ),
  ),
  ...from(
    29,
    plain(
      'types: not for the role of the least-privilege policy alone',
      { path: '/types', as: 'monitor' },
      forbidden('volume_extension:type_get_all'),
    ),
  ),
];
