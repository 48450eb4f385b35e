import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import { type Collector, COLLECTORS } from '../cinder/snapshot.ts';
import { PAUSED } from '../openstack/pause.ts';
import { registerLoopDelays } from './event-loop.ts';
import { escapeLabel, type Format, formatValue, renderHeader } from './exposition.ts';

/** Why a collector failed, as a label. */
export const REASONS = ['auth', 'forbidden', 'timeout', 'connect', 'http', 'decode'] as const;

/** What the exporter tells of its own work for one cloud. */
export interface CloudMetrics {
  readonly registry: Registry;
  readonly refreshes: Counter;
  readonly missed: Counter;
  readonly overlapped: Counter;
  readonly refreshDuration: Gauge;
  readonly refreshInterval: Gauge;
  readonly lastRefresh: Gauge;
  readonly requests: Histogram<'operation' | 'status'>;
  readonly errors: Counter<'collector' | 'reason'>;
  readonly rejectedRows: Counter<'collector'>;
  readonly truncatedLabels: Counter;
  readonly tokenExpiry: Gauge;
  readonly schedulerRequestsOpen: Gauge;
  readonly schedulerPause: Gauge;
  readonly schedulerDisagreements: Counter;
  readonly pauses: Gauge<'operation'>;
  readonly nextRefresh: Gauge;
  readonly verificationDisabled: Gauge;
}

const P = 'cinder_exporter_';

/** The metrics of one cloud, with every series that can be known in advance already at 0. */
export function createCloudMetrics(collectors: readonly Collector[] = COLLECTORS): CloudMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: P + name, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: P + name, help, registers });
  const metrics: CloudMetrics = {
    registry,
    refreshes: counter('refreshes_total', 'Refreshes that ended, well or not.'),
    missed: counter('refreshes_missed_total', 'Refreshes that were due and could not start in time.'),
    overlapped: counter('refreshes_overlapped_total', 'Refreshes that were due while the one before still ran.'),
    refreshDuration: gauge('refresh_duration_seconds', 'Duration of the last refresh.'),
    refreshInterval: gauge(
      'refresh_interval_seconds',
      'Time from one refresh to the next, by the schedule; of a cron expression the shortest.',
    ),
    lastRefresh: gauge('last_refresh_timestamp_seconds', 'When the last refresh ended, well or not, as Unix time.'),
    requests: new Histogram({
      name: `${P}api_request_duration_seconds`,
      help: 'Requests to Keystone and Cinder, by operation and HTTP status ("error" when there was no answer).',
      labelNames: ['operation', 'status'],
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    errors: new Counter({
      name: `${P}errors_total`,
      help: 'Failed runs of a collector, by reason.',
      labelNames: ['collector', 'reason'],
      registers,
    }),
    rejectedRows: new Counter({
      name: `${P}rejected_rows_total`,
      help: 'Rows of an answer that could not be decoded, or were beyond the configured limit.',
      labelNames: ['collector'],
      registers,
    }),
    truncatedLabels: counter(
      'truncated_labels_total',
      'Texts of the cloud that were cut at the configured label length.',
    ),
    tokenExpiry: gauge(
      'token_expiry_timestamp_seconds',
      'When the Keystone token expires, as Unix time. No series before the first login.',
    ),
    schedulerRequestsOpen: gauge(
      'scheduler_requests_open',
      'Requests under way that need a Cinder scheduler; never more than 1.',
    ),
    schedulerPause: gauge(
      'scheduler_pause_seconds',
      'Remaining pause before a scheduler that failed to answer is asked again, as of the last refresh.',
    ),
    schedulerDisagreements: counter(
      'scheduler_disagreements_total',
      'Times that an answer had older driver stats of a backend than one before, or stats that an answer in between lacked: schedulers whose memories differ.',
    ),
    pauses: new Gauge({
      name: `${P}pause_seconds`,
      help: 'Remaining pause before this is asked again, after a refusal, a failure, or because the answer asked for it; at most 300. As of the last refresh.',
      labelNames: ['operation'],
      registers,
    }),
    nextRefresh: gauge(
      'next_refresh_timestamp_seconds',
      'When the next refresh is due by the schedule, as Unix time. No series where there is no schedule.',
    ),
    verificationDisabled: gauge(
      'tls_verification_disabled',
      'Whether certificates of the cloud are not verified because the configuration says so.',
    ),
  };
  // A labelless gauge starts at 0 in prom-client, which would be a false statement for these.
  metrics.tokenExpiry.remove();
  metrics.lastRefresh.remove();
  metrics.refreshDuration.remove();
  metrics.nextRefresh.remove();
  for (const operation of PAUSED) metrics.pauses.set({ operation }, 0);
  for (const collector of collectors) {
    metrics.rejectedRows.inc({ collector }, 0);
    for (const reason of REASONS) metrics.errors.inc({ collector, reason }, 0);
  }
  return metrics;
}

/** What the exporter tells of the process as a whole. */
export interface ProcessMetrics {
  readonly registry: Registry;
  readonly reloadSuccessful: Gauge;
  readonly reloadSuccessTimestamp: Gauge;
}

/** The longest time that a timer of Node can have: 24 days. */
const NEVER_MS = 2 ** 31 - 1;

export function createProcessMetrics(version: string): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  // prom-client's look at the event loop wakes up an idle process: it never comes, and ours has its place.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('nodejs_eventloop_lag_')) registry.removeSingleMetric(name);
  registerLoopDelays(registry);
  new Gauge({
    name: `${P}build_info`,
    help: 'Version of the exporter and of Node.js. Always 1.',
    labelNames: ['version', 'node_version'],
    registers,
  }).set({ version, node_version: process.version }, 1);
  return {
    registry,
    reloadSuccessful: new Gauge({
      name: `${P}config_last_reload_successful`,
      help: 'Whether the last attempt to load the configuration succeeded.',
      registers,
    }),
    reloadSuccessTimestamp: new Gauge({
      name: `${P}config_last_reload_success_timestamp_seconds`,
      help: 'When the configuration in use was loaded, as Unix time.',
      registers,
    }),
  };
}

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
    page += headerOf(metric)[format];
    for (const sample of metric.values) page += renderSample(metric.name, sample);
  }
  return page;
}

