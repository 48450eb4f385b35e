import { conditionCode, WORST_FIRST } from '../cinder/conditions.ts';
import { canaryMemory } from './catalogue-canary.ts';
import { memoryRules } from './catalogue-memory.ts';
import { operationsMemory } from './catalogue-operations.ts';
import { wholeRules } from './catalogue-whole.ts';
import {
  whileAllDown,
  answering,
  CANARY_FAILS,
  CONDITION,
  CONDITION_CODE,
  FAILING_BY_CREATIONS,
  whileNoneAnswers,
  OUT,
  POOL_STATE,
  remember,
  stillFiring,
  unlessMuted,
  WORSE_THAN_POOLS,
} from './memory.ts';
import {
  BACKEND_DASHBOARD,
  BACKENDS_DASHBOARD,
  hitSentences,
  type AlertingRule,
  type RecordingRule,
  type RuleGroup,
} from './rule.ts';
import type { RuleSettings } from './settings.ts';

const ANSWERING = 'cinder:backend_service_answering:last_known';
const TROUBLE = 'cinder:backend_trouble:bool';

/** What can be wrong with a storage backend or one of its pools. */
export function backendRules(s: RuleSettings): RuleGroup {
  return {
    name: 'cinder-backends',
    comment:
      'Backends. Cinder itself notices a change after up to 60 s (backend_stats_polling_interval, service_down_time), the exporter ' +
      'reads every 30 s: each `for` comes on top. keep_firing_for bridges short gaps, such as the one empty answer after a restart of the scheduler.',
    interval: s.interval,
    rules: [
      ...memoryRules(s),
      canaryMemory(s),
      operationsMemory(s),
      unknown(s),
      ...wholeRules(s),
      ...alerts(s),
      code(s),
    ],
  };
}

function unknown(s: RuleSettings): AlertingRule {
  return {
    alert: 'CinderBackendStateUnknown',
    component: 'backend',
    severity: 'critical',
    keepFiringFor: s.page_keep_firing_for,
    dashboard: BACKEND_DASHBOARD,
    comment:
      'No scheduler knows it, so it gets no volumes, and nobody sees an outage of it. Does not begin while the pools cannot be read: ' +
      'then nothing is known of any backend, and the alert is about the scheduler, or about the access of the exporter. ' +
      'The `for` outlasts the start of a driver and of a scheduler.',
    expr: unlessMuted('CinderBackendStateUnknown', `(${CONDITION}{condition="unknown"} == 1)`, {
      ignoring: 'host, backend, condition',
      expr: `
  (max without (${s.replica_labels}) (cinder_up{${s.selector}}) == 1)
  unless
  (
    max without (${s.replica_labels}, collector) (
      max_over_time(cinder_scrape_collector_success{${s.selector},collector="pools"}[${s.pools_read_within}])
    ) == 1
  )
`,
    }),
    for: s.backend_state_unknown_for,
    summary: 'A Cinder volume service is up but the scheduler knows nothing of its backend.',
    description:
      '{{ $labels.host }} is enabled, not frozen and sends heartbeats, but no driver stats of it have reached the scheduler. It gets no new volumes, and an outage of its storage would not be seen.' +
      hitSentences(s.replica_labels),
  };
}

function code(s: RuleSettings): RecordingRule {
  const each = WORST_FIRST.map(
    (condition) =>
      `${conditionCode(condition)} * (cinder_backend_condition{${s.selector},condition="${condition}"} == 1)`,
  );
  return {
    record: CONDITION_CODE,
    comment:
      'The condition of each backend as a number: up is 0, the worse the higher. The worst one when replicas do not agree, nothing while nothing is read. ' +
      'Dashboards ask for all backends over hours: one series for each instead of eleven.',
    expr: `
max without (${s.replica_labels}, condition) (
  ${each.join('\n  or\n  ')}
)`,
    identity: ['host', 'backend'],
  };
}

