import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { decimals, filled, limit, mapped, showColumns, unit } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { aboveZero, NOTHING } from './exporter-queries.ts';
import { BAD, CALM, flagMapping, GOOD, WARN } from './mapping.ts';
import { tablePanel, timeline, timeseries } from './panels.ts';
import { age, max, select } from './promql.ts';
import { range, table } from './targets.ts';
import { manyOf, targetVariables } from './variables.ts';

const RESULT = flagMapping({ text: 'well', color: GOOD }, { text: 'failed', color: BAD });
const FAILING = flagMapping({ text: 'failing', color: BAD }, { text: 'works', color: GOOD });
const PAUSED = flagMapping({ text: 'paused', color: CALM }, { text: 'no' });

const of = (family: string): string => select(`cinder_canary_${family}`, 'volume_type=~"$volume_type"');
const ofType = (family: string, more = ''): string => max(`volume_type${more && `, ${more}`}`, of(family));

function volumeTypes(): TableBuilder {
  return showColumns(
    tablePanel({
      title: 'Volume types',
      description:
        'The last round of each volume type that told something, and how long ago it began. Whether rounds fail because of the storage, what is left over, and whether rounds are paused. At three left-overs no more are made.',
      unit: 'none',
    })
      .withTarget(table(ofType('success')))
      .withTarget(table(age(ofType('last_run_timestamp_seconds'))))
      .withTarget(table(ofType('interval_seconds')))
      .withTarget(table(ofType('failing')))
      .withTarget(table(ofType('leaked_volumes')))
      .withTarget(table(ofType('paused')))
      .sortBy([{ build: () => ({ displayName: 'Last round', desc: false }) }]),
    [
      { from: 'volume_type', header: 'Volume type' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value #A', header: 'Last round', width: 130, look: [filled(), mapped(RESULT)] },
      { from: 'Value #B', header: 'Ago', width: 100, look: [unit('s'), decimals(0)] },
      { from: 'Value #C', header: 'Interval', width: 100, look: [unit('s'), decimals(0)] },
      { from: 'Value #D', header: 'Storage', width: 100, look: [filled(), mapped(FAILING)] },
      { from: 'Value #E', header: 'Left over', width: 100, look: [filled(), limit(1, WARN)] },
      { from: 'Value #F', header: 'Paused', width: 100, look: [filled(), mapped(PAUSED)] },
    ],
  );
}

function howTheyFailed(): TableBuilder {
  const labels = 'volume_type, host, phase, reason, storage, message';
  return showColumns(
    tablePanel({
      title: 'How rounds failed',
      description:
        'In the words of Cinder where it has some: the last failure by the fault of the storage since a round went well, and the last round when it failed by something else. Without any row none failed.',
      unit: 'none',
    }).withTarget(table(max(labels, of('failure_info')))),
    [
      { from: 'volume_type', header: 'Volume type' },
      { from: 'host', header: 'Backend' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'phase', header: 'Phase', width: 100 },
      { from: 'reason', header: 'Reason', width: 120 },
      { from: 'storage', header: 'Storage', width: 100 },
      { from: 'message', header: 'Message' },
    ],
    ['Value'],
  );
}

function results(): TimelineBuilder {
  return timeline({
    title: 'Result of each volume type',
    description:
      'Whether a volume was made and taken away in the last round that tells. A gap: no round has told yet, or nothing was scraped.',
    unit: 'none',
  })
    .mappings(RESULT)
    .withTarget(range(ofType('success'), '{{volume_type}} {{cloud}}'));
}

function pauses(): TimelineBuilder {
  return timeline({
    title: 'Paused',
    description: 'Why no round was begun. Nothing for a reason that did not come up.',
    unit: 'none',
  })
    .mappings(PAUSED)
    .noValue(NOTHING)
    .withTarget(range(`${ofType('paused', 'why')} == 1`, '{{volume_type}} {{why}} {{cloud}}'));
}

function durations(): TimeseriesBuilder {
  return timeseries({
    title: 'Duration of each phase',
    description:
      'How long each phase of the last round that tells took. Looking for left-overs is part of a round. No point for a phase that failed.',
    unit: 's',
  })
    .min(0)
    .withTarget(range(ofType('duration_seconds', 'phase'), '{{volume_type}} {{phase}} {{cloud}}'));
}

function failures(): TimeseriesBuilder {
  const counted = `increase(${of('failures_total')}[1h])`;
  return timeseries({
    title: 'Failed rounds by phase and reason',
    description: 'How many rounds came to nothing within the hour before. Nothing for what did not come up.',
    unit: 'none',
  })
    .decimals(0)
    .min(0)
    .noValue(NOTHING)
    .withTarget(
      range(`${max('volume_type, phase, reason', counted)} > 0`, '{{volume_type}} {{phase}} {{reason}} {{cloud}}'),
    );
}

function leftOver(): TimeseriesBuilder {
  return timeseries({
    title: 'Left over',
    description:
      'Volumes of the canary that should be gone and could not be deleted. Types that had none in the time range are not drawn.',
    unit: 'none',
  })
    .decimals(0)
    .min(0)
    .noValue(NOTHING)
    .withTarget(range(aboveZero(of('leaked_volumes'), 'job, cloud, volume_type'), '{{volume_type}} {{cloud}}'));
}

/** Cinder / Canary: what the rounds of the canary found, and how long they took. */
export function canaryDashboard(): Dashboard {
  return dashboard({
    uid: 'cinder-canary',
    title: 'Cinder / Canary',
    description:
      'The rounds of the canary: a volume that the exporter makes now and then, looks at, and takes away. Empty where none is configured.',
    from: 'now-24h',
    variables: [
      ...targetVariables('cinder_up'),
      manyOf(
        'volume_type',
        'Volume type',
        'label_values(cinder_canary_interval_seconds{job=~"$job", cloud=~"$cloud"}, volume_type)',
        '.+',
      ),
    ],
    alerts: ['alertname=~"CinderCanary.*"'],
    sections: [
      {
        title: 'Now',
        lines: [
          { height: 8, panels: [[24, volumeTypes()]] },
          { height: 7, panels: [[24, howTheyFailed()]] },
        ],
      },
      {
        title: 'Over time',
        lines: [
          {
            height: 8,
            panels: [
              [12, results()],
              [12, pauses()],
            ],
          },
          { height: 10, panels: [[24, durations()]] },
          {
            height: 9,
            panels: [
              [14, failures()],
              [10, leftOver()],
            ],
          },
        ],
      },
    ],
  });
}
