import type { CollectorStatus, Snapshot, VolumeTypeBackend } from '../cinder/snapshot.ts';
import { flag, gauge, info, timestamp, type FamilyGroup } from './family.ts';

/** Families of the cloud as a whole. */
export const CLOUD_FAMILIES: FamilyGroup<Pick<Snapshot, 'up' | 'clockOffsetMs'>> = {
  identity: [],
  identityOf: () => [],
  families: [
    flag(
      'cinder_up',
      'Whether the last refresh read the service list. The page is served from memory; the age of each part is in cinder_scrape_collector_last_success_timestamp_seconds.',
      (s) => s.up,
    ),
    gauge(
      'cinder_api_clock_offset_seconds',
      'Clock of Cinder minus clock of the exporter, by the "Date" of the service list, else by the heartbeats in it (then up to 10 s too low).',
      (s) => (s.clockOffsetMs === undefined ? undefined : Math.round(s.clockOffsetMs) / 1000),
    ),
  ],
};

/** Families of the API, as discovery and the answers told. */
export const API_FAMILIES: FamilyGroup<NonNullable<Snapshot['api']>> = {
  identity: [],
  identityOf: () => [],
  families: [
    info(
      'cinder_api_info',
      'Microversions of the Block Storage API, and the one in use for the service list. Always 1.',
      {
        min_version: (a) => a.min,
        max_version: (a) => a.max,
        used_version: (a) => a.used,
      },
    ),
    flag(
      'cinder_api_backend_state_supported',
      'Whether the API knows microversion 3.49, from which the service list has "backend_state".',
      (a) => a.backendStateSupported,
    ),
  ],
};

/** Families with one entity for each collector. */
export const COLLECTOR_FAMILIES: FamilyGroup<CollectorStatus> = {
  identity: ['collector'],
  identityOf: (c) => [c.collector],
  families: [
    flag('cinder_scrape_collector_success', 'Whether the last run of the collector succeeded.', (c) => c.success),
    gauge(
      'cinder_scrape_collector_duration_seconds',
      'Duration of the last run of the collector.',
      (c) => c.durationMs / 1000,
    ),
    timestamp(
      'cinder_scrape_collector_last_success_timestamp_seconds',
      'When the collector last succeeded, as Unix time: the age of what it tells. No series before the first success.',
      (c) => c.lastSuccessAtMs,
    ),
  ],
};

/** Which backends can serve which volume type. */
export const VOLUME_TYPE_FAMILIES: FamilyGroup<VolumeTypeBackend> = {
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
