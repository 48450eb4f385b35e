import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { decimals, filled, mapped, showColumns, unit } from './columns.ts';
import { LEGEND, REPLICA, perCloud } from './exporter-queries.ts';
import { BAD, GOOD, flagMapping } from './mapping.ts';
import { tablePanel, timeline, timeseries } from './panels.ts';
import { age } from './promql.ts';
import { range, table } from './targets.ts';

const OF = `${REPLICA}, collector`;
const SUCCESS = flagMapping({ text: 'succeeds', color: GOOD }, { text: 'fails', color: BAD });

function collector(quantity: string): string {
  return `max by (${OF}) (${perCloud(`cinder_scrape_collector_${quantity}`)})`;
}

export function collectorTable(): TableBuilder {
  return showColumns(
    tablePanel({
      title: 'Collectors',
      description:
        'How the last run of each collector went, when one last succeeded, and how long the last one took. "services" needs the API, "pools" also a scheduler.',
      unit: 'none',
    })
      .withTarget(table(collector('success')))
      .withTarget(table(age(collector('last_success_timestamp_seconds'))))
      .withTarget(table(collector('duration_seconds'))),
    [
      { from: 'collector', header: 'Collector' },
      { from: 'instance', header: 'Instance' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value #A', header: 'Last run', width: 110, look: [filled(), mapped(SUCCESS)] },
      { from: 'Value #B', header: 'Last success', width: 130, look: [unit('s'), decimals(0)] },
      { from: 'Value #C', header: 'Duration', width: 110, look: [unit('s')] },
    ],
  );
}

export function collectorTimeline(): TimelineBuilder {
  return timeline({
    title: 'Collectors over time',
    description: 'Whether each collector succeeds. A gap: the exporter was not scraped.',
    unit: 'none',
  })
    .mappings(SUCCESS)
    .withTarget(range(collector('success'), `{{collector}} ${LEGEND}`));
}

export function collectorAges(): TimeseriesBuilder {
  return timeseries({
    title: 'Age of what each collector tells',
    description:
      'Since the last success. What is older than five minutes (or five intervals) is dropped, and the backends that depend on it become unknown.',
    unit: 's',
  })
    .min(0)
    .withTarget(range(age(collector('last_success_timestamp_seconds')), `{{collector}} ${LEGEND}`));
}

export function collectorDurations(): TimeseriesBuilder {
  return timeseries({
    title: 'Duration of each collector',
    description:
      'How long the last run took. One that needs a scheduler is waited for only a while; the request stays open.',
    unit: 's',
  })
    .min(0)
    .withTarget(range(collector('duration_seconds'), `{{collector}} ${LEGEND}`));
}
