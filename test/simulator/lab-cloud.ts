import type { BackendDefinition, CloudDefinition, JsonObject } from '../../src/simulator/definition.ts';

/** A backend whose driver reports what is given, with the four names that the test installation's driver always sets. */
export function labBackend(name: string, stats: JsonObject, more: Partial<BackendDefinition> = {}): BackendDefinition {
  return {
    host: `lab@${name}`,
    driver: {
      volume_backend_name: name,
      vendor_name: 'Lab',
      driver_version: '1.0.0',
      storage_protocol: 'iSCSI',
      ...stats,
    },
    ...more,
  };
}

/** The cloud of the recorded answers. */
export const LAB_CLOUD: CloudDefinition = {
  schedulers: ['lab'],
  backups: ['lab'],
  backends: [
    labBackend('broken', { _fail_setup: 'lab: the array does not answer', backend_state: 'up' }),
    labBackend('unknown', {
      pools: [
        { pool_name: 'inf', total_capacity_gb: 'infinite', free_capacity_gb: 'infinite', reserved_percentage: 0 },
        { pool_name: 'unk', total_capacity_gb: 'unknown', free_capacity_gb: 'unknown', reserved_percentage: 0 },
        { pool_name: 'none', reserved_percentage: 0 },
      ],
    }),
    labBackend('single', {
      backend_state: 'up',
      total_capacity_gb: 100,
      free_capacity_gb: 40,
      provisioned_capacity_gb: 60,
      allocated_capacity_gb: 0,
      reserved_percentage: 5,
      replication_enabled: true,
    }),
    labBackend('pools', {
      backend_state: 'up',
      pools: [
        {
          pool_name: 'fast',
          backend_state: 'up',
          total_capacity_gb: 1000,
          free_capacity_gb: 250.5,
          provisioned_capacity_gb: 1500,
          reserved_percentage: 10,
          max_over_subscription_ratio: '2.0',
          thin_provisioning_support: true,
          thick_provisioning_support: false,
        },
        {
          pool_name: 'slow',
          backend_state: 'up',
          total_capacity_gb: 5000,
          free_capacity_gb: 0,
          provisioned_capacity_gb: 5000,
          reserved_percentage: 0,
          thick_provisioning_support: true,
        },
        { pool_name: 'cold tier/ä', total_capacity_gb: 20000.0, free_capacity_gb: 19999.99, reserved_percentage: 0 },
      ],
    }),
    {
      host: 'lab@silent',
      driver: {
        volume_backend_name: 'fake',
        vendor_name: 'Open Source',
        driver_version: '3.0.0',
        storage_protocol: 'fake',
        pools: [
          {
            pool_name: 'fake',
            total_capacity_gb: 'infinite',
            free_capacity_gb: 'infinite',
            provisioned_capacity_gb: 0,
            reserved_percentage: 100,
            QoS_support: false,
            filter_function: null,
            goodness_function: null,
            consistencygroup_support: false,
            replication_enabled: true,
            group_replication_enabled: true,
          },
        ],
      },
    },
  ],
};
