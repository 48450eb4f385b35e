import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { backendLink, runbookLink } from './backend-queries.ts';
import { filled, link, mapped, showColumns, unit, width } from './columns.ts';
import { BAD, CALM, WARN, textMapping } from './mapping.ts';
import { tablePanel } from './panels.ts';
import { max, milliseconds, select } from './promql.ts';
import { table } from './targets.ts';

/** The alerts of the shipped rules that fire now. `matchers` choose among them. */
export function alertTable(matchers: readonly string[]): TableBuilder {
  const cinder = ['alertname=~"Cinder.*"', ...matchers];
  const firing = select('ALERTS', ...cinder, 'alertstate="firing"');
  const since = `${select('ALERTS_FOR_STATE', ...cinder)} and ignoring (alertstate) ${firing}`;
  const panel = tablePanel({
    title: 'Firing alerts',
    description:
      'The alerts of the rules of cinder-exporter that fire in this Prometheus, and since when the cause is there. The name leads to the runbook. Alertmanager may have muted some of them, because another one explains them. Without any row none fires, or this Prometheus does not have the rules.',
    unit: 'none',
  })
    .withTarget(table(milliseconds(max('alertname, severity, host, pool, binary, volume_type', since))))
    .sortBy([{ build: () => ({ displayName: 'Severity', desc: false }) }]);
  const severity = textMapping({
    critical: { text: 'critical', color: BAD },
    warning: { text: 'warning', color: WARN },
    info: { text: 'info', color: CALM },
  });
  return showColumns(panel, [
    { from: 'severity', header: 'Severity', look: [width(90), filled(), mapped(severity)] },
    { from: 'alertname', header: 'Alert', look: [width(230), link('Runbook', runbookLink('${__value.raw}'), true)] },
    { from: 'Value', header: 'Since', look: [width(130), unit('dateTimeFromNow')] },
    {
      from: 'host',
      header: 'Host',
      look: [link('Dashboard of this backend', backendLink('${__value.raw:percentencode}'))],
    },
    { from: 'pool', header: 'Pool' },
    { from: 'binary', header: 'Service' },
    { from: 'volume_type', header: 'Volume type' },
    { from: 'cloud', header: 'Cloud' },
  ]);
}
