import type { CloudClock } from './clock.ts';
import type { BackendDefinition, CloudDefinition, CloudSettings } from './definition.ts';
import { PLAIN_BACKENDS, TIB, thin } from './demo-backends.ts';
import type { Faults } from './faults.ts';

const MINUTE = 60_000;

/** Short periods, so that a person who watches sees things happen. */
export const DEMO_SETTINGS: Partial<CloudSettings> = {
  pollIntervalMs: 5_000,
  reportIntervalMs: 2_000,
  serviceDownTimeMs: 10_000,
};

/** Backends whose trouble shows in other ways than by `down`. */
const ODD_BACKENDS: readonly BackendDefinition[] = [
  {
    host: 'controller-3@svc-stretched',
    zone: 'az1',
    driver: {
      vendor_name: 'IBM',
      driver_version: '2.12.0',
      storage_protocol: 'FC',
      pools: [
        { pool_name: 'Pool0 site A', backend_state: 'up', ...thin(120 * TIB, 33 * TIB, 140 * TIB) },
        { pool_name: 'Pool1 site B', backend_state: 'down', ...thin(120 * TIB, 33 * TIB, 140 * TIB) },
      ],
    },
    volumes: { 'Pool0 site A': 87 * TIB, 'Pool1 site B': 87 * TIB },
  },
  {
    host: 'controller-1@nfs-archive',
    driver: {
      vendor_name: 'Open Source',
      driver_version: '1.4.0',
      storage_protocol: 'nfs',
      pools: [
        {
          pool_name: 'nas01.example.org:/export/cinder',
          total_capacity_gb: 'unknown',
          free_capacity_gb: 'unknown',
          reserved_percentage: 0,
        },
        {
          pool_name: 'objektspeicher für Archive',
          total_capacity_gb: 'infinite',
          free_capacity_gb: 'infinite',
          reserved_percentage: 0,
          max_over_subscription_ratio: 1,
        },
      ],
    },
    volumes: { 'nas01.example.org:/export/cinder': 7_300 },
  },
  {
    host: 'az1-stor-2@3par-8440',
    zone: 'az1',
    // A full outage of this array makes the driver raise: what it said last stands, and ages.
    statsAgeMs: 20 * MINUTE,
    driver: {
      vendor_name: 'HPE',
      driver_version: '4.0.18',
      storage_protocol: 'FC',
      _fail_stats: 'HTTPConnectionPool(host=10.0.4.11): connection timed out',
      pools: [{ pool_name: 'SSD_r6', backend_state: 'up', ...thin(73 * TIB, 12 * TIB, 98 * TIB) }],
    },
    volumes: { SSD_r6: 61 * TIB },
  },
  {
    host: 'az2-stor-1@powerstore-dr',
    zone: 'az2',
    frozen: true,
    driver: {
      vendor_name: 'Dell EMC',
      driver_version: '1.2.0',
      storage_protocol: 'NVMe-oF',
      total_capacity_gb: 48 * TIB,
      free_capacity_gb: 31 * TIB,
      reserved_percentage: 0,
      replication_enabled: true,
    },
  },
  {
    host: 'az2-stor-2@solidfire',
    zone: 'az2',
    running: false,
    heartbeatAgeMs: 47 * MINUTE,
    driver: {
      vendor_name: 'NetApp',
      driver_version: '2.2.4',
      storage_protocol: 'iSCSI',
      total_capacity_gb: 86 * TIB,
      free_capacity_gb: 20 * TIB,
      reserved_percentage: 0,
    },
  },
  {
    host: 'az2-stor-2@eternus-dx600',
    zone: 'az2',
    // The driver never got through its first stats: the scheduler knows no pool.
    driver: {
      vendor_name: 'FUJITSU',
      driver_version: '1.5.0',
      storage_protocol: 'FC',
      backend_state: 'up',
      _fail_stats: 'SMI-S timed out',
      pools: [{ pool_name: 'RG-1', ...thin(52 * TIB, 21 * TIB, 60 * TIB) }],
    },
  },
];

/** Volume types of the canary: the name, the backend that each is for alone, how the driver calls it, and its zone. */
const CANARIES = [
  ['canary-ceph', 'rbd-cluster@rbd-ssd', 'rbd-ssd', 'az1'],
  ['canary-lvm', 'controller-1@lvm-1', 'lvm-1', 'nova'],
  ['canary-netapp', 'controller-2@netapp-ontap', 'netapp-ontap', 'az1'],
] as const;

/** The canary of the demo, as a configuration has it. */
export const DEMO_CANARY = {
  osCloud: 'canary',
  types: CANARIES.map(([volumeType, backend]) => ({ volumeType, backend })),
  everyMs: 30_000,
};

/** A small cloud of storage from many vendors, in which something is always wrong. */
export const DEMO_CLOUD: CloudDefinition = {
  schedulers: ['controller-1', 'controller-2'],
  backups: ['controller-1'],
  backends: [...PLAIN_BACKENDS, ...ODD_BACKENDS],
  volumeTypes: [
    {
      name: 'ceph-ssd',
      description: 'Replicated SSD',
      extraSpecs: { volume_backend_name: 'rbd-ssd', multiattach: '<is> True' },
    },
    { name: 'ceph-hdd', extraSpecs: { volume_backend_name: 'ceph-hdd' } },
    { name: 'netapp', extraSpecs: { vendor_name: 'NetApp', 'netapp:qos_policy_group': 'gold' } },
    { name: 'fast "FC"', description: 'Any array on Fibre Channel', extraSpecs: { storage_protocol: 'FC' } },
    { name: 'replicated', isPublic: false, extraSpecs: { replication_enabled: '<is> True' } },
    ...CANARIES.map(([name, , backend, zone]) => ({
      name,
      isPublic: false,
      projects: ['canary'],
      extraSpecs: { volume_backend_name: backend, 'RESKEY:availability_zones': zone },
    })),
  ],
};

