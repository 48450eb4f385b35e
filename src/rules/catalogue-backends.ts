import { memoryRules } from './catalogue-memory.ts';
import { wholeRules } from './catalogue-whole.ts';
import { CONDITION } from './memory.ts';
import {
  BACKEND_DASHBOARD,
  BACKENDS_DASHBOARD,
  type AlertingRule,
  type RecordingRule,
  type RuleGroup,
} from './rule.ts';
import type { Settings } from './settings.ts';

const TROUBLE = 'cinder:backend_trouble:bool';

/** What can be wrong with a storage backend or one of its pools. */
export function backendRules(s: Settings): RuleGroup {
  return {
    name: 'cinder-backends',
    comment:
      'Backends. Cinder itself notices a change after up to 60 s (backend_stats_polling_interval, service_down_time), the exporter ' +
      'reads every 30 s: each `for` comes on top. keep_firing_for bridges short gaps, such as the one empty answer after a restart of the scheduler.',
    interval: s.interval,
    rules: [...memoryRules(s), ...alerts(s), ...wholeRules(s)],
  };
}

function alerts(s: Settings): readonly (RecordingRule | AlertingRule)[] {
  const backend = { component: 'backend', dashboard: BACKEND_DASHBOARD } as const;
  const page = { ...backend, severity: 'critical', keepFiringFor: s.page_keep_firing_for } as const;
  const ticket = { ...backend, severity: 'warning', keepFiringFor: s.ticket_keep_firing_for } as const;
  return [
    {
      alert: 'CinderBackendDown',
      ...page,
      comment: 'Two or three reports of the driver, so that one bad poll does not page.',
      expr: `${CONDITION}{condition="down"} == 1`,
      for: s.backend_down_for,
      summary: 'A Cinder storage backend is reported down by its driver.',
      description:
        'The driver of {{ $labels.host }} reports backend_state=down while its cinder-volume process still sends heartbeats. ' +
        'Volumes on it may have lost their storage; new volumes, snapshots and attachments there fail.',
    },
    {
      alert: 'CinderBackendStatsStale',
      ...page,
      comment:
        'The exporter says stale when the driver stats are 5 minutes old. The `for` outlasts the recovery of a message bus, after which ' +
        'a scheduler still holds old stats until the next report.',
      expr: `${CONDITION}{condition="stale"} == 1`,
      for: s.backend_stats_stale_for,
      summary: 'A Cinder driver has stopped reporting on its storage backend.',
      description:
        'The cinder-volume process of {{ $labels.host }} sends heartbeats, but its driver stats have stopped: get_volume_stats fails or hangs. ' +
        'Cinder goes on showing the last good state; for most drivers this is the only sign of an outage.',
    },
    {
      alert: 'CinderBackendStateUnknown',
      ...ticket,
      comment:
        'Not while no scheduler answers: then nothing is known of any backend, and the alert is about the scheduler. ' +
        'The `for` outlasts the start of a driver and of a scheduler.',
      expr: `${CONDITION}{condition="unknown"} == 1`,
      for: s.backend_state_unknown_for,
      summary: 'A Cinder volume service is up but the scheduler knows nothing of its backend.',
      description:
        '{{ $labels.host }} is enabled, not frozen and sends heartbeats, but no driver stats of it have reached the scheduler. It gets no new volumes.',
    },
    {
      alert: 'CinderBackendDegraded',
      ...ticket,
      comment: 'Only where no pool says down: otherwise CinderPoolDown names the pools.',
      expr: `
${CONDITION}{condition="degraded"} == 1
unless ignoring (condition)
(min without (${s.replica_labels}, pool) (cinder_pool_state{${s.selector}}) == 0)`,
      for: s.backend_degraded_for,
      summary: 'A Cinder storage backend reports a state that is neither up nor down.',
      description:
        'At least one pool of {{ $labels.host }} reports a backend_state of its own (such as "degraded"); the API at /api/v1/backends quotes it.',
    },
    {
      alert: 'CinderPoolDown',
      ...ticket,
      comment: 'Some pools of a backend, not all: then it is CinderBackendDown.',
      expr: `
(min without (${s.replica_labels}) (cinder_pool_state{${s.selector}}) == 0)
and ignoring (pool, condition)
(${CONDITION}{condition="degraded"} == 1)`,
      for: s.pool_down_for,
      summary: 'One pool of a Cinder storage backend is down while others are up.',
      description:
        'Pool {{ $labels.pool }} of {{ $labels.host }} is reported down. The service list shows one pool for each backend and may hide it.',
    },
    {
      record: TROUBLE,
      comment:
        'Whether a backend is in trouble, of whatever kind: an outage that is first one and then another is still one. ' +
        'Unknown, disabled and frozen are no trouble of the backend.',
      expr: `max without (condition) (${CONDITION}{condition=~"down|stale|service_down"})`,
      identity: ['host', 'backend'],
    },
    {
      alert: 'CinderBackendFlapping',
      ...ticket,
      comment: 'Changes into and out of trouble, two for each outage.',
      expr: `changes(${TROUBLE}[${s.backend_flapping_window}]) >= ${s.backend_flapping_changes}`,
      summary: 'A Cinder storage backend keeps going down and coming back.',
      description: `{{ $labels.host }} went into or out of trouble {{ $value | humanize }} times within ${s.backend_flapping_window}.`,
    },
    {
      alert: 'CinderBackendVanished',
      ...ticket,
      dashboard: BACKENDS_DASHBOARD,
      expr: `
(
  group without (condition) (last_over_time(${CONDITION}{condition="up"}[${s.vanished_window}]))
  unless
  group without (${s.replica_labels}, condition) (cinder_backend_condition{${s.selector},condition="up"})
)
and ignoring (host, backend) (max without (${s.replica_labels}) (cinder_up{${s.selector}}) == 1)`,
      for: s.vanished_for,
      summary: 'A Cinder storage backend has disappeared from the service list.',
      description:
        `{{ $labels.host }} was in the service list within the last ${s.vanished_window} and is gone. ` +
        'Expected only after "cinder-manage service remove"; volumes that still carry this host cannot be managed.',
    },
    {
      alert: 'CinderPoolVanished',
      ...ticket,
      comment: 'Only while the scheduler lists the pools and the backend is one that it lists.',
      expr: `
(
  group without (${s.replica_labels}, volume_backend_name, vendor_name, driver_version, storage_protocol) (
    last_over_time(cinder_pool_info{${s.selector}}[${s.vanished_window}])
  )
  unless
  group without (${s.replica_labels}, volume_backend_name, vendor_name, driver_version, storage_protocol) (
    cinder_pool_info{${s.selector}}
  )
)
and ignoring (pool) (
  max without (condition) (${CONDITION}{condition=~"down|stale|degraded|up_assumed|up"}) == 1
)
and ignoring (host, backend, pool)
(max without (${s.replica_labels}, collector) (cinder_scrape_collector_success{${s.selector},collector="pools"}) == 1)`,
      for: s.vanished_for,
      summary: 'A pool has disappeared from a Cinder storage backend that is still there.',
      description: 'Pool {{ $labels.pool }} of {{ $labels.host }} is no longer reported by its driver.',
    },
    {
      alert: 'CinderBackendStateAssumed',
      ...backend,
      severity: 'info',
      expr: `max without (${s.replica_labels}) (cinder_backend_state_reported{${s.selector}}) == 0`,
      for: s.backend_state_assumed_for,
      summary: 'A Cinder driver never reports the state of its backend; "up" is only the default.',
      description:
        'The driver of {{ $labels.host }} sends no backend_state. CinderBackendDown cannot fire for it; CinderBackendStatsStale and CinderVolumeServiceDown can.',
    },
  ];
}
