import { CONDITION } from './memory.ts';
import { BACKENDS_DASHBOARD, type AlertingRule, type RecordingRule } from './rule.ts';
import type { Settings } from './settings.ts';

const USABLE = 'cinder:backend_usable:bool';
const TYPE_USABLE = 'cinder:volume_type_backend_usable:bool';

/** What several backends together mean: nothing left at all, or nothing left for a volume type. */
export function wholeRules(s: Settings): readonly (RecordingRule | AlertingRule)[] {
  const page = { component: 'backend', severity: 'critical', dashboard: BACKENDS_DASHBOARD } as const;
  return [
    {
      record: USABLE,
      comment:
        '0 for a backend that is known to be out, 1 for one that is not, no series for one that was disabled or frozen on purpose. ' +
        'Unknown is not out. Stale counts only when it lasts, because all backends are stale for a moment when a message bus comes back.',
      expr: `
0 * max without (condition) (
  (${CONDITION}{condition=~"down|service_down"} == 1)
  or
  (min_over_time(${CONDITION}{condition="stale"}[${s.stale_settle}]) == 1)
)
or
max without (condition) (${CONDITION}{condition!~"frozen|disabled"} == 1)`,
      identity: ['host', 'backend'],
    },
    {
      record: TYPE_USABLE,
      comment:
        'The same for each backend of each volume type; which backends those are is remembered through a restart of the exporter.',
      expr: `
max without (${s.replica_labels}) (last_over_time(cinder_volume_type_backend_info{${s.selector}}[${s.volume_type_memory}]))
* ignoring (volume_type, backend) group_left ()
${USABLE}`,
      identity: ['volume_type', 'host'],
    },
    {
      alert: 'CinderAllBackendsDown',
      ...page,
      keepFiringFor: s.all_backends_down_keep_firing_for,
      comment:
        'Two or more are out, and none that is meant to serve is left. A single one has its own page, which says more. ' +
        'It comes before the alerts that it mutes in Alertmanager, and outlives them, because backends go down and come back up to a minute apart.',
      expr: `
(max without (host, backend) (${USABLE}) == 0)
and
(count without (host, backend) (${USABLE}) > 1)`,
      for: s.all_backends_down_for,
      summary: 'No Cinder storage backend is usable.',
      description:
        'All Cinder backends that {{ $labels.job }} sees, except those disabled or frozen on purpose, are down, stale or without their service.',
    },
    {
      alert: 'CinderVolumeTypeDown',
      ...page,
      keepFiringFor: s.ticket_keep_firing_for,
      comment:
        'None of its backends is usable. When only one is out, the alert carries its host, and Alertmanager mutes it while that backend pages: one cause, one page. ' +
        'Types whose backends were all disabled or frozen on purpose do not page.',
      expr: `
(
  (max without (host) (${TYPE_USABLE}) == 0)
  and
  (count without (host) (${TYPE_USABLE}) > 1)
)
or
(
  (${TYPE_USABLE} == 0)
  and ignoring (host)
  (count without (host) (${TYPE_USABLE}) == 1)
)`,
      for: s.volume_type_down_for,
      summary: 'No usable storage backend is left for a Cinder volume type.',
      description:
        'Every backend that can serve volume type {{ $labels.volume_type }} is out; creating such volumes fails.',
    },
  ];
}
