import { BACKENDS_DASHBOARD, type AlertingRule } from './rule.ts';
import type { RuleSettings } from './settings.ts';

/** What happens to volumes and backups of the whole cloud. They are counted slowly, so nothing here pages, and nothing fires where nothing is counted. */
export function volumeRules(s: RuleSettings): readonly AlertingRule[] {
  const ticket = {
    component: 'service',
    severity: 'warning',
    keepFiringFor: s.ticket_keep_firing_for,
    dashboard: BACKENDS_DASHBOARD,
  } as const;
  /** How many more there are than before; status by status, so that one which was not counted then does not count as new. */
  const more = (family: string, window: string): string => {
    const errors = `${family}{${s.selector},status=~"error.*"}`;
    return `
sum without (status) (
  max without (${s.replica_labels}) (${errors})
  -
  max without (${s.replica_labels}) (${errors} offset ${window})
)`;
  };
  return [
    {
      alert: 'CinderErrorVolumesGrowing',
      ...ticket,
      comment: 'What has been in error for long raises nothing, and what is cleaned up is taken off.',
      expr: `${more('cinder_volumes', s.error_volumes_window)} >= ${s.error_volumes_growth}`,
      for: s.error_volumes_for,
      summary: 'The number of Cinder volumes in error grows.',
      description: `{{ $value }} more volumes are in error than ${s.error_volumes_window} ago. Users cannot make, extend or delete volumes, or their images are at fault.`,
    },
    {
      alert: 'CinderBackupsFailing',
      ...ticket,
      comment: 'Backups that failed long ago raise nothing.',
      expr: `${more('cinder_backups', s.backups_failing_window)} >= ${s.backups_failing_growth}`,
      for: s.backups_failing_for,
      summary: 'The backups of Cinder volumes fail.',
      description: `{{ $value }} more backups are in error than ${s.backups_failing_window} ago: what they were to protect is not protected.`,
    },
  ];
}
