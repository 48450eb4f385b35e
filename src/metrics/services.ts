import type { Service } from '../cinder/model.ts';
import { flag, info, timestamp, type FamilyGroup } from './family.ts';

/** Families with one entity for each row of the service list. */
export const SERVICE_FAMILIES: FamilyGroup<Service> = {
  identity: ['binary', 'host'],
  identityOf: (service) => [service.binary, service.host],
  families: [
    flag(
      'cinder_service_state',
      'Heartbeat of the service: 1 when its "state" is up, 0 when it is down. No series when it is down because its clock is more than 60 s ahead: the scheduler then counts it as up.',
      (s) => s.up,
    ),
    flag(
      'cinder_service_enabled',
      'Wish of the operator: 1 when the service\'s "status" is enabled, 0 when it is disabled.',
      (s) => s.enabled,
    ),
    flag(
      'cinder_service_frozen',
      'Whether the volume service is frozen ("frozen" of the service list).',
      (s) => s.frozen,
    ),
    flag(
      'cinder_service_backend_state',
      'What the service list itself says in "backend_state": 1 up, 0 down, no series for null, for any other word, and below microversion 3.49. With several pools Cinder lets the last one win.',
      (s) => (s.backendState === 'up' ? true : s.backendState === 'down' ? false : undefined),
    ),
    timestamp(
      'cinder_service_updated_timestamp_seconds',
      'Last heartbeat of the service, or last change of its row, whichever is nearer to now ("updated_at"), as Unix time.',
      (s) => s.updatedAtMs,
    ),
    info(
      'cinder_service_info',
      'Descriptive fields of the service; disabled_reason only while it is disabled. Always 1.',
      {
        zone: (s) => s.zone,
        cluster: (s) => s.cluster,
        disabled_reason: (s) => s.disabledReason,
        replication_status: (s) => s.replicationStatus,
        active_backend_id: (s) => s.activeBackendId,
      },
    ),
  ],
};
