import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { alertTable } from './alert-table.ts';
import { capacityHistory, poolTable, provisioningHistory } from './backend-capacity.ts';
import {
  changes,
  condition,
  conditionBar,
  heartbeatAge,
  poolCount,
  reported,
  since,
  statsAge,
} from './backend-condition.ts';
import { ageHistory, poolTimeline } from './backend-pools.ts';
import { infoTable, memberTable, memberTimeline, volumeTypes } from './backend-services.ts';
import { dashboard } from './dashboard.ts';
import { manyOf, oneOf, runbookVariable, targetVariables } from './variables.ts';
import { volumeCount } from './volume-panels.ts';

/** Cinder / Backend: one of them; alerts and the table of Cinder / Backends lead here. */
export function backendDashboard(): Dashboard {
  return dashboard({
    uid: 'cinder-backend',
    title: 'Cinder / Backend',
    description:
      'One storage backend of OpenStack Cinder: its condition and what it was decided from, its pools, their capacity, its services.',
    variables: [
      ...targetVariables('cinder_up'),
      oneOf('host', 'Backend', 'label_values(cinder_backend_condition{job=~"$job", cloud=~"$cloud"}, host)'),
      manyOf('pool', 'Pool', 'label_values(cinder_pool_info{job=~"$job", cloud=~"$cloud", host="$host"}, pool)', '.*'),
      runbookVariable(),
    ],
    alerts: ['host="$host"'],
    sections: [
      {
        title: '$host',
        lines: [
          {
            height: 4,
            panels: [
              [4, condition()],
              [4, since()],
              [3, statsAge()],
              [3, heartbeatAge()],
              [4, poolCount()],
              [3, reported()],
              [3, changes()],
            ],
          },
          {
            height: 4,
            panels: [
              [20, conditionBar()],
              [4, volumeCount()],
            ],
          },
          {
            height: 8,
            panels: [
              [12, poolTimeline()],
              [12, ageHistory()],
            ],
          },
          { height: 7, panels: [[24, alertTable(['host="$host"'])]] },
        ],
      },
      {
        title: 'Capacity',
        lines: [
          { height: 9, panels: [[24, poolTable()]] },
          {
            height: 10,
            panels: [
              [12, capacityHistory()],
              [12, provisioningHistory()],
            ],
          },
        ],
      },
      {
        title: 'Services and labels',
        lines: [
          { height: 5, panels: [[24, memberTimeline()]] },
          { height: 6, panels: [[24, memberTable()]] },
          {
            height: 8,
            panels: [
              [16, infoTable()],
              [8, volumeTypes()],
            ],
          },
        ],
      },
    ],
  });
}
