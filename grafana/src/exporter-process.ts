import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { perProcess } from './exporter-queries.ts';
import { timeseries } from './panels.ts';
import { range } from './targets.ts';

function of(metric: string): string {
  return `max by (job, instance) (${perProcess(metric)})`;
}

export function cpu(): TimeseriesBuilder {
  return timeseries({
    title: 'CPU',
    description: 'Share of one CPU that the process uses, user and system time.',
    unit: 'percentunit',
  })
    .min(0)
    .withTarget(
      range(
        `max by (job, instance) (rate(${perProcess('process_cpu_seconds_total')}[$__rate_interval]))`,
        '{{instance}}',
      ),
    );
}

export function memory(): TimeseriesBuilder {
  return timeseries({
    title: 'Memory',
    description: 'Resident memory of the process, and the part of the heap of Node.js that is in use.',
    unit: 'bytes',
  })
    .min(0)
    .withTarget(range(of('process_resident_memory_bytes'), 'resident {{instance}}'))
    .withTarget(range(of('nodejs_heap_size_used_bytes'), 'heap {{instance}}'));
}

export function eventLoop(): TimeseriesBuilder {
  return timeseries({
    title: 'Event loop delay',
    description: 'How late the event loop of Node.js runs, 99th percentile. High values delay scrapes and refreshes.',
    unit: 's',
  })
    .min(0)
    .withTarget(range(of('nodejs_eventloop_lag_p99_seconds'), '{{instance}}'));
}

export function files(): TimeseriesBuilder {
  return timeseries({
    title: 'Open files',
    description: 'Open file descriptors of the process, connections included, as a share of how many it may have.',
    unit: 'percentunit',
  })
    .min(0)
    .withTarget(range(`${of('process_open_fds')} / ${of('process_max_fds')}`, '{{instance}}'));
}
