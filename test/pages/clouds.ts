import type { CloudState } from './watched.ts';
import { NOW, pool, scheduler, volume } from './cinder.ts';

const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const RBD = { vendorName: 'Open Source', storageProtocol: 'ceph', driverVersion: '1.3.0', backendState: 'up' } as const;

/** One backend that is up. */
export function one(nowMs = NOW): CloudState {
  return {
    atMs: nowMs,
    services: [scheduler('ctl1', {}, nowMs), volume('ctl1@lvm', {}, nowMs)],
    pools: [pool('ctl1@lvm', 'lvm', {}, nowMs)],
  };
}

/** Twelve backends, at least one in each condition but unresponsive and failing, with capacities as drivers really tell them. */
export function twelve(nowMs = NOW, down = true): CloudState {
  const frozen = { frozen: true, enabled: false, disabledReason: 'frozen', backendState: null } as const;
  const services = [
    scheduler('ctl1', {}, nowMs),
    scheduler('ctl2', {}, nowMs),
    volume('ctl1@vsp-gold', { zone: 'az1', backendState: down ? 'down' : 'up' }, nowMs),
    volume('ctl1@rbd-ssd', { zone: 'az1' }, nowMs),
    volume('ctl2@rbd-hdd', { zone: 'az2' }, nowMs),
    volume(
      'stor7.example.net@netapp.nfs',
      { zone: 'az2', up: false, updatedAtMs: nowMs - 840_000, backendState: null },
      nowMs,
    ),
    volume('ctl1@svc-pools', { zone: 'az1' }, nowMs),
    volume('ctl3@fresh', { zone: 'az3', backendState: null }, nowMs),
    volume('ctl2@old-array', { ...frozen, zone: 'az2' }, nowMs),
    volume(
      'ctl3@pure',
      { enabled: false, disabledReason: 'firmware 6.4.10, back on Monday "if all goes well"', backendState: null },
      nowMs,
    ),
    volume('node-a@ceph', { cluster: 'prod@ceph', backendState: null }, nowMs),
    volume('node-b@ceph', { cluster: 'prod@ceph', backendState: null }, nowMs),
    volume('ctl1@lvm', {}, nowMs),
    volume('ctl2@nfs', {}, nowMs),
    volume('ctl2@solidfire', { backendState: 'up' }, nowMs),
  ];
  const pools = [
    pool(
      'ctl1@vsp-gold',
      'DP-1',
      { backendState: down ? 'down' : 'up', vendorName: 'Hitachi', storageProtocol: 'FC' },
      nowMs,
    ),
    pool('ctl1@rbd-ssd', 'rbd-ssd', { ...RBD, statsAtMs: nowMs - 840_000, freeBytes: 1.3 * TIB }, nowMs),
    pool('ctl2@rbd-hdd', 'rbd-hdd', { ...RBD, totalBytes: 1.2 * 1024 * TIB, freeBytes: 300 * TIB }, nowMs),
    pool('ctl1@svc-pools', 'mdiskgrp0', { vendorName: 'IBM' }, nowMs),
    pool('ctl1@svc-pools', 'mdiskgrp1', { backendState: 'down', freeBytes: 0.2 * TIB, vendorName: 'IBM' }, nowMs),
    pool('ctl1@svc-pools', 'mdiskgrp2', { freeBytes: 39.99 * TIB, vendorName: 'IBM' }, nowMs),
    pool('ctl1@svc-pools', 'mdiskgrp3', { totalBytes: 512 * GIB, freeBytes: 100 * GIB, vendorName: 'IBM' }, nowMs),
    pool('prod@ceph', 'ceph', { ...RBD }, nowMs),
    pool('ctl1@lvm', 'lvm', { totalBytes: Infinity, freeBytes: Infinity, virtualFreeBytes: Infinity }, nowMs),
    pool(
      'ctl2@nfs',
      '10.0.0.5:/export/cinder',
      { backendState: undefined, totalBytes: undefined, freeBytes: undefined, virtualFreeBytes: undefined },
      nowMs,
    ),
    pool(
      'ctl2@solidfire',
      'solidfire',
      { backendState: undefined, vendorName: 'SolidFire', freeBytes: 3.9 * TIB },
      nowMs,
    ),
  ];
  return { atMs: nowMs, services, pools };
}

/** Names that want to be markup, end an attribute, turn the line around, or fill the screen. */
export const HOSTILE = [
  '<script>alert(1)</script>@<img src=x onerror=alert(2)>',
  '"onmouseover="alert(3)@\'`',
  'ctl1@\u202Eevil\u202C',
  'مضيف@خلفية',
  'a&amp;b&lt;@#pool/../?cloud=x&host=y',
  `${'W'.repeat(127)}@${'m'.repeat(127)}`,
  'two words\ttab@new\nline',
  '</tr></table>{{7*7}}${7*7}@%00%0a',
] as const;

export function hostile(nowMs = NOW): CloudState {
  return {
    atMs: nowMs,
    services: HOSTILE.map((host, i) =>
      volume(
        host,
        { zone: '<b>zone</b>', enabled: i !== 1, disabledReason: i === 1 ? '"><script>alert(4)</script>' : undefined },
        nowMs,
      ),
    ),
    pools: HOSTILE.map((host) =>
      pool(host, '<i>pool</i>"\'', { vendorName: '</td><script>alert(5)</script>', backendState: '<u>odd</u>' }, nowMs),
    ),
  };
}

/** A cloud of any size; every `downEvery`-th backend is down. */
export function many(count: number, nowMs = NOW, downEvery = 50, domain = ''): CloudState {
  const hosts = Array.from(
    { length: count },
    (_, i) => `ctl${String(i % 7)}${domain}@backend-${String(i).padStart(4, '0')}`,
  );
  return {
    atMs: nowMs,
    services: [
      scheduler('ctl1', {}, nowMs),
      ...hosts.map((host, i) => volume(host, { zone: `az${String(i % 3)}` }, nowMs)),
    ],
    pools: hosts.flatMap((host, i) =>
      ['ssd', 'hdd'].map((name) =>
        pool(
          host,
          name,
          { backendState: i % downEvery === 0 ? 'down' : 'up', freeBytes: ((i * 37) % 400) * 0.1 * TIB },
          nowMs,
        ),
      ),
    ),
  };
}
