import type { BackendDefinition, JsonObject } from './definition.ts';

/** Gigabytes in a terabyte, as drivers count. */
export const TIB = 1024;

/** Capacity of a thin pool, in GiB. */
export function thin(totalGb: number, freeGb: number, provisionedGb: number): JsonObject {
  return {
    total_capacity_gb: totalGb,
    free_capacity_gb: freeGb,
    provisioned_capacity_gb: provisionedGb,
    reserved_percentage: 10,
    max_over_subscription_ratio: '20.0',
    thin_provisioning_support: true,
    thick_provisioning_support: false,
  };
}

const CEPH_SSD: JsonObject = {
  vendor_name: 'Open Source',
  driver_version: '1.3.0',
  storage_protocol: 'ceph',
  backend_state: 'up',
  multiattach: true,
  ...thin(180 * TIB, 71 * TIB, 402 * TIB),
};

/** Backends that work, that are disabled, or whose driver says `down`: every vendor speaks in its own way. */
export const PLAIN_BACKENDS: readonly BackendDefinition[] = [
  {
    host: 'controller-1@lvm-1',
    driver: {
      vendor_name: 'Open Source',
      driver_version: '3.0.0',
      storage_protocol: 'iSCSI',
      backend_state: 'up',
      pools: [
        {
          pool_name: 'lvm-1',
          backend_state: 'up',
          location_info: 'LVMVolumeDriver:controller-1:cinder-volumes:thin:0',
          multiattach: true,
          ...thin(3_725, 1_210.5, 4_800),
        },
      ],
    },
    volumes: { 'lvm-1': 2_440 },
  },
  {
    host: 'controller-1@ceph-hdd',
    zone: 'az1',
    driver: {
      vendor_name: 'Open Source',
      driver_version: '1.3.0',
      storage_protocol: 'ceph',
      backend_state: 'up',
      ...thin(820 * TIB, 355 * TIB, 911 * TIB),
    },
    volumes: { 'ceph-hdd': 911 * TIB },
  },
  {
    host: 'az1-stor-1@rbd-ssd',
    cluster: 'rbd-cluster@rbd-ssd',
    zone: 'az1',
    driver: CEPH_SSD,
    volumes: { 'rbd-ssd': 402 * TIB },
  },
  {
    host: 'az2-stor-1@rbd-ssd',
    cluster: 'rbd-cluster@rbd-ssd',
    zone: 'az2',
    driver: CEPH_SSD,
    volumes: { 'rbd-ssd': 402 * TIB },
  },
  {
    host: 'controller-2@netapp-ontap',
    zone: 'az1',
    // NetApp's driver says nothing about its state: Cinder assumes up.
    driver: {
      vendor_name: 'NetApp',
      driver_version: '3.0.0',
      storage_protocol: 'iSCSI',
      pools: [
        {
          pool_name: 'cinder_flexvol_01',
          netapp_disk_type: ['SSD'],
          netapp_compression: 'true',
          ...thin(40 * TIB, 9 * TIB, 88 * TIB),
        },
        {
          pool_name: 'cinder_flexvol_02',
          netapp_disk_type: ['SSD'],
          netapp_compression: 'true',
          ...thin(40 * TIB, 612, 131 * TIB),
        },
        {
          pool_name: 'cinder_flexgroup',
          netapp_disk_type: ['FSAS'],
          netapp_compression: 'false',
          ...thin(200 * TIB, 148 * TIB, 96 * TIB),
        },
      ],
    },
    volumes: { cinder_flexvol_01: 61 * TIB, cinder_flexvol_02: 90 * TIB, cinder_flexgroup: 40 * TIB },
  },
  {
    host: 'controller-2@pure-fa01',
    zone: 'az2',
    disabledReason: 'CHG-20871: controller "CT1" firmware upgrade,\nback on Monday',
    driver: {
      vendor_name: 'Pure Storage',
      driver_version: '19.0.0',
      storage_protocol: 'FC',
      total_capacity_gb: 95 * TIB,
      free_capacity_gb: 43 * TIB,
      provisioned_capacity_gb: 210 * TIB,
      reserved_percentage: 0,
      max_over_subscription_ratio: 'auto',
      thin_provisioning_support: true,
      replication_enabled: true,
    },
    volumes: { 'pure-fa01': 210 * TIB },
  },
  {
    host: 'controller-3@hitachi-vsp-g400',
    zone: 'az2',
    driver: {
      vendor_name: 'Hitachi',
      driver_version: '2.4.0',
      storage_protocol: 'FC',
      pools: [{ pool_name: 'DP-Pool-3', backend_state: 'down', ...thin(61 * TIB, 18 * TIB, 70 * TIB) }],
    },
    volumes: { 'DP-Pool-3': 44 * TIB },
  },
  {
    host: 'controller-3@ibm-xiv',
    zone: 'az2',
    driver: {
      vendor_name: 'IBM',
      driver_version: '2.3.0',
      storage_protocol: 'iSCSI',
      backend_state: 'up',
      total_capacity_gb: 161 * TIB,
      free_capacity_gb: 55 * TIB,
      reserved_percentage: 0,
    },
    volumes: { 'ibm-xiv': 106 * TIB },
  },
];