/** By name: an exporter has the same ones as long as it lives, and a scrape needs all of them. */
const headers = new Map<string, ReturnType<typeof renderHeader>>();

function headerOf(metric: MetricObjectWithValues<MetricValue<string>>): ReturnType<typeof renderHeader> {
  const { name, help } = metric;
  let header = headers.get(name);
  if (!header) headers.set(name, (header = renderHeader({ name, help, type: typeOf(metric) })));
  return header;
}

type Type = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown' | 'info';

function typeOf(metric: MetricObjectWithValues<MetricValue<string>>): Type {
  const type = String(metric.type) as Type;
  return type === 'gauge' && metric.name.endsWith('_info') ? 'info' : type;
}

function renderSample(name: string, sample: MetricValue<string> & { metricName?: string }): string {
  let labels = '';
  for (const label of Object.keys(sample.labels)) {
    const value = sample.labels[label];
    if (value === undefined) continue;
    const text = label === 'le' || label === 'quantile' ? canonical(value) : String(value);
    labels += `${labels === '' ? '{' : ','}${label}="${escapeLabel(text)}"`;
  }
  return `${sample.metricName ?? name}${labels === '' ? '' : `${labels}}`} ${formatValue(sample.value)}\n`;
}

/** `le` and `quantile` are floats: OpenMetrics wants `1.0`, and Prometheus reads both. */
function canonical(value: string | number | undefined): string {
  const text = String(value);
  return /^\d+$/.test(text) ? `${text}.0` : text;
}
