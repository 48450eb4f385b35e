import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { CONDITION_CODE } from '../../src/rules/memory.ts';
import { alertTable } from './alert-table.ts';
import { SHOWN } from './backend-queries.ts';
import { backendTable } from './backend-table.ts';
import { apiState, conditionCounts, conditionHistory, conditionTimeline } from './backends-conditions.ts';
import { dashboard } from './dashboard.ts';
import { serviceCounts, serviceTable } from './service-tables.ts';
import { choice, manyOf, recordedVariable, runbookVariable, targetVariables } from './variables.ts';
import { backendVolumes, cloudVolumes } from './volume-panels.ts';
import { volumeTypeTable } from './volume-type-table.ts';

/** Cinder / Backends: the one to open when paged. */
export function backendsDashboard(): Dashboard {
  return dashboard({
    uid: 'cinder-backends',
    title: 'Cinder / Backends',
    description: 'All storage backends of OpenStack Cinder: which are in trouble, since when, and what hangs on them.',
    variables: [
      ...targetVariables('cinder_up'),
      manyOf(
        'zone',
        'Zone',
        'label_values(cinder_service_info{job=~"$job", cloud=~"$cloud", binary="cinder-volume"}, zone)',
        '.*',
      ),
      manyOf('host', 'Backend', 'label_values(cinder_backend_condition{job=~"$job", cloud=~"$cloud"}, host)', '.+'),
      choice(
        'shown',
        'Timeline',
        [
          ['not up all the time', String(SHOWN.trouble)],
          ['all', String(SHOWN.all)],
        ],
        String(SHOWN.trouble),
      ),
      recordedVariable('recorded', CONDITION_CODE),
      runbookVariable(),
    ],
    alerts: [],
    sections: [
      {
        title: 'Now',
        lines: [
          {
            height: 4,
            panels: [
              [4, apiState()],
              [20, conditionCounts()],
            ],
          },
        ],
      },
      {
        title: 'Backends',
        lines: [
          { height: 14, panels: [[24, conditionTimeline()]] },
          { height: 14, panels: [[24, backendTable()]] },
          { height: 9, panels: [[24, alertTable([])]] },
          { height: 8, panels: [[24, conditionHistory()]] },
        ],
      },
      {
        title: 'What hangs on them',
        lines: [
          {
            height: 10,
            panels: [
              [12, backendVolumes()],
              [12, cloudVolumes()],
            ],
          },
          {
            height: 8,
            panels: [
              [12, volumeTypeTable()],
              [12, serviceCounts()],
            ],
          },
          { height: 10, panels: [[24, serviceTable()]] },
        ],
      },
    ],
  });
}
