import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { ONE_BACKEND, conditionNumber } from './backend-queries.ts';
import { conditionMappings } from './conditions.ts';
import { BAD, GOOD, WARN, flagMapping } from './mapping.ts';
import { stat, steps, timeline } from './panels.ts';
import { CLOUD, age, max, milliseconds, min, select, volumeServices } from './promql.ts';
import { now, range } from './targets.ts';

const { host } = ONE_BACKEND;

export function condition(): StatBuilder {
  return stat({
    title: 'Condition',
    description:
      'What the exporter decided from the service list and the driver stats. The worst one when replicas do not agree.',
    unit: 'none',
  })
    .mappings(conditionMappings())
    .noValue('not in the service list')
    .withTarget(now(conditionNumber(ONE_BACKEND), '{{cloud}}'));
}

export function since(): StatBuilder {
  return stat({
    title: 'Changed',
    description:
      'When an exporter last saw the condition change. Nothing before the first change since the exporter started.',
    unit: 'dateTimeFromNow',
  })
    .noValue('no change seen')
    .withTarget(
      now(milliseconds(max('host', select('cinder_backend_condition_change_timestamp_seconds', host))), '{{cloud}}'),
    );
}

export function statsAge(): StatBuilder {
  return stat({
    title: 'Stats age',
    description:
      'Since the driver last published stats for any pool. Cinder asks it every 60 s (backend_stats_polling_interval); over 300 s the backend is stale.',
    unit: 's',
  })
    .decimals(0)
    .thresholds(steps(GOOD, [150, WARN], [300, BAD]))
    .noValue('no stats')
    .withTarget(now(age(max('host', select('cinder_pool_stats_timestamp_seconds', host))), '{{cloud}}'));
}

export function heartbeatAge(): StatBuilder {
  const newest = age(max('host', volumeServices('cinder_service_updated_timestamp_seconds')));
  return stat({
    title: 'Heartbeat age',
    description:
      'Since the newest cinder-volume service of this backend wrote its heartbeat: every 10 s (report_interval); over 60 s it counts as down.',
    unit: 's',
  })
    .decimals(0)
    .thresholds(steps(GOOD, [60, BAD]))
    .noValue('no service')
    .withTarget(now(`${newest} and on (${CLOUD}, host) ${select('cinder_backend_condition', host)}`, '{{cloud}}'));
}

export function poolCount(): StatBuilder {
  const states = min('host, pool', select('cinder_pool_state', host));
  return stat({
    title: 'Pools by state',
    description:
      'Pools of this backend by the state in their driver stats; a driver that reports none counts as up, as in Cinder.',
    unit: 'none',
  })
    .decimals(0)
    .noValue('not known')
    .withTarget(now(`sum by (${CLOUD}, host) (${states})`, 'up'))
    .withTarget(now(`sum by (${CLOUD}, host) (1 - ${states})`, 'down'))
    .overrideByName('down', [{ id: 'thresholds', value: steps('transparent', [1, BAD]).build() }]);
}

export function reported(): StatBuilder {
  return stat({
    title: 'State',
    description:
      'Whether the driver itself reports its state, or Cinder assumes that it is up because the driver never says.',
    unit: 'none',
  })
    .mappings(flagMapping({ text: 'reported' }, { text: 'assumed' }))
    .noValue('no stats')
    .withTarget(now(max('host', select('cinder_backend_state_reported', host)), '{{cloud}}'));
}

export function changes(): StatBuilder {
  return stat({
    title: 'Changes',
    description: 'How often the condition changed in the chosen time range.',
    unit: 'none',
  })
    .decimals(0)
    .withTarget(
      now(max('host', `increase(${select('cinder_backend_condition_changes_total', host)}[$__range])`), '{{cloud}}'),
    );
}

export function conditionBar(): TimelineBuilder {
  return timeline({
    title: 'Condition over time',
    description:
      'The condition of this backend, in the same colours as everywhere. A gap means that nothing was known.',
    unit: 'none',
  })
    .mappings(conditionMappings())
    .withTarget(range(conditionNumber(ONE_BACKEND), '{{host}} {{cloud}}'));
}
