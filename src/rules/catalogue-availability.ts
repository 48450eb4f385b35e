import { CONDITION_TABLE, CONDITIONS, type Severity } from '../cinder/conditions.ts';
import { parseDuration } from '../duration.ts';
import { CONDITION, HELD } from './memory.ts';
import type { RuleGroup } from './rule.ts';
import type { RuleSettings } from './settings.ts';

const OBSERVED = 'cinder:backend_observed:bool';
const AVAILABLE = 'cinder:backend_available:bool';
const TYPE_AVAILABLE = 'cinder:volume_type_available:bool';

/** How available each backend and volume type was, in the words of the report: gaps, `unknown` and held conditions are not observed, what an administrator wanted is no outage. */
export function availabilityRules(s: RuleSettings): readonly RuleGroup[] {
  const one = (...severities: readonly Severity[]): string => {
    const names = CONDITIONS.filter((condition) => severities.includes(CONDITION_TABLE[condition].severity));
    return `max without (condition) (${CONDITION}{condition=~"${names.join('|')}"} == 1)`;
  };
  const servers = `max without (${s.replica_labels}) (last_over_time(cinder_volume_type_backend_info{${s.selector}}[${s.volume_type_memory}]))`;
  const ofType = `max without (host) (
  ${servers}
  * ignoring (volume_type, backend) group_left ()
  ${AVAILABLE}
)`;
  const average = (series: string, window: string): string => `avg_over_time(${series}[${window}])`;
  const evaluations = (parseDuration(s.availability_month) ?? 0) / (parseDuration(s.capacity_interval) ?? 1);
  const minutes: RuleGroup = {
    name: 'cinder-availability',
    comment: 'Availability, to the minute; the report reads the conditions themselves.',
    interval: s.capacity_interval,
    rules: [
      {
        record: OBSERVED,
        comment:
          '1 while somebody reads the service list and the condition of a backend is known. In all other time there is no series.',
        expr: `
group without (condition) (${CONDITION}{condition!="unknown"} == 1)
unless ${HELD}
and ignoring (host, backend) (max without (${s.replica_labels}) (cinder_up{${s.selector}}) == 1)`,
        identity: ['host', 'backend'],
      },
      {
        record: AVAILABLE,
        comment:
          '1 while a backend is usable, 0 while it is not; no series while it is not observed, disabled or frozen.',
        expr: `
(
  ${one('ok', 'warning')}
  or
  0 * ${one('critical')}
)
and ${OBSERVED}`,
        identity: ['host', 'backend'],
      },
      {
        record: TYPE_AVAILABLE,
        comment:
          '1 while a backend of a volume type is usable. 0 while none is and all are observed. With only some observed there is no series.',
        expr: `
(
  ${ofType} == 1
)
or
${ofType}
unless
group without (host) (
  ${servers}
  unless ignoring (volume_type, backend) ${OBSERVED}
)`,
        identity: ['volume_type'],
      },
      {
        record: 'cinder:backend_available:avg_day',
        comment: 'The share of the observed time in which a backend was usable.',
        expr: average(AVAILABLE, s.availability_day),
        identity: ['host', 'backend'],
      },
      {
        record: 'cinder:volume_type_available:avg_day',
        comment: 'The share of the observed time in which a volume type had a usable backend.',
        expr: average(TYPE_AVAILABLE, s.availability_day),
        identity: ['volume_type'],
      },
    ],
  };
  const months: RuleGroup = {
    name: 'cinder-availability-month',
    comment:
      'Averages of a month. Each reads all samples of a month, so it is made less often than Prometheus looks back: ask for `last_over_time(NAME[30m])`. A window that is longer than the data has the average of what is there.',
    interval: s.availability_interval,
    rules: [
      {
        record: 'cinder:backend_available:avg_month',
        comment: 'The share of the observed time in which a backend was usable: what a target is compared with.',
        expr: average(AVAILABLE, s.availability_month),
        identity: ['host', 'backend'],
      },
      {
        record: 'cinder:backend_observed:ratio_month',
        comment: 'The share of that window in which the backend was observed at all.',
        expr: `count_over_time(${OBSERVED}[${s.availability_month}]) / ${evaluations}`,
        identity: ['host', 'backend'],
      },
      {
        record: 'cinder:volume_type_available:avg_month',
        comment: 'The same of a volume type.',
        expr: average(TYPE_AVAILABLE, s.availability_month),
        identity: ['volume_type'],
      },
    ],
  };
  return [minutes, months];
}
