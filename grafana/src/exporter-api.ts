import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { NOTHING, happened, perCloud } from './exporter-queries.ts';
import { timeseries } from './panels.ts';
import { range } from './targets.ts';

const REQUESTS = 'cinder_exporter_api_request_duration_seconds';

function rate(metric: string, by: string): string {
  return `sum by (job, cloud, ${by}) (rate(${perCloud(metric)}[$__rate_interval]))`;
}

function counted(name: string, by: string): string {
  return happened(perCloud(`cinder_exporter_${name}`), by);
}

export function requests(): TimeseriesBuilder {
  return timeseries({
    title: 'API requests',
    description:
      'Requests a second to Keystone and Cinder, by operation and HTTP status; "error" when there was no answer. Ordinarily two for each refresh. Only what was asked in the time range is drawn.',
    unit: 'reqps',
  })
    .min(0)
    .withTarget(
      range(
        happened(perCloud(`${REQUESTS}_count`), 'job, cloud, operation, status'),
        '{{operation}} {{status}} {{cloud}}',
      ),
    );
}

export function latency(): TimeseriesBuilder {
  return timeseries({
    title: 'Duration of API requests, 95th percentile',
    description:
      'By operation. What needs a scheduler (services, pools) is slower than what comes from the database alone.',
    unit: 's',
  })
    .min(0)
    .withTarget(
      // Of no request it is no number, which is not above zero either.
      range(`histogram_quantile(0.95, ${rate(`${REQUESTS}_bucket`, 'operation, le')}) > 0`, '{{operation}} {{cloud}}'),
    );
}

export function errors(): TimeseriesBuilder {
  return timeseries({
    title: 'Failed runs by reason',
    description:
      'Failed runs a second of each collector: auth (login refused), forbidden (policy), timeout, connect, http (another status), decode (not the expected answer). Only what happened in the time range is drawn.',
    unit: 'ops',
  })
    .min(0)
    .noValue(NOTHING)
    .withTarget(range(counted('errors_total', 'job, cloud, collector, reason'), '{{collector}} {{reason}} {{cloud}}'));
}

export function lost(): TimeseriesBuilder {
  return timeseries({
    title: 'Rejected rows and cut labels',
    description:
      'Rows of an answer that could not be used, by collector, and texts that were cut at the configured length, a second. Neither costs anything but itself. Only what happened in the time range is drawn.',
    unit: 'ops',
  })
    .min(0)
    .noValue(NOTHING)
    .withTarget(
      range(counted('rejected_rows_total', 'job, cloud, collector'), 'rejected rows, {{collector}} {{cloud}}'),
    )
    .withTarget(range(counted('truncated_labels_total', 'job, cloud'), 'cut labels {{cloud}}'));
}
