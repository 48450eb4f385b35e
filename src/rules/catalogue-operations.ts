import { TYPE_USABLE } from './catalogue-whole.ts';
import {
  whileAllDown,
  begins,
  CANARY_FAILS,
  CONDITION,
  CREATIONS_FAILING,
  CREATIONS_FIRING,
  FAILING_BY_CREATIONS,
  OUT,
  type Mute,
  type Sight,
  stillHeld,
  unlessMuted,
  whileBlind,
} from './memory.ts';
import { BACKEND_DASHBOARD, BACKENDS_DASHBOARD, hitSentences, type AlertingRule, type RecordingRule } from './rule.ts';
import type { RuleSettings } from './settings.ts';

const CLOUD_FAILING = 'cinder:creations_failing:last_known';
const TYPE_FAILING = 'cinder:volume_type_creations_failing:last_known';
const UNSCHEDULABLE = 'cinder:volume_type_unschedulable:last_known';
const seenAtOf = (held: string): string => held.replace(':last_known', ':last_seen_seconds');

const STUCK = 'cinder:backend_operations_stuck:last_known';

/** Why a backend is failing, after its condition and before the alerts that look at it. */
export function operationsMemory(s: RuleSettings): RecordingRule {
  return {
    record: FAILING_BY_CREATIONS,
    comment:
      'The backends that are failing by what operations of users tell. It stands where the condition is only held, until the exporter says failing for another reason.',
    expr: `
max without (${s.replica_labels}, by) (cinder_backend_failing_info{${s.selector},by="creations"})
or
(
  ${FAILING_BY_CREATIONS}
  and max without (condition) (${CONDITION}{condition="failing"} == 1)
  unless max without (${s.replica_labels}, condition) (cinder_backend_condition{${s.selector},condition="failing"} == 1)
)`,
    identity: ['host', 'backend'],
  };
}

/**
 * What operations on volumes tell, where the collector `operations` is on. The exporter weighs them (src/cinder/weigh.ts) and leaves out whatever explains
 * them: a backend that is out, disabled, failed over or full.
 */
