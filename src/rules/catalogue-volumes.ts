import { remember, whileBlind, type Sight } from './memory.ts';
import { BACKENDS_DASHBOARD, type AlertingRule, type RecordingRule } from './rule.ts';
import type { RuleSettings } from './settings.ts';

/** What happens to volumes and backups of the whole cloud. They are counted slowly, so nothing here pages, and nothing fires where nothing is counted. */
export function volumeRules(s: RuleSettings): readonly (RecordingRule | AlertingRule)[] {
  const ticket = {
    component: 'service',
    severity: 'warning',
    keepFiringFor: s.ticket_keep_firing_for,
    dashboard: BACKENDS_DASHBOARD,
  } as const;
  /** How many there are in error, and how many more than before; status by status, so that one which was not counted then does not count as new. */
  const more = (family: string, window: string): readonly RecordingRule[] => {
    const errors = `${family}{${s.selector},status=~"error.*"}`;
    const sight: Sight = { series: errors, labels: [], is: '>= 0' };
    const [count, growth] = [countOf(family), growthOf(family)];
    return [
      {
        record: count,
        comment: 'How many are in error, as last counted.',
        expr: `
max without (${s.replica_labels}) (${errors})
or
${whileBlind(count, [], sight, s)}`,
        identity: ['status'],
      },
      {
        record: growth,
        comment: `How many more than ${window} ago; as it last was while nothing is counted.`,
        expr: remember(
          growth,
          `
sum without (status) (
  max without (${s.replica_labels}) (${errors})
  -
  ${count} offset ${window}
)`,
          [],
          { ...sight, labels: ['status'] },
          s,
        ),
        identity: [],
      },
    ];
  };
  return [
    ...more('cinder_volumes', s.error_volumes_window),
    {
      alert: 'CinderErrorVolumesGrowing',
      ...ticket,
      comment: 'What has been in error for long raises nothing, and what is cleaned up is taken off.',
      expr: `${growthOf('cinder_volumes')} >= ${s.error_volumes_growth}`,
      for: s.error_volumes_for,
      summary: 'The number of Cinder volumes in error grows.',
      description: `{{ $value }} more volumes are in error than ${s.error_volumes_window} ago. Users cannot make, extend or delete volumes, or their images are at fault.`,
    },
    ...more('cinder_backups', s.backups_failing_window),
    {
      alert: 'CinderBackupsFailing',
      ...ticket,
      comment: 'Backups that failed long ago raise nothing.',
      expr: `${growthOf('cinder_backups')} >= ${s.backups_failing_growth}`,
      for: s.backups_failing_for,
      summary: 'The backups of Cinder volumes fail.',
      description: `{{ $value }} more backups are in error than ${s.backups_failing_window} ago: these volumes have no new backup.`,
    },
  ];
}

const countOf = (family: string): string => `${family.replace('_', ':')}_in_error:last_known`;
const growthOf = (family: string): string => `${family.replace('_', ':')}_in_error_growth:last_known`;
