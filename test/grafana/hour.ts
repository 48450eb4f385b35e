import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, Service } from '../../src/cinder/model.ts';
import { poolReader } from '../../src/cinder/pools.ts';
import { decodeRows } from '../../src/cinder/rows.ts';
import { serviceReader } from '../../src/cinder/services.ts';
import { follow, type Histories, type Snapshot } from '../../src/cinder/snapshot.ts';
import { createCutter } from '../../src/cinder/wire.ts';
import {
  type CloudMetrics,
  createCloudMetrics,
  createProcessMetrics,
  renderRegistry,
} from '../../src/metrics/exporter.ts';
import { renderPiece } from '../../src/metrics/exposition.ts';
import { renderSnapshot } from '../../src/metrics/families.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { createPauses } from '../../src/openstack/pause.ts';
import { createSession, type Session } from '../../src/openstack/session.ts';
import { createTransport } from '../../src/openstack/transport.ts';
import { manualClock } from '../support/manual-clock.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { type CinderApi, createCinderApi } from '../../src/watch/cinder-api.ts';
import { createCollectorLog } from '../../src/watch/collectors.ts';
import { asOpenStackError } from '../../src/watch/scheduler-queue.ts';
import { judge } from '../support/samples.ts';
import { canaryAt, COUNTS, everyMinute, FAULTY_CLOUD, SCRIPT, VOLUMES, VOLUME_TYPES } from './faulty-cloud.ts';

export const START_MS = Date.UTC(2026, 2, 1, 12);
export const STEP_MS = 30_000;
export const STEPS = 120;

/** What the exporter said at one moment: its page in OpenMetrics, without the last line. */
export interface Moment {
  readonly atMs: number;
  readonly page: string;
  readonly snapshot: Snapshot;
}

const MAX_ROWS = 100_000;

/** An hour of the faulty cloud, read by the exporter's own client every 30 s of a clock that does not wait. */
export async function faultyHour(): Promise<readonly Moment[]> {
  const clock = manualClock(START_MS);
  const simulator = await startSimulator({ cloud: FAULTY_CLOUD, clock });
  const nowhere = '/nonexistent';
  const access = loadAccess({ env: simulator.environment(), cwd: nowhere, home: nowhere, systemDirs: [] });
  const metrics = createCloudMetrics();
  const process = createProcessMetrics('0.0.0-test');
  process.reloadSuccessful.set(1);
  const observe = (operation: string, status: string, seconds: number): void =>
    metrics.requests.observe({ operation, status }, seconds);
  const transport = createTransport({ tls: access.tls, maxBodyBytes: 1e8, userAgent: 'test', observe });
  const pauses = createPauses(STEP_MS);
  const session = createSession(access, transport, 5000, pauses);
  const read = createReader(createCinderApi(session, 5000, pauses.discovery), session, metrics, () => clock.now());
  const moments: Moment[] = [];
  try {
    for (let step = 0; step <= STEPS; step += 1) {
      if (step > 0) clock.advance(STEP_MS);
      const minute = (step * STEP_MS) / 60_000;
      for (const [at, act] of SCRIPT) if (at === minute) act(simulator.cloud);
      if (Number.isInteger(minute)) everyMinute(simulator.cloud, minute);
      const snapshot = await read();
      const own = await Promise.all(
        [metrics.registry, process.registry].map((registry) => renderRegistry(registry, 'openmetrics')),
      );
      moments.push({ atMs: clock.now(), page: pageOf(snapshot) + own.join(''), snapshot });
      // One turn of the event loop as it is in life, so that its delay is measured.
      await pause(1);
    }
  } finally {
    transport.close();
    await simulator.close();
  }
  return moments;
}

export function pageOf(snapshot: Snapshot): string {
  let page = '';
  for (const { header, samples } of renderSnapshot(snapshot)) {
    page += header.openmetrics;
    for (const piece of samples) page += renderPiece(piece);
  }
  return page;
}

/** One refresh after another. What was read last stands while nothing can be read. */
function createReader(
  api: CinderApi,
  session: Session,
  metrics: CloudMetrics,
  now: () => number,
): () => Promise<Snapshot> {
  let services: readonly Service[] = [];
  let pools: readonly Pool[] = [];
  let poolsReadAtMs = 0;
  let histories: Histories = new Map();
  const collectors = createCollectorLog(() => undefined, now);
  metrics.refreshInterval.set(STEP_MS / 1000);
  metrics.verificationDisabled.set(0);

  async function collect(collector: 'services' | 'pools', ask: () => Promise<void>): Promise<boolean> {
    const start = performance.now();
    try {
      await ask();
      collectors.succeeded(collector, performance.now() - start);
      return true;
    } catch (cause) {
      const error = asOpenStackError(cause, collector);
      metrics.errors.inc({ collector, reason: error.reason });
      collectors.failed(collector, performance.now() - start, error);
      return false;
    }
  }

  return async () => {
    const start = performance.now();
    const cut = createCutter(256);
    const up = await collect('services', async () => {
      await api.prepare();
      services = decodeRows(await json(api.services('full', 5000)), serviceReader(cut), MAX_ROWS)?.rows ?? services;
    });
    await collect('pools', async () => {
      pools = decodeRows(await json(api.pools(5000)), poolReader(cut), MAX_ROWS)?.rows ?? pools;
      poolsReadAtMs = now();
    });
    const backends = judge(services, { pools, poolsReadAtMs, nowMs: now() });
    histories = follow(histories, backends, now()).after;
    metrics.refreshes.inc();
    metrics.refreshDuration.set((performance.now() - start) / 1000);
    metrics.lastRefresh.set(now() / 1000);
    metrics.tokenExpiry.set((session.tokenExpiresAtMs() ?? 0) / 1000);
    const volumeTypes = VOLUME_TYPES;
    return {
      atMs: now(),
      clockOffsetMs: 0,
      up,
      services,
      pools,
      backends,
      histories,
      volumeTypes,
      volumes: VOLUMES,
      counts: COUNTS,
      typesAlone: new Map(),
      canary: canaryAt((now() - START_MS) / 60_000, now()),
      api: api.versions(),
      collectors: collectors.all(),
    };
  };
}

async function json(reply: ReturnType<CinderApi['pools']>): Promise<unknown> {
  return JSON.parse(Buffer.from((await reply).answer.body).toString());
}
