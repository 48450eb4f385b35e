import { unlessMuted } from './memory.ts';
import { BACKEND_DASHBOARD, BACKENDS_DASHBOARD, type AlertingRule } from './rule.ts';
import type { RuleSettings } from './settings.ts';

/** Conditions that say by themselves why nothing comes to its end on a backend, and page. */
const OUT = 'down|service_down|stale|unresponsive|failing|unknown';

/**
 * What operations on volumes tell, where the collector `operations` is on. The exporter weighs them (src/cinder/weigh.ts) and leaves out whatever explains
 * them: a backend that is out, disabled, failed over or full.
 */
export function operationRules(s: RuleSettings): readonly AlertingRule[] {
  const ticket = {
    component: 'service',
    severity: 'warning',
    keepFiringFor: s.ticket_keep_firing_for,
    dashboard: BACKENDS_DASHBOARD,
  } as const;
  const pages = s.evidence_pages === 'yes';
  const severe = pages ? ({ ...ticket, severity: 'critical', keepFiringFor: s.page_keep_firing_for } as const) : ticket;
  const wouldPage = pages ? '' : ' With evidence_pages=yes this would have paged.';
  const seen = (family: string): string => `max without (${s.replica_labels}) (${family}{${s.selector}})`;
  return [
    {
      alert: 'CinderBackendCreationsFailing',
      ...severe,
      component: 'backend',
      dashboard: BACKEND_DASHBOARD,
      comment:
        'By weighed evidence: a ticket as long as evidence_pages is no. `count_over_time(ALERTS{alertname="CinderBackendCreationsFailing",alertstate="firing"}[30d])` has what would have paged.',
      expr: `\n${seen('cinder_backend_creations_failing')} == 1`,
      for: s.creations_failing_for,
      summary: 'Cinder can no longer make volumes on a storage backend.',
      description: `On {{ $labels.host }} the driver fails to make volumes of several projects, or their creation hangs, and none has been made since. Its condition shows nothing of it.${wouldPage}`,
    },
    {
      alert: 'CinderVolumeCreationsFailing',
      ...severe,
      comment: 'One for all volume types that fail together; then none of them has a ticket of its own.',
      expr: `\n${seen('cinder_creations_failing')} == 1`,
      for: s.creations_failing_for,
      summary: 'Cinder can no longer make volumes of types on different backends.',
      description: `Creations fail on backends that have nothing in common: the image service, the scheduler or the network of the cloud is at fault, and no array.${wouldPage}`,
    },
    {
      alert: 'CinderVolumeTypeFailing',
      ...ticket,
      expr: `\n${seen('cinder_volume_type_creations_failing')} == 1`,
      for: s.creations_failing_for,
      summary: 'Cinder can no longer make volumes of a type.',
      description:
        'Several requests of several projects for volumes of type {{ $labels.volume_type }} failed, and none was made since, although an enabled backend with room serves it.',
    },
    {
      alert: 'CinderVolumeTypeUnschedulable',
      ...ticket,
      expr: `\n${seen('cinder_volume_type_unschedulable')} == 1`,
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
        `(${seen('cinder_backend_operations_stuck')} > 0)`,
        {
          ignoring: 'operation',
          expr: `max without (${s.replica_labels}, condition) (cinder_backend_condition{${s.selector},condition=~"${OUT}"}) == 1`,
        },
        { ignoring: 'operation', expr: `${seen('cinder_backend_creations_failing')} == 1` },
      ),
      for: s.operations_stuck_for,
      summary: 'The operations on Cinder volumes do not come to their end.',
      description:
        '{{ $value }} volumes of {{ $labels.host }} are in status {{ $labels.operation }} for longer than that may last.',
    },
  ];
}
