import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { serviceCode } from './backend-queries.ts';
import { POOLS } from './backend-pools.ts';
import { decimals, filled, limit, mapped, showColumns, unit } from './columns.ts';
import { BAD, GOOD, flagMapping, serviceMapping } from './mapping.ts';
import { tablePanel, timeline } from './panels.ts';
import { CLOUD, age, max, select } from './promql.ts';
import { range, table } from './targets.ts';

/** The cinder-volume services of the backend: the one with its name, or those whose cluster has it. */
const OWN = `on (${CLOUD}, binary, host) (${select('cinder_service_info', 'binary="cinder-volume"', 'host="$host"')} or ${select('cinder_service_info', 'binary="cinder-volume"', 'cluster="$host"')})`;

const STATE = `${serviceCode('binary, host', (metric) => select(metric, 'binary="cinder-volume"'))} and ${OWN}`;

export function memberTimeline(): TimelineBuilder {
  return timeline({
    title: 'Services over time',
    description:
      'The cinder-volume services that drive this backend: one, or the members of its cluster. Disabled and frozen are what an administrator wanted; down means no heartbeat for 60 s.',
    unit: 'none',
  })
    .mappings(serviceMapping())
    .withTarget(range(STATE, '{{host}} {{cloud}}'));
}

export function memberTable(): TableBuilder {
  const labels = 'zone, disabled_reason, active_backend_id';
  const info = max(`binary, host, ${labels}`, select('cinder_service_info', 'binary="cinder-volume"'));
  const own = (metric: string): string => `${max('binary, host', select(metric, 'binary="cinder-volume"'))} and ${OWN}`;
  return showColumns(
    tablePanel({
      title: 'Services',
      description:
        'What the service list says of each: its heartbeat, the state that it lists ("backend_state", which may be a default and is empty for clusters), why it is disabled, where it has failed over to.',
      unit: 'none',
    })
      .withTarget(table(STATE))
      .withTarget(table(age(own('cinder_service_updated_timestamp_seconds'))))
      .withTarget(table(own('cinder_service_backend_state')))
      .withTarget(table(`topk by (${CLOUD}, binary, host) (1, ${info} and ${OWN})`)),
    [
      { from: 'host', header: 'Host' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value #A', header: 'State', width: 90, look: [filled(), mapped(serviceMapping())] },
      {
        from: 'Value #B',
        header: 'Heartbeat age',
        width: 140,
        look: [unit('s'), decimals(0), filled(), limit(60, BAD)],
      },
      {
        from: 'Value #C',
        header: 'Listed state',
        width: 130,
        look: [filled(), mapped(flagMapping({ text: 'up', color: GOOD }, { text: 'down', color: BAD }))],
      },
      { from: 'zone', header: 'Zone', width: 120 },
      { from: 'disabled_reason', header: 'Disabled because', width: 200 },
      { from: 'active_backend_id', header: 'Failed over to', width: 150 },
    ],
    ['binary', 'Value #D'],
  );
}

export function infoTable(): TableBuilder {
  const labels = 'pool, volume_backend_name, vendor_name, driver_version, storage_protocol';
  return showColumns(
    tablePanel({
      title: 'Pool labels',
      description: 'The descriptive fields of the driver stats of each pool.',
      unit: 'none',
    }).withTarget(table(`topk by (${CLOUD}, pool) (1, ${max(labels, select('cinder_pool_info', ...POOLS))})`)),
    [
      { from: 'pool', header: 'Pool' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'vendor_name', header: 'Vendor' },
      { from: 'driver_version', header: 'Driver version', width: 150 },
      { from: 'storage_protocol', header: 'Protocol' },
      { from: 'volume_backend_name', header: 'volume_backend_name', width: 190 },
    ],
    ['Value'],
  );
}

export function volumeTypes(): TableBuilder {
  return showColumns(
    tablePanel({
      title: 'Volume types',
      description:
        'The volume types that this backend can serve by their extra specs, and how many backends can serve each: with one, it hangs on this backend alone.',
      unit: 'none',
    }).withTarget(
      table(
        `count by (${CLOUD}, volume_type) (${max('volume_type, host', select('cinder_volume_type_backend_info'))}) and on (${CLOUD}, volume_type) ${select('cinder_volume_type_backend_info', 'host="$host"')}`,
      ),
    ),
    [
      { from: 'volume_type', header: 'Volume type' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value', header: 'Backends', width: 110 },
    ],
  );
}
