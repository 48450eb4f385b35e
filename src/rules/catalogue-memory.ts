import { secondsOf } from './duration.ts';
import { CONDITION, leftOver, remember, SERVICE_ENABLED, SERVICE_STATE, type Sight } from './memory.ts';
import type { RecordingRule } from './rule.ts';
import type { Settings } from './settings.ts';

/** The recording rules that the alerts on backends and services stand on. */
export function memoryRules(s: Settings): readonly RecordingRule[] {
  const sight: Sight = { series: `cinder_up{${s.selector}}`, labels: [] };
  const limit = secondsOf(s.service_record_stale_after);
  return [
    {
      record: CONDITION,
      comment:
        'The condition of each backend as it was last seen. Replicas are folded here, and only those that can see count. ' +
        'While no replica reads the service list, or a backend is unknown only because no scheduler answers, the last condition stands: ' +
        'a blind exporter neither raises, nor resolves, nor repeats an alert about a backend. ' +
        'Service rows without a heartbeat for days are left-overs and not looked at.',
      expr: `${remember(
        CONDITION,
        `
max without (${s.replica_labels}) (
  cinder_backend_condition{${s.selector}}
  and ignoring (host, backend, condition) (cinder_up{${s.selector}} == 1)
  unless ignoring (condition) (
    (cinder_backend_condition{${s.selector},condition="unknown"} == 1)
    and ignoring (host, backend, condition, collector)
    (cinder_scrape_collector_success{${s.selector},collector="pools"} == 0)
    unless ignoring (host, backend, condition, collector, reason)
    (increase(cinder_exporter_errors_total{${s.selector},collector="pools",reason="forbidden"}[${s.errors_window}]) > 0)
  )
  unless ignoring (binary, backend, condition)
  (${leftOver(`${s.selector},binary="cinder-volume"`, limit)})
)`,
        ['host', 'backend', 'condition'],
        sight,
        s,
      )}
or
(
  ${CONDITION}
  and ignoring (condition) (max without (${s.replica_labels}) (cinder_backend_condition{${s.selector},condition="unknown"}) == 1)
)`,
      identity: ['host', 'backend', 'condition'],
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
  unless (${leftOver(s.selector, limit)})
)`,
        ['binary', 'host'],
        sight,
        s,
      ),
      identity: ['binary', 'host'],
    },
    {
      record: SERVICE_ENABLED,
      comment: 'Whether each service is enabled, as last seen: a day of `for` must not begin anew after a gap.',
      expr: remember(
        SERVICE_ENABLED,
        `
max without (${s.replica_labels}) (
  cinder_service_enabled{${s.selector}}
  and ignoring (binary, host) (cinder_up{${s.selector}} == 1)
)`,
        ['binary', 'host'],
        sight,
        s,
      ),
      identity: ['binary', 'host'],
    },
  ];
}
