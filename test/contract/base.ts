/**
 * The cloud that both adapters start with: host `lab` with the backends `single` (no pools of its own) and `pools`, and
 * the active/active cluster `labcluster` of the hosts `lab` and `lab-b` with the backend `clustered`.
 */
export const BASE_STATS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  single: {
    volume_backend_name: 'single',
    backend_state: 'up',
    total_capacity_gb: 100,
    free_capacity_gb: 40,
    provisioned_capacity_gb: 60,
    allocated_capacity_gb: 0,
    reserved_percentage: 5,
    replication_enabled: true,
  },
  pools: {
    volume_backend_name: 'pools',
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
      { pool_name: 'cold tier/ä', total_capacity_gb: 20000, free_capacity_gb: 19999.99, reserved_percentage: 0 },
    ],
  },
  clustered: {
    volume_backend_name: 'clustered',
    backend_state: 'up',
    total_capacity_gb: 100,
    free_capacity_gb: 40,
    provisioned_capacity_gb: 60,
    reserved_percentage: 0,
  },
};

export const POOL_NAMES: readonly string[] = [
  'lab@single#single',
  'lab@pools#fast',
  'lab@pools#slow',
  'lab@pools#cold tier/ä',
  'labcluster@clustered#clustered',
];

/** Volume types and their extra specs. Cinder itself has `__DEFAULT__` beside them. */
export const VOLUME_TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gold #1': { volume_backend_name: 'pools' },
  plain: { volume_backend_name: 'single' },
  nowhere: { volume_backend_name: 'no such backend' },
  'by protocol': { storage_protocol: '<or> nfs <or> fc' },
};
