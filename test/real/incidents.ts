import { setTimeout as pause } from 'node:timers/promises';
import assert from 'node:assert/strict';
import type { Condition } from '../../src/cinder/conditions.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import type { Lab } from '../lab/lab.ts';
import { makeVolume } from './runbook-volumes.ts';
import { backend } from './watched.ts';

/** Something that happens to a backend of the real Cinder, what the exporter makes of it, and how it is undone. */
export interface Incident {
  readonly name: string;
  readonly host: string;
  readonly happen: (lab: Lab) => Promise<unknown>;
  readonly undo: (lab: Lab) => Promise<unknown>;
  readonly condition: Condition;
  readonly state: 0 | 1 | undefined;
  /** @default undefined: without driver stats */
  readonly reported?: 0 | 1;
  /** What a person is told of it. */
  readonly reason: RegExp;
  /** What else the page must tell. */
  readonly also?: (page: Exposition) => void;
}

const single = 'lab@single';
const pools = 'lab@pools';
const cluster = 'labcluster@clustered';
const volume = { binary: 'cinder-volume' };
/** What these drivers say of themselves. */
const LIGHTOS = { vendor_name: 'LightOS Storage', storage_protocol: 'lightos' };
const LAB = { vendor_name: 'Lab', storage_protocol: 'iSCSI' };
/** The array of a driver that never asks it does not answer. */
export const CACHES = {
  ...LIGHTOS,
  backend_state: null,
  _caches: true,
  _fail_stats: 'no answer from the array',
  _fail_create: 'no answer from the array',
};
export const CACHES_NO_MORE = { ...LAB, backend_state: 'up', _caches: null, _fail_stats: null, _fail_create: null };
/** What a driver with three pools in these states reports. */
export const threePools = (...states: readonly string[]): Record<string, unknown> => ({
  pools: states.map((state, index) => ({
    pool_name: `p ${index}/ä`,
    backend_state: state,
    total_capacity_gb: 'infinite',
    free_capacity_gb: 'unknown',
  })),
});
const info = (page: Exposition, host: string): Readonly<Record<string, string>> => {
  const found = page.samples('cinder_service_info').find(({ labels }) => labels['host'] === host);
  assert.ok(found, `cinder_service_info of ${host}`);
  return found.labels;
};

