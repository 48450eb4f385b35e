import { CODED_CONDITIONS } from '../../grafana/src/conditions.ts';
import type { Condition } from '../../src/cinder/conditions.ts';
import { HOSTS } from './faulty-cloud.ts';

/** What a query must answer for the faulty cloud at the end of the hour. */
export interface Expected {
  /** Labels that every series has and that tell them apart, `cloud` aside: no two series may have the same. */
  readonly key: readonly string[];
  /** Further labels that a series may have; each of them is on some series. */
  readonly more: readonly string[];
  /** How many series; for Cinder / Backend, one number for each of BACKENDS. */
  readonly series: number | readonly number[];
}

/** The backends that are looked at one by one. */
export const BACKENDS = [HOSTS.filling, HOSTS.assumed, HOSTS.degraded, HOSTS.cluster, HOSTS.disabled] as const;

function of(key: string, series: Expected['series'], more = ''): Expected {
  return { key: key.split(' ').filter(Boolean), more: more.split(' ').filter(Boolean), series };
}

/** Letters of queries. */
export function letters(text: string): readonly string[] {
  return text.split('');
}

const ALL = 12;
const NOT_UP = 9;
const WITH_POOLS = 7;
const ROWS = 16;
const POOLS = [1, 4, 2, 1, 0];
/** A pool of infinite capacity has it, one of unknown capacity does not. */
const SIZED = [1, 3, 2, 1, 0];
/** Over the whole hour, the disabled backend still had its pool at first. */
const EVER = [1, 4, 2, 1, 1];
const EACH = [1, 1, 1, 1, 1];
const MEMBERS = [1, 1, 1, 3, 1];

