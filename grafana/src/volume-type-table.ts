import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { filled, limit, showColumns } from './columns.ts';
import { BAD, GOOD } from './mapping.ts';
import { tablePanel } from './panels.ts';
import { CLOUD, count, max, select, sum } from './promql.ts';
import { table } from './targets.ts';

/** What users ask for, and whether anything is left to serve it. */
export function volumeTypeTable(): TableBuilder {
  const servers = max('volume_type, host', select('cinder_volume_type_backend_info'));
  const usable = max('host', select('cinder_backend_condition', 'condition=~"up|up_assumed|degraded"'));
  return showColumns(
    tablePanel({
      title: 'Volume types',
      description:
        'For each volume type the backends that can serve it by its extra specs, and how many of them are up, assumed up or degraded now. With none left, users cannot create such volumes. Zones and backends are not filtered here.',
      unit: 'none',
    })
      .withTarget(table(count('volume_type', servers)))
      .withTarget(table(sum('volume_type', `${servers} * on (${CLOUD}, host) group_left () ${usable}`)))
      .sortBy([{ build: () => ({ displayName: 'Usable', desc: false }) }]),
    [
      { from: 'volume_type', header: 'Volume type' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value #A', header: 'Backends', width: 110 },
      {
        from: 'Value #B',
        header: 'Usable',
        width: 100,
        look: [
          filled(),
          limit(1, GOOD),
          { id: 'mappings', value: [{ type: 'value', options: { 0: { text: '0', color: BAD, index: 0 } } }] },
        ],
      },
    ],
  );
}
