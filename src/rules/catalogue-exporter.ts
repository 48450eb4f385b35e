import { ageExpression, clockError, SCHEDULER_SILENT, stillFiring, unlessMuted, untilSeen } from './memory.ts';
import { EXPORTER_DASHBOARD, type RuleGroup, refusedSentence } from './rule.ts';
import { secondsOf } from '../duration.ts';
import type { RuleSettings } from './settings.ts';

/** What can be wrong with the way from Prometheus to Cinder. */
export function exporterRules(s: RuleSettings): RuleGroup {
  const page = { severity: 'critical', keepFiringFor: s.page_keep_firing_for, dashboard: EXPORTER_DASHBOARD } as const;
  const seeing = `max without (${s.replica_labels}) (cinder_up{${s.selector}})`;
  const errors = (reason: string): string => `
  sum without (${s.replica_labels}, collector, reason) (
    increase(cinder_exporter_errors_total{${s.selector},collector="services",${reason}}[${s.errors_window}])
  )`;
  const refused = `(${errors('reason=~"auth|forbidden"')}\n  >${errors('reason!~"auth|forbidden"')}\n)`;
  const age = (collector: string): string =>
    `
    ${ageExpression(`cinder_scrape_collector_last_success_timestamp_seconds{${s.selector},${collector}}`, 'collector', s)}`;
  const old = `(
  (${age('collector=~"services|pools"')} > ${secondsOf(s.data_stale_after)})
  or
  (${age('collector=~"volume_types|volumes|capabilities|operations"')} > ${secondsOf(s.volume_types_stale_after)})
  or
  (
    max without (${s.replica_labels}) (cinder_scrape_collector_success{${s.selector}}) == 0
    unless
    max without (${s.replica_labels}) (cinder_scrape_collector_last_success_timestamp_seconds{${s.selector}})
  )
)`;
  const blind = `(${seeing} == 0)`;
  /** As long as the target is there, but tells nothing of Cinder, such an alert stands. */
  const untold = (alert: string): string => `
(
  max without (alertname, alertstate, severity, component) (ALERTS{alertname="${alert}",alertstate="firing"})
  and
  max without (${s.replica_labels}) (up{${s.selector}})
  unless
  ${seeing}
)`;
  return {
    name: 'cinder-exporter',
    comment: 'The exporter and its access. While one of its pages fires, alerts about backends stay as they are.',
    interval: s.interval,
    rules: [
      {
        alert: 'CinderExporterDown',
        ...page,
        component: 'exporter',
        comment: 'No replica of a target can be scraped, or there is no target at all. Longer than an upgrade takes.',
        expr: `
max without (${s.replica_labels}) (up{${s.selector}}) == 0
or
absent(up{${s.selector}})`,
        for: s.exporter_down_for,
        summary: 'The Cinder exporter is absent or cannot be scraped.',
        description:
          'Nothing new is known about Cinder. Alerts about its backends stay as they are; no new ones will come.',
      },
      {
        alert: 'CinderExporterNoData',
        ...page,
        component: 'exporter',
        comment:
          'It is scraped, but what it tells lacks cinder_up, from which all other alerts follow: a fault of the exporter itself.',
        expr: `
max without (${s.replica_labels}) (up{${s.selector}}) == 1
unless
${seeing}`,
        for: s.exporter_down_for,
        summary: 'The Cinder exporter answers, but tells nothing of Cinder.',
        description:
          'Its page has no cinder_up, not even 0. Nothing new is known about Cinder. Alerts about its backends stay as they are; no new ones will come.',
      },
      {
        alert: 'CinderAPIUnreachable',
        ...page,
        component: 'api',
        comment:
          'No replica can read the service list. Refused logins are CinderExporterAuthFailing. Ends when the list is read.',
        expr: `${unlessMuted('CinderAPIUnreachable', blind, { ignoring: '', expr: refused })}
or${untold('CinderAPIUnreachable')}`,
        for: s.api_unreachable_for,
        summary: 'The Cinder API cannot be read.',
        description:
          'No replica of the exporter can read the service list: the Cinder API or Keystone does not answer, or answers with errors. ' +
          'Alerts about backends stay as they are.',
      },
      {
        alert: 'CinderExporterAuthFailing',
        ...page,
        component: 'exporter',
        comment:
          'Most of the recent failures are refusals: by Keystone (auth), or by the policy of Cinder (forbidden). Ends when the list is read.',
        expr: `
${blind}
and
${refused}
or
${stillFiring('CinderExporterAuthFailing', blind)}
or${untold('CinderExporterAuthFailing')}`,
        for: s.auth_failing_for,
        summary: 'The Cinder exporter is refused by Keystone or by the policy of Cinder.',
        description:
          'The credentials of the exporter are rejected (password changed, application credential expired or deleted), or its role may no longer list services. ' +
          'Alerts about backends stay as they are.',
      },
      {
        alert: 'CinderExporterDataStale',
        component: 'exporter',
        severity: 'warning',
        keepFiringFor: s.ticket_keep_firing_for,
        dashboard: EXPORTER_DASHBOARD,
        comment:
          'One part is old although the service list is said to be read: the pools are forbidden or unreadable, one of the slow collectors fails, or the exporter no longer refreshes. ' +
          'Never succeeded counts as well. Silence of the schedulers has its own alerts. A clock of the exporter that is off makes nothing old. It goes on while nobody sees.',
        expr: `
${old}
and ignoring (collector)
(${seeing} == 1)
unless ignoring (collector)
${SCHEDULER_SILENT}
or
${stillFiring('CinderExporterDataStale', old)}
or
${untilSeen('CinderExporterDataStale', ['collector'], s)}`,
        for: s.data_stale_for,
        summary: 'The Cinder exporter serves old data of one kind.',
        description:
          'Collector {{ $labels.collector }} has not succeeded for long although Cinder answers; its errors are in cinder_exporter_errors_total and in the log.' +
          refusedSentence(s.replica_labels),
      },
      {
        alert: 'CinderExporterRowsRejected',
        component: 'exporter',
        severity: 'warning',
        keepFiringFor: s.ticket_keep_firing_for,
        dashboard: EXPORTER_DASHBOARD,
        comment:
          'A row that could not be used may be a backend that nobody watches. One bad answer is none: the `for` is longer than the window. It goes on while nobody sees.',
        expr: `
max without (${s.replica_labels}) (
  increase(cinder_exporter_rejected_rows_total{${s.selector}}[${s.rows_rejected_window}])
) > 0
or
${untilSeen('CinderExporterRowsRejected', ['collector'], s)}`,
        for: s.rows_rejected_for,
        summary: 'The Cinder exporter cannot use all rows of an answer.',
        description:
          'Some rows that the collector {{ $labels.collector }} reads are left out: there are more than `limits.max_rows`, or they cannot be decoded. The log says which. A backend in such a row is not watched.',
      },
      {
        alert: 'CinderExporterClockSkew',
        component: 'exporter',
        severity: 'warning',
        keepFiringFor: s.ticket_keep_firing_for,
        dashboard: EXPORTER_DASHBOARD,
        comment:
          'About one replica, so its labels stay. Heartbeats are seldom older than a minute; a clock that is ahead shows only beyond that.',
        expr: clockError(s).slice(1, -1),
        for: s.clock_skew_for,
        summary: 'The clocks of the Cinder exporter and of most Cinder services differ.',
        description:
          'The heartbeats of most Cinder services differ by {{ $value | humanizeDuration }} from the clock of the exporter at {{ $labels.instance }} (above zero: its clock is behind). Its clock is off, or the clocks of most Cinder hosts are.',
      },
      {
        alert: 'CinderAPITooOld',
        component: 'api',
        severity: 'info',
        dashboard: EXPORTER_DASHBOARD,
        expr: `max without (${s.replica_labels}) (cinder_api_backend_state_supported{${s.selector}}) == 0`,
        for: s.api_too_old_for,
        summary: 'The Cinder API is older than microversion 3.49 and lists no backend state.',
        description:
          'Only heartbeats and the driver stats of the scheduler are available from this Cinder (older than Queens).',
      },
    ],
  };
}
