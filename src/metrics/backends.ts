import type { History } from '../cinder/changes.ts';
import { backendOf } from '../cinder/host.ts';
import { CONDITIONS } from '../cinder/conditions.ts';
import type { Backend } from '../cinder/model.ts';
import { counter, flag, gauge, states, timestamp, type FamilyGroup } from './family.ts';

/** A backend and what this process has seen of it. */
export interface SeenBackend {
  readonly backend: Backend;
  readonly history: History | undefined;
}

/** Families with one entity for each backend: a cluster, or a cinder-volume service that is in none. */
export const BACKEND_FAMILIES: FamilyGroup<SeenBackend> = {
  identity: ['host', 'backend'],
  identityOf: ({ backend }) => [backend.host, backendOf(backend.host)],
  families: [
    gauge(
      'cinder_backend_state',
      'State of the storage backend by its driver stats ("backend_state"): 1 up, 0 down. No series when nobody can say: frozen, disabled, service down, unknown, stale.',
      ({ backend }) => backend.state,
    ),
    states(
      'cinder_backend_condition',
      'Condition of the backend, decided from the service list and the driver stats: one series for each condition, exactly one of them is 1.',
      'condition',
      CONDITIONS,
      ({ backend }) => backend.condition,
    ),
    flag(
      'cinder_backend_state_reported',
      'Whether the driver itself reports "backend_state": 1 it does, 0 Cinder assumes up. No series without driver stats.',
      ({ backend }) => backend.reported,
    ),
    counter(
      'cinder_backend_condition_changes_total',
      'Changes of the condition of the backend seen by this process.',
      ({ history }) => history?.changes ?? 0,
    ),
    timestamp(
      'cinder_backend_condition_change_timestamp_seconds',
      'When this process last saw the condition of the backend change, as Unix time. No series before the first change.',
      ({ history }) => history?.lastChangeMs,
    ),
  ],
};
