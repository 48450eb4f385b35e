import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import { formatValue, renderHeader, type Format } from './exposition.ts';
import { escapeLabel } from './family.ts';

/** Gauges whose name ends in `_total` (prom-client's own) break the naming rules of both formats; `nodejs_active_*` without it tells the same. */
const MISNAMED = new Set([
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]);

/** Renders the metrics of a prom-client registry in a format. A family without a sample is left out. */
export async function renderRegistry(registry: Registry, format: Format): Promise<string> {
  let page = '';
  for (const metric of await registry.getMetricsAsJSON()) {
    if (MISNAMED.has(metric.name) || metric.values.length === 0) continue;
    page += renderHeader({ name: metric.name, help: metric.help, type: typeOf(metric) })[format];
    for (const sample of metric.values) page += renderSample(metric.name, sample);
  }
  return page;
}

type Type = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown' | 'info';

function typeOf(metric: MetricObjectWithValues<MetricValue<string>>): Type {
  const type = String(metric.type) as Type;
  return type === 'gauge' && metric.name.endsWith('_info') ? 'info' : type;
}

function renderSample(name: string, sample: MetricValue<string> & { metricName?: string }): string {
  const labels = Object.entries(sample.labels)
    .filter(([, value]) => value !== undefined)
    .map(
      ([label, value]) =>
        `${label}="${escapeLabel(label === 'le' || label === 'quantile' ? canonical(value) : String(value))}"`,
    );
  return `${sample.metricName ?? name}${labels.length > 0 ? `{${labels.join(',')}}` : ''} ${formatValue(sample.value)}\n`;
}

/** `le` and `quantile` are floats: OpenMetrics wants `1.0`, and Prometheus reads both. */
function canonical(value: string | number | undefined): string {
  const text = String(value);
  return /^\d+$/.test(text) ? `${text}.0` : text;
}
