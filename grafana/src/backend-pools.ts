import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { BAD, GOOD, flagMapping } from './mapping.ts';
import { steps, thresholdLines, timeline, timeseries } from './panels.ts';
import { age, max, min, select } from './promql.ts';
import { range } from './targets.ts';

/** The pools that the variables choose. */
export const POOLS = ['host="$host"', 'pool=~"$pool"'] as const;

export function poolTimeline(): TimelineBuilder {
  return timeline({
    title: 'State of each pool',
    description:
      'The state in the driver stats of each pool; up as well when the driver reports none. A gap: no stats, or a word that is neither up nor down.',
    unit: 'none',
  })
    .mappings(flagMapping({ text: 'up', color: GOOD }, { text: 'down', color: BAD }))
    .noValue('No state of a pool is known in this time range')
    .withTarget(range(min('pool', select('cinder_pool_state', ...POOLS)), '{{pool}} {{cloud}}'));
}

export function ageHistory(): TimeseriesBuilder {
  return timeseries({
    title: 'Age of the stats of each pool',
    description:
      'A saw-tooth of about a minute is normal. A line that climbs: the driver hangs or fails, although its service may be up. From the dashed line on the backend is stale.',
    unit: 's',
  })
    .min(0)
    .thresholds(steps('transparent', [300, BAD]))
    .thresholdsStyle(thresholdLines())
    .withTarget(range(age(max('pool', select('cinder_pool_stats_timestamp_seconds', ...POOLS))), '{{pool}} {{cloud}}'));
}
