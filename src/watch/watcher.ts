import { SYSTEM_CLOCK, type Clock } from '../clock.ts';
import type { Canary, createCanary, CanarySurroundings } from '../canary/canary.ts';
import { createCinderApi } from './cinder-api.ts';
import { createCollectorLog } from './collectors.ts';
import { asOpenStackError, createLane } from './scheduler-queue.ts';
import { CONDITION_TABLE } from '../cinder/conditions.ts';
import type { CollectorStatus, Snapshot } from '../cinder/snapshot.ts';
import type { CloudConfig } from '../config/config.ts';
import { periodMs } from '../config/cron.ts';
import type { Log } from '../log.ts';
import { createCloudMetrics, type CloudMetrics } from '../metrics/exporter.ts';
import { watchLoop } from '../metrics/event-loop.ts';
import type { OpenPages } from '../metrics/page.ts';
import type { CloudAccess } from '../openstack/access.ts';
import { PAUSED, createPauses } from '../openstack/pause.ts';
import { createTransport } from '../openstack/transport.ts';
import { createSession } from '../openstack/session.ts';
import { USER_AGENT } from '../version.ts';
import { fitV8 } from './v8.ts';
import { blank, createPipeline, type Published } from './pipeline.ts';
import { createOperationsReader } from './operations-reader.ts';
import { createProber } from './prober.ts';
import { createRound } from './refresh.ts';
import { createTypeReader } from './type-reader.ts';
import { createVolumeCounter } from './volume-counter.ts';

/** One watched cloud: refreshes when told, and has its last snapshot and page always at hand. */
export interface Watcher {
  readonly name: string;
  readonly metrics: CloudMetrics;
  /** Reads the cloud and swaps the page. A call while one is under way is counted and joins it. Never rejects. */
  readonly refresh: () => Promise<void>;
  /** undefined before the first refresh has ended. */
  readonly pages: () => OpenPages | undefined;
  readonly snapshot: () => Snapshot | undefined;
  /** Told after each swap; returns how to stop that. */
  readonly onSwap: (listener: (snapshot: Snapshot) => void) => () => void;
  /** What makes a volume now and then; undefined where none is configured. */
  readonly canary?: Canary | undefined;
  /** Ends its connections and requests. */
  readonly close: () => void;
}

export interface WatcherOptions {
  readonly config: CloudConfig;
  readonly access: CloudAccess;
  /** The canary's own login. */
  readonly canaryAccess?: CloudAccess | undefined;
  /** What makes the canary; undefined: there is none. */
  readonly createCanary?: typeof createCanary | undefined;
  readonly log: Log;
  readonly clock?: Clock;
}

const FIVE_MINUTES = 300_000;

