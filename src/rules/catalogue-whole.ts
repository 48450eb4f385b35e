import {
  ALL_DOWN,
  whileAllDown,
  CANARY_FAILS,
  CONDITION,
  CREATIONS_FIRING,
  FAILING_BY_CREATIONS,
  HOST_DOWN,
  NONE_ANSWERS,
  whileNoneAnswers,
  onDeadHost,
  unlessMuted,
  whileBlind,
  whileFiring,
} from './memory.ts';
import { BACKENDS_DASHBOARD, type AlertingRule, type RecordingRule } from './rule.ts';
import type { RuleSettings } from './settings.ts';

const USABLE = 'cinder:backend_usable:bool';
export const TYPE_USABLE = 'cinder:volume_type_backend_usable:bool';

/** What several backends together mean: nothing left at all, on a host, or for a volume type. Stands after CinderBackendStateUnknown. */
export function wholeRules(s: RuleSettings): readonly (RecordingRule | AlertingRule)[] {
  const page = { component: 'backend', severity: 'critical', dashboard: BACKENDS_DASHBOARD } as const;
  const pages = s.evidence_pages === 'yes';
  const failing = `${CONDITION}{condition="failing"} == 1`;
  const evidence = pages ? `or\n0 * (${CREATIONS_FIRING})\n` : '';
  const typeDown = `(
  (max without (host) (${TYPE_USABLE}) == 0)
  and
  (count without (host) (${TYPE_USABLE}) > 1)
)`;
  const typeDownWithHost = `(
  (${TYPE_USABLE} == 0)
  and ignoring (host)
  (count without (host) (${TYPE_USABLE}) == 1)
)`;
  /** Types with backends on dead hosts only. */
  const explained = `
  group without (host) (${TYPE_USABLE})
  unless
  group without (host) (${TYPE_USABLE} unless ignoring (volume_type, backend, node) (${onDeadHost()}))
`;
  return [
    {
      record: USABLE,
      comment:
        '0 for a backend that is known to be out, 1 for one that is not, no series for one that was disabled or frozen on purpose. ' +
        'Unknown is out when it lasts, as CinderBackendStateUnknown says. ' +
        'Stale counts only when it lasts, because all backends are stale for a moment when a message bus comes back. ' +
        'What the canary found counts until it finds something else, though an exporter that was restarted does not know it. ' +
        (pages
          ? 'What operations tell counts as long as its alert fires.'
          : 'What operations tell does not count, because evidence_pages is no.'),
      expr: `
0 * max without (condition) (
  (${CONDITION}{condition=~"down|service_down|unresponsive"} == 1)
  or
  (${failing}${pages ? '' : ` unless ignoring (condition) ${FAILING_BY_CREATIONS}`})
  or
  (min_over_time(${CONDITION}{condition="stale"}[${s.stale_settle}]) == 1)
  or
  (${whileFiring('CinderBackendStateUnknown', `(${CONDITION}{condition="unknown"} == 1)`)})
)
${evidence}or
0 * ${CANARY_FAILS}
and
max without (condition) (${CONDITION}{condition!~"frozen|disabled"} == 1)
or
max without (condition) (${CONDITION}{condition!~"frozen|disabled"} == 1)`,
      identity: ['host', 'backend'],
    },
    {
      record: TYPE_USABLE,
      comment:
        'The same for each backend of each volume type; which backends those are is remembered through a restart of the exporter, and while it is away.',
      expr: `
(
  max without (${s.replica_labels}) (last_over_time(cinder_volume_type_backend_info{${s.selector}}[${s.volume_type_memory}]))
  or
  group without () ${whileBlind(TYPE_USABLE, ['volume_type', 'host'], { series: `cinder_up{${s.selector}}`, labels: [] }, s)}
)
* ignoring (volume_type, backend) group_left ()
${USABLE}`,
      identity: ['volume_type', 'host'],
    },
    {
      record: ALL_DOWN,
      comment:
        'Two or more backends are out, and none that is meant to serve is left. A single one has its own page, which says more.',
      expr: `
(max without (host, backend) (${USABLE}) == bool 0)
*
(count without (host, backend) (${USABLE}) > bool 1)`,
      identity: [],
    },
    {
      record: HOST_DOWN,
      comment:
        'The backends without service of a host (node) on which none that is enabled has one, two or more. The host is what stands before the @.',
      expr: `
${onNode(`max without (condition) (${CONDITION}{condition="service_down",host=~".+@.+"} == 1)`)}
and ignoring (host, backend)
(
  count without (host, backend) (
    ${onNode(`max without (condition) (${CONDITION}{condition="service_down",host=~".+@.+"} == 1)`)}
  ) > 1
)
unless ignoring (host, backend)
group without (host, backend) (
  ${onNode(`max without (condition) (${CONDITION}{condition!~"frozen|disabled|service_down",host=~".+@.+"} == 1)`)}
)`,
      identity: ['host', 'backend', 'node'],
    },
    {
      alert: 'CinderVolumeServicesUnresponsive',
      ...page,
      keepFiringFor: s.volume_services_unresponsive_keep_firing_for,
      comment:
        'One page for all: two or more are unresponsive, and of all that were asked since none has answered. It comes before the alerts about ' +
        'single backends, types and all backends, which do not begin beside it.',
      expr: unlessMuted('CinderVolumeServicesUnresponsive', `(${NONE_ANSWERS} == 1)`, whileAllDown()),
      for: s.volume_services_unresponsive_for,
      summary: 'No cinder-volume service answers any more.',
      description:
        'The cinder-volume services that {{ $labels.job }} sees send heartbeats and driver stats, and the scheduler answers. But none of those that were asked answers: each left two requests in a row open for a minute. ' +
        'No volume can be created, attached or deleted there.',
    },
    {
      alert: 'CinderAllBackendsDown',
      ...page,
      keepFiringFor: s.all_backends_down_keep_firing_for,
      comment:
        'It comes before the alerts that it mutes, and outlives them, because backends go down and come back up to a minute apart. ' +
        'It mutes what does not fire yet, and only while it is so: what is still out afterwards pages for itself.',
      expr: unlessMuted('CinderAllBackendsDown', `(${ALL_DOWN} == 1)`, whileNoneAnswers()),
      for: s.all_backends_down_for,
      summary: 'No Cinder storage backend is usable.',
      description:
        'All Cinder backends that {{ $labels.job }} sees, except those disabled or frozen on purpose, are down, stale, unresponsive, failing, unknown or without their service.',
    },
    {
      alert: 'CinderVolumeTypeDown',
      ...page,
      keepFiringFor: s.ticket_keep_firing_for,
      comment:
        'None of its backends is usable. When only one is out, the alert carries its host, and Alertmanager mutes it while that backend pages: one cause, one page. ' +
        'Nor does it begin while all backends are out, or the host of all its backends is down. ' +
        'Types whose backends were all disabled or frozen on purpose do not page.',
      expr: `${unlessMuted('CinderVolumeTypeDown', typeDown, whileAllDown('volume_type'), whileNoneAnswers('volume_type'), { ignoring: '', expr: explained })}
or${unlessMuted('CinderVolumeTypeDown', typeDownWithHost, whileAllDown('volume_type', 'host'), whileNoneAnswers('volume_type', 'host'), { ignoring: 'host', expr: explained })}`,
      for: s.volume_type_down_for,
      summary: 'No usable storage backend is left for a Cinder volume type.',
      description:
        'Every backend that can serve volume type {{ $labels.volume_type }} is out; creating such volumes fails.',
    },
  ];
}

/** The backends of `expr`, each with the label `node`: what stands before the @ of its host. */
function onNode(expr: string): string {
  return `label_replace(${expr}, "node", "$1", "host", "([^@]+)@.+")`;
}
