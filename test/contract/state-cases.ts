import { before, from } from './answers.ts';
import type { Ask, Case, Expected, Step } from './case.ts';
import type { Cloud } from './cloud.ts';
import { absent } from './pattern.ts';
import type { Pattern } from './pattern.ts';

const services = { path: '/os-services', microversion: '3.49' };
const detail = { path: '/scheduler-stats/get_pools?detail=true' };

const rows = (expected: Record<string, Pattern>): Step => ({
  ask: services,
  expect: { status: 200, services: expected },
});
const pools = (expected: Record<string, Pattern>): Step => ({ ask: detail, expect: { status: 200, pools: expected } });
const single = (row: Pattern): Step => rows({ 'cinder-volume lab@single': row });
const singlePool = (capabilities: Pattern): Step => pools({ 'lab@single#single': capabilities });
const after = (arrange: (cloud: Cloud) => Promise<void>, step: Step): Step => ({ ...step, arrange });

/** Older than three periods by the cloud's own clock: it stopped. */
const stopped = (cloud: Cloud): ((value: unknown) => boolean) => {
  const limit = new Date(cloud.now() - 3 * cloud.statsPeriodMs).toISOString().slice(0, -1);
  return function stoppedTimestamp(value) {
    return typeof value === 'string' && value < limit;
  };
};
const threePools = (...states: readonly (string | undefined)[]): Record<string, unknown> => ({
  pools: states.map((state, index) => ({
    pool_name: `p${index}`,
    ...(state === undefined ? {} : { backend_state: state }),
    total_capacity_gb: 10,
    free_capacity_gb: 5,
    reserved_percentage: 0,
  })),
});
const reported = (name: string, patch: Record<string, unknown>, list: string, pool: Pattern): Case => ({
  name: `state: ${name}`,
  steps: [
    after((cloud) => cloud.stats('single', patch), singlePool({ backend_state: pool })),
    single({ status: 'enabled', state: 'up', backend_state: list }),
  ],
});
const folded = (name: string, patch: Record<string, unknown>, list: string, states: readonly Pattern[]): Case => ({
  name: `state: ${name}`,
  steps: [
    after(
      (cloud) => cloud.stats('pools', patch),
      pools(Object.fromEntries(states.map((state, index) => [`lab@pools#p${index}`, { backend_state: state }]))),
    ),
    rows({ 'cinder-volume lab@pools': { state: 'up', backend_state: list } }),
  ],
});
const gone: Step = singlePool(absent);
const REASON = 'he said "no"\nticket\\42 ü';
const disabledForAReason = (more: Record<string, Pattern>): Step =>
  single({ status: 'disabled', state: 'up', disabled_reason: REASON, ...more });
/** What `openstack volume service set` sends, of the backend `single`. */
const change = (action: 'enable' | 'disable'): Ask => ({
  method: 'PUT',
  path: `/os-services/${action}`,
  body: { host: 'lab@single', binary: 'cinder-volume' },
});

