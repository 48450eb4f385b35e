import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { LEGEND, NOTHING, REPLICA, aboveZero, happened, own, perCloud } from './exporter-queries.ts';
import { timeseries } from './panels.ts';
import { range } from './targets.ts';

function rate(name: string): string {
  return `sum by (${REPLICA}) (rate(${perCloud(`cinder_exporter_${name}`)}[$__rate_interval]))`;
}

function counted(name: string): string {
  return happened(perCloud(`cinder_exporter_${name}`), REPLICA);
}

export function durations(): TimeseriesBuilder {
  return timeseries({
    title: 'Refresh duration against its interval',
    description:
      'How long the last refresh took, and the time from one to the next. A refresh that takes longer than the interval delays the next one.',
    unit: 's',
  })
    .min(0)
    .withTarget(range(own('refresh_duration_seconds'), `duration ${LEGEND}`))
    .withTarget(range(own('refresh_interval_seconds'), `interval ${LEGEND}`))
    .overrideByRegexp('interval .*', [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } }]);
}

export function refreshes(): TimeseriesBuilder {
  return timeseries({
    title: 'Refreshes',
    description:
      'Refreshes a second: ended, missed because the process was busy, and due while the one before still ran. The last two are drawn only where there were any.',
    unit: 'ops',
  })
    .min(0)
    .withTarget(range(rate('refreshes_total'), `ended ${LEGEND}`))
    .withTarget(range(counted('refreshes_missed_total'), `missed ${LEGEND}`))
    .withTarget(range(counted('refreshes_overlapped_total'), `overlapped ${LEGEND}`));
}

export function scheduler(): TimeseriesBuilder {
  return timeseries({
    title: 'Pauses',
    description:
      'How long the exporter still leaves alone who refused it, asked it to wait or did not answer, and whether a request that needs a scheduler is open. Never more than one is. Only what there was in the time range is drawn.',
    unit: 's',
  })
    .min(0)
    .noValue(NOTHING)
    .withTarget(range(aboveZero(perCloud('cinder_exporter_scheduler_pause_seconds'), REPLICA), `pause ${LEGEND}`))
    .withTarget(
      range(
        aboveZero(perCloud('cinder_exporter_pause_seconds'), `operation, ${REPLICA}`),
        `pause of {{operation}} ${LEGEND}`,
      ),
    )
    .withTarget(
      range(aboveZero(perCloud('cinder_exporter_scheduler_requests_open'), REPLICA), `open requests ${LEGEND}`),
    )
    .overrideByRegexp('open requests .*', [{ id: 'unit', value: 'none' }]);
}

export function clock(): TimeseriesBuilder {
  return timeseries({
    title: 'Clock of Cinder against the exporter',
    description:
      'Above zero: Cinder is ahead. Where the API sends no Date it is reckoned by heartbeats, and up to 10 s too low. Ages of stats and heartbeats are judged by the clock of Cinder.',
    unit: 's',
  }).withTarget(range(`max by (${REPLICA}) (${perCloud('cinder_api_clock_offset_seconds')})`, LEGEND));
}

export function disagreements(): TimeseriesBuilder {
  return timeseries({
    title: 'Schedulers that disagree',
    description:
      'Answers with older driver stats of a backend than one before, or with stats that an answer in between lacked. Each scheduler answers from its own memory. Nothing is drawn when there were none.',
    unit: 'ops',
  })
    .min(0)
    .noValue(NOTHING)
    .withTarget(range(counted('scheduler_disagreements_total'), LEGEND));
}
