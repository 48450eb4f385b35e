import {
  answering,
  BACKEND_LEFT_OVER,
  CONDITION,
  DESCRIPTIVE,
  HELD,
  LEFT_OVER,
  NONE_ANSWERS,
  POOL_STATE,
  remember,
  rememberPools,
  SERVICE_ENABLED,
  SERVICE_STATE,
  type Sight,
  UNRESPONSIVE_HELD,
  whileBlind,
} from './memory.ts';
import type { RecordingRule } from './rule.ts';
import { secondsOf } from '../duration.ts';
import type { RuleSettings } from './settings.ts';

/** The recording rules that the alerts on backends and services stand on. */
export function memoryRules(s: RuleSettings): readonly RecordingRule[] {
  const sight: Sight = { series: `cinder_up{${s.selector}}`, labels: [] };
  const seen = `cinder_backend_condition{${s.selector}}
  and ignoring (host, backend, condition) (cinder_up{${s.selector}} == 1)`;
  const known = `group without (${s.replica_labels}, condition) (
  (cinder_backend_condition{${s.selector},condition!="unknown"} == 1)
  and ignoring (host, backend, condition) (cinder_up{${s.selector}} == 1)
)`;
  const unknown = `cinder_backend_condition{${s.selector},condition="unknown"} == 1`;
  const volumes = `${s.selector},binary="cinder-volume"`;
  const inUse = `cinder_service_info{${volumes},cluster!=""}
      and ignoring (cluster, ${DESCRIPTIVE}) (cinder_service_enabled{${volumes}} == 1)`;
  return [
    {
      record: LEFT_OVER,
      comment:
        'Rows of the service list that have not changed for so long that they are left-overs. Cinder shows the last heartbeat or the last change ' +
        'by an operator, whichever is nearer to now. A row that it counts as up is none, whatever the clocks say.',
      expr: `
max without (${s.replica_labels}) (
  time() - cinder_service_updated_timestamp_seconds{${s.selector}} > ${secondsOf(s.service_record_stale_after)}
  unless
  (cinder_service_state{${s.selector}} == 1)
)`,
      identity: ['binary', 'host'],
    },
    {
      record: BACKEND_LEFT_OVER,
      comment:
        'The backends that nothing but left-overs stands for: such a row, or a cluster whose enabled services are all such.',
      expr: `
group without (binary) (${LEFT_OVER}{binary="cinder-volume"})
or
label_replace(
  group without (${s.replica_labels}, binary, host, ${DESCRIPTIVE}) (
    ${inUse}
  )
  unless
  group without (binary, host) (
    max without (${s.replica_labels}, ${DESCRIPTIVE}) (
      ${inUse}
    )
    unless ignoring (cluster) ${LEFT_OVER}
  ),
  "host", "$1", "cluster", "(.+)"
)`,
      identity: ['host', 'cluster'],
    },
    {
      record: UNRESPONSIVE_HELD,
      comment:
        'The backends whose cinder-volume did not answer when it was last asked for, and of which the exporter does not know whether it answers: ' +
        'it was restarted and has not asked yet, or its requests are refused. Until it knows; at most ' +
        `${s.hold_for} after the collector last succeeded.`,
      expr: `
max without (condition) (${CONDITION}{condition="unresponsive"} == 1)
and
max without (${s.replica_labels}, condition) (
  (cinder_backend_condition{${s.selector},condition=~"degraded|up_assumed|up"} == 1)
  and ignoring (host, backend, condition) (cinder_up{${s.selector}} == 1)
)
and ignoring (host, backend) (
  max without (${s.replica_labels}, collector) (
    max_over_time(cinder_scrape_collector_success{${s.selector},collector="capabilities"}[${s.hold_for}])
  ) == 1
)
unless
${answering(s)}`,
      identity: ['host', 'backend'],
    },
    {
      record: HELD,
      comment:
        'The backends of which the exporter knows nothing (any more), and whose last condition stands: trouble that was not seen to end, ' +
        'and everything while the pools cannot be read. Not what the service list tells, a lost heartbeat or the wish of an operator: ' +
        'there the end is seen. Not where another replica knows more.',
      expr: `
${UNRESPONSIVE_HELD}
or
(
  max without (condition) (${CONDITION}{condition=~"down|stale|unresponsive|failing"} == 1)
  or
  max without (condition) (${CONDITION}{condition=~"unknown|degraded|up_assumed|up"} == 1)
  and ignoring (host, backend)
  (max without (${s.replica_labels}, collector) (cinder_scrape_collector_success{${s.selector},collector="pools"}) == 0)
)
and
max without (${s.replica_labels}, condition) (
  (${unknown})
  and ignoring (host, backend, condition) (cinder_up{${s.selector}} == 1)
)
unless
${known}`,
      identity: ['host', 'backend'],
    },
    {
      record: CONDITION,
      comment:
        'The last known condition of each backend, in four branches: as it is seen, by the replicas of the exporter that can see and know it; ' +
        'the last one, while no replica reads the service list; the last one, where it is held; and what is said, unknown included. ' +
        'So a blind exporter or a scheduler that forgot neither raises, nor resolves, nor repeats an alert about a backend. ' +
        'Service rows without a heartbeat for days are left-overs and not looked at.',
      expr: `
max without (${s.replica_labels}) (
  ${seen}
  unless ignoring (condition) (${unknown})
)
unless ignoring (cluster, backend, condition) ${BACKEND_LEFT_OVER}
unless ignoring (condition) ${UNRESPONSIVE_HELD}
or
${whileBlind(CONDITION, ['host', 'backend', 'condition'], sight, s)}
or
(
  ${CONDITION} and ignoring (condition) ${HELD}
)
or
max without (${s.replica_labels}) (
  ${seen}
  and ignoring (condition) (${unknown})
)
unless ignoring (cluster, backend, condition) ${BACKEND_LEFT_OVER}
unless ignoring (condition) ${HELD}
unless ignoring (condition)
${known}`,
      identity: ['host', 'backend', 'condition'],
    },
    {
      record: NONE_ANSWERS,
      comment:
        'Whether no cinder-volume answers, as it was last seen. While two or more of them are only held, it stands until one has answered.',
      expr: `
(
  (${NONE_ANSWERS} == 1)
  and ignoring () (count without (host, backend) (${UNRESPONSIVE_HELD}) > 1)
  unless ignoring () (max without (host, backend) (${answering(s)}) == 1)
)
or
${remember(
  NONE_ANSWERS,
  `
max without (${s.replica_labels}) (
  cinder_volume_services_unresponsive{${s.selector}}
  and (cinder_up{${s.selector}} == 1)
)`,
  [],
  sight,
  s,
).trimStart()}`,
      identity: [],
    },
    {
      record: SERVICE_STATE,
      comment: 'The heartbeat of each enabled service as it was last seen, left-overs aside.',
      expr: remember(
        SERVICE_STATE,
        `
max without (${s.replica_labels}) (
  cinder_service_state{${s.selector}}
  and (cinder_service_enabled{${s.selector}} == 1)
  and ignoring (binary, host) (cinder_up{${s.selector}} == 1)
)
unless ${LEFT_OVER}`,
        ['binary', 'host'],
        sight,
        s,
      ),
      identity: ['binary', 'host'],
    },
    {
      record: SERVICE_ENABLED,
      comment:
        'Whether each service is enabled, as last seen, left-overs aside: a day of `for` must not begin anew after a gap.',
      expr: remember(
        SERVICE_ENABLED,
        `
max without (${s.replica_labels}) (
  cinder_service_enabled{${s.selector}}
  and ignoring (binary, host) (cinder_up{${s.selector}} == 1)
)
unless ${LEFT_OVER}`,
        ['binary', 'host'],
        sight,
        s,
      ),
      identity: ['binary', 'host'],
    },
    {
      record: POOL_STATE,
      comment:
        'The state of each pool as it was last seen; it stands while the pools cannot be read, and while its backend is out and does not report of it: ' +
        'a pool that was down is not up because its backend falls silent.',
      expr: rememberPools(POOL_STATE, 'min', `cinder_pool_state{${s.selector}}`, s),
      identity: ['host', 'backend', 'pool'],
    },
  ];
}
