import type { Pool, Service } from '../../src/cinder/model.ts';
import { pool as samplePool, service } from '../support/samples.ts';

/** The moment at which all of these tests stand still. */
export const NOW = Date.parse('2026-11-22T13:00:00Z');

const TIB = 1024 ** 4;

/** A row of cinder-volume that is as it should be, but for what is given. */
export function volume(host: string, other: Partial<Service> = {}, nowMs = NOW): Service {
  return service(host, { updatedAtMs: nowMs - 4000, replicationStatus: 'not-capable', backendState: 'up', ...other });
}

export function scheduler(host: string, other: Partial<Service> = {}, nowMs = NOW): Service {
  return volume(
    host,
    { binary: 'cinder-scheduler', backendState: undefined, replicationStatus: undefined, frozen: undefined, ...other },
    nowMs,
  );
}

/** A pool of 40 TiB that is 62 % full and reports up, but for what is given. */
export function pool(host: string, name: string, other: Partial<Pool> = {}, nowMs = NOW): Pool {
  return samplePool(`${host}#${name}`, {
    backendState: 'up',
    statsAtMs: nowMs - 12_000,
    totalBytes: 40 * TIB,
    freeBytes: 15.2 * TIB,
    allocatedBytes: 22 * TIB,
    provisionedBytes: 61 * TIB,
    virtualFreeBytes: 17 * TIB,
    reservedRatio: 0.05,
    maxOverSubscriptionRatio: 2,
    thinProvisioning: true,
    volumeBackendName: host.split('@')[1] ?? '',
    vendorName: 'Open Source',
    driverVersion: '3.0.0',
    storageProtocol: 'iSCSI',
    ...other,
  });
}
