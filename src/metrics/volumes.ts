import { backendOf } from '../cinder/pools.ts';
import type { BackendVolumes, CloudCount, Counted, Snapshot, VolumeTypeBackend } from '../cinder/snapshot.ts';
import { type FamilyGroup, from, gauge, info, timestamp } from './exposition.ts';

/** Which backends can serve which volume type. */
const VOLUME_TYPE_FAMILIES: FamilyGroup<VolumeTypeBackend> = {
  identity: ['volume_type', 'host'],
  identityOf: (row) => [row.volumeType, row.host],
  families: [
    info(
      'cinder_volume_type_backend_info',
      'A backend that can serve the volume type, by its extra specs; remembered while the backend is away or out. No series while Cinder hides extra specs: then the collector volume_types fails. Always 1.',
      {},
    ),
  ],
};

/** How many volumes each backend has, by status. */
interface VolumesOfBackend {
  readonly host: string;
  readonly status: string;
  readonly count: number | undefined;
}

const BACKEND_VOLUME_FAMILIES: FamilyGroup<VolumesOfBackend> = {
  identity: ['host', 'backend', 'status'],
  identityOf: ({ host, status }) => [host, backendOf(host), status],
  families: [
    gauge(
      'cinder_backend_volumes',
      'Volumes of the backend with this status: "in-use" or "available". Counted slowly. The members of a cluster are counted together.',
      ({ count }) => count,
    ),
  ],
};

const BACKEND_COUNT_FAMILIES: FamilyGroup<{ readonly host: string; readonly atMs: number }> = {
  identity: ['host', 'backend'],
  identityOf: ({ host }) => [host, backendOf(host)],
  families: [
    timestamp(
      'cinder_backend_volumes_timestamp_seconds',
      'When the volumes of the backend were last counted, the older of the two counts, as Unix time.',
      ({ atMs }) => atMs,
    ),
  ],
};

/** Counts of the whole cloud, each kind a family of its own. */
function countFamilies(name: string, help: string): FamilyGroup<CloudCount> {
  return {
    identity: ['status'],
    identityOf: ({ status }) => [status],
    families: [gauge(name, help, ({ count }) => count)],
  };
}

const CLOUD_COUNT_FAMILIES: Readonly<Record<Counted, FamilyGroup<CloudCount>>> = {
  volumes: countFamilies(
    'cinder_volumes',
    'Volumes of the cloud with this status: errors, and those that should pass. Counted slowly.',
  ),
  snapshots: countFamilies(
    'cinder_snapshots',
    'Snapshots of the cloud with this status: errors, and those that should pass. Counted slowly.',
  ),
  backups: countFamilies(
    'cinder_backups',
    'Backups of the cloud with this status: errors, and those that should pass. Counted slowly.',
  ),
};

/** Families of volumes and their types, in the order of the page. */
export const VOLUMES = [
  from(VOLUME_TYPE_FAMILIES, ({ volumeTypes }: Snapshot) => volumeTypes),
  from(BACKEND_VOLUME_FAMILIES, volumeRows),
  from(BACKEND_COUNT_FAMILIES, ({ volumes, atMs }: Snapshot) =>
    [...volumes].map(([host, { ageMs }]) => ({ host, atMs: atMs - ageMs })),
  ),
  ...Object.entries(CLOUD_COUNT_FAMILIES).map(([kind, group]) =>
    from(group, ({ counts }: Snapshot) => counts.filter(({ what }) => what === kind)),
  ),
];

function volumeRows({ volumes }: Snapshot): VolumesOfBackend[] {
  return [...volumes].flatMap(([host, { inUse, available }]: readonly [string, BackendVolumes]) => [
    { host, status: 'in-use', count: inUse },
    { host, status: 'available', count: available },
  ]);
}
