import { conditionCode } from '../../src/cinder/conditions.ts';
import type { Snapshot } from '../../src/cinder/snapshot.ts';
import { CONDITION_CODE } from '../../src/rules/memory.ts';
import { judge, pool, service } from '../support/samples.ts';
import { sample, scraped, type Labels } from './backfill.ts';
import { HOSTS } from './faulty-cloud.ts';
import { pageOf, START_MS, STEPS, STEP_MS, type Moment } from './hour.ts';

export const END_MS = START_MS + STEPS * STEP_MS;

/** Two replicas that watch one cloud, without a cloud label; the second lags, so that they do not always agree. */
const REPLICAS: readonly { readonly labels: Labels; readonly lag: number }[] = [
  { labels: { job: 'cinder-exporter', instance: '10.0.0.1:10776', pod: 'cinder-exporter-0' }, lag: 0 },
  { labels: { job: 'cinder-exporter', instance: '10.0.0.2:10776', pod: 'cinder-exporter-1' }, lag: 4 },
];
/** One exporter that watches two clouds, told apart by the scrape configuration. */
const CLOUDS: readonly Labels[] = ['paris', 'oslo'].map((cloud) => ({
  job: 'cinder-clouds',
  cloud,
  instance: 'exporter.example.org:10776',
}));

export const BIG = 1000;

/** All samples of the hour as one OpenMetrics text: the faulty cloud by two replicas and in two clouds, a cloud with one backend, one with 1000, and alerts. */
export function scrapedHour(moments: readonly Moment[]): string {
  const parts: string[] = [];
  const one = snapshotOf(1);
  const big = snapshotOf(BIG);
  for (const [step, { atMs, page }] of moments.entries()) {
    for (const { labels, lag } of REPLICAS) {
      const seen = moments[step - lag];
      if (seen) parts.push(scraped(seen.page, labels, atMs));
    }
    for (const labels of CLOUDS) parts.push(scraped(page, labels, atMs));
    parts.push(scraped(pageOf(one(atMs)), { job: 'cinder-one', instance: 'one:10776' }, atMs));
    parts.push(...codesAt(step, atMs));
    if (step > STEPS - 4) parts.push(scraped(pageOf(big(atMs)), { job: 'cinder-1000', instance: 'big:10776' }, atMs));
    parts.push(...alertsAt(step, atMs), ...availabilityAt(atMs));
  }
  return parts.join('');
}

/** What the rules record of the condition of each backend of the large cloud; every minute is enough for an hour. */
function* codesAt(step: number, atMs: number): Generator<string> {
  if (step % 2 === 1) return;
  for (const [i, host] of hostsOf(BIG).entries())
    yield sample(CONDITION_CODE, { host, job: 'cinder-1000' }, conditionCode(i % 10 === 9 ? 'down' : 'up'), atMs);
}

/** Of each backend and volume type what the rules record: which share of a day, and of 30 days, it was usable. The calendar asks for the end of the day as well. */
const AVAILABILITY: readonly (readonly [
  kind: 'backend' | 'volume_type',
  labels: Labels,
  day: number,
  month: number,
])[] = [
  ['backend', { host: HOSTS.down, backend: 'vsp "G400" [x]' }, 0.5, 0.98],
  ['backend', { host: HOSTS.filling, backend: 'filling' }, 1, 1],
  ['backend', { host: HOSTS.degraded, backend: 'svc|stretched' }, 1, 0.9995],
  ['volume_type', { volume_type: 'only\\down' }, 0.5, 0.9985],
  ['volume_type', { volume_type: 'fine' }, 1, 1],
];

