import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { backendLink, runbookLink } from './backend-queries.ts';
import { filled, link, mapped, showColumns, unit } from './columns.ts';
import { BAD, CALM, WARN, textMapping } from './mapping.ts';
import { tablePanel } from './panels.ts';
import { max, milliseconds, min, select } from './promql.ts';
import { table } from './targets.ts';

/** The gravest first, by which the table is sorted. */
const SEVERITIES = [
  ['critical', BAD],
  ['warning', WARN],
  ['info', CALM],
] as const;

/** The alerts of the shipped rules that fire now. `matchers` choose among them. */
export function alertTable(matchers: readonly string[]): TableBuilder {
  const cinder = ['alertname=~"Cinder.*"', ...matchers];
  const firing = select('ALERTS', ...cinder, 'alertstate="firing"');
  const since = `${select('ALERTS_FOR_STATE', ...cinder)} and ignoring (alertstate) ${firing}`;
  const bySeverity = (severity: string, rank: number): string =>
    `${rank} + 0 * ${select('ALERTS', ...cinder, 'alertstate="firing"', `severity="${severity}"`)}`;
  const labels = 'alertname, host, pool, binary, volume_type';
  const panel = tablePanel({
    title: 'Firing alerts',
    description:
      'The alerts of the rules of cinder-exporter that fire in this Prometheus, and since when the cause is there. The name leads to the runbook. Alertmanager may have muted some of them, because another one explains them. Without any row none fires, or this Prometheus does not have the rules.',
    unit: 'none',
  })
    .withTarget(table(milliseconds(max(labels, since))))
    .withTarget(table(min(labels, SEVERITIES.map(([severity], rank) => bySeverity(severity, rank)).join(' or '))))
    .sortBy([{ build: () => ({ displayName: 'Severity', desc: false }) }]);
  const severity = textMapping(Object.fromEntries(SEVERITIES.map(([text, color], rank) => [rank, { text, color }])));
  return showColumns(panel, [
    { from: 'Value #B', header: 'Severity', width: 115, look: [filled(), mapped(severity)] },
    { from: 'alertname', header: 'Alert', width: 260, look: [link('Runbook', runbookLink('${__value.raw}'), true)] },
    { from: 'Value #A', header: 'Since', width: 150, look: [unit('dateTimeFromNow')] },
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
