import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard } from './dashboard.ts';
import { errors, latency, lost, requests } from './exporter-api.ts';
import { collectorAges, collectorDurations, collectorTable, collectorTimeline } from './exporter-collectors.ts';
import { access, apiVersions, processes } from './exporter-health.ts';
import { cpu, eventLoop, files, memory } from './exporter-process.ts';
import { clock, disagreements, durations, refreshes, scheduler } from './exporter-refresh.ts';
import { manyOf, targetVariables } from './variables.ts';

/** On every target: with several clouds the process has a target of its own. */
const ANY_TARGET = '{__name__=~"cinder_up|cinder_exporter_build_info"}';

/** Cinder / Exporter: can what the others show be trusted? */
export function exporterDashboard(): Dashboard {
  return dashboard({
    uid: 'cinder-exporter',
    title: 'Cinder / Exporter',
    description:
      'The exporter itself: whether it can read Cinder, how old what it tells is, and what it costs Cinder. Every replica on its own.',
    variables: [
      ...targetVariables(ANY_TARGET),
      manyOf(
        'instance',
        'Instance',
        'label_values({__name__=~"cinder_up|cinder_exporter_build_info", job=~"$job"}, instance)',
        '.+',
      ),
    ],
    alerts: [],
    sections: [
      {
        title: 'Access to Cinder',
        lines: [
          {
            height: 8,
            panels: [
              [14, access()],
              [10, processes()],
            ],
          },
          {
            height: 10,
            panels: [
              [14, collectorTable()],
              [10, collectorTimeline()],
            ],
          },
          {
            height: 8,
            panels: [
              [12, collectorAges()],
              [12, collectorDurations()],
            ],
          },
        ],
      },
      {
        title: 'Refreshes and requests',
        lines: [
          {
            height: 8,
            panels: [
              [12, durations()],
              [12, refreshes()],
            ],
          },
          {
            height: 8,
            panels: [
              [12, requests()],
              [12, latency()],
            ],
          },
          {
            height: 8,
            panels: [
              [12, errors()],
              [12, lost()],
            ],
          },
          {
            height: 8,
            panels: [
              [10, scheduler()],
              [7, clock()],
              [7, disagreements()],
            ],
          },
        ],
      },
      {
        title: 'Process and API',
        lines: [
          {
            height: 8,
            panels: [
              [12, cpu()],
              [12, memory()],
            ],
          },
          {
            height: 8,
            panels: [
              [12, eventLoop()],
              [12, files()],
            ],
          },
          { height: 8, panels: [[24, apiVersions()]] },
        ],
      },
    ],
  });
}
