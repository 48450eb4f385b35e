import type { BackendDefinition, CloudDefinition } from './definition.ts';
import { PLAIN_BACKENDS, thin, TIB } from './demo-backends.ts';
import type { Settings } from './settings.ts';

const MINUTE = 60_000;

/** Short periods, so that a person who watches sees things happen. */
export const DEMO_SETTINGS: Partial<Settings> = {
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
  ],
};
