import {
  whileAllDown,
  CLOCK_BEHIND,
  NODE_AHEAD,
  clockError,
  CONDITION,
  DESCRIPTIVE,
  HOST_DOWN,
  LEFT_OVER,
  onDeadHost,
  remember,
  SCHEDULER_SILENT,
  SERVICE_ENABLED,
  SERVICE_STATE,
  stillFiring,
  unlessMuted,
} from './memory.ts';
import { BACKEND_DASHBOARD, BACKENDS_DASHBOARD, type RuleGroup, hitSentences } from './rule.ts';
import { secondsOf } from '../duration.ts';
import type { RuleSettings } from './settings.ts';

const FAILED_OVER = 'cinder:service_failed_over:last_known';
const AHEAD = 'cinder:service_clock_ahead:last_known';

/** What can be wrong with a Cinder process, and what an operator may have forgotten. */
export function serviceRules(s: RuleSettings): RuleGroup {
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
          'The service list comes, what needs a scheduler does not. Refusals and unreadable answers are not silence. ' +
          'Stands as it was while the service list does not come either.',
        expr: remember(
          SCHEDULER_SILENT,
          `
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
          [],
          { series: `cinder_up{${s.selector}}`, labels: [] },
          s,
        ),
        identity: [],
      },
      {
        alert: 'CinderVolumeHostDown',
        ...page,
        dashboard: BACKENDS_DASHBOARD,
        comment:
          'One machine, one page: all of its backends, two or more, are without service. Shorter than CinderVolumeServiceDown, which it mutes where that does not fire yet.',
        expr: unlessMuted(
          'CinderVolumeHostDown',
          `(
  label_replace(
    max without (node) (label_replace(max without (host, backend) (${HOST_DOWN}), "host", "$1", "node", "(.+)")),
    "node", "", "", ""
  )
)`,
          whileAllDown('host'),
        ),
        for: s.volume_host_down_for,
        summary: 'All Cinder volume services of a host send no heartbeat.',
        description:
          'Every enabled cinder-volume of {{ $labels.host }}, two or more, is without heartbeat: the host, its network or its database connection, or a rollout. ' +
          'Nothing can be done with their volumes through the API.',
      },
      {
        alert: 'CinderVolumeServiceDown',
        ...page,
        dashboard: BACKEND_DASHBOARD,
        comment:
          'No enabled cinder-volume of the backend is alive. One dead peer of an active/active cluster is CinderServiceDown. ' +
          'The `for` leaves time for a restart with a slow driver.',
        expr: unlessMuted(
          'CinderVolumeServiceDown',
          `(${CONDITION}{condition="service_down"} == 1)`,
          whileAllDown('host', 'backend', 'condition'),
          { ignoring: 'condition, node', expr: onDeadHost() },
        ),
        for: s.volume_service_down_for,
        summary: 'The Cinder volume service of a backend sends no heartbeat.',
        description:
          'No cinder-volume of {{ $labels.host }} is alive: process, host, database connection or clock, or the driver failed to initialise ' +
          '(Cinder then withholds the heartbeat). Nothing can be done with its volumes through the API.' +
          hitSentences(s.replica_labels),
      },
      {
        alert: 'CinderServiceDown',
        ...ticket,
        dashboard: BACKENDS_DASHBOARD,
        comment:
          'Any enabled service, except where a page already says so: all schedulers (CinderSchedulerDown), ' +
          'the only service of a backend, every service of a cluster (CinderVolumeServiceDown). A scheduler whose ticket fires already goes on beside its page: it did not come back.',
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
)
or
${stillFiring('CinderServiceDown', `(${SERVICE_STATE}{binary!="cinder-volume"} == 0)`)}`,
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
          'No enabled cinder-scheduler sends heartbeats. Volumes cannot be created, and the state of backends cannot be read: alerts about them stay as they are.',
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
          'the message bus is down or a scheduler hangs. Volumes cannot be created; alerts about backends stay as they are.',
      },
      {
        alert: 'CinderSchedulersDisagree',
        ...ticket,
        dashboard: BACKENDS_DASHBOARD,
        comment: 'A scheduler that was just started knows less than the others for a minute: the `for` is longer.',
        expr: `
max without (${s.replica_labels}) (
  increase(cinder_exporter_scheduler_disagreements_total{${s.selector}}[${s.schedulers_disagree_window}])
) > 0`,
        for: s.schedulers_disagree_for,
        summary: 'The Cinder schedulers do not know the same backends.',
        description:
          'One answer has driver stats that another lacks, or older ones, {{ $value | humanize }} times ' +
          `within ${s.schedulers_disagree_window}: a scheduler does not receive the reports of all drivers, or a driver stopped reporting before it was started.`,
      },
      {
        record: FAILED_OVER,
        comment: 'The services that are failed over, or whose failover failed, as last seen.',
        expr: remember(
          FAILED_OVER,
          `
max without (${s.replica_labels}, zone, cluster, disabled_reason, replication_status) (
  cinder_service_info{${s.selector},replication_status=~"failed-over|failover-error"}
)`,
          ['binary', 'host', 'active_backend_id'],
          { series: `cinder_up{${s.selector}}`, labels: [] },
          s,
        ),
        identity: ['binary', 'host', 'active_backend_id'],
      },
      {
        alert: 'CinderServiceDisabledTooLong',
        component: 'service',
        severity: 'info',
        dashboard: BACKENDS_DASHBOARD,
        comment:
          'Freezing and failing over disable a service as well; those have their own alerts. Left-overs are not looked at.',
        expr: `
${SERVICE_ENABLED} == 0
unless
(max without (${s.replica_labels}) (cinder_service_frozen{${s.selector}}) == 1)
unless
max without (active_backend_id) (${FAILED_OVER})`,
        for: s.service_disabled_for,
        summary: 'A Cinder service has been disabled for a long time.',
        description: `{{ $labels.binary }} on {{ $labels.host }} has been disabled for more than ${s.service_disabled_for}; the service list holds the reason.`,
      },
      {
        alert: 'CinderServiceFrozenTooLong',
        ...ticket,
        dashboard: BACKEND_DASHBOARD,
        expr: unlessMuted('CinderServiceFrozenTooLong', `(${CONDITION}{condition="frozen"} == 1)`, {
          ignoring: 'binary, backend, condition',
          expr: `max without (active_backend_id) (${FAILED_OVER})`,
        }),
        for: s.service_frozen_for,
        summary: 'A Cinder backend has been frozen for a long time.',
        description: `{{ $labels.host }} has been frozen for more than ${s.service_frozen_for}. Its volumes work, but cannot be managed: thaw it, or finish the failover.`,
      },
      {
        alert: 'CinderBackendFailedOver',
        ...ticket,
        dashboard: BACKENDS_DASHBOARD,
        expr: `${FAILED_OVER} == 1`,
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
        comment: `From then on (${s.service_record_stale_after}) the row is a left-over, and the other alerts leave it alone.`,
        expr: LEFT_OVER,
        for: s.service_record_stale_for,
        summary: 'A row of the Cinder service list has had no heartbeat for days.',
        description:
          'The row of {{ $labels.binary }} on {{ $labels.host }} has not changed for {{ $value | humanizeDuration }}: no heartbeat, and no operator touched it. Left over after a rename or a removal? Then remove it with "cinder-manage service remove".',
      },
      {
        record: NODE_AHEAD,
        comment:
          'How far the heartbeats of each host are ahead of the clock of a replica of the exporter, when it read them; a few seconds below zero as a rule. ' +
          'Of services that Cinder counts as up: the others say nothing of clocks.',
        expr: `
quantile without (binary, host) (
  0.5,
  label_replace(
    ${ahead(s).replaceAll('\n', '\n    ')}
    unless (cinder_service_state{${s.selector}} == 0),
    "node", "$1", "host", "([^@]+).*"
  )
)`,
        identity: ['node', 'instance', 'pod'],
      },
      {
        record: CLOCK_BEHIND,
        comment:
          'The same of most hosts. Nothing while half of the hosts agree with the exporter: of two hosts with two clocks the one that agrees is believed.',
        expr: `
quantile without (node) (0.5, ${NODE_AHEAD})
unless
2 * count without (node) (
  ${NODE_AHEAD} > -${secondsOf(s.exporter_clock_ahead)} and ${NODE_AHEAD} < ${secondsOf(s.clock_skew)}
)
>= count without (node) (${NODE_AHEAD})`,
        identity: ['instance', 'pod'],
      },
      {
        record: AHEAD,
        comment: 'The services whose heartbeats were in the future when they were last seen, and by how much.',
        expr: remember(
          AHEAD,
          `
(
  max without (${s.replica_labels}) (
    ${ahead(s).replaceAll('\n', '\n    ')}
    - ignoring (binary, host) group_left ()
    ${clockError(s)}
    or
    ${ahead(s).replaceAll('\n', '\n    ')}
  ) > ${secondsOf(s.clock_skew)}
)`,
          ['binary', 'host'],
          { series: `cinder_up{${s.selector}}`, labels: [] },
          s,
        ),
        identity: ['binary', 'host'],
      },
      {
        alert: 'CinderServiceClockSkew',
        ...ticket,
        dashboard: BACKENDS_DASHBOARD,
        comment:
          'Against the clock of the exporter when it read the list; when that clock is off (CinderExporterClockSkew), against most other hosts. ' +
          'Cinder counts a service as down when its heartbeat is 60 s ahead.',
        expr: `${AHEAD} > ${secondsOf(s.clock_skew)}`,
        for: s.clock_skew_for,
        summary: 'The heartbeat of a Cinder service lies in the future.',
        description:
          'The clock of {{ $labels.host }} ({{ $labels.binary }}) is ahead by {{ $value | humanizeDuration }}; at 60 s Cinder counts the service as down.',
      },
    ],
  };
}

/** Seconds by which what Cinder says of each service is ahead of the clock of the exporter when it read it, for each replica. */
function ahead(s: RuleSettings): string {
  return `cinder_service_updated_timestamp_seconds{${s.selector}}
- ignoring (binary, host, collector) group_left ()
cinder_scrape_collector_last_success_timestamp_seconds{${s.selector},collector="services"}`;
}
