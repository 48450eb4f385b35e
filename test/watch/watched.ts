import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { CloudConfig } from '../../src/config/config.ts';
import type { Fields } from '../../src/log.ts';
import type { Format } from '../../src/metrics/exposition.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { createPageSource } from '../../src/watch/pipeline.ts';
import { createWatcher, type Watcher } from '../../src/watch/watcher.ts';
import type { CloudDefinition, CloudSettings } from '../../src/simulator/definition.ts';
import type { Who } from '../../src/simulator/keystone-identity.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { parseExposition, type Exposition } from '../support/exposition-parser.ts';
import { manualTime, type ManualTime } from '../support/manual-time.ts';
import { waitFor } from '../support/wait-for.ts';
import { OPERATION_LIMITS } from '../../src/config/load.ts';

/** A small cloud: every way to be up, and one that is down. */
export const SMALL_CLOUD: CloudDefinition = {
  backends: [
    { host: 'c1@reported', driver: { backend_state: 'up', total_capacity_gb: 100, free_capacity_gb: 50 } },
    { host: 'c1@silent.example', driver: { total_capacity_gb: 'infinite', free_capacity_gb: 'unknown' } },
    { host: 'c2@broken "x"', driver: { backend_state: 'down' } },
    { host: 'a@ssd', cluster: 'k@ssd', driver: { backend_state: 'up' } },
  ],
  schedulers: ['c1'],
  backups: ['c1'],
};

const INTERVAL_MS = 30_000;
/** Three times that tell the waiting timers apart, and of which none passes unless it is told to. */
const REQUEST_MS = 9000;
const PATIENCE_MS = 10_000;
const SCHEDULER_MS = 3_600_000;

export const CONFIG: CloudConfig = {
  name: 'lab',
  schedule: { kind: 'interval', everyMs: INTERVAL_MS },
  maxRandomDelayMs: 0,
  requestTimeoutMs: 60_000,
  schedulerPatienceMs: 60_000,
  schedulerTimeoutMs: 60_000,
  staleAfterMs: 300_000,
  collectors: { pools: true, volumeTypes: false, volumes: false, capabilities: false, operations: false },
  operationLimits: OPERATION_LIMITS,
  volumeTypesEveryMs: 600_000,
  limits: { maxBodyBytes: 10_000_000, maxRows: 1000, maxLabelLength: 256 },
};

export interface LogLine extends Fields {
  readonly level: string;
  readonly message: string;
}

export interface Watched {
  readonly simulator: Simulator;
  readonly watcher: Watcher;
  readonly log: LogLine[];
  readonly time: ManualTime;
  /** Refreshes once an interval later (the first time: at once), and reads the page as a scraper would. */
  readonly refresh: () => Promise<Exposition>;
  /** The same while nobody scrapes. */
  readonly refreshUnseen: () => Promise<void>;
  readonly page: (format?: Format) => Promise<Exposition>;
  /** The condition of each backend on the page. */
  readonly conditions: () => Promise<Record<string, string>>;
}

export interface WatchedOptions {
  readonly cloud?: CloudDefinition;
  readonly settings?: Partial<CloudSettings>;
  readonly config?: Partial<CloudConfig>;
  readonly who?: Who;
}

/** A simulated cloud, and a watcher of it that refreshes only when told. */
export async function watched(t: TestContext, options: WatchedOptions = {}): Promise<Watched> {
  const time = manualTime();
  const cloud = options.cloud ?? SMALL_CLOUD;
  const simulator = await startSimulator({
    cloud,
    clock: time.cloud,
    rpcClock: time.cloud,
    ...(options.settings && { settings: options.settings }),
  });
  const access = loadAccess({ env: simulator.environment(options.who), cwd: '/nonexistent', home: '/nonexistent' });
  const log: LogLine[] = [];
  const watcher = createWatcher({
    config: {
      ...CONFIG,
      requestTimeoutMs: REQUEST_MS,
      schedulerPatienceMs: PATIENCE_MS,
      schedulerTimeoutMs: SCHEDULER_MS,
      ...options.config,
    },
    access,
    clock: time.clock,
    log: (level, message, fields) => void log.push({ ...fields, level, message }),
  });
  t.after(async () => {
    watcher.close();
    await simulator.close();
  });
  const source = createPageSource(watcher.pages, [watcher.metrics.registry], () => Math.random() * 1e12);
  const page = async (format: Format = 'text'): Promise<Exposition> =>
    parseExposition(gunzipSync(Buffer.concat((await source.page(format)).gzip)).toString('utf8'), format);
  /** Nothing goes on but a question that waits for a scheduler. */
  function stuck(): boolean {
    const timers = time.waiting();
    const underWay = timers.filter((ms) => ms === REQUEST_MS || ms === SCHEDULER_MS).length;
    return timers.includes(PATIENCE_MS) && underWay === 1 && simulator.requests.waitingNow === 1;
  }
  let refreshed = false;
  async function refreshUnseen(): Promise<void> {
    if (refreshed) time.advance(INTERVAL_MS);
    refreshed = true;
    let over = false;
    const refresh = watcher.refresh().finally(() => {
      over = true;
    });
    await waitFor('the end of a refresh', () => {
      if (!over && stuck()) time.advance(PATIENCE_MS);
      return over;
    });
    await refresh;
  }
  return {
    simulator,
    watcher,
    log,
    time,
    page,
    refreshUnseen,
    async refresh() {
      await refreshUnseen();
      return page();
    },
    async conditions() {
      const samples = (await page()).samples('cinder_backend_condition').filter((sample) => sample.value === 1);
      return Object.fromEntries(samples.map(({ labels }) => [labels['host'], labels['condition'] ?? '']));
    },
  };
}

/** What the collectors' own series say. */
export function success(page: Exposition, collector: string): number | undefined {
  return page.value('cinder_scrape_collector_success', { collector });
}
