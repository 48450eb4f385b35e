import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { oneLabel, serviceCode } from './backend-queries.ts';
import { decimals, filled, limit, mapped, showColumns, unit } from './columns.ts';
import { BAD, CALM, QUIET, SERVICE_CODES, serviceMapping } from './mapping.ts';
import { tablePanel } from './panels.ts';
import { CLOUD, age, max, select } from './promql.ts';
import { table } from './targets.ts';

const STATES = serviceCode('binary, host', (metric) => select(metric));

/** How many services of each binary are in which state. */
export function serviceCounts(): TableBuilder {
  const { up, down, disabled, frozen } = SERVICE_CODES;
  const inState = (code: number): string => `sum by (binary) (${STATES} == bool ${code})`;
  return showColumns(
    tablePanel({
      title: 'Services by binary',
      description:
        'How many services of each binary send heartbeats, and how many an administrator has taken out of service. Zones and backends are not filtered here.',
      unit: 'none',
    })
      .withTarget(table(inState(down)))
      .withTarget(table(inState(up)))
      .withTarget(table(inState(disabled)))
      .withTarget(table(inState(frozen))),
    [
      { from: 'binary', header: 'Binary' },
      { from: 'Value #A', header: 'Down', width: 90, look: [filled(), limit(1, BAD)] },
      { from: 'Value #B', header: 'Up', width: 80 },
      { from: 'Value #C', header: 'Disabled', width: 110, look: [filled(), limit(1, QUIET)] },
      { from: 'Value #D', header: 'Frozen', width: 100, look: [filled(), limit(1, CALM)] },
    ],
  );
}

/** Every row of the service list in the chosen zones. */
export function serviceTable(): TableBuilder {
  const inZone = ` and on (${CLOUD}, binary, host) ${select('cinder_service_info', 'zone=~"$zone"')}`;
  const info = select('cinder_service_info');
  return showColumns(
    tablePanel({
      title: 'Services',
      description:
        'Each service by binary and host, those without a heartbeat first. The heartbeat is late after 60 s (service_down_time).',
      unit: 'none',
    })
      .withTarget(table(STATES + inZone))
      .withTarget(table(age(max('binary, host', select('cinder_service_updated_timestamp_seconds')) + inZone)))
      .withTarget(table(oneLabel('zone', info, inZone, 'binary, host')))
      .withTarget(table(oneLabel('cluster', info, inZone, 'binary, host')))
      .sortBy([{ build: () => ({ displayName: 'State', desc: false }) }]),
    [
      { from: 'binary', header: 'Binary', width: 130 },
      { from: 'host', header: 'Host' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value #A', header: 'State', width: 90, look: [filled(), mapped(serviceMapping())] },
      {
        from: 'Value #B',
        header: 'Heartbeat age',
        width: 140,
        look: [unit('s'), decimals(0), filled(), limit(60, BAD)],
      },
      { from: 'zone', header: 'Zone', width: 120 },
      { from: 'cluster', header: 'Cluster' },
    ],
    ['Value #C', 'Value #D'],
  );
}