/** What happens at which second of a round. */
type Step = readonly [second: number, act: (cloud: Faults) => void];

/** Long enough for stats that stop near the end of a round to become stale (five minutes) in the next one. */
const ROUND_SECONDS = 420;

const VSP = 'controller-3@hitachi-vsp-g400';
const XIV = 'controller-3@ibm-xiv';
const SVC = 'controller-3@svc-stretched';
const ONTAP = 'controller-2@netapp-ontap';
const HPE_3PAR = 'az1-stor-2@3par-8440';
const SOLIDFIRE = 'az2-stor-2@solidfire';
const ETERNUS = 'az2-stor-2@eternus-dx600';
const PURE = 'controller-2@pure-fa01';
const POWERSTORE = 'az2-stor-1@powerstore-dr';
const RBD = 'rbd-cluster@rbd-ssd';

/** One round: what is broken at the start is mended, other things break, and at the end all is as it was. Some array is `down` at every moment. */
const ROUND: readonly Step[] = [
  [15, (cloud) => cloud.setPool(SVC, 'Pool1 site B', { backend_state: 'up' })],
  [25, (cloud) => cloud.setDriver(XIV, { backend_state: 'down' })],
  [35, (cloud) => cloud.setPool(VSP, 'DP-Pool-3', { backend_state: 'up' })],
  [45, (cloud) => cloud.startService('cinder-volume', SOLIDFIRE)],
  [60, (cloud) => cloud.enable(PURE)],
  [75, (cloud) => cloud.stopService('cinder-volume', ONTAP)],
  [90, (cloud) => cloud.setDriver(RBD, { backend_state: 'down' })],
  [100, (cloud) => cloud.thaw(POWERSTORE)],
  [110, (cloud) => cloud.setDriver(ETERNUS, { _fail_stats: null })],
  [125, (cloud) => cloud.startService('cinder-volume', ONTAP)],
  [140, (cloud) => cloud.setDriver(RBD, { backend_state: 'up' })],
  [150, (cloud) => cloud.failover(POWERSTORE, 'powerstore-site-b')],
  [165, (cloud) => cloud.setPool(VSP, 'DP-Pool-3', { backend_state: 'down' })],
  [180, (cloud) => cloud.setDriver(XIV, { backend_state: 'up' })],
  [190, (cloud) => cloud.setDriver(HPE_3PAR, { _fail_stats: null })],
  [200, (cloud) => cloud.setPool(SVC, 'Pool1 site B', { backend_state: 'down' })],
  [215, (cloud) => cloud.failback(POWERSTORE)],
  [230, (cloud) => cloud.disable(PURE, 'CHG-20872: shelf 3 is being replaced')],
  // Both schedulers forget: until its driver speaks again, nobody knows the ETERNUS.
  [240, (cloud) => cloud.setDriver(ETERNUS, { _fail_stats: 'SMI-S timed out' })],
  [245, restartSchedulers],
  // Not before the schedulers have heard it again: what it said last stands, and ages.
  [265, (cloud) => cloud.setDriver(HPE_3PAR, { _fail_stats: 'connection timed out' })],
  [280, (cloud) => cloud.freeze(POWERSTORE)],
  [300, (cloud) => cloud.stopService('cinder-volume', SOLIDFIRE)],
  [310, (cloud) => cloud.setDriver(ONTAP, { _fail_create: 'no aggregate has room' })],
  [330, (cloud) => cloud.setDriver(SVC, { _hang: true })],
  [360, (cloud) => cloud.setDriver(SVC, { _hang: null })],
  // Long enough for two rounds of the canary.
  [385, (cloud) => cloud.setDriver(ONTAP, { _fail_create: null })],
];

function restartSchedulers(cloud: Faults): void {
  cloud.restartScheduler();
  cloud.askScheduler();
}

const VOLUME_SECONDS = 10;
/** So many volumes are kept before the oldest is deleted. */
const VOLUMES_KEPT = 6;

/** Types of the demo in turn; the private one has an array that is not always there. */
const MADE_TYPES = ['ceph-ssd', 'netapp', 'ceph-hdd', 'fast "FC"', 'replicated'];

/** Users who make volumes and delete them: a slow stream, whose requests fail where the script's faults say so. */
function volumeStream(cloud: Faults): () => void {
  const made: string[] = [];
  let turn = 0;
  return () => {
    // What was made before is in use until it is the oldest.
    for (const id of made) cloud.useVolume(id, true);
    made.push(cloud.makeVolume(MADE_TYPES[turn++ % MADE_TYPES.length] ?? '', 10));
    const [oldest] = made;
    if (made.length <= VOLUMES_KEPT || oldest === undefined) return;
    cloud.useVolume(oldest, false);
    cloud.deleteVolume(oldest);
    made.shift();
  };
}

/** Runs the demo's script on the demo's cloud, round after round, until the returned function is called. */
export function runDemo(cloud: Faults, clock: CloudClock): () => void {
  const pending = new Set<() => void>();
  const round = (): void => {
    pending.clear();
    for (const [second, act] of ROUND) pending.add(clock.after(second * 1000, () => act(cloud)));
  };
  round();
  const stop = clock.every(ROUND_SECONDS * 1000, round);
  const stopVolumes = clock.every(VOLUME_SECONDS * 1000, volumeStream(cloud));
  return () => {
    stop();
    stopVolumes();
    for (const cancel of pending) cancel();
  };
}
