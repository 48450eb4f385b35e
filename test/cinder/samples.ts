import type { Pool, Service } from '../../src/cinder/model.ts';

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
