import { FREE_RATIO, rememberPools, stillFiring, unlessMuted } from './memory.ts';
import { BACKEND_DASHBOARD, type RuleGroup } from './rule.ts';
import { operationRules } from './catalogue-operations.ts';
import { volumeRules } from './catalogue-volumes.ts';
import { secondsOf } from '../duration.ts';
import type { RuleSettings } from './settings.ts';

const VIRTUAL_FREE = 'cinder:pool_virtual_free_capacity:last_known';
const SCHEDULABLE = 'cinder:pool_schedulable_capacity:bytes';

/** What can be wrong with the space of a pool. Unknown capacity has no series and infinite capacity compares false, so neither alarms. */
export function capacityRules(s: RuleSettings): RuleGroup {
  const ticket = {
    component: 'capacity',
    severity: 'warning',
    keepFiringFor: s.ticket_keep_firing_for,
    dashboard: BACKEND_DASHBOARD,
  } as const;
  const total = `(cinder_pool_total_capacity_bytes{${s.selector}} > 0 < Inf)`;
  const predicted = `max without (${s.replica_labels}) (
    predict_linear(cinder_pool_free_capacity_bytes{${s.selector}}[${s.pool_filling_up_window}], ${secondsOf(s.pool_filling_up_horizon)})
  )`;
  const full = { ignoring: '', expr: `${FREE_RATIO} < ${s.pool_physical_space_critical_ratio}` };
  /** What is known of each pool, while its backend reports; as it last was while the pools cannot be read, or the backend is out. */
  const lastKnown = (record: string, fresh: string): string => rememberPools(record, 'max', fresh, s);
  return {
    name: 'cinder-capacity',
    comment:
      'Capacity. A pool of unknown capacity has no series, one of infinite capacity is left out: neither alarms.',
    interval: s.capacity_interval,
    rules: [
      {
        record: FREE_RATIO,
        comment:
          'Physical space left in each pool, 0 to 1; the last value stands while the pools cannot be read, or their backend is out.',
        expr: lastKnown(FREE_RATIO, `cinder_pool_free_capacity_bytes{${s.selector}} / ${total}`),
        identity: ['host', 'backend', 'pool'],
      },
      {
        record: SCHEDULABLE,
        comment:
          'What the scheduler would give out of an empty pool: (total - reserved) x over-subscription where the pool is thin.',
        expr: lastKnown(
          SCHEDULABLE,
          `(
    (${total} * (1 - cinder_pool_reserved_ratio{${s.selector}}) or ${total})
    *
    (
      clamp_min(cinder_pool_max_over_subscription_ratio{${s.selector}}, 1) and (cinder_pool_thin_provisioning{${s.selector}} == 1)
      or
      ${total} * 0 + 1
    )
  )`,
        ),
        identity: ['host', 'backend', 'pool'],
      },
      {
        record: VIRTUAL_FREE,
        comment:
          'What the scheduler would still give out of each pool, as last known. Below zero means nothing where the pool has no capacity at all: ' +
          'its array does not answer, and what was provisioned is no more than before.',
        expr: lastKnown(
          VIRTUAL_FREE,
          `(
    cinder_pool_virtual_free_capacity_bytes{${s.selector}}
    unless
    (cinder_pool_total_capacity_bytes{${s.selector}} == 0)
  )`,
        ),
        identity: ['host', 'backend', 'pool'],
      },
      {
        alert: 'CinderPoolPhysicalSpaceCritical',
        ...ticket,
        severity: 'critical',
        keepFiringFor: s.page_keep_firing_for,
        expr: `${FREE_RATIO} < ${s.pool_physical_space_critical_ratio}`,
        for: s.pool_physical_space_critical_for,
        summary: 'A Cinder pool has almost no physical space left.',
        description:
          'Pool {{ $labels.pool }} of {{ $labels.host }} has {{ $value | humanizePercentage }} of its physical space left. When none is left, new volumes fail, and so do writes to thin volumes.',
      },
      {
        alert: 'CinderPoolSpaceLow',
        ...ticket,
        comment:
          'By the arithmetic of the scheduler. Below zero it is CinderPoolOverProvisioned. Full is full: none of these begins beside CinderPoolPhysicalSpaceCritical.',
        expr: unlessMuted(
          'CinderPoolSpaceLow',
          `((${VIRTUAL_FREE} / ${SCHEDULABLE} < ${s.pool_space_low_ratio}) >= 0)`,
          full,
        ),
        for: s.pool_space_low_for,
        summary: 'A Cinder pool has little schedulable capacity left.',
        description:
          'Pool {{ $labels.pool }} of {{ $labels.host }} has {{ $value | humanizePercentage }} of its schedulable capacity left (reserved space and over-subscription applied).',
      },
      {
        alert: 'CinderPoolFillingUp',
        ...ticket,
        comment: 'It goes on while there is nothing to extrapolate from.',
        expr: `${unlessMuted(
          'CinderPoolFillingUp',
          `(
  (${FREE_RATIO} < ${s.pool_filling_up_ratio})
  and
  (${predicted} < 0)
)`,
          full,
        )}
or
${stillFiring('CinderPoolFillingUp', `((${FREE_RATIO} < ${s.pool_filling_up_ratio}) unless ${predicted})`)}`,
        for: s.pool_filling_up_for,
        summary: 'A Cinder pool will soon be full.',
        description: `Pool {{ $labels.pool }} of {{ $labels.host }} has {{ $value | humanizePercentage }} of its physical space left and at this rate is full within ${s.pool_filling_up_horizon}.`,
      },
      {
        alert: 'CinderPoolOverProvisioned',
        ...ticket,
        expr: unlessMuted('CinderPoolOverProvisioned', `(${VIRTUAL_FREE} < 0)`, full),
        for: s.pool_over_provisioned_for,
        summary: 'A Cinder pool is provisioned beyond its limit.',
        description:
          'Pool {{ $labels.pool }} of {{ $labels.host }} has {{ $value | humanize1024 }}B left by the arithmetic of the scheduler. The capacity filter refuses new volumes on it.',
      },
      ...volumeRules(s),
      ...operationRules(s),
    ],
  };
}
