import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { CloudConfig } from '../../src/config/config.ts';
import type { Fields } from '../../src/log/log.ts';
import type { Format } from '../../src/metrics/exposition.ts';
import { loadAccess } from '../../src/openstack/clouds.ts';
import { createPageSource } from '../../src/refresh/page.ts';
import { createWatcher, type Watcher } from '../../src/refresh/watcher.ts';
import type { CloudDefinition } from '../../src/simulator/definition.ts';
import type { Who } from '../../src/simulator/environment.ts';
import type { Settings } from '../../src/simulator/settings.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { parseExposition, type Exposition } from '../exposition-parser.ts';

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

/** Refreshes follow each other quickly in tests: pauses are parts of this. */
const INTERVAL_MS = 40;

export const CONFIG: CloudConfig = {
  name: 'lab',
  schedule: { kind: 'interval', everyMs: INTERVAL_MS },
  maxRandomDelayMs: 0,
  requestTimeoutMs: 2000,
  schedulerPatienceMs: 150,
  schedulerTimeoutMs: 20_000,
  staleAfterMs: 60_000,
  collectors: { pools: true, volumeTypes: false },
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
  /** Refreshes once, and reads the page as a scraper would. */
  readonly refresh: () => Promise<Exposition>;
  readonly page: (format?: Format) => Promise<Exposition>;
  /** The condition of each backend on the page. */
  readonly conditions: () => Promise<Record<string, string>>;
}

export interface WatchedOptions {
  readonly cloud?: CloudDefinition;
  readonly settings?: Partial<Settings>;
  readonly config?: Partial<CloudConfig>;
  readonly who?: Who;
  readonly intervalMs?: number;
}

/** A simulated cloud, and a watcher of it that refreshes only when told. */
export async function watched(t: TestContext, options: WatchedOptions = {}): Promise<Watched> {
  const settings = { rpcResponseTimeoutMs: 500, ...options.settings };
  const simulator = await startSimulator({ cloud: options.cloud ?? SMALL_CLOUD, settings });
  const access = loadAccess({ env: simulator.environment(options.who), cwd: '/nonexistent', home: '/nonexistent' });
  const log: LogLine[] = [];
  const watcher = createWatcher({
    config: { ...CONFIG, ...options.config },
    access,
    intervalMs: options.intervalMs ?? INTERVAL_MS,
    log: (level, message, fields) => void log.push({ ...fields, level, message }),
  });
  t.after(async () => {
    watcher.close();
    await simulator.close();
  });
  const source = createPageSource(watcher.pages, [watcher.metrics.registry], () => Date.now() + Math.random() * 1e9);
  const page = async (format: Format = 'text'): Promise<Exposition> =>
    parseExposition(gunzipSync(Buffer.concat((await source.page(format)).gzip)).toString('utf8'), format);
  return {
    simulator,
    watcher,
    log,
    page,
    async refresh() {
      await watcher.refresh();
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

/** Runs until it is so; the attempts themselves take time, and a deadline ends them. */
export async function until(what: string, attempt: () => Promise<boolean> | boolean, deadlineMs = 5000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await attempt())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