function alerts(s: RuleSettings): readonly (RecordingRule | AlertingRule)[] {
  const backend = { component: 'backend', dashboard: BACKEND_DASHBOARD } as const;
  const page = { ...backend, severity: 'critical', keepFiringFor: s.page_keep_firing_for } as const;
  const ticket = { ...backend, severity: 'warning', keepFiringFor: s.ticket_keep_firing_for } as const;
  const backendGone = `(
  group without (condition) (last_over_time(${CONDITION}{condition="up"}[${s.vanished_window}]))
  unless
  group without (${s.replica_labels}, condition) (cinder_backend_condition{${s.selector},condition="up"})
)`;
  const ofInfo = `${s.replica_labels}, volume_backend_name, vendor_name, driver_version, storage_protocol`;
  const poolGone = `(
  group without (${ofInfo}) (last_over_time(cinder_pool_info{${s.selector}}[${s.vanished_window}]))
  unless
  group without (${ofInfo}) (cinder_pool_info{${s.selector}})
)`;
  return [
    {
      alert: 'CinderBackendDown',
      ...page,
      comment: 'Two or three reports of the driver, so that one bad poll does not page.',
      expr: unlessMuted(
        'CinderBackendDown',
        `(${CONDITION}{condition="down"} == 1)`,
        whileAllDown('host', 'backend', 'condition'),
      ),
      for: s.backend_down_for,
      summary: 'A Cinder storage backend is reported down by its driver.',
      description:
        'The driver of {{ $labels.host }} reports backend_state=down while its cinder-volume process still sends heartbeats. ' +
        'Volumes on it may have lost their storage; new volumes, snapshots and attachments there fail.' +
        hitSentences(s.replica_labels),
    },
    {
      alert: 'CinderBackendStatsStale',
      ...page,
      comment:
        'The exporter says stale when the driver stats are 5 minutes old. The `for` outlasts the recovery of a message bus, after which ' +
        'a scheduler still holds old stats until the next report.',
      expr: unlessMuted(
        'CinderBackendStatsStale',
        `(${CONDITION}{condition="stale"} == 1)`,
        whileAllDown('host', 'backend', 'condition'),
      ),
      for: s.backend_stats_stale_for,
      summary: 'A Cinder driver has stopped reporting on its storage backend.',
      description:
        'The cinder-volume process of {{ $labels.host }} sends heartbeats, but its driver stats have stopped: get_volume_stats fails or hangs. ' +
        'Cinder goes on showing the last good state; for most drivers this is the only sign of an outage.' +
        hitSentences(s.replica_labels),
    },
    {
      alert: 'CinderBackendUnresponsive',
      ...page,
      comment:
        'The exporter has asked twice, a minute each, while the scheduler answered. The `for` gives it time to find out whether no other answers ' +
        'either: then CinderVolumeServicesUnresponsive says it.',
      expr: unlessMuted(
        'CinderBackendUnresponsive',
        `(${CONDITION}{condition="unresponsive"} == 1)`,
        whileAllDown('host', 'backend', 'condition'),
        whileNoneAnswers('host', 'backend', 'condition'),
      ),
      for: s.backend_unresponsive_for,
      summary: 'A cinder-volume service does not answer any more.',
      description:
        'The cinder-volume process of {{ $labels.host }} sends heartbeats and driver stats. But it left two requests in a row unanswered, a minute each. Nothing that was under way on it has ended. ' +
        'Volumes cannot be created, attached or deleted there; the scheduler goes on placing new ones on it.' +
        hitSentences(s.replica_labels),
    },
    {
      record: ANSWERING,
      comment: 'Whether the cinder-volume of each backend answers, as it was last found out.',
      expr: remember(
        ANSWERING,
        `
${answering(s)}`,
        ['host', 'backend'],
        { series: `cinder_scrape_collector_success{${s.selector},collector="capabilities"}`, labels: ['collector'] },
        s,
      ),
      identity: ['host', 'backend'],
    },
    {
      alert: 'CinderVolumeServiceBusy',
      ...ticket,
      comment:
        'What is under way comes to its end, or nobody can see whether it does: so nobody is woken. A dead or silent service has its own alert; beside it this one goes on, if it fires already, until an answer comes.',
      expr: `
(${ANSWERING} == 0)
and ignoring (condition)
(${CONDITION}{condition=~"failing|degraded|up_assumed|up"} == 1)
or
${stillFiring('CinderVolumeServiceBusy', `(${ANSWERING} == 0)`)}
unless ignoring (condition)
(${CONDITION}{condition=~"frozen|disabled"} == 1)`,
      for: s.volume_service_busy_for,
      summary: 'A cinder-volume service is too busy to answer.',
      description:
        'The cinder-volume process of {{ $labels.host }} leaves requests unanswered, a minute each. What it works on does end: all its threads are in use. ' +
        'Volumes are created, attached and deleted there late, or fail with a timeout.',
    },
    {
      alert: 'CinderBackendCapacityVanished',
      ...page,
      comment:
        'The exporter has seen it in two successive reports of the driver. So a driver publishes that cannot reach its array and does not say so ' +
        '(8 of 103 drivers of Cinder).',
      expr: unlessMuted(
        'CinderBackendCapacityVanished',
        `(${CONDITION}{condition="failing"} == 1)`,
        whileAllDown('host', 'backend', 'condition'),
        { ignoring: 'condition', expr: CANARY_FAILS },
        { ignoring: 'condition', expr: FAILING_BY_CREATIONS },
      ),
      for: s.backend_capacity_vanished_for,
      summary: 'The capacity of a Cinder storage backend has vanished.',
      description:
        'The driver of {{ $labels.host }} goes on reporting, but with no capacity at all, although volumes are allocated there: its array does not answer it. ' +
        'The scheduler places no new volumes on it; volumes on it may have lost their storage.' +
        hitSentences(s.replica_labels),
    },
    {
      alert: 'CinderBackendDegraded',
      ...ticket,
      comment:
        'Only where no pool says down: otherwise CinderPoolDown names the pools. It goes on while something worse is known of the backend: its end was not seen.',
      expr: `
${CONDITION}{condition="degraded"} == 1
unless ignoring (condition)
(min without (pool) (${POOL_STATE}) == 0)
or
${stillFiring('CinderBackendDegraded', `(${CONDITION}{condition="degraded"} and ignoring (condition) ${WORSE_THAN_POOLS})`)}`,
      for: s.backend_degraded_for,
      summary: 'A part of a Cinder storage backend has a fault.',
      description:
        'At least one pool of {{ $labels.host }} reports a backend_state of its own (such as "degraded"), or no capacity at all. The API at /api/v1/backends says which.',
    },
    {
      alert: 'CinderPoolDown',
      ...ticket,
      comment:
        'Some pools of a backend, not all: then it is CinderBackendDown. It goes on while the backend is out: the pool was not seen to come back.',
      expr: `
(${POOL_STATE} == 0)
and ignoring (pool, condition)
(${CONDITION}{condition="degraded"} == 1)
or
${stillFiring('CinderPoolDown', `((${POOL_STATE} == 0) and ignoring (pool) ${OUT})`)}`,
      for: s.pool_down_for,
      summary: 'One pool of a Cinder storage backend is down while others are up.',
      description:
        'Pool {{ $labels.pool }} of {{ $labels.host }} is reported down. The service list shows one pool for each backend and may hide it.',
    },
    {
      record: TROUBLE,
      comment:
        'Whether a backend is in trouble, of whatever kind: an outage that is first one and then another is still one. ' +
        'Unknown is no outage, disabled and frozen are the wish of an operator.',
      expr: `max without (condition) (${CONDITION}{condition=~"down|stale|unresponsive|failing|service_down"})`,
      identity: ['host', 'backend'],
    },
    {
      alert: 'CinderBackendFlapping',
      ...ticket,
      comment:
        'Changes into and out of trouble, two for each outage. Does not begin while it is out: then its page speaks.',
      expr: unlessMuted(
        'CinderBackendFlapping',
        `(changes(${TROUBLE}[${s.backend_flapping_window}]) >= ${s.backend_flapping_changes})`,
        { ignoring: '', expr: `${TROUBLE} == 1` },
      ),
      summary: 'A Cinder storage backend keeps going down and coming back.',
      description: `{{ $labels.host }} went into or out of trouble {{ $value | humanize }} times within ${s.backend_flapping_window}.`,
    },
    {
      alert: 'CinderBackendVanished',
      ...ticket,
      dashboard: BACKENDS_DASHBOARD,
      expr: `
${backendGone}
and ignoring (host, backend) (max without (${s.replica_labels}) (cinder_up{${s.selector}}) == 1)
or
${stillFiring('CinderBackendVanished', backendGone)}`,
      for: s.vanished_for,
      summary: 'A Cinder storage backend has disappeared from the service list.',
      description:
        `{{ $labels.host }} was in the service list within the last ${s.vanished_window} and is gone. ` +
        'Expected only after "cinder-manage service remove"; volumes that still carry this host cannot be managed.',
    },
    {
      alert: 'CinderPoolVanished',
      ...ticket,
      comment:
        'Begins only while the scheduler lists the pools and the backend is one that it lists; ends when the pool is back, or the backend disabled, frozen or gone.',
      expr: `
${poolGone}
and ignoring (pool) (max without (condition) (${CONDITION}{condition=~"unresponsive|failing|degraded|up_assumed|up"}) == 1)
and ignoring (host, backend, pool)
(max without (${s.replica_labels}, collector) (cinder_scrape_collector_success{${s.selector},collector="pools"}) == 1)
or
${stillFiring('CinderPoolVanished', poolGone)}
and ignoring (pool) (max without (condition) (${CONDITION}{condition!~"frozen|disabled"}) == 1)`,
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
        'The driver of {{ $labels.host }} sends no backend_state: "up" says nothing of its array. Most such drivers fall silent in an outage, some report no capacity, and some never ask their array: then no alert comes. Its page on the exporter says which.',
    },
  ];
}