function* availabilityAt(atMs: number): Generator<string> {
  for (const target of [{ job: 'cinder-exporter' }, { job: 'cinder-clouds', cloud: 'oslo' }]) {
    for (const [kind, labels, day, month] of AVAILABILITY) {
      for (const at of [atMs, atMs + 86_400_000])
        yield sample(`cinder:${kind}_available:avg_day`, { ...labels, ...target }, day, at);
      yield sample(`cinder:${kind}_available:avg_month`, { ...labels, ...target }, month, atMs);
      if (kind === 'backend') yield sample('cinder:backend_observed:ratio_month', { ...labels, ...target }, 0.9, atMs);
    }
  }
}

/** Alerts with the labels of the shipped rules. One is only pending, one is not ours: neither may be shown. */
function* alertsAt(step: number, atMs: number): Generator<string> {
  const backend = { severity: 'critical', component: 'backend' };
  const alerts: readonly (readonly [sinceStep: number, firing: boolean, labels: Labels])[] = [
    [
      25,
      true,
      { alertname: 'CinderBackendDown', ...backend, host: HOSTS.down, backend: 'vsp "G400" [x]', condition: 'down' },
    ],
    [
      40,
      true,
      {
        alertname: 'CinderBackendStatsStale',
        ...backend,
        host: HOSTS.stale,
        backend: '3par\\8440',
        condition: 'stale',
      },
    ],
    [
      50,
      true,
      {
        alertname: 'CinderPoolDown',
        ...backend,
        severity: 'warning',
        host: HOSTS.degraded,
        backend: 'svc|stretched',
        pool: 'site B',
      },
    ],
    [
      52,
      true,
      {
        alertname: 'CinderVolumeServiceDown',
        severity: 'critical',
        component: 'service',
        binary: 'cinder-volume',
        host: HOSTS.serviceDown,
      },
    ],
    [60, true, { alertname: 'CinderVolumeTypeDown', ...backend, volume_type: 'only\\down' }],
    [90, false, { alertname: 'CinderBackendStateUnknown', ...backend, host: HOSTS.unknown }],
    [20, true, { alertname: 'NodeDown', severity: 'critical', host: HOSTS.down }],
  ];
  for (const [since, firing, labels] of alerts) {
    if (step < since) continue;
    for (const target of [{ job: 'cinder-exporter' }, { job: 'cinder-clouds', cloud: 'oslo' }]) {
      yield sample('ALERTS', { ...labels, ...target, alertstate: firing ? 'firing' : 'pending' }, 1, atMs);
      yield sample('ALERTS_FOR_STATE', { ...labels, ...target }, (START_MS + since * STEP_MS) / 1000, atMs);
    }
  }
}

function hostsOf(size: number): readonly string[] {
  return Array.from({ length: size }, (_, i) => `stor-${i}.example.org@array-${i}`);
}

/** A cloud of any size in which all is well, but every tenth backend is down. */
function snapshotOf(size: number): (atMs: number) => Snapshot {
  const hosts = hostsOf(size);
  return (atMs) => {
    const services = hosts.map((host) => service(host, { updatedAtMs: atMs, backendState: 'up' }));
    const pools = hosts.map((host, i) =>
      pool(`${host}#pool-${i}`, {
        backendState: i % 10 === 9 ? 'down' : 'up',
        statsAtMs: atMs,
        totalBytes: 1e12,
        freeBytes: 5e11,
        allocatedBytes: 5e11,
        provisionedBytes: 9e11,
        virtualFreeBytes: 1e12,
        reservedRatio: 0.1,
        maxOverSubscriptionRatio: 2,
        thinProvisioning: true,
        volumeBackendName: 'array',
        vendorName: 'Example',
        driverVersion: '1',
        storageProtocol: 'iSCSI',
      }),
    );
    const backends = judge(services, { pools, nowMs: atMs });
    const volumeTypes = hosts.map((host) => ({ volumeType: 'standard', host }));
    return {
      atMs,
      clockOffsetMs: 0,
      up: true,
      services,
      pools,
      backends,
      histories: new Map(),
      volumeTypes,
      volumes: new Map(),
      counts: [],
      typesAlone: new Map(),
      api: undefined,
      collectors: [],
    };
  };
}
