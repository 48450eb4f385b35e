import type { BackendDefinition, CloudDefinition, JsonObject } from './definition.ts';

export interface GenerateOptions {
  readonly backends: number;
  readonly poolsPerBackend: number;
  /** The same seed gives the same cloud. 1 by default. */
  readonly seed?: number;
}

type Pick = <T>(values: readonly [T, ...T[]]) => T;

/** A cloud of any size for benchmarks: about 1 kB of capabilities a pool, values and names as awkward as drivers make them. */
export function generateCloud({ backends, poolsPerBackend, seed = 1 }: GenerateOptions): CloudDefinition {
  const random = mulberry32(seed);
  const pick: Pick = (values) => values[Math.floor(random() * values.length)] ?? values[0];
  return {
    schedulers: ['controller-1'],
    backups: ['controller-1'],
    volumeTypes: [
      { name: 'gold', extraSpecs: { volume_backend_name: 'gold', replication_enabled: '<is> True' } },
      { name: 'thin', extraSpecs: { thin_provisioning_support: '<is> True' } },
    ],
    backends: Array.from({ length: backends }, (_, index) => backend(index, poolsPerBackend, random, pick)),
  };
}

function backend(index: number, pools: number, random: () => number, pick: Pick): BackendDefinition {
  const number = String(index).padStart(5, '0');
  const host = `stor-${number}.${pick(['az1', 'az2', 'rack.7'])}.example.org@${pick(['ceph', 'netapp-ontap', 'fa_x70', 'vsp.g400', 'backend with spaces'])}-${number}`;
  const says = random() < 0.7;
  return {
    host,
    zone: pick(['nova', 'az1', 'Zürich 2']),
    ...(random() < 0.02
      ? { disabledReason: pick(['maintenance: disk "7" swap\nline2', 'CHG-20871 \\ "quoted"', null]) }
      : {}),
    driver: {
      volume_backend_name: pick(['gold', 'silver', host]),
      vendor_name: pick(['Open Source', 'NetApp', 'Hitachi', 'Pure Storage', 'Dell EMC']),
      driver_version: pick(['1.0.0', '15.2.4', 'v2.3-rc1']),
      storage_protocol: pick(['iSCSI', 'FC', 'ceph', 'NVMe-oF', 'nfs']),
      ...(says ? { backend_state: 'up' } : {}),
      pools: Array.from({ length: pools }, (_, pool) => poolStats(pool, says, random, pick)),
    },
  };
}

function poolStats(index: number, says: boolean, random: () => number, pick: Pick): JsonObject {
  const total = Math.round(random() * 500_000);
  const free = Math.round(total * random() * 100) / 100;
  const capacity: JsonObject = pick([
    { total_capacity_gb: total, free_capacity_gb: free },
    { total_capacity_gb: total, free_capacity_gb: free },
    { total_capacity_gb: total, free_capacity_gb: free },
    { total_capacity_gb: total + 0.5, free_capacity_gb: 0, provisioned_capacity_gb: total * 2 },
    { total_capacity_gb: String(total), free_capacity_gb: String(free) },
    { total_capacity_gb: 'infinite', free_capacity_gb: 'infinite' },
    { total_capacity_gb: 'unknown', free_capacity_gb: 'unknown' },
    {},
  ]);
  return {
    pool_name: `${pick(['aggr', 'pool', 'nas.example.org:/export/vol ', 'cold tier/ä#', 'FlexGroup@'])}${index}`,
    ...(says ? { backend_state: random() < 0.97 ? 'up' : pick(['down', 'degraded']) } : {}),
    ...capacity,
    reserved_percentage: pick([0, 5, 10, '15']),
    max_over_subscription_ratio: pick(['20.0', 1.5, 'auto', 10]),
    thin_provisioning_support: pick([true, false, 'True', 'False']),
    thick_provisioning_support: pick([true, false]),
    multiattach: true,
    QoS_support: pick([true, false, 'False']),
    consistent_group_snapshot_enabled: true,
    online_extend_support: 'True',
    location_info: `Driver:cluster-${index}:aggr${index}:uuid=${Math.floor(random() * 1e12).toString(16)}`,
    netapp_disk_type: ['SSD', 'NVMe'],
    netapp_hybrid_aggregate: 'false',
    deduplication: { enabled: true, ratio: 2.75, schedule: { start: '01:30', days: ['Mon', 'Fri'], exclude: [] } },
    compression: [true, false],
    'vendor:weird key': 'a "quoted" value, a \\ backslash and a tab\there',
    description: 'Ein Pool für Massendaten; снимки каждые два часа'.padEnd(180, '.'),
    replication_targets: ['second-site', 'third-site'],
    replication_enabled: pick([true, false]),
    goodness_function: '(capabilities.free_capacity_gb > 100) ? 100 : 50',
    filter_function: 'volume.size < 4096',
  };
}

/** A small random generator with 32 bits of state; 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
