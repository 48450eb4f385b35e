import type { CanaryFailure, CanaryRow, CanaryRun } from '../../src/cinder/canary.ts';
import { canaryRow } from '../support/samples.ts';
import type { CloudDefinition, JsonObject } from '../../src/simulator/definition.ts';
import type { Faults } from '../../src/simulator/faults.ts';
import type { BackendVolumes, CloudCount, VolumeTypeBackend } from '../../src/cinder/snapshot.ts';

const thin = (totalGb: number, freeGb: number): JsonObject => ({
  total_capacity_gb: totalGb,
  free_capacity_gb: freeGb,
  provisioned_capacity_gb: 2 * (totalGb - freeGb),
  reserved_percentage: 10,
  max_over_subscription_ratio: '20.0',
  thin_provisioning_support: true,
});
const says = (state: string): JsonObject => ({ backend_state: state });

/** One backend for each condition, and names as awkward as Cinder lets them be. */
export const HOSTS = {
  filling: 'ctl-1.example.org@lvm-1',
  assumed: 'ctl-1.example.org@netapp.ontap+a (old)',
  down: `node'2@vsp "G400" [x]`,
  flapping: 'ctl-2@xiv$1',
  degraded: 'ctl-2@svc|stretched',
  stale: 'ctl-2@3par\\8440',
  serviceDown: 'az2-stor@solidfire',
  disabled: 'az2-stor@pure*fa01',
  frozen: 'az2-stor@powerstore-dr',
  unknown: 'az2-stor@eternus',
  failedOver: 'az2-stor@unity',
  cluster: 'rbd@rbd-ssd',
} as const;

/** Two of them are in one zone, and differ in nothing but their host. */
export const MEMBERS = ['az1-ceph@rbd-ssd', 'az2-ceph@rbd-ssd', 'az2-ceph-b@rbd-ssd'] as const;
export const POOLS_OF_ASSUMED = ['flex "vol" 01', 'infinite\\pool', 'unknown pool', 'a#b@c'] as const;

const [thinPool, infinite, unknown, hash] = POOLS_OF_ASSUMED;

export const FAULTY_CLOUD: CloudDefinition = {
  backends: [
    { host: HOSTS.filling, driver: { ...says('up'), ...thin(10_000, 6000) }, volumes: { 'lvm-1': 3000 } },
    {
      host: HOSTS.assumed,
      driver: {
        vendor_name: 'NetApp "old"',
        pools: [
          { pool_name: thinPool, ...thin(40_960, 9216) },
          { pool_name: infinite, total_capacity_gb: 'infinite', free_capacity_gb: 'infinite' },
          { pool_name: unknown, total_capacity_gb: 'unknown', free_capacity_gb: 'unknown' },
          { pool_name: hash, ...thin(500, 0) },
        ],
      },
    },
    { host: HOSTS.down, driver: { ...says('up'), ...thin(2000, 900) } },
    { host: HOSTS.flapping, driver: { ...says('up'), ...thin(2000, 900) } },
    {
      host: HOSTS.degraded,
      driver: {
        pools: [
          { pool_name: 'site A', ...says('up'), ...thin(2000, 900) },
          { pool_name: 'site B', ...says('up'), ...thin(2000, 900) },
        ],
      },
    },
    { host: HOSTS.stale, driver: { ...says('up'), ...thin(2000, 900) } },
    { host: HOSTS.serviceDown, zone: 'az 2', driver: { ...says('up'), ...thin(2000, 900) } },
    { host: HOSTS.disabled, zone: 'az 2', driver: { ...says('up'), ...thin(2000, 900) } },
    { host: HOSTS.frozen, zone: 'az 2', driver: { ...says('up'), ...thin(2000, 900) } },
    { host: HOSTS.unknown, zone: 'az 2', driver: { ...says('up'), ...thin(2000, 900) } },
    { host: HOSTS.failedOver, zone: 'az 2', driver: { ...says('up'), ...thin(2000, 900) } },
    ...MEMBERS.map((host, i) => ({
      host,
      cluster: HOSTS.cluster,
      zone: i === 0 ? 'az 1' : 'az 2',
      driver: { ...says('up'), ...thin(2000, 900) },
    })),
  ],
};