export function operationRules(s: RuleSettings): readonly (RecordingRule | AlertingRule)[] {
  const ticket = {
    component: 'service',
    severity: 'warning',
    keepFiringFor: s.ticket_keep_firing_for,
    dashboard: BACKENDS_DASHBOARD,
  } as const;
  const pages = s.evidence_pages === 'yes';
  const severe = pages ? ({ ...ticket, severity: 'critical', keepFiringFor: s.page_keep_firing_for } as const) : ticket;
  const wouldPage = pages ? '' : ' With evidence_pages=yes this would have paged.';
  const comment = (words: string): string => `${words}${pages ? '' : ' A ticket, because evidence_pages is no.'}`;
  const seen = (family: string): string => `max without (${s.replica_labels}) (${family}{${s.selector}})`;
  /** As it is weighed; and where it fires already, as long as its end was not seen. */
  const failing = (alert: string, family: string, held: string, last = held, ...mutes: readonly Mute[]): string => `
${begins(`(${seen(family)} == 1)`, mutes)}
or
${stillHeld(alert, last, seenAtOf(held), s)}`;
  /** Since when a day of holding is counted: not since the alert began, or a gap in the second day of an outage would end it at once. */
  const lastSeen = (family: string, held: string, identity: readonly string[]): RecordingRule => ({
    record: seenAtOf(held),
    comment: 'When this was last weighed so, as Unix time.',
    expr: `
(${seen(family)} == 1) * time()
or
(${seenAtOf(held)} and ${held})
or
0 * ${held} + time()`,
    identity,
  });
  /** No replica has weighed anything while this has no sample. */
  const weighed: Sight = { series: `cinder_creations_failing{${s.selector}}`, labels: [], is: '>= 0' };
  const read: Sight = { series: `cinder_operations_judged{${s.selector}}`, labels: [] };
  const known = `(max without (${s.replica_labels}) (max_over_time(cinder_up{${s.selector}}[${s.hold_for}])) == 1)`;
  const made = seen('cinder_backend_last_creation_timestamp_seconds');
  const madeAnywhere = `max without (${s.replica_labels}, host, backend) (cinder_backend_last_creation_timestamp_seconds{${s.selector}})`;
  /** When a volume was last made, 0 for never, where creations fail; it stands until a later one is made, and only with `stands`. */
  const untilMade = (record: string, failing: string, last: string, stands: string): string => `
(
  ${last}
  or
  0 * ${seen(failing)}
)
and
(${seen(failing)} == 1)
or
(
  ${record}
  unless
  (${last} > ${record})
  and
  ${stands}
)`;
  return [
    {
      record: CREATIONS_FAILING,
      comment:
        'The backends on which creations failed when they were last weighed, and when a volume had last been made on each, as Unix time; 0 for never. ' +
        'They stand until a later one is made: neither an exporter that is blind or was restarted, nor users who no longer ask, ends it. ' +
        'Nor does what is worse; the wish of an operator does.',
      expr: untilMade(
        CREATIONS_FAILING,
        'cinder_backend_creations_failing',
        made,
        `(max without (condition) (${CONDITION}{condition!~"frozen|disabled"}) == 1)`,
      ),
      identity: ['host', 'backend'],
    },
    lastSeen('cinder_backend_creations_failing', CREATIONS_FAILING, ['host', 'backend']),
    {
      record: CLOUD_FAILING,
      comment: 'The same of the whole cloud, until anything is made.',
      expr: untilMade(CLOUD_FAILING, 'cinder_creations_failing', madeAnywhere, known),
      identity: [],
    },
    lastSeen('cinder_creations_failing', CLOUD_FAILING, []),
    {
      record: TYPE_FAILING,
      comment:
        'The volume types of which creations failed when they were last weighed, until one is seen to be made, or no backend that is enabled serves it.',
      expr: `
(${seen('cinder_volume_type_creations_failing')} == 1)
or
(
  ${TYPE_FAILING}
  unless
  (
    max without (${s.replica_labels}) (
      increase(cinder_volume_type_creations_seen_total{${s.selector}}[${s.creations_failing_for}])
    ) > 0
  )
  and
  group without (host) (${TYPE_USABLE})
)`,
      identity: ['volume_type'],
    },
    lastSeen('cinder_volume_type_creations_failing', TYPE_FAILING, ['volume_type']),
    {
      record: UNSCHEDULABLE,
      comment: 'The volume types that no backend fits, as last weighed; they stand while nothing is weighed.',
      expr: `
(${seen('cinder_volume_type_unschedulable')} == 1)
or
${whileBlind(UNSCHEDULABLE, ['volume_type'], weighed, s)}`,
      identity: ['volume_type'],
    },
    lastSeen('cinder_volume_type_unschedulable', UNSCHEDULABLE, ['volume_type']),
    {
      record: STUCK,
      comment:
        'How many volumes are too long in the status of an operation, as last read; it stands while that list cannot be read whole.',
      expr: `
(${seen('cinder_backend_operations_stuck')} > 0)
or
${whileBlind(STUCK, ['host', 'backend'], read, s)}`,
      identity: ['host', 'backend', 'operation'],
    },
    {
      alert: 'CinderBackendCreationsFailing',
      ...severe,
      component: 'backend',
      dashboard: BACKEND_DASHBOARD,
      comment: comment(
        'By weighed evidence: several requests of several projects. Does not begin beside the canary, which says the same of the backend, nor while all are out.',
      ),
      expr: failing(
        'CinderBackendCreationsFailing',
        'cinder_backend_creations_failing',
        CREATIONS_FAILING,
        `(${CREATIONS_FAILING} * 0 + 1)`,
        { ignoring: '', expr: CANARY_FAILS },
        whileAllDown('host', 'backend'),
      ),
      for: s.creations_failing_for,
      summary: 'Cinder can no longer make volumes on a storage backend.',
      description:
        'On {{ $labels.host }} the driver fails to make volumes of several projects, or their creation hangs. None has been made since.' +
        hitSentences(s.replica_labels) +
        wouldPage,
    },
    {
      alert: 'CinderVolumeCreationsFailing',
      ...severe,
      comment: comment('One for all volume types that fail together; then none of them has a ticket of its own.'),
      expr: failing(
        'CinderVolumeCreationsFailing',
        'cinder_creations_failing',
        CLOUD_FAILING,
        `(${CLOUD_FAILING} * 0 + 1)`,
      ),
      for: s.creations_failing_for,
      summary: 'Cinder can no longer make volumes of types on different backends.',
      description: `Creations fail on backends that have nothing in common: the image service, the scheduler or the network of the cloud is at fault, and no array.${wouldPage}`,
    },
    {
      alert: 'CinderVolumeTypeFailing',
      ...ticket,
      expr: failing('CinderVolumeTypeFailing', 'cinder_volume_type_creations_failing', TYPE_FAILING),
      for: s.creations_failing_for,
      summary: 'Cinder can no longer make volumes of a type.',
      description:
        'Several requests of several projects for volumes of type {{ $labels.volume_type }} failed, and none was made since, although an enabled backend with room serves it.',
    },
    {
      alert: 'CinderVolumeTypeUnschedulable',
      ...ticket,
      expr: failing('CinderVolumeTypeUnschedulable', 'cinder_volume_type_unschedulable', UNSCHEDULABLE),
      for: s.creations_failing_for,
      summary: 'No Cinder backend fits a volume type that is asked for.',
      description:
        'Users ask for volumes of type {{ $labels.volume_type }}, and no backend has what its extra specs demand.',
    },
    {
      alert: 'CinderVolumeOperationsStuck',
      ...ticket,
      component: 'backend',
      dashboard: BACKEND_DASHBOARD,
      comment: 'Not beside an alert that explains it. What is older than 7 days is a left-over, and raises nothing.',
      expr: unlessMuted(
        'CinderVolumeOperationsStuck',
        `(${STUCK} > 0)`,
        { ignoring: 'operation', expr: OUT },
        {
          ignoring: 'operation',
          expr: `
  (${seen('cinder_backend_creations_failing')} == 1)
  or
  ${CREATIONS_FIRING}
`,
        },
      ),
      for: s.operations_stuck_for,
      summary: 'Cinder operations on volumes are stuck.',
      description:
        '{{ $value }} volumes of {{ $labels.host }} have been in status {{ $labels.operation }} for too long.',
    },
  ];
}
