import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCloudMetrics, createProcessMetrics, REASONS, renderRegistry } from '../../src/metrics/exporter.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { parseExposition } from '../support/exposition-parser.ts';

/** The interface: a label that is new or gone breaks every alert that lasts. Change it on purpose only, with the changelog. */
const LABELS: Readonly<Record<string, string>> = {
  cinder_up: '',
  cinder_api_clock_offset_seconds: '',
  cinder_backend_state: 'host backend',
  cinder_backend_condition: 'host backend condition',
  cinder_backend_state_reported: 'host backend',
  cinder_backend_condition_changes_total: 'host backend',
  cinder_backend_condition_change_timestamp_seconds: 'host backend',
  cinder_service_state: 'binary host',
  cinder_service_enabled: 'binary host',
  cinder_service_frozen: 'binary host',
  cinder_service_backend_state: 'binary host',
  cinder_service_updated_timestamp_seconds: 'binary host',
  cinder_service_info: 'binary host zone cluster disabled_reason replication_status active_backend_id',
  cinder_pool_state: 'host backend pool',
  cinder_pool_stats_timestamp_seconds: 'host backend pool',
  cinder_pool_total_capacity_bytes: 'host backend pool',
  cinder_pool_free_capacity_bytes: 'host backend pool',
  cinder_pool_allocated_capacity_bytes: 'host backend pool',
  cinder_pool_provisioned_capacity_bytes: 'host backend pool',
  cinder_pool_virtual_free_capacity_bytes: 'host backend pool',
  cinder_pool_reserved_ratio: 'host backend pool',
  cinder_pool_max_over_subscription_ratio: 'host backend pool',
  cinder_pool_thin_provisioning: 'host backend pool',
  cinder_pool_info: 'host backend pool volume_backend_name vendor_name driver_version storage_protocol',
  cinder_volume_type_backend_info: 'volume_type host',
  cinder_api_info: 'min_version max_version used_version',
  cinder_api_backend_state_supported: '',
  cinder_scrape_collector_success: 'collector',
  cinder_scrape_collector_duration_seconds: 'collector',
  cinder_scrape_collector_last_success_timestamp_seconds: 'collector',
};

/** The exporter's own, for one cloud. Those without a value yet are left out of a page. */
const OWN: Readonly<Record<string, string>> = {
  cinder_exporter_refreshes_total: '',
  cinder_exporter_refreshes_missed_total: '',
  cinder_exporter_refreshes_overlapped_total: '',
  cinder_exporter_refresh_duration_seconds: '',
  cinder_exporter_refresh_interval_seconds: '',
  cinder_exporter_last_refresh_timestamp_seconds: '',
  cinder_exporter_next_refresh_timestamp_seconds: '',
  cinder_exporter_api_request_duration_seconds: 'operation status',
  cinder_exporter_errors_total: 'collector reason',
  cinder_exporter_rejected_rows_total: 'collector',
  cinder_exporter_truncated_labels_total: '',
  cinder_exporter_token_expiry_timestamp_seconds: '',
  cinder_exporter_scheduler_requests_open: '',
  cinder_exporter_scheduler_pause_seconds: '',
  cinder_exporter_pause_seconds: 'operation',
  cinder_exporter_scheduler_disagreements_total: '',
  cinder_exporter_tls_verification_disabled: '',
};

test("every family's label names are pinned", () => {
  assert.deepEqual(Object.fromEntries(FAMILIES.map(({ name, labels }) => [name, labels.join(' ')])), LABELS);
});

test('names and types follow the rules of Prometheus', () => {
  for (const { name, type, help } of FAMILIES) {
    assert.match(name, /^cinder_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.equal(name.endsWith('_info'), type === 'info', name);
    assert.match(help, /^[A-Z].*\.$/s, name);
    assert.ok(!/_(gb|percent|ms|minutes)(_|$)/.test(name), name);
  }
});

test("the exporter's own families and their label names are pinned", async () => {
  const { registry } = createCloudMetrics();
  const metrics = (await registry.getMetricsAsJSON()) as { name: string; help: string }[];
  assert.deepEqual(metrics.map(({ name }) => name).toSorted(), Object.keys(OWN).toSorted());
  for (const { help } of metrics) assert.match(help, /^[A-Z].*\.$/s);
});

test('what is known in advance is there from the start, and nothing else', async () => {
  const metrics = createCloudMetrics();
  const page = parseExposition(await renderRegistry(metrics.registry, 'text'), 'text');
  for (const collector of ['services', 'pools', 'volume_types']) {
    assert.equal(page.value('cinder_exporter_rejected_rows_total', { collector }), 0);
    for (const reason of REASONS) assert.equal(page.value('cinder_exporter_errors_total', { collector, reason }), 0);
  }
  assert.equal(page.value('cinder_exporter_refreshes_total'), 0);
  for (const name of [
    'token_expiry_timestamp_seconds',
    'last_refresh_timestamp_seconds',
    'next_refresh_timestamp_seconds',
    'refresh_duration_seconds',
  ]) {
    assert.equal(page.families.has(`cinder_exporter_${name}`), false, `${name} would be a false statement`);
  }
});

test('both formats of all own metrics are strict, with requests observed', async () => {
  const metrics = createCloudMetrics();
  metrics.requests.observe({ operation: 'pools', status: 'error' }, 0.3);
  metrics.tokenExpiry.set(1795346561);
  const all = createProcessMetrics('1.2.3"\\\n');
  all.reloadSuccessful.set(1);
  for (const format of ['text', 'openmetrics'] as const) {
    const own = (await renderRegistry(metrics.registry, format)) + (await renderRegistry(all.registry, format));
    const page = parseExposition(format === 'text' ? own : `${own}# EOF\n`, format);
    assert.equal(page.samples('cinder_exporter_build_info')[0]?.labels['version'], '1.2.3"\\\n');
    assert.ok((page.samples('process_cpu_seconds_total')[0]?.value ?? -1) >= 0);
    const buckets = page.samples('cinder_exporter_api_request_duration_seconds_bucket');
    const counts = buckets.map((bucket) => bucket.value);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
    assert.equal(buckets.at(-1)?.labels['le'], '+Inf');
    assert.equal(page.value('cinder_exporter_token_expiry_timestamp_seconds'), 1795346561);
    for (const { name, type } of page.families.values()) {
      if (format === 'openmetrics') assert.ok(!name.endsWith('_total') && !name.endsWith('_info'), name);
      else assert.equal(name.endsWith('_total'), type === 'counter', name);
    }
  }
});
