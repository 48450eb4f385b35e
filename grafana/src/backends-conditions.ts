import { StackingConfigBuilder, StackingMode } from '@grafana/grafana-foundation-sdk/common';
import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { conditionCode } from '../../src/cinder/conditions.ts';
import { conditionCount, conditionNumbers } from './backend-queries.ts';
import { CODED_CONDITIONS, CONDITION_COLOURS, conditionMappings } from './conditions.ts';
import { BAD, GOOD, flagMapping } from './mapping.ts';
import { stat, steps, timeline, timeseries } from './panels.ts';
import { max, select } from './promql.ts';
import { now, range } from './targets.ts';

/** Can the exporter read Cinder at all? */
export function apiState(): StatBuilder {
  return stat({
    title: 'Cinder API',
    description:
      'Whether the last refresh of any exporter read the service list. While it does not, the rest of this page is as it was up to five minutes ago, then empty: see the dashboard Cinder / Exporter.',
    unit: 'none',
  })
    .mappings(flagMapping({ text: 'answers', color: GOOD }, { text: 'does not answer', color: BAD }))
    .withTarget(now(max('', select('cinder_up')), '{{cloud}}'));
}

/** How many backends are in each condition. */
export function conditionCounts(): StatBuilder {
  const panel = stat({
    title: 'Backends by condition',
    description:
      'How many of the chosen backends are in each condition, the worst first. Coloured when one is in trouble.',
    unit: 'none',
  }).decimals(0);
  for (const { condition, code, words } of CODED_CONDITIONS) {
    panel.withTarget(now(conditionCount(code), words));
    // What an administrator wanted, and what is up, would outshine what is not.
    if (code <= conditionCode('frozen')) continue;
    panel.overrideByName(words, [
      { id: 'thresholds', value: steps('transparent', [1, CONDITION_COLOURS[condition]]).build() },
    ]);
  }
  return panel;
}

/** A bar for each backend. */
export function conditionTimeline(): TimelineBuilder {
  const panel = timeline({
    title: 'Condition of every backend',
    description:
      'One bar for each backend that was not up all the time, or for all of them, the worst first, in the same colours as everywhere: red tones are what pages. A gap means that nothing was known. "Up, assumed" means that the driver never says, and Cinder takes it for up.',
    unit: 'none',
  })
    .mappings(conditionMappings())
    .interval('1m')
    .noValue('No backend to show in this time range: “Timeline” above chooses which');
  for (const expr of conditionNumbers(true)) panel.withTarget(range(expr, '{{host}} {{_cloud}}'));
  return panel;
}

/** The counts over time: the picture when there are more backends than bars fit. */
export function conditionHistory(): TimeseriesBuilder {
  const panel = timeseries({
    title: 'Backends by condition over time',
    description:
      'How many of the chosen backends were in each condition; zones are not filtered here. The sum falls when backends vanish from the service list, or nothing can be read.',
    unit: 'none',
  })
    .interval('1m')
    .decimals(0)
    .min(0)
    .fillOpacity(70)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  for (const expr of conditionNumbers(false)) panel.withTarget(range(`count_values("code", ${expr})`, '{{code}}'));
  for (const { condition, code, words } of CODED_CONDITIONS) {
    panel.overrideByName(String(code), [
      { id: 'displayName', value: words },
      { id: 'color', value: { mode: 'fixed', fixedColor: CONDITION_COLOURS[condition] } },
    ]);
  }
  return panel;
}
