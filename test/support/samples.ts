import { assess } from '../../src/cinder/assess.ts';
import { NO_EVIDENCE, withPools } from '../../src/cinder/evidence.ts';
import { atOnce } from '../../src/slices.ts';
import type { CanaryRow } from '../../src/cinder/canary.ts';
import type { Backend, Pool, Service } from '../../src/cinder/model.ts';

/** Cinder's clock in these tests, in milliseconds since the epoch. */
export const NOW_MS = Date.UTC(2026, 10, 22, 12);

/** A live, enabled cinder-volume service. */
export function service(host: string, said: Partial<Service> = {}): Service {
  return {
    binary: 'cinder-volume',
    host,
    zone: 'nova',
    cluster: undefined,
    enabled: true,
    up: true,
    frozen: false,
    updatedAtMs: NOW_MS - 4000,
    disabledReason: undefined,
    replicationStatus: undefined,
    activeBackendId: undefined,
    backendState: undefined,
    ...said,
  };
}

/** A pool with fresh stats whose driver says nothing about its state. */
export function pool(name: string, said: Partial<Pool> = {}): Pool {
  const hash = name.indexOf('#');
  return {
    host: name.slice(0, hash),
    pool: name.slice(hash + 1),
    backendState: undefined,
    statsAtMs: NOW_MS - 30_000,
    totalBytes: undefined,
    freeBytes: undefined,
    allocatedBytes: undefined,
    provisionedBytes: undefined,
    virtualFreeBytes: undefined,
    reservedRatio: undefined,
    maxOverSubscriptionRatio: undefined,
    thinProvisioning: undefined,
    volumeBackendName: '',
    vendorName: '',
    driverVersion: '',
    storageProtocol: '',
    ...said,
  };
}

export interface Judged {
  /** undefined: pools were never read. */
  readonly pools?: readonly Pool[] | undefined;
  /** What the service list says of each host, when not what its rows have; read before the pools. */
  readonly words?: Readonly<Record<string, string | null>> | ReadonlyMap<string, string | null>;
  /** Cinder's clock when the pools were read, and now. */
  readonly poolsReadAtMs?: number;
  readonly nowMs?: number;
}

/** The backends by these rows and one answer with pools, all clocks being Cinder's. */
export function judge(services: readonly Service[], said: Judged = {}): Backend[] {
  const { pools, words = listedIn(services), nowMs = NOW_MS, poolsReadAtMs = nowMs } = said;
  const clock = { ...NO_EVIDENCE, services: { value: services, readAt: poolsReadAtMs - 1 }, clockOffsetMs: 0 };
  const when = { readAt: poolsReadAtMs, cinderTimeMs: undefined };
  const { evidence } = pools ? atOnce(withPools(clock, pools, when, true)) : { evidence: clock };
  const value = words instanceof Map ? words : new Map(Object.entries(words));
  const known = {
    reports: evidence.reports,
    words: { value, readAt: poolsReadAtMs - 1 },
    poolsRead: pools !== undefined,
  };
  return [...assess(services, known, { nowMs, staleAfterMs: 300_000, blindness: 'no scheduler answers' })];
}

function listedIn(services: readonly Service[]): ReadonlyMap<string, string | null> {
  return new Map(
    services.flatMap(({ host, backendState }) => (backendState === undefined ? [] : [[host, backendState]])),
  );
}

/** A volume type of the canary before its first round. */
export function canaryRow(volumeType: string, said: Partial<CanaryRow> = {}): CanaryRow {
  return {
    volumeType,
    backend: undefined,
    everyMs: 1_800_000,
    last: undefined,
    lastGood: undefined,
    lastBlamed: undefined,
    inARow: 0,
    judges: true,
    failures: [],
    leaked: undefined,
    paused: undefined,
    runs: [],
    ...said,
  };
}
