import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { VisibilityMode } from '@grafana/grafana-foundation-sdk/common';
import { decimals, filled, showColumns, unit } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { BAD, GOOD, WARN } from './mapping.ts';
import { steps, tablePanel, timeline } from './panels.ts';
import { max, select } from './promql.ts';
import { range, table } from './targets.ts';
import { choice, manyOf, targetVariables } from './variables.ts';

/** What the two halves of the dashboard are about, by the names of what the rules record. */
interface Thing {
  readonly series: 'cinder:backend' | 'cinder:volume_type';
  readonly label: 'host' | 'volume_type';
  readonly header: string;
}

const BACKEND: Thing = { series: 'cinder:backend', label: 'host', header: 'Backend' };
const VOLUME_TYPE: Thing = { series: 'cinder:volume_type', label: 'volume_type', header: 'Volume type' };

const selected = ({ series, label }: Thing, name: string): string =>
  select(`${series}_${name}`, ...(label === 'host' ? ['host=~"$host"'] : []));

const recorded = (thing: Thing, name: string): string => max(thing.label, selected(thing, name));

/** What is recorded less often than Prometheus looks back: twice the longest `availability_interval`. */
const recordedSeldom = (thing: Thing, name: string): string =>
  max(thing.label, `last_over_time(${selected(thing, name)}[30m])`);

/** Worst first, with what is left of the budget: 100 % when there was no outage, below 0 when the target is missed. */
function worstFirst(thing: Thing, title: string, description: string): TableBuilder {
  const month = recordedSeldom(thing, 'available:avg_month');
  const panel = tablePanel({ title, description, unit: 'percentunit' })
    .withTarget(table(month))
    .withTarget(table(recorded(thing, 'available:avg_day')))
    .withTarget(table(`1 - (1 - ${month}) / (1 - $target)`))
    .sortBy([{ build: () => ({ displayName: '30 days', desc: false }) }]);
  const share = [unit('percentunit'), decimals(3)];
  const columns = [
    { from: thing.label, header: thing.header },
    { from: 'cloud', header: 'Cloud' },
    { from: 'Value #A', header: '30 days', width: 115, look: share },
    { from: 'Value #B', header: '1 day', width: 100, look: share },
    {
      from: 'Value #C',
      header: 'Budget left',
      width: 120,
      look: [
        unit('percentunit'),
        decimals(0),
        filled(),
        { id: 'thresholds', value: steps(BAD, [0, WARN], [0.5, GOOD]).build() },
      ],
    },
  ];
  if (thing.label !== 'host') return showColumns(panel, columns);
  return showColumns(panel.withTarget(table(recordedSeldom(thing, 'observed:ratio_month'))), [
    ...columns,
    { from: 'Value #D', header: 'Observed', width: 100, look: [unit('percentunit'), decimals(1)] },
  ]);
}

/** A cell for each day, coloured by the target: what the day took of the budget of 30 days. */
function calendar(thing: Thing, title: string): TimelineBuilder {
  const day = `${selected(thing, 'available:avg_day')} offset -1d`;
  return timeline({
    title,
    description:
      'A cell for each whole day, in UTC: which share of the budget of 30 days it took. Green: less than a thirtieth. Red: all of it, or more. A gap is a day without data, or planned.',
    unit: 'percentunit',
  })
    .interval('1d')
    .noValue('No whole day is recorded yet')
    .decimals(0)
    .mergeValues(false)
    .showValue(VisibilityMode.Always)
    .thresholds(steps(GOOD, [1 / 30, WARN], [1, BAD]))
    .withTarget(range(`(1 - ${max(thing.label, day)}) / (30 * (1 - $target))`, `{{${thing.label}}} {{cloud}}`));
}

/** Cinder / Availability: for those who are asked how available the storage was. */
export function availabilityDashboard(): Dashboard {
  return dashboard({
    uid: 'cinder-availability',
    title: 'Cinder / Availability',
    description:
      'How available the backends and volume types of OpenStack Cinder were, as the shipped rules record it. Time that nobody saw, and what an administrator disabled or froze, counts neither as up nor as down.',
    from: 'now-30d',
    variables: [
      ...targetVariables('cinder_up'),
      manyOf('host', 'Backend', 'label_values(cinder_backend_condition{job=~"$job", cloud=~"$cloud"}, host)', '.+'),
      choice('target', 'Target', ['0.99', '0.995', '0.999', '0.9995', '0.9999'], '0.999'),
    ],
    alerts: [],
    sections: [
      {
        title: 'Volume types: what users ask for',
        lines: [
          {
            height: 10,
            panels: [
              [
                12,
                worstFirst(
                  VOLUME_TYPE,
                  'Volume types, worst first',
                  'Which share of the observed time a backend of each volume type was usable, and what is left of the error budget of 30 days for the chosen target. Backends are not filtered here.',
                ),
              ],
              [12, calendar(VOLUME_TYPE, 'Days of each volume type')],
            ],
          },
        ],
      },
      {
        title: 'Backends',
        lines: [
          {
            height: 14,
            panels: [
              [
                12,
                worstFirst(
                  BACKEND,
                  'Backends, worst first',
                  'Which share of the observed time each backend was usable, and what is left of the error budget of 30 days for the chosen target. Beside it: which share of the 30 days was observed.',
                ),
              ],
              [12, calendar(BACKEND, 'Days of each backend')],
            ],
          },
        ],
      },
    ],
  });
}
