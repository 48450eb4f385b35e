import {
  ageExpression,
  whileAllDown,
  CANARY_FAILING,
  CONDITION,
  CREATIONS_FIRING,
  remember,
  unlessMuted,
  untilSeen,
} from './memory.ts';
import {
  BACKEND_DASHBOARD,
  BACKENDS_DASHBOARD,
  howItFailed,
  type RecordingRule,
  type RuleGroup,
  hitSentences,
} from './rule.ts';
import { secondsOf } from '../duration.ts';
import type { RuleSettings } from './settings.ts';

const LEAKED = 'cinder:canary_leaked_volumes:last_known';
const TOOK = 'cinder:canary_duration_seconds:last_known';

/** What is remembered of the canary, before the alerts that look at it. */
export function canaryMemory(s: RuleSettings): RecordingRule {
  const family = (name: string): string => `max without (${s.replica_labels}) (${name}{${s.selector}})`;
  const identity = ['host', 'backend', 'volume_type'];
  const fresh = `${family('cinder_canary_failing')}
or
(
  ${CANARY_FAILING}
  and ignoring (host, backend) ${family('cinder_canary_interval_seconds')}
  unless ignoring (host, backend) ${family('cinder_canary_failing')}
)`;
  const sight = { series: `cinder_up{${s.selector}}`, labels: [] };
  return {
    record: CANARY_FAILING,
    comment:
      'Whether rounds of the canary fail in a row by the fault of the storage, as it was last known: a restart of the exporter, which knows nothing of ' +
      'the rounds before it, ends no page. What is known of the volume type under another backend does.',
    expr: remember(CANARY_FAILING, fresh, identity, sight, s),
    identity,
  };
}

/** What the canary finds, and what is wrong with itself. Nothing here fires where there is none. */
export function canaryRules(s: RuleSettings): RuleGroup {
  const ticket = {
    severity: 'warning',
    keepFiringFor: s.ticket_keep_firing_for,
    dashboard: BACKENDS_DASHBOARD,
  } as const;
  const folded = (expr: string): string => `max without (${s.replica_labels}) (${expr})`;
  const family = (name: string, matchers = ''): string => folded(`${name}{${s.selector}${matchers}}`);
  const duration = `cinder_canary_duration_seconds{${s.selector},phase!="look"}`;
  const blind = `${family('cinder_up')} == 0`;
  const failing = `max without (host, backend) (${CANARY_FAILING} == 1)`;
  return {
    name: 'cinder-canary',
    comment: 'The canary: a volume that the exporter makes and takes away. Nothing where none is configured.',
    interval: s.interval,
    rules: [
      {
        alert: 'CinderCanaryFailing',
        severity: 'critical',
        component: 'backend',
        keepFiringFor: s.canary_failing_keep_firing_for,
        dashboard: BACKEND_DASHBOARD,
        comment:
          'Two rounds in a row that point at the storage. It does not begin while something says more of the same backend, or the same.',
        expr: unlessMuted(
          'CinderCanaryFailing',
          `(${CANARY_FAILING} == 1)`,
          whileAllDown('host', 'backend', 'volume_type'),
          {
            ignoring: 'volume_type',
            expr: `max without (condition) (${CONDITION}{condition=~"service_down|down|stale|unresponsive|disabled|frozen"} == 1)`,
          },
          ...(s.evidence_pages === 'yes' ? [{ ignoring: 'volume_type', expr: CREATIONS_FIRING }] : []),
        ),
        for: s.canary_failing_for,
        summary: 'Cinder cannot make or delete volumes on a storage backend.',
        description:
          'It is the storage that fails: twice or more, with no success between, no volume of the type {{ $labels.volume_type }} could be made, used, and taken away again.' +
          howItFailed(s.replica_labels, true) +
          hitSentences(s.replica_labels),
      },
      {
        record: TOOK,
        comment:
          'How long each phase of the last round took, as last known: an exporter that was restarted has made none yet.',
        expr: remember(
          TOOK,
          `
${folded(duration)}
or
(
  ${TOOK}
  and ignoring (phase) ${family('cinder_canary_interval_seconds')}
  unless ignoring (phase) ${folded(duration)}
)`,
          ['volume_type', 'phase'],
          { series: `cinder_up{${s.selector}}`, labels: [] },
          s,
        ),
        identity: ['volume_type', 'phase'],
      },
      {
        alert: 'CinderCanarySlow',
        ...ticket,
        component: 'backend',
        comment: 'Against its own median, so that slow storage is no fault of its own.',
        expr: `
${TOOK}
>
${s.canary_slow_factor} * ${folded(`quantile_over_time(0.5, ${duration}[${s.canary_slow_window}])`)}
and
${TOOK} > ${secondsOf(s.canary_slow_least)}
unless ignoring (phase)
(${failing})`,
        for: s.canary_slow_for,
        summary: 'A volume takes far longer to make or delete than before.',
        description: `The phase {{ $labels.phase }} of the canary takes {{ $value | humanizeDuration }} for the volume type {{ $labels.volume_type }}, more than ${s.canary_slow_factor} times its median of ${s.canary_slow_window}.`,
      },
      {
        record: LEAKED,
        comment:
          'How many volumes of the canary are left, as last known: an exporter that was restarted has not looked yet.',
        expr: remember(
          LEAKED,
          `
${family('cinder_canary_leaked_volumes')}
or
(${LEAKED} and ${family('cinder_canary_interval_seconds')})`,
          ['volume_type'],
          { series: `cinder_up{${s.selector}}`, labels: [] },
          s,
        ),
        identity: ['volume_type'],
      },
      {
        alert: 'CinderCanaryLeaking',
        ...ticket,
        component: 'service',
        expr: `${LEAKED} > 0`,
        for: s.canary_leaking_for,
        summary: 'The volumes of the canary cannot be deleted.',
        description:
          '{{ $value }} volumes of the canary of the type {{ $labels.volume_type }} are left, and it cannot delete them. When three are left, it makes no more. An administrator sets their status.',
      },
      {
        alert: 'CinderCanaryNotRunning',
        ...ticket,
        component: 'exporter',
        comment:
          'Not while somebody wants it so, nor while another alert says why. A clock of the exporter that is off makes no round old. A round that fails by the fault of the API, the network, a scheduler or a quota tells nothing of the storage.',
        expr: `
(
  (
    ${ageExpression(`cinder_canary_last_run_timestamp_seconds{${s.selector}}`, 'volume_type', s)}
    >
    ${s.canary_not_running_intervals} * ${family('cinder_canary_interval_seconds')}
  )
  or
  (${family('cinder_canary_interval_seconds')} unless ${family('cinder_canary_last_run_timestamp_seconds')})
  or
  (${family('cinder_canary_success')} == 0 unless (${failing}))
)
unless
(max without (${s.replica_labels}, why) (cinder_canary_paused{${s.selector},why=~"switch|backends|scheduler|left_overs"}) == 1)
unless ignoring (volume_type)
(${blind})
or
${untilSeen('CinderCanaryNotRunning', ['volume_type'], s)}`,
        for: s.canary_not_running_for,
        summary: 'The canary does not tell whether volumes can be made.',
        description:
          'No round of the canary with the volume type {{ $labels.volume_type }} has told for a while whether volumes can be made and deleted.' +
          howItFailed(s.replica_labels, false),
      },
    ],
  };
}
