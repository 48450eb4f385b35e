import { secondsOf } from './duration.ts';
import { CONDITION, SCHEDULER_SILENT, SERVICE_ENABLED, SERVICE_STATE } from './memory.ts';
import { BACKEND_DASHBOARD, BACKENDS_DASHBOARD, type RuleGroup } from './rule.ts';
import type { Settings } from './settings.ts';

const DESCRIPTIVE = 'zone, disabled_reason, replication_status, active_backend_id';

/** What can be wrong with a Cinder process, and what an operator may have forgotten. */
export function serviceRules(s: Settings): RuleGroup {
  const page = { component: 'service', severity: 'critical', keepFiringFor: s.page_keep_firing_for } as const;
  const ticket = { component: 'service', severity: 'warning', keepFiringFor: s.ticket_keep_firing_for } as const;
  return {
    name: 'cinder-services',
    comment:
      'Services. Cinder counts a service as down after 60 s without a heartbeat (service_down_time); each `for` comes on top.',
    interval: s.interval,
    rules: [
      {
        record: SCHEDULER_SILENT,
        comment:
          'The service list comes, what needs a scheduler does not. Refusals and unreadable answers are not silence.',
        expr: `
group without (collector) (
  (max without (${s.replica_labels}) (cinder_scrape_collector_success{${s.selector},collector="pools"}) == 0)
  and ignoring (collector)
  (max without (${s.replica_labels}) (cinder_up{${s.selector}}) == 1)
  unless
  (
    sum without (${s.replica_labels}, reason) (
      increase(cinder_exporter_errors_total{${s.selector},collector="pools",reason=~"auth|forbidden|decode"}[${s.errors_window}])
    ) > 0
  )
)`,
        identity: [],
      },
      {
        alert: 'CinderVolumeServiceDown',
        ...page,
        dashboard: BACKEND_DASHBOARD,
        comment:
          'No enabled cinder-volume of the backend is alive. One dead peer of an active/active cluster is CinderServiceDown. ' +
          'The `for` leaves time for a restart with a slow driver.',
        expr: `${CONDITION}{condition="service_down"} == 1`,
        for: s.volume_service_down_for,
        summary: 'The Cinder volume service of a backend sends no heartbeat.',
        description:
          'No cinder-volume of {{ $labels.host }} is alive: process, host, database connection or clock, or the driver failed to initialise ' +
          '(Cinder then withholds the heartbeat). Nothing can be done with its volumes through the API.',
      },
      {
        alert: 'CinderServiceDown',
        ...ticket,
        dashboard: BACKENDS_DASHBOARD,
        comment:
          'Any enabled service, except where a page already says so: all schedulers (CinderSchedulerDown), ' +
          'the only service of a backend, every service of a cluster (CinderVolumeServiceDown).',
        expr: `
${SERVICE_STATE} == 0
unless ignoring (host)
(max without (host) (${SERVICE_STATE}{binary="cinder-scheduler"}) == 0)
unless ignoring (backend, condition)
label_replace(${CONDITION}{condition="service_down"} == 1, "binary", "cinder-volume", "", "")
unless ignoring (cluster) (
  max without (${s.replica_labels}, ${DESCRIPTIVE}) (cinder_service_info{${s.selector},binary="cinder-volume",cluster!=""})
  and ignoring (binary, host, backend, condition)
  label_replace(${CONDITION}{condition="service_down"} == 1, "cluster", "$1", "host", "(.+)")
)`,
        for: s.service_down_for,
        summary: 'A Cinder service sends no heartbeat.',
        description:
          '{{ $labels.binary }} on {{ $labels.host }} is enabled and sends no heartbeat; others of its kind are still there, or it is not vital.',
      },
      {
        alert: 'CinderSchedulerDown',
        ...page,
        dashboard: BACKENDS_DASHBOARD,
        comment: 'A restart is shorter than the minute after which Cinder notices, or little longer.',
        expr: `max without (binary, host) (${SERVICE_STATE}{binary="cinder-scheduler"}) == 0`,
        for: s.scheduler_down_for,
        summary: 'No Cinder scheduler is alive.',
        description:
          'No enabled cinder-scheduler sends heartbeats. Volumes cannot be created, and the state of backends cannot be read: alerts about them stand as they last were.',
      },
      {
        alert: 'CinderSchedulerNotAnswering',
        ...page,
        dashboard: BACKENDS_DASHBOARD,
        comment:
          'The service list comes, what needs the scheduler does not, and a scheduler has had heartbeats for a while: the message bus, or a hung scheduler. ' +
          'The `for` outlasts the minute in which a stopped scheduler still counts as up.',
        expr: `
${SCHEDULER_SILENT}
and
(max without (binary, host) (min_over_time(${SERVICE_STATE}{binary="cinder-scheduler"}[${s.scheduler_settle}])) == 1)`,
        for: s.scheduler_not_answering_for,
        summary: 'Cinder schedulers send heartbeats but answer nothing.',
        description:
          'The service list can be read, but requests that need a scheduler time out or fail although its heartbeats come: ' +
          'the message bus is down or a scheduler hangs. Volumes cannot be created; alerts about backends stand as they last were.',
      },
      {
        alert: 'CinderServiceDisabledTooLong',
        component: 'service',
        severity: 'info',
        dashboard: BACKENDS_DASHBOARD,
        comment: 'Freezing and failing over disable a service as well; those have their own alerts.',
        expr: `
${SERVICE_ENABLED} == 0
unless
(max without (${s.replica_labels}) (cinder_service_frozen{${s.selector}}) == 1)
unless
max without (${s.replica_labels}, cluster, ${DESCRIPTIVE}) (cinder_service_info{${s.selector},replication_status=~"failed-over|failover-error"})`,
        for: s.service_disabled_for,
        summary: 'A Cinder service has been disabled for long.',
        description: `{{ $labels.binary }} on {{ $labels.host }} has been disabled for more than ${s.service_disabled_for}; the service list holds the reason.`,
      },
      {
        alert: 'CinderServiceFrozenTooLong',
        ...ticket,
        dashboard: BACKEND_DASHBOARD,
        expr: `${CONDITION}{condition="frozen"} == 1`,
        for: s.service_frozen_for,
        summary: 'A Cinder backend has been frozen for long.',
        description: `{{ $labels.host }} has been frozen for more than ${s.service_frozen_for}. Its volumes work, but cannot be managed: thaw it, or finish the failover.`,
      },
      {
        alert: 'CinderBackendFailedOver',
        ...ticket,
        dashboard: BACKENDS_DASHBOARD,
        expr: `
max without (${s.replica_labels}, zone, cluster, disabled_reason, replication_status) (
  cinder_service_info{${s.selector},replication_status=~"failed-over|failover-error"}
) == 1`,
        for: s.backend_failed_over_for,
        summary: 'A Cinder backend has been failed over to its replication target.',
        description:
          '{{ $labels.host }} runs on replication target "{{ $labels.active_backend_id }}", or its failover failed. It stays disabled until it is failed back or promoted.',
      },
      {
        alert: 'CinderServiceRecordStale',
        component: 'service',
        severity: 'info',
        dashboard: BACKENDS_DASHBOARD,
        comment: `From then on (${s.service_record_stale_after}) the row is a left-over, and the alerts above leave it alone.`,
        expr: `
time() - max without (${s.replica_labels}) (cinder_service_updated_timestamp_seconds{${s.selector}}) > ${secondsOf(s.service_record_stale_after)}`,
        for: s.service_record_stale_for,
        summary: 'A row of the Cinder service list has had no heartbeat for days.',
        description:
          'The last heartbeat of {{ $labels.binary }} on {{ $labels.host }} was {{ $value | humanizeDuration }} ago. Left over after a rename or a removal? Then remove it with "cinder-manage service remove".',
      },
      {
        alert: 'CinderServiceClockSkew',
        ...ticket,
        dashboard: BACKENDS_DASHBOARD,
        comment:
          'Against the clock of the exporter when it read the list. Cinder counts a service as down when its heartbeat is 60 s ahead.',
        expr: `
max without (${s.replica_labels}) (
  cinder_service_updated_timestamp_seconds{${s.selector}}
  - ignoring (binary, host, collector) group_left ()
  cinder_scrape_collector_last_success_timestamp_seconds{${s.selector},collector="services"}
) > ${secondsOf(s.clock_skew)}`,
        for: s.clock_skew_for,
        summary: 'The heartbeat of a Cinder service lies in the future.',
        description:
          'The clock of {{ $labels.host }} ({{ $labels.binary }}) is ahead by {{ $value | humanizeDuration }}; at 60 s Cinder counts the service as down.',
      },
    ],
  };
}