/** Whatever brings one of the conditions about, and back to `up`. The lab has the backends `single`, `pools` (three of them, all up) and the cluster. */
export const INCIDENTS: readonly Incident[] = [
  {
    name: 'the driver says down',
    host: single,
    happen: (lab) => lab.backend('single', { backend_state: 'down' }),
    undo: (lab) => lab.backend('single', { backend_state: 'up' }),
    condition: 'down',
    reason: /^its driver reports down$/,
    state: 0,
    reported: 1,
    also: (page) => {
      assert.equal(page.value('cinder_service_backend_state', { host: single }), 0);
      assert.equal(page.value('cinder_pool_state', { host: single, pool: 'single' }), 0);
    },
  },
  {
    name: 'the driver says neither up nor down',
    host: single,
    happen: (lab) => lab.backend('single', { backend_state: 'degraded' }),
    undo: (lab) => lab.backend('single', { backend_state: 'up' }),
    condition: 'degraded',
    reason: /^its driver reports "degraded", which is neither up nor down$/,
    state: undefined,
    reported: 1,
    also: (page) => assert.equal(page.value('cinder_pool_state', { host: single }), undefined),
  },
  {
    name: 'the driver says nothing',
    host: single,
    happen: (lab) => lab.backend('single', { backend_state: null }),
    undo: (lab) => lab.backend('single', { backend_state: 'up' }),
    condition: 'up_assumed',
    reason: /^its driver never says whether it is up: Cinder assumes so\. Its stats arrive$/,
    state: 1,
    reported: 0,
    also: (page) => assert.equal(page.value('cinder_pool_state', { host: single }), 1),
  },
  {
    name: 'the array does not answer a driver that caches: it goes on as if nothing were, and the reason says that it never asks',
    host: single,
    happen: (lab) => lab.backend('single', CACHES),
    undo: (lab) => lab.backend('single', CACHES_NO_MORE),
    condition: 'up_assumed',
    reason:
      /^its driver never says whether it is up: Cinder assumes so\. It never asks its array: only a canary can tell$/,
    state: 1,
    reported: 0,
    also: (page) => assert.equal(page.value('cinder_backend_usable', { host: single }), 1),
  },
  {
    name: 'one of three pools is down, the last one is not',
    host: pools,
    happen: (lab) => lab.backend('pools', threePools('down', 'up', 'up')),
    undo: (lab) => lab.backend('pools', threePools('up', 'up', 'up')),
    condition: 'degraded',
    reason: /^its driver reports 1 of 3 pools not up: "p 0\/ä" down$/,
    state: 1,
    reported: 1,
    also: (page) => {
      assert.equal(page.value('cinder_service_backend_state', { host: pools }), 1);
      assert.equal(page.value('cinder_pool_state', { ...backend(pools), pool: 'p 0/ä' }), 0);
      assert.equal(page.value('cinder_pool_total_capacity_bytes', { host: pools, pool: 'p 0/ä' }), Infinity);
      assert.equal(page.value('cinder_pool_free_capacity_bytes', { host: pools, pool: 'p 0/ä' }), undefined);
    },
  },
  {
    name: 'the last of three pools is down: Cinder says down, the exporter does not',
    host: pools,
    happen: (lab) => lab.backend('pools', threePools('up', 'up', 'down')),
    undo: (lab) => lab.backend('pools', threePools('up', 'up', 'up')),
    condition: 'degraded',
    reason: /^its driver reports 1 of 3 pools not up: "p 2\/ä" down$/,
    state: 1,
    reported: 1,
    also: (page) => assert.equal(page.value('cinder_service_backend_state', { host: pools }), 0),
  },
  {
    name: 'the array does not answer: stats raise',
    host: single,
    happen: (lab) => lab.backend('single', { _fail_stats: 'no answer from 192.0.2.7' }),
    undo: (lab) => lab.backend('single', { _fail_stats: null }),
    condition: 'stale',
    reason:
      /^heartbeats arrive, but its driver has published no stats for \d+ s: the storage or the driver hangs or fails$/,
    state: undefined,
    reported: 1,
    also: (page) => assert.equal(page.value('cinder_service_backend_state', { host: single }), 1),
  },
  {
    name: 'the array does not answer and the scheduler has been restarted: it knows nothing, the exporter remembers',
    host: single,
    happen: async (lab) => {
      await lab.backend('single', { _fail_stats: 'no answer from 192.0.2.7' });
      await lab.restart('cinder-scheduler');
    },
    undo: (lab) => lab.backend('single', { _fail_stats: null }),
    condition: 'stale',
    reason:
      /^heartbeats arrive, but its driver has published no stats for \d+ s, and the scheduler that answered holds none of it: /,
    state: undefined,
    reported: 1,
    also: (page) => {
      assert.equal(page.value('cinder_service_backend_state', { host: single }), undefined);
      assert.equal(page.value('cinder_service_state', { host: single }), 1);
    },
  },
  {
    name: 'the same, and the service was disabled meanwhile: nobody knows',
    host: single,
    happen: async (lab) => {
      await lab.backend('single', { _fail_stats: 'no answer from 192.0.2.7' });
      await lab.action('disable-log-reason', { host: single, ...volume, disabled_reason: 'maintenance' });
      // What the exporter has not seen it cannot know: it looks every 2 s, and later while the scheduler is away.
      await pause(6000);
      await lab.restart('cinder-scheduler');
      await lab.enable(single);
    },
    undo: async (lab) => {
      await lab.enable(single);
      await lab.backend('single', { _fail_stats: null });
    },
    condition: 'unknown',
    reason: /^heartbeats arrive, but the scheduler holds no driver stats of it/,
    state: undefined,
    also: (page) => {
      assert.equal(page.value('cinder_service_backend_state', { host: single }), undefined);
      assert.equal(page.value('cinder_service_state', { host: single }), 1);
    },
  },
  {
    name: 'its driver reports no capacity at all, while a volume is there',
    host: single,
    happen: async (lab) => {
      await lab.volumeType('plain', { volume_backend_name: 'single' });
      await makeVolume(lab, 'kept', 'plain');
      await lab.backend('single', { total_capacity_gb: 0, free_capacity_gb: 0 });
    },
    undo: (lab) => lab.backend('single', { total_capacity_gb: 100, free_capacity_gb: 40 }),
    condition: 'failing',
    reason: /^its driver reports no capacity at all while 2 GiB are allocated: the array does not answer it$/,
    state: 1,
    reported: 1,
  },
  {
    name: 'disabled with a reason full of quotes and lines',
    host: single,
    happen: (lab) =>
      lab.action('disable-log-reason', { host: single, ...volume, disabled_reason: 'he said "no"\nsee C:\\42 ü' }),
    undo: (lab) => lab.enable(single),
    condition: 'disabled',
    reason: /^disabled by an administrator: "he said "no" see C:\\42 ü"$/,
    state: undefined,
    also: (page) => {
      assert.equal(info(page, single)['disabled_reason'], 'he said "no"\nsee C:\\42 ü');
      assert.equal(page.value('cinder_service_enabled', { host: single }), 0);
    },
  },
  {
    name: 'frozen',
    host: single,
    happen: (lab) => lab.action('freeze', { host: single }),
    undo: (lab) => lab.action('thaw', { host: single }),
    condition: 'frozen',
    reason: /^frozen by an administrator: Cinder schedules nothing to it and forgets its driver stats$/,
    state: undefined,
    also: (page) => {
      assert.equal(info(page, single)['disabled_reason'], 'frozen');
      assert.equal(page.value('cinder_service_frozen', { host: single }), 1);
    },
  },
  {
    name: 'failed over to another site',
    host: single,
    happen: (lab) => lab.action('failover_host', { host: single, backend_id: 'second-site' }),
    undo: (lab) => lab.action('failover_host', { host: single, backend_id: 'default' }),
    condition: 'disabled',
    reason: /^failed over to "second-site" and disabled since$/,
    state: undefined,
    also: (page) => {
      assert.equal(info(page, single)['disabled_reason'], 'failed-over');
      assert.equal(info(page, single)['active_backend_id'], 'second-site');
    },
  },
  {
    name: 'cinder-volume killed',
    host: single,
    happen: (lab) => lab.kill('volume-single'),
    undo: (lab) => lab.start('volume-single'),
    condition: 'service_down',
    reason: /^no heartbeat from cinder-volume/,
    state: undefined,
    also: (page) => assert.equal(page.value('cinder_service_state', { host: single }), 0),
  },
  {
    name: 'cinder-volume hangs',
    host: pools,
    happen: (lab) => lab.pause('volume-pools'),
    undo: (lab) => lab.resume('volume-pools'),
    condition: 'service_down',
    reason: /^no heartbeat from cinder-volume/,
    state: undefined,
  },
  {
    name: 'the set-up of the driver fails',
    host: single,
    happen: async (lab) => {
      await lab.backend('single', { _fail_setup: 'no answer from 192.0.2.7' });
      await lab.restart('volume-single');
    },
    undo: async (lab) => {
      await lab.backend('single', { _fail_setup: null });
      await lab.restart('volume-single');
    },
    condition: 'service_down',
    reason: /^no heartbeat from cinder-volume/,
    state: undefined,
  },
  {
    name: 'both hosts of a cluster stopped',
    host: cluster,
    happen: (lab) => lab.stop('volume-clustered', 'volume-clustered-b'),
    undo: (lab) => lab.start('volume-clustered', 'volume-clustered-b'),
    condition: 'service_down',
    reason: /^no heartbeat from cinder-volume/,
    state: undefined,
  },
  {
    name: 'the driver of a cluster says down, although the service list says null',
    host: cluster,
    happen: (lab) =>
      Promise.all(['clustered', 'clustered-b'].map((name) => lab.backend(name, { backend_state: 'down' }))),
    undo: (lab) => Promise.all(['clustered', 'clustered-b'].map((name) => lab.backend(name, { backend_state: 'up' }))),
    condition: 'down',
    reason: /^its driver reports down$/,
    state: 0,
    reported: 1,
    also: (page) => assert.equal(page.value('cinder_service_backend_state', { host: 'lab@clustered' }), undefined),
  },
];