/** `backend_state` and everything around it while drivers, services and operators do things. */
export const STATE_CASES: readonly Case[] = [
  reported('a driver says down', { backend_state: 'down' }, 'down', 'down'),
  reported('any other word comes through', { backend_state: 'degraded' }, 'degraded', 'degraded'),
  reported('a driver that says nothing is up by default', { backend_state: null }, 'up', absent),
  folded('the last pool wins: up', threePools('down', 'down', 'up'), 'up', ['down', 'down', 'up']),
  folded('the last pool wins: down', threePools('up', 'up', 'down'), 'down', ['up', 'up', 'down']),
  folded('the last pool wins: up by default', threePools('down', 'down', undefined), 'up', ['down', 'down', absent]),
  folded(
    'down at the top does not reach the pools',
    { ...threePools(undefined, 'up', undefined), backend_state: 'down' },
    'up',
    [absent, 'up', absent],
  ),
  {
    name: 'disable: backend_state is null, the pool vanishes',
    steps: [
      after((cloud) => cloud.disable('lab@single', REASON), disabledForAReason({ backend_state: null, frozen: false })),
      gone,
    ],
  },
  ...before(29, {
    name: 'enable: the reason outlives it',
    steps: [
      after((cloud) => cloud.disable('lab@single', REASON), disabledForAReason({})),
      { ask: change('enable'), expect: { status: 200, json: { status: 'enabled', disabled: false } } },
      single({ status: 'enabled', backend_state: 'up', disabled_reason: REASON }),
      singlePool({ backend_state: 'up' }),
      { ask: change('disable'), expect: { status: 200, json: { status: 'disabled', disabled: true } } },
      disabledForAReason({}),
    ],
  }),
  ...from(29, {
    name: 'enable, and disable without a reason: the answer says so, and nothing changes; thawing enables',
    steps: [
      { ask: change('disable'), expect: { status: 200, json: { status: 'disabled', disabled: true } } },
      single({ status: 'enabled', backend_state: 'up' }),
      after((cloud) => cloud.disable('lab@single', REASON), disabledForAReason({})),
      { ask: change('enable'), expect: { status: 200, json: { status: 'enabled', disabled: false } } },
      disabledForAReason({ backend_state: null }),
      after((cloud) => cloud.freeze('lab@single'), single({ status: 'disabled', disabled_reason: 'frozen' })),
      after(
        (cloud) => cloud.thaw('lab@single'),
        single({ status: 'enabled', disabled_reason: '', backend_state: 'up' }),
      ),
    ],
  }),
  {
    name: 'freeze: disabled as well, with its own reason; thawing empties the reason',
    steps: [
      after(
        (cloud) => cloud.freeze('lab@single'),
        single({ status: 'disabled', state: 'up', frozen: true, disabled_reason: 'frozen', backend_state: null }),
      ),
      gone,
      after(
        (cloud) => cloud.thaw('lab@single'),
        single({ status: 'enabled', frozen: false, disabled_reason: '', backend_state: 'up' }),
      ),
    ],
  },
  {
    name: 'fail over: disabled, and where to; failing back empties both',
    steps: [
      after(
        (cloud) => cloud.failOver('lab@single', 'second-site'),
        single({
          status: 'disabled',
          disabled_reason: 'failed-over',
          replication_status: 'failed-over',
          active_backend_id: 'second-site',
          frozen: false,
          backend_state: null,
        }),
      ),
      gone,
      after(
        (cloud) => cloud.failOver('lab@single', 'default'),
        single({
          status: 'enabled',
          disabled_reason: '',
          replication_status: 'enabled',
          active_backend_id: '',
          backend_state: 'up',
        }),
      ),
    ],
  },
  {
    name: 'service down: backend_state is null, not down; the row stays until it is removed',
    steps: [
      after(
        (cloud) => cloud.stop('volume-single'),
        single({ status: 'enabled', state: 'down', backend_state: null, frozen: false }),
      ),
      gone,
      after((cloud) => cloud.remove('single'), single(absent)),
      after((cloud) => cloud.restore('single'), single({ state: 'up', backend_state: 'up' })),
      singlePool({ backend_state: 'up' }),
    ],
  },
  {
    name: 'a failing set-up withholds the heartbeat: the service is down although its process runs',
    steps: [
      after(
        (cloud) => cloud.failSetUp('single', 'the array does not answer'),
        single({ status: 'enabled', state: 'down', backend_state: null }),
      ),
      gone,
    ],
  },
  {
    name: 'stats that raise or hang: up for ever, only the timestamp stops',
    steps: [
      {
        arrange: async (cloud) => {
          await cloud.stats('single', { _fail_stats: 'the array does not answer', backend_state: 'down' });
          await cloud.stats('pools', { _sleep: 12 });
        },
        ask: detail,
        expect: (cloud): Expected => ({
          status: 200,
          pools: {
            'lab@single#single': { backend_state: 'up', free_capacity_gb: 40, timestamp: stopped(cloud) },
            'lab@pools#fast': { backend_state: 'up', free_capacity_gb: 250.5, timestamp: stopped(cloud) },
          },
        }),
      },
      rows({
        'cinder-volume lab@single': { status: 'enabled', state: 'up', backend_state: 'up' },
        'cinder-volume lab@pools': { status: 'enabled', state: 'up', backend_state: 'up' },
      }),
    ],
  },
  {
    name: 'scheduler stopped: 3.48 answers at once, 3.49 and the pools are a 500 after the RPC timeout',
    steps: [
      {
        arrange: (cloud) => cloud.stop('cinder-scheduler'),
        ask: { ...services, microversion: '3.48' },
        expect: (cloud) => ({
          status: 200,
          services: {
            'cinder-scheduler lab': { state: 'down' },
            'cinder-volume lab@single': { state: 'up', backend_state: absent },
          },
          atMostMs: cloud.timing.promptMs,
        }),
      },
      ...[services, detail].map((ask) => ({
        ask,
        expect: (cloud: Cloud): Expected => ({
          status: 500,
          json: { computeFault: { code: 500 } },
          atLeastMs: cloud.timing.rpcTimeoutMs * 0.9,
        }),
      })),
    ],
  },
  {
    name: 'scheduler restarted: every backend null until its driver reports, then complete',
    steps: [
      {
        arrange: async (cloud) => {
          // Held back, so that the answer is there for longer than a moment.
          for (const backend of ['single', 'pools'])
            await cloud.stats(backend, { _fail_stats: 'the array does not answer' });
          await cloud.stop('cinder-scheduler');
          await cloud.start('cinder-scheduler');
        },
        ...rows({
          'cinder-volume lab@single': { status: 'enabled', state: 'up', backend_state: null },
          'cinder-volume lab@pools': { status: 'enabled', state: 'up', backend_state: null },
        }),
      },
      {
        arrange: async (cloud) => {
          for (const backend of ['single', 'pools']) await cloud.stats(backend, { _fail_stats: null });
        },
        ...rows({
          'cinder-volume lab@single': { state: 'up', backend_state: 'up' },
          'cinder-volume lab@pools': { state: 'up', backend_state: 'up' },
        }),
      },
    ],
  },
];
