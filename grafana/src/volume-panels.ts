import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { CHOSEN_BACKENDS, ONE_BACKEND, backendLink, conditionNumber } from './backend-queries.ts';
import { filled, link, mapped, showColumns } from './columns.ts';
import { conditionMappings } from './conditions.ts';
import { stat, tablePanel, timeseries } from './panels.ts';
import { CLOUD, max, select } from './promql.ts';
import { now, range, table } from './targets.ts';

const SLOWLY = 'Counted slowly: a hundred backends take over an hour, those in trouble come first.';

/** Volumes of each backend with one status; of replicas the largest count. */
function counted(host: string, status: string): string {
  return max('host', select('cinder_backend_volumes', host, `status="${status}"`));
}

/** Who is hit: the volumes of each chosen backend, beside its condition. */
export function backendVolumes(): TableBuilder {
  const { host, only } = CHOSEN_BACKENDS;
  const known = ` and on (${CLOUD}, host) ${select('cinder_backend_volumes', host)}`;
  return showColumns(
    tablePanel({
      title: 'Volumes of each backend',
      description: `How many volumes are in use (attached) and how many are available on each chosen backend, the most first. ${SLOWLY}`,
      unit: 'none',
    })
      .withTarget(table(counted(host, 'in-use') + only))
      .withTarget(table(counted(host, 'available') + only))
      .withTarget(table(`${conditionNumber(CHOSEN_BACKENDS)}${known}`))
      .sortBy([{ build: () => ({ displayName: 'In use', desc: true }) }]),
    [
      {
        from: 'host',
        header: 'Backend',
        look: [link('Dashboard of this backend', backendLink('${__value.raw:percentencode}'))],
      },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value #C', header: 'Condition', width: 130, look: [filled(), mapped(conditionMappings())] },
      { from: 'Value #A', header: 'In use', width: 100 },
      { from: 'Value #B', header: 'Available', width: 110 },
    ],
  );
}

/** What is in error, or under way, in the whole cloud. */
export function cloudVolumes(): TimeseriesBuilder {
  const some = (family: string): string => `${max('status', select(family))} > 0`;
  return timeseries({
    title: 'Volumes, snapshots and backups by status',
    description:
      'How many in the whole cloud are in error, or in a status that should pass. Nothing for a status that none has. Zones and backends are not filtered here.',
    unit: 'none',
  })
    .decimals(0)
    .min(0)
    .withTarget(range(some('cinder_volumes'), 'volumes {{status}} {{cloud}}'))
    .withTarget(range(some('cinder_snapshots'), 'snapshots {{status}} {{cloud}}'))
    .withTarget(range(some('cinder_backups'), 'backups {{status}} {{cloud}}'));
}

/** Who is hit by one backend. */
export function volumeCount(): StatBuilder {
  const { host } = ONE_BACKEND;
  return stat({
    title: 'Volumes',
    description: `How many volumes of this backend are in use (attached), and how many are available. ${SLOWLY}`,
    unit: 'none',
  })
    .decimals(0)
    .noValue('not counted')
    .withTarget(now(counted(host, 'in-use'), 'in use'))
    .withTarget(now(counted(host, 'available'), 'available'));
}
