import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { CloudConfig } from '../../src/config/config.ts';
import type { Fields } from '../../src/log.ts';
import type { CloudAccess } from '../../src/openstack/access.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { createPageSource } from '../../src/watch/pipeline.ts';
import { createWatcher, type Watcher } from '../../src/watch/watcher.ts';
import type { CloudDefinition, CloudSettings } from '../../src/simulator/definition.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { parseExposition, type Exposition } from '../support/exposition-parser.ts';
import { manualTime } from '../support/manual-time.ts';
import { MAX_BODY_BYTES } from './broken-bodies.ts';
import { startFaultProxy, type CertificatePair, type FaultProxy } from './fault-proxy.ts';
import { STORM_CLOUD, type Conditions } from './storm-cloud.ts';
import { waitFor } from '../support/wait-for.ts';
import { OPERATION_LIMITS } from '../../src/config/load.ts';

const INTERVAL_MS = 30_000;
export const STALE_AFTER_MS = 300_000;

/** Three times that tell the waiting timers apart. None of them passes unless a fault lasts until the exporter gives up. */
export const TIMEOUTS = { requestTimeoutMs: 9000, schedulerPatienceMs: 10_000, schedulerTimeoutMs: 180_000 };

const CONFIG: CloudConfig = {
  name: 'storm',
  schedule: { kind: 'interval', everyMs: INTERVAL_MS },
  maxRandomDelayMs: 0,
  ...TIMEOUTS,
  staleAfterMs: STALE_AFTER_MS,
  collectors: { pools: true, volumeTypes: true, volumes: false, capabilities: false, operations: false },
  // At every refresh.
  operationLimits: OPERATION_LIMITS,
  volumeTypesEveryMs: 1,
  limits: { maxBodyBytes: MAX_BODY_BYTES, maxRows: 1000, maxLabelLength: 256 },
};

interface LogLine extends Fields {
  readonly level: string;
  readonly message: string;
}

/** A page, and how long the refresh before it took by the exporter's clock. */
export interface Shown extends Exposition {
  readonly tookMs: number;
  readonly conditions: Conditions;
}

/** A simulated cloud behind a proxy that makes faults, and a watcher that refreshes when told, its clock an interval later each time. */
export interface Stage {
  readonly simulator: Simulator;
  readonly proxy: FaultProxy;
  readonly watcher: Watcher;
  readonly log: LogLine[];
  readonly refresh: () => Promise<Shown>;
  /** Time passes, for the cloud and for the exporter. */
  readonly advance: (ms: number) => void;
  /** Time passes until the exporter has given up every request that a fault holds. */
  readonly giveUp: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StageOptions {
  readonly cloud?: CloudDefinition;
  readonly settings?: Partial<CloudSettings>;
  readonly config?: Partial<CloudConfig>;
  readonly access?: Partial<CloudAccess>;
  readonly certificate?: CertificatePair;
}

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const time = manualTime();
  const { advance } = time;
  const simulator = await startSimulator({
    cloud: options.cloud ?? STORM_CLOUD,
    clock: time.cloud,
    rpcClock: time.cloud,
    // Tokens that are revoked are refused at once.
    settings: { tokenCacheMs: 0, ...options.settings },
  });
  const proxy = await startFaultProxy(simulator.url, options.certificate);
  simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url: `${proxy.url}/volume/v3` }]);
  const env = { ...simulator.environment(), OS_AUTH_URL: `${proxy.url}/identity/v3` };
  const access = { ...loadAccess({ env, cwd: '/nonexistent', home: '/nonexistent' }), ...options.access };
  const log: LogLine[] = [];
  const watcher = createWatcher({
    config: { ...CONFIG, ...options.config },
    access,
    clock: time.clock,
    log: (level, message, fields) => void log.push({ ...fields, level, message }),
  });
  /** Nothing goes on but what a fault holds, and the refresh waits for it. */
  function stuck(): boolean {
    const timers = time.waiting();
    const { requestTimeoutMs, schedulerPatienceMs, schedulerTimeoutMs } = TIMEOUTS;
    const underWay = timers.filter((ms) => ms === requestTimeoutMs || ms === schedulerTimeoutMs).length;
    const waited = timers.some((ms) => ms === requestTimeoutMs || ms === schedulerPatienceMs);
    return waited && proxy.held > 0 && underWay === proxy.held;
  }
  return {
    simulator,
    proxy,
    watcher,
    log,
    advance,
    async refresh() {
      advance(INTERVAL_MS);
      const start = time.clock.now();
      let over = false;
      const refresh = watcher.refresh().finally(() => {
        over = true;
      });
      await waitFor(
        'the end of a refresh',
        () => {
          if (!over && stuck()) advance(500);
          return over;
        },
        undefined,
        soon,
      );
      await refresh;
      const tookMs = time.clock.now() - start;
      return { ...(await readPage(watcher)), tookMs };
    },
    async giveUp() {
      await waitFor(
        'nothing is held',
        () => {
          if (proxy.held > 0) advance(TIMEOUTS.schedulerTimeoutMs / 10);
          return proxy.held === 0;
        },
        undefined,
        soon,
      );
    },
    async close() {
      watcher.close();
      await proxy.close();
      await simulator.close();
    },
  };
}

/** The same, closed at the end of the test. */
export async function stageFor(t: Pick<TestContext, 'after'>, options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage(options);
  t.after(stage.close);
  return stage;
}

/** What a collector's own series says. */
export function succeeded(page: Exposition, collector: string): number | undefined {
  return page.value('cinder_scrape_collector_success', { collector });
}

/** Time stands still meanwhile: there is nothing to wait longer for. */
const soon = (): Promise<unknown> => pause(2);

/** Both forms of the page, each read strictly; they must tell the same. */
async function readPage(watcher: Watcher): Promise<Exposition & { readonly conditions: Conditions }> {
  const source = createPageSource(watcher.pages, [watcher.metrics.registry]);
  const [text, openmetrics] = await Promise.all(
    (['text', 'openmetrics'] as const).map(async (format) =>
      parseExposition(gunzipSync(Buffer.concat((await source.page(format)).gzip)).toString('utf8'), format),
    ),
  );
  if (!text || !openmetrics) throw new Error('no page');
  const samples = (page: Exposition): number => [...page.families.values()].flatMap((family) => family.samples).length;
  if (samples(text) !== samples(openmetrics)) throw new Error('the two forms of the page tell different things');
  const holding = text.samples('cinder_backend_condition').filter(({ value }) => value === 1);
  return {
    ...text,
    conditions: Object.fromEntries(holding.map(({ labels }) => [labels['host'] ?? '', labels['condition'] ?? ''])),
  };
}
