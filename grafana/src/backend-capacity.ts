import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { POOLS } from './backend-pools.ts';
import { decimals, filled, limit, mapped, showColumns, unit } from './columns.ts';
import { BAD, GOOD, WARN, flagMapping } from './mapping.ts';
import { steps, tablePanel, thresholdLines, timeseries } from './panels.ts';
import { max, min, select, sum } from './promql.ts';
import { range, table } from './targets.ts';

function pool(quantity: string): string {
  return max('pool', select(`cinder_pool_${quantity}`, ...POOLS));
}

const FINITE = `(${pool('total_capacity_bytes')} < Inf)`;

/** What the scheduler would give out of an empty pool: total without the reserved part, times the over-subscription ratio where the pool is thin. */
const LIMIT =
  `(${FINITE} * (1 - ${pool('reserved_ratio')}) or ${FINITE})` +
  ` * (clamp_min(${pool('max_over_subscription_ratio')}, 1) and ${pool('thin_provisioning')} == 1 or 0 * ${FINITE} + 1)`;

/** Seconds until the free space is gone, at the pace of the last six hours; nothing while it does not shrink. */
const UNTIL_FULL = max(
  'pool',
  `${select('cinder_pool_free_capacity_bytes', ...POOLS)} / - (deriv(${select('cinder_pool_free_capacity_bytes', ...POOLS)}[6h]) < 0)`,
);

export function poolTable(): TableBuilder {
  const quantities = ['total', 'free', 'provisioned', 'virtual_free'].map((name) => pool(`${name}_capacity_bytes`));
  const panel = tablePanel({
    title: 'Pools',
    description:
      'Capacity as the driver reports it. Virtual free is what the scheduler still gives out, by its own arithmetic. ' +
      'Full in: when the free space is gone, at the pace of the last six hours. Infinite and unknown capacity have no number.',
    unit: 'bytes',
  });
  for (const expr of [min('pool', select('cinder_pool_state', ...POOLS)), ...quantities]) panel.withTarget(table(expr));
  panel.withTarget(table(UNTIL_FULL));
  return showColumns(panel, [
    { from: 'pool', header: 'Pool' },
    { from: 'cloud', header: 'Cloud' },
    {
      from: 'Value #A',
      header: 'State',
      width: 90,
      look: [unit('none'), filled(), mapped(flagMapping({ text: 'up', color: GOOD }, { text: 'down', color: BAD }))],
    },
    { from: 'Value #B', header: 'Total', width: 120 },
    { from: 'Value #C', header: 'Free', width: 120 },
    { from: 'Value #D', header: 'Provisioned', width: 130 },
    { from: 'Value #E', header: 'Virtual free', width: 130 },
    { from: 'Value #F', header: 'Full in', width: 120, look: [unit('s'), decimals(1), filled(), limit(0, WARN)] },
  ]);
}

export function capacityHistory(): TimeseriesBuilder {
  const total = (quantity: string): string => sum('', `${pool(quantity)} < Inf`);
  return timeseries({
    title: 'Capacity',
    description:
      'The sum of the chosen pools of this backend. Pools that share disks are counted once each. A pool of infinite or unknown capacity is left out. The panel beside it shows how much of its limit each has given out: the limit may be many times the total.',
    unit: 'bytes',
  })
    .withTarget(range(total('total_capacity_bytes'), 'total {{cloud}}'))
    .withTarget(range(total('free_capacity_bytes'), 'free {{cloud}}'))
    .withTarget(range(total('allocated_capacity_bytes'), 'allocated {{cloud}}'))
    .withTarget(range(total('provisioned_capacity_bytes'), 'provisioned {{cloud}}'));
}

export function provisioningHistory(): TimeseriesBuilder {
  return timeseries({
    title: 'Provisioned share of each pool',
    description:
      'What is provisioned, as a share of the limit of each pool (total without the reserved part, times over-subscription). At the line the scheduler gives out nothing more.',
    unit: 'percentunit',
  })
    .min(0)
    .thresholds(steps('transparent', [1, BAD]))
    .thresholdsStyle(thresholdLines())
    .withTarget(range(`${pool('provisioned_capacity_bytes')} / (${LIMIT} > 0)`, '{{pool}} {{cloud}}'));
}
