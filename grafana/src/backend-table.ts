import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { CHOSEN_BACKENDS, backendLink, conditionWithRunbook, runbookLink } from './backend-queries.ts';
import { decimals, filled, limit, link, mapped, showColumns, unit } from './columns.ts';
import { conditionMappings } from './conditions.ts';
import { BAD, WARN } from './mapping.ts';
import { tablePanel } from './panels.ts';
import { CLOUD, age, max, milliseconds, min, select, sum, volumeServices } from './promql.ts';
import { table } from './targets.ts';

/** Every chosen backend with what its condition was decided from; the rest is on its own dashboard. */
export function backendTable(): TableBuilder {
  const { host, only } = CHOSEN_BACKENDS;
  const chosen = ` and on (${CLOUD}, host) ${max('host', select('cinder_backend_condition', host))}${only}`;
  const panel = tablePanel({
    title: 'Backends',
    description:
      'The worst first. Stats age: since the driver last published its stats; over five minutes the backend is stale. Heartbeat age: since its newest cinder-volume service wrote to the database; over a minute it is down. ' +
      'The name leads to the dashboard of the backend, with its zone, its pools and why it is disabled; the runbook to what to do.',
    unit: 'none',
  })
    .withTarget(table(conditionWithRunbook(CHOSEN_BACKENDS)))
    .withTarget(
      table(milliseconds(max('host', select('cinder_backend_condition_change_timestamp_seconds', host)) + only)),
    )
    .withTarget(table(age(max('host', select('cinder_pool_stats_timestamp_seconds', host)) + only)))
    .withTarget(table(age(max('host', volumeServices('cinder_service_updated_timestamp_seconds')) + chosen)))
    .withTarget(table(sum('host', `1 - ${min('host, pool', select('cinder_pool_state', host))}`) + only))
    .sortBy([{ build: () => ({ displayName: 'Condition', desc: true }) }]);
  return showColumns(panel, [
    {
      from: 'host',
      header: 'Backend',
      look: [link('Dashboard of this backend', backendLink('${__value.raw:percentencode}'))],
    },
    { from: 'cloud', header: 'Cloud' },
    { from: 'Value #A', header: 'Condition', width: 130, look: [filled(), mapped(conditionMappings())] },
    { from: 'Value #B', header: 'Changed', width: 150, look: [unit('dateTimeFromNow')] },
    { from: 'Value #C', header: 'Stats age', width: 110, look: [unit('s'), decimals(0), filled(), limit(300, BAD)] },
    {
      from: 'Value #D',
      header: 'Heartbeat age',
      width: 140,
      look: [unit('s'), decimals(0), filled(), limit(60, BAD)],
    },
    { from: 'Value #E', header: 'Pools down', width: 120, look: [filled(), limit(1, WARN)] },
    {
      from: 'runbook',
      header: 'Runbook',
      width: 250,
      look: [link('What to do', runbookLink('${__value.raw}'), true)],
    },
  ]);
}