/** What happens in which minute of the hour; at its end every condition is there. */
export const SCRIPT: readonly (readonly [minute: number, act: (cloud: Faults) => void])[] = [
  [2, (cloud) => cloud.setDriver(HOSTS.unknown, { _fail_stats: 'SMI-S "timed out"' })],
  [8, (cloud) => cloud.restartScheduler()],
  [10, (cloud) => cloud.setDriver(HOSTS.down, says('down'))],
  [12, (cloud) => cloud.disable(HOSTS.disabled, 'CHG-20871: "CT1" firmware,\nback on Monday')],
  [14, (cloud) => cloud.setDriver(HOSTS.stale, { _fail_stats: 'connection refused' })],
  [20, (cloud) => cloud.setPool(HOSTS.degraded, 'site B', says('down'))],
  [25, (cloud) => cloud.stopService('cinder-volume', HOSTS.serviceDown)],
  [30, (cloud) => cloud.freeze(HOSTS.frozen)],
  [35, (cloud) => cloud.failover(HOSTS.failedOver, 'site "B"')],
  [40, (cloud) => cloud.stopApi()],
  [42, (cloud) => cloud.startApi()],
  [45, (cloud) => cloud.stopService('cinder-volume', MEMBERS[0])],
  [50, (cloud) => cloud.startService('cinder-volume', MEMBERS[0])],
];

/** What happens every minute: one backend fills, another flaps, down in even minutes as of the next poll. */
export function everyMinute(cloud: Faults, minute: number): void {
  cloud.setDriver(HOSTS.filling, { ...thin(10_000, 6000 - 50 * minute) });
  cloud.setDriver(HOSTS.flapping, says(minute % 4 < 2 ? 'up' : 'down'));
}

/** Volume types by what can serve them. */
export const VOLUME_TYPES: readonly VolumeTypeBackend[] = [
  { volumeType: 'gold', host: HOSTS.filling },
  { volumeType: 'gold', host: HOSTS.cluster },
  { volumeType: 'any "thin"', host: HOSTS.filling },
  { volumeType: 'only\\down', host: HOSTS.down },
];

/** What was counted: the disabled backend not yet. */
export const VOLUMES: ReadonlyMap<string, BackendVolumes> = new Map([
  [HOSTS.filling, { inUse: 412, available: 3, ageMs: 60_000 }],
  [HOSTS.down, { inUse: 0, available: 7, ageMs: 60_000 }],
  [HOSTS.cluster, { inUse: 12, available: 0, ageMs: 60_000 }],
]);
export const COUNTS: readonly CloudCount[] = [
  { what: 'volumes', status: 'error', count: 4 },
  { what: 'volumes', status: 'deleting', count: 1 },
  { what: 'volumes', status: 'creating', count: 0 },
  { what: 'snapshots', status: 'error', count: 2 },
  { what: 'backups', status: 'creating', count: 1 },
];

const MADE: CanaryRun = {
  atMs: 0,
  success: true,
  tookMs: { look: 120, create: 1500, delete: 900 },
  failure: undefined,
};

/** What the canary knows in that minute: one volume type is well, of the other the driver fails, and then the API, until somebody pauses it. */
export function canaryAt(minute: number, nowMs: number): readonly CanaryRow[] {
  const ofDriver = { phase: 'create', reason: 'driver', message: 'Driver failed to create the volume.', storage: true };
  const ofApi = { phase: 'look', reason: 'http', message: '503', storage: false };
  const failed = (failure: object): CanaryRun => ({
    atMs: nowMs,
    success: false,
    tookMs: { look: 90 },
    failure: failure as CanaryFailure,
  });
  const driver = failed(ofDriver);
  const good = { ...MADE, atMs: nowMs };
  const failures = [
    { phase: 'create', reason: 'driver', count: Math.max(0, Math.min(2, minute - 19)) },
    { phase: 'look', reason: 'http', count: minute < 30 ? 0 : 1 },
  ] as const;
  return [
    canaryRow('canary-filling', { backend: HOSTS.filling, last: good, lastGood: good, leaked: 0 }),
    canaryRow('canary-down', {
      backend: HOSTS.down,
      last: minute < 20 ? good : minute < 30 ? driver : failed(ofApi),
      lastGood: good,
      lastBlamed: minute < 20 ? undefined : driver,
      inARow: minute < 20 ? 0 : 2,
      failures,
      leaked: minute < 20 ? 0 : 1,
      paused: minute < 50 ? undefined : { why: 'switch', message: '' },
    }),
  ];
}