/** By dashboard, panel and letter. `instance` in a key: for each replica that number. */
export const EXPECTED: Readonly<Record<string, Expected>> = {
  'cinder-backends/Cinder API/A': of('job', 1),
  ...Object.fromEntries(
    letters('ABCDEFGHIJK').map((letter) => [`cinder-backends/Backends by condition/${letter}`, of('', 1)]),
  ),
  // What the rules record, and what is asked where they do not.
  'cinder-backends/Condition of every backend/A': of('job host', 0),
  'cinder-backends/Condition of every backend/B': of('job host', NOT_UP, '_rank'),
  'cinder-backends/Backends/A': of('job host', ALL, 'runbook'),
  'cinder-backends/Backends/B': of('job host', 9),
  'cinder-backends/Backends/C': of('job host', WITH_POOLS),
  'cinder-backends/Backends/D': of('job host', ALL),
  'cinder-backends/Backends/E': of('job host', WITH_POOLS),
  'cinder-backends/Backends by condition over time/A': of('code', 0),
  'cinder-backends/Backends by condition over time/B': of('code', 9),
  ...Object.fromEntries(
    letters('AB').map((letter) => [
      `cinder-backends/Firing alerts/${letter}`,
      of('job alertname', 5, 'host pool binary volume_type'),
    ]),
  ),
  ...Object.fromEntries(
    letters('ABCD').map((letter) => [`cinder-backends/Services by binary/${letter}`, of('binary', 3)]),
  ),
  'cinder-backends/Services/A': of('job binary host', ROWS),
  'cinder-backends/Services/B': of('job binary host', ROWS),
  'cinder-backends/Services/C': of('job binary host', ROWS, 'zone'),
  'cinder-backends/Services/D': of('job binary host', ROWS, 'cluster'),
  'cinder-backends/Volumes of each backend/A': of('job host', 3),
  'cinder-backends/Volumes of each backend/B': of('job host', 3),
  'cinder-backends/Volumes of each backend/C': of('job host', 3),
  'cinder-backends/Volumes, snapshots and backups by status/A': of('job status', 2),
  'cinder-backends/Volumes, snapshots and backups by status/B': of('job status', 1),
  'cinder-backends/Volumes, snapshots and backups by status/C': of('job status', 1),
  'cinder-backends/Volume types/A': of('job volume_type', 3),
  'cinder-backends/Volume types/B': of('job volume_type', 3),

  'cinder-backend/Condition/A': of('job host', EACH),
  'cinder-backend/Changed/A': of('job host', [0, 0, 1, 0, 1]),
  'cinder-backend/Stats age/A': of('job host', [1, 1, 1, 1, 0]),
  'cinder-backend/Heartbeat age/A': of('job host', EACH),
  'cinder-backend/Pools by state/A': of('job host', [1, 1, 1, 1, 0]),
  'cinder-backend/Pools by state/B': of('job host', [1, 1, 1, 1, 0]),
  'cinder-backend/State/A': of('job host', [1, 1, 1, 1, 0]),
  'cinder-backend/Changes/A': of('job host', EACH),
  'cinder-backend/Condition over time/A': of('job host', EACH),
  'cinder-backend/Volumes/A': of('job host', [1, 0, 0, 1, 0]),
  'cinder-backend/Volumes/B': of('job host', [1, 0, 0, 1, 0]),
  'cinder-backend/State of each pool/A': of('job pool', EVER),
  'cinder-backend/Age of the stats of each pool/A': of('job pool', EVER),
  ...Object.fromEntries(
    letters('AB').map((letter) => [
      `cinder-backend/Firing alerts/${letter}`,
      of('job alertname', [0, 0, 1, 0, 0], 'host pool'),
    ]),
  ),
  'cinder-backend/Pools/A': of('job pool', POOLS),
  'cinder-backend/Pools/B': of('job pool', SIZED),
  'cinder-backend/Pools/C': of('job pool', SIZED),
  'cinder-backend/Pools/D': of('job pool', POOLS),
  'cinder-backend/Pools/E': of('job pool', SIZED),
  'cinder-backend/Pools/F': of('job pool', [1, 0, 0, 0, 0]),
  ...Object.fromEntries(letters('ABCD').map((letter) => [`cinder-backend/Capacity/${letter}`, of('job', EACH)])),
  'cinder-backend/Provisioned share of each pool/A': of('job pool', [1, 2, 2, 1, 1]),
  'cinder-backend/Services over time/A': of('job binary host', MEMBERS),
  'cinder-backend/Services/A': of('job binary host', MEMBERS),
  'cinder-backend/Services/B': of('job binary host', MEMBERS),
  // Cinder says null for the members of a cluster and for a disabled service.
  'cinder-backend/Services/C': of('job binary host', [1, 1, 1, 0, 0]),
  'cinder-backend/Services/D': of('job binary host', MEMBERS, 'zone disabled_reason'),
  'cinder-backend/Pool labels/A': of(
    'job pool',
    POOLS,
    'volume_backend_name vendor_name driver_version storage_protocol',
  ),
  'cinder-backend/Volume types/A': of('job volume_type', [2, 0, 0, 1, 0]),

  ...Object.fromEntries(
    letters('ABCD').map((letter) => [`cinder-exporter/Access of each replica/${letter}`, of('job instance', 1)]),
  ),
  'cinder-exporter/Collectors/A': of('job instance collector', 2),
  'cinder-exporter/Collectors/B': of('job instance collector', 2),
  'cinder-exporter/Collectors/C': of('job instance collector', 2),
  'cinder-exporter/Collectors over time/A': of('job instance collector', 2),
  'cinder-exporter/Age of what each collector tells/A': of('job instance collector', 2),
  'cinder-exporter/Duration of each collector/A': of('job instance collector', 2),
  'cinder-exporter/Refresh duration against its interval/A': of('job instance', 1),
  'cinder-exporter/Refresh duration against its interval/B': of('job instance', 1),
  'cinder-exporter/Refreshes/A': of('job instance', 1),
  'cinder-exporter/Refreshes/B': of('job instance', 0),
  'cinder-exporter/Refreshes/C': of('job instance', 0),
  // Nothing paused within the hour.
  'cinder-exporter/Pauses/A': of('job instance', 0),
  'cinder-exporter/Pauses/B': of('job instance operation', 0),
  'cinder-exporter/Pauses/C': of('job instance', 0),
  // Logging in, discovery, services and pools, and the two that failed while the API was away.
  'cinder-exporter/API requests/A': of('job operation status', 5),
  'cinder-exporter/Duration of API requests, 95th percentile/A': of('job operation', 3),
  // Only what happened.
  'cinder-exporter/Failed runs by reason/A': of('job collector reason', 2),
  'cinder-exporter/Rejected rows and cut labels/A': of('job collector', 0),
  'cinder-exporter/Rejected rows and cut labels/B': of('job', 0),
  'cinder-exporter/Clock of Cinder against the exporter/A': of('job instance', 1),
  'cinder-exporter/Schedulers that disagree/A': of('job instance', 0),
  'cinder-exporter/CPU/A': of('job instance', 1),
  'cinder-exporter/Memory/A': of('job instance', 1),
  'cinder-exporter/Memory/B': of('job instance', 1),
  'cinder-exporter/Event loop delay/A': of('job instance', 1),
  'cinder-exporter/Open files/A': of('job instance', 1),
  'cinder-exporter/Exporters/A': of('job instance', 1, 'version node_version'),
  'cinder-exporter/Exporters/B': of('job instance', 1),
  'cinder-exporter/Block Storage API/A': of('job instance', 1, 'min_version max_version used_version'),
  'cinder-exporter/Block Storage API/B': of('job instance', 1),

  ...Object.fromEntries(
    letters('ABC').map((letter) => [
      `cinder-availability/Volume types, worst first/${letter}`,
      of('job volume_type', 2),
    ]),
  ),
  'cinder-availability/Days of each volume type/A': of('job volume_type', 2),
  ...Object.fromEntries(
    letters('ABCD').map((letter) => [`cinder-availability/Backends, worst first/${letter}`, of('job host', 3)]),
  ),
  'cinder-availability/Days of each backend/A': of('job host', 3),

  ...Object.fromEntries(
    letters('ABCDEF').map((letter) => [`cinder-canary/Volume types/${letter}`, of('job volume_type', 2)]),
  ),
  'cinder-canary/How rounds failed/A': of('job volume_type host phase reason storage message', 2),
  'cinder-canary/Result of each volume type/A': of('job volume_type', 2),
  'cinder-canary/Paused/A': of('job volume_type why', 1),
  'cinder-canary/Duration of each phase/A': of('job volume_type phase', 6),
  'cinder-canary/Failed rounds by phase and reason/A': of('job volume_type phase reason', 2),
  'cinder-canary/Left over/A': of('job volume_type', 1),
};

/** The number of a condition on the dashboards. */
export function codeOf(condition: Condition): number {
  return CODED_CONDITIONS.find((coded) => coded.condition === condition)?.code ?? NaN;
}

/** The condition of each backend at the end of the hour, as the number that the panels map. */
export const CODES: Readonly<Record<string, number>> = {
  [HOSTS.down]: codeOf('down'),
  // Its two replicas do not agree: the worse counts.
  [HOSTS.flapping]: codeOf('down'),
  [HOSTS.serviceDown]: codeOf('service_down'),
  [HOSTS.stale]: codeOf('stale'),
  [HOSTS.degraded]: codeOf('degraded'),
  [HOSTS.unknown]: codeOf('unknown'),
  [HOSTS.frozen]: codeOf('frozen'),
  [HOSTS.disabled]: codeOf('disabled'),
  [HOSTS.failedOver]: codeOf('disabled'),
  [HOSTS.assumed]: codeOf('up_assumed'),
  [HOSTS.filling]: codeOf('up'),
  [HOSTS.cluster]: codeOf('up'),
};
