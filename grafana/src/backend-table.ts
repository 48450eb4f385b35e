import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { CHOSEN_BACKENDS, backendLink, conditionWithRunbook, oneLabel, runbookLink } from './backend-queries.ts';
import { filled, limit, link, mapped, showColumns, unit, width, coloured, decimals } from './columns.ts';
import { conditionMappings } from './conditions.ts';
import { BAD, GOOD, QUIET, WARN, flagMapping } from './mapping.ts';
import { tablePanel } from './panels.ts';
import { CLOUD, age, max, milliseconds, min, select, sum, toBackend, volumeServices } from './promql.ts';
import { table } from './targets.ts';

/** Every chosen backend with what its condition was decided from. */
export function backendTable(): TableBuilder {
  const { host, only } = CHOSEN_BACKENDS;
  const info = toBackend(select('cinder_service_info', 'binary="cinder-volume"'));
  const chosen = ` and on (${CLOUD}, host) ${max('host', select('cinder_backend_condition', host))}${only}`;
  const said = 'disabled_reason, replication_status, active_backend_id';
  const panel = tablePanel({
    title: 'Backends',
    description:
      'The worst first. Stats age: since the driver last published its stats; over five minutes the backend is stale. Heartbeat age: since its newest cinder-volume service wrote to the database; over a minute it is down. ' +
      '"Assumed" means that the driver does not report a state. The name leads to the dashboard of the backend, the runbook to what to do.',
    unit: 'none',
  })
    .withTarget(table(conditionWithRunbook(CHOSEN_BACKENDS)))
    .withTarget(
      table(milliseconds(max('host', select('cinder_backend_condition_change_timestamp_seconds', host)) + only)),
    )
    .withTarget(table(age(max('host', select('cinder_pool_stats_timestamp_seconds', host)) + only)))
    .withTarget(table(age(max('host', volumeServices('cinder_service_updated_timestamp_seconds')) + chosen)))
    .withTarget(table(sum('host', `1 - ${min('host, pool', select('cinder_pool_state', host))}`) + only))
    .withTarget(table(max('host', select('cinder_backend_state_reported', host)) + only))
    .withTarget(table(oneLabel('zone', info, chosen)))
    .withTarget(table(`group by (${CLOUD}, host, cluster) (${info})${chosen}`))
    .withTarget(table(`topk by (${CLOUD}, host) (1, ${max(`host, ${said}`, info)}${chosen})`))
    .withTarget(
      table(`group by (${CLOUD}, host, volume_type) (${select('cinder_volume_type_backend_info', host)})${only}`),
    )
    // All volume types of a backend in one cell, before the tables are joined.
    .withTransformation({
      id: 'groupBy',
      filter: { id: 'byRefId', options: 'J' },
      options: {
        fields: {
          Time: { operation: 'groupby', aggregations: [] },
          job: { operation: 'groupby', aggregations: [] },
          cloud: { operation: 'groupby', aggregations: [] },
          host: { operation: 'groupby', aggregations: [] },
          volume_type: { operation: 'aggregate', aggregations: ['uniqueValues'] },
        },
      },
    })
    .sortBy([{ build: () => ({ displayName: 'Condition', desc: true }) }]);
  return showColumns(
    panel,
    [
      {
        from: 'host',
        header: 'Backend',
        look: [width(280), link('Dashboard of this backend', backendLink('${__value.raw:percentencode}'))],
      },
      { from: 'cloud', header: 'Cloud' },
      { from: 'Value #A', header: 'Condition', look: [width(120), filled(), mapped(conditionMappings())] },
      { from: 'Value #B', header: 'Changed', look: [unit('dateTimeFromNow')] },
      { from: 'runbook', header: 'Runbook', look: [link('What to do', runbookLink('${__value.raw}'), true)] },
      { from: 'Value #C', header: 'Stats age', look: [unit('s'), decimals(0), coloured(), limit(300, BAD)] },
      { from: 'Value #D', header: 'Heartbeat age', look: [unit('s'), decimals(0), coloured(), limit(60, BAD)] },
      { from: 'Value #E', header: 'Pools down', look: [coloured(), limit(1, WARN)] },
      {
        from: 'Value #F',
        header: 'State',
        look: [mapped(flagMapping({ text: 'reported', color: GOOD }, { text: 'assumed', color: QUIET }))],
      },
      { from: 'disabled_reason', header: 'Disabled because' },
      { from: 'replication_status', header: 'Replication' },
      { from: 'active_backend_id', header: 'Failed over to' },
      { from: 'zone', header: 'Zone' },
      { from: 'cluster', header: 'Cluster' },
      { from: 'volume_type (uniqueValues)', header: 'Volume types' },
    ],
    ['Value #G', 'Value #H', 'Value #I', 'Value #J'],
  );
}