export function createWatcher(options: WatcherOptions): Watcher {
  const { config, access, canaryAccess, log, clock = SYSTEM_CLOCK } = options;
  const metrics = createCloudMetrics();
  const transport = createTransport({
    tls: access.tls,
    maxBodyBytes: config.limits.maxBodyBytes,
    userAgent: USER_AGENT,
    clock,
    observe: (operation, status, seconds) => metrics.requests.observe({ operation, status }, seconds),
  });
  const requestTimeoutMs = access.apiTimeoutMs ?? config.requestTimeoutMs;
  const intervalMs = periodMs(config.schedule);
  const pauses = createPauses(intervalMs, clock);
  const session = createSession(access, transport, requestTimeoutMs, pauses, clock);
  const lane = createLane({ patienceMs: config.schedulerPatienceMs, pauses, clock });
  const staleAfterMs = config.staleAfterMs ?? Math.max(FIVE_MINUTES, 5 * intervalMs);
  const pipeline = createPipeline({
    staleAfterMs,
    maxRows: config.limits.maxRows,
    maxLabelLength: config.limits.maxLabelLength,
    operationLimits: config.operationLimits,
  });
  const collectors = createCollectorLog((status) => logTurn(log, status), clock.wall);
  const noted = onceEach((what, problem) => log('warn', 'Part of an answer could not be used', { what, problem }));
  const api = createCinderApi(session, requestTimeoutMs, pauses.discovery);
  const round = createRound({
    config: { ...config, requestTimeoutMs },
    session,
    api,
    lane,
    pauses,
    clock,
    pipeline,
    collectors,
    metrics,
    noted,
    schedulerTold: (answered) => prober?.schedulerTold(answered),
    arrived: republish,
    broken: (cause) => void broken(cause),
  });

  const types = createTypeReader({
    everyMs: config.volumeTypesEveryMs,
    timeoutMs: requestTimeoutMs,
    limits: config.limits,
    session,
    api,
    pause: pauses.volume_types,
    clock,
    pipeline,
    collectors,
    metrics,
  });

  const volumes = createVolumeCounter({
    timeoutMs: requestTimeoutMs,
    api,
    pause: pauses.volumes,
    clock,
    counts: pipeline.counts,
    backends: () => published?.snapshot.backends ?? [],
    collectors,
    metrics,
  });

  const operations = createOperationsReader({
    timeoutMs: requestTimeoutMs,
    maxLabelLength: config.limits.maxLabelLength,
    api,
    pause: pauses.operations,
    clock,
    cinderNowMs: () => clock.wall() + (published?.snapshot.clockOffsetMs ?? 0),
    operations: pipeline.operations,
    collectors,
    metrics,
  });

  // Which backend serves a type shows in the driver stats alone.
  const readsTypes = config.collectors.volumeTypes && config.collectors.pools;

  // While the pools are not read, nobody can tell a service that is stuck from a message bus that is down.
  const prober =
    config.collectors.capabilities && config.collectors.pools
      ? createProber({
          api,
          lane,
          pause: pauses.capabilities,
          clock,
          collectors,
          metrics,
          timeoutMs: requestTimeoutMs,
          changed: republish,
        })
      : undefined;

  const canary =
    config.canary && canaryAccess
      ? options.createCanary?.({
          config: config.canary,
          access: canaryAccess,
          clock,
          log,
          requestTimeoutMs: config.requestTimeoutMs,
          surroundings: () => published && surroundingsOf(published.snapshot),
          changed: republish,
          observe: (operation, status, seconds) => metrics.requests.observe({ operation, status }, seconds),
        })
      : undefined;

  const listeners = new Set<(snapshot: Snapshot) => void>();
  let published: Published | undefined;
  let up = false;
  let underWay: Promise<void> | undefined;
  let closed = false;

  metrics.refreshInterval.set(intervalMs / 1000);
  metrics.verificationDisabled.set(access.tls.verify ? 0 : 1);

  /** Shows what has come between two refreshes. */
  function republish(): void {
    if (!underWay && !closed) publish().catch(broken);
  }

  async function publish(): Promise<void> {
    const fresh = await pipeline.publish({
      atMs: clock.wall(),
      now: clock.now(),
      up,
      api: api.versions(),
      collectors: collectors.all(),
      probes: prober?.probed(),
      canary: canary?.rows(),
    });
    show(fresh);
  }

  function show(fresh: Published): void {
    if (closed) return;
    published = fresh;
    for (const { host, from, to, reason } of fresh.changes) {
      log(CONDITION_TABLE[to].severity === 'critical' ? 'warn' : 'info', 'Backend changed its condition', {
        host,
        from,
        to,
        reason,
      });
    }
    for (const listener of listeners) listener(fresh.snapshot);
  }

  /** A fault of our own, which must not look like a cloud that nobody has read yet: nothing old may pass for new, and `cinder_up` is 0. */
  async function broken(cause: unknown): Promise<void> {
    up = false;
    log('error', 'Refresh failed for a reason of our own', {
      error: cause instanceof Error ? cause.stack : String(cause),
    });
    const error = asOpenStackError(cause, 'services');
    metrics.errors.inc({ collector: 'services', reason: collectors.failed('services', 0, error) });
    try {
      show(await blank({ atMs: clock.wall(), collectors: collectors.all() }));
    } catch {
      published = undefined;
    }
  }

  async function refreshOnce(): Promise<void> {
    const start = clock.now();
    const unwatch = watchLoop();
    try {
      up = await round();
      await publish();
      // After the page, which does not wait for it; a second one tells how it went, when that is new.
      const typesAreNews = up && readsTypes && (await types.readWhenDue());
      const volumesAreNews = up && config.collectors.volumes && (await volumes.countWhenDue());
      const operationsAreNews = up && config.collectors.operations && (await operations.readWhenDue());
      if (typesAreNews || volumesAreNews || operationsAreNews) await publish();
      prober?.follow(up ? published?.snapshot.backends : undefined);
    } catch (error) {
      await broken(error);
    }
    unwatch();
    fitV8();
    metrics.refreshes.inc();
    metrics.refreshDuration.set((clock.now() - start) / 1000);
    metrics.lastRefresh.set(clock.wall() / 1000);
    metrics.schedulerRequestsOpen.set(lane.open() ? 1 : 0);
    metrics.schedulerPause.set(lane.pauseMs() / 1000);
    for (const operation of PAUSED) metrics.pauses.set({ operation }, pauses[operation].remainingMs() / 1000);
    const expiry = session.tokenExpiresAtMs();
    if (expiry !== undefined) metrics.tokenExpiry.set(expiry / 1000);
  }

  return {
    name: config.name,
    metrics,
    refresh() {
      if (underWay) metrics.overlapped.inc();
      underWay ??= refreshOnce().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    pages: () => published?.pages,
    snapshot: () => published?.snapshot,
    onSwap(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    canary,
    close() {
      closed = true;
      prober?.close();
      canary?.close();
      transport.close();
    },
  };
}

/** What the canary may go by. */
function surroundingsOf({ up, collectors, volumeTypes, backends }: Snapshot): CanarySurroundings {
  const pools = collectors.find(({ collector }) => collector === 'pools');
  const types = collectors.find(({ collector }) => collector === 'volume_types');
  return {
    // Where no pools are read nobody can tell, and the service list has to do.
    schedulerAnswers: up && pools?.success !== false,
    backendsOf: (volumeType) =>
      types?.success === true
        ? volumeTypes.filter((row) => row.volumeType === volumeType).map(({ host }) => host)
        : undefined,
    conditionOf: (backend) => backends.find(({ host }) => host === backend)?.condition,
  };
}

function logTurn(log: Log, { collector, success, failure }: CollectorStatus): void {
  if (success) log('info', 'Collector succeeds again', { collector });
  else log('error', 'Collector fails', { collector, reason: failure?.reason, error: failure?.message });
}

/** Passes a problem on only when it is of another kind than the last; undefined ends it, and the next is news. */
function onceEach(
  tell: (what: string, problem: string) => void,
): (what: string, problem: string | undefined, kind: string) => void {
  const last = new Map<string, string>();
  return (what, problem, kind) => {
    if (problem === undefined) return void last.delete(what);
    if (last.get(what) === kind) return;
    last.set(what, kind);
    tell(what, problem);
  };
}
