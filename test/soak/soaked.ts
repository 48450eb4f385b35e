import { FLAGS, parseFlags } from '../../src/cli/flags.ts';
import { load, serve, type Serving } from '../../src/cli/serve.ts';
import type { CloudConfig } from '../../src/config/config.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startFaultProxy, type FaultProxy } from '../faults/fault-proxy.ts';
import { STORM_CLOUD } from '../faults/storm-cloud.ts';
import { OPERATION_LIMITS } from '../../src/config/load.ts';

export const INTERVAL_MS = 250;
const STALE_AFTER_MS = 3000;

/** Everything quick, so that a minute holds what otherwise takes hours. */
const QUICK: Partial<CloudConfig> = {
  schedule: { kind: 'interval', everyMs: INTERVAL_MS },
  maxRandomDelayMs: 0,
  requestTimeoutMs: 500,
  schedulerPatienceMs: 250,
  schedulerTimeoutMs: 700,
  volumeTypesEveryMs: 300,
  limits: { maxBodyBytes: 2_000_000, maxRows: 1000, maxLabelLength: 256 },
};
/** The settings of an exporter beside it, which has seen nothing yet. */
export const FRESH: CloudConfig = {
  name: 'fresh',
  schedule: { kind: 'interval', everyMs: 1000 },
  maxRandomDelayMs: 0,
  requestTimeoutMs: 5000,
  schedulerPatienceMs: 5000,
  schedulerTimeoutMs: 10_000,
  staleAfterMs: STALE_AFTER_MS,
  collectors: { pools: true, volumeTypes: false, volumes: false, capabilities: false, operations: false },
  operationLimits: OPERATION_LIMITS,
  volumeTypesEveryMs: 600_000,
  limits: { maxBodyBytes: 2_000_000, maxRows: 1000, maxLabelLength: 256 },
};

const CLOUD_SETTINGS = {
  pollIntervalMs: 300,
  reportIntervalMs: 200,
  serviceDownTimeMs: 60_000,
  rpcResponseTimeoutMs: 400,
  tokenCacheMs: 0,
  tokenLifeMs: 300_000,
  apiThreads: 64,
};

const realNow = performance.now.bind(performance);
let shiftMs = 0;
performance.now = () => realNow() + shiftMs;

/** The exporter in this process, before a simulated cloud and a proxy that makes faults. */
export interface Soaked {
  readonly simulator: Simulator;
  readonly proxy: FaultProxy;
  readonly serving: Serving;
  readonly password: string;
  readonly log: string[];
  readonly jump: (ms: number) => void;
  readonly reload: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export async function startSoaked(): Promise<Soaked> {
  const simulator = await startSimulator({ cloud: STORM_CLOUD, settings: CLOUD_SETTINGS });
  const proxy = await startFaultProxy(simulator.url);
  simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url: `${proxy.url}/volume/v3` }]);
  const { values } = parseFlags(['--web.listen-address=127.0.0.1:0'], FLAGS);
  const env = { ...simulator.environment(), OS_AUTH_URL: `${proxy.url}/identity/v3` };
  const log: string[] = [];
  let loads = 0;
  const loadAnew = async () => {
    const { config, targets } = await load(values, { env, cwd: '/nonexistent', home: '/nonexistent' });
    // A difference that means nothing, so that each load makes a new watcher.
    const staleAfterMs = STALE_AFTER_MS + (loads++ % 7);
    return {
      config,
      targets: targets.map((target) => ({ ...target, config: { ...target.config, ...QUICK, staleAfterMs } })),
    };
  };
  const serving = await serve(values, loadAnew, (level, message, fields) => {
    log.push(`${level} ${message} ${JSON.stringify(fields)}`);
    if (log.length > 200) log.shift();
  });
  return {
    simulator,
    proxy,
    serving,
    password: simulator.environment()['OS_PASSWORD'] ?? '',
    log,
    jump: (ms) => void (shiftMs += ms),
    reload: serving.reload,
    async close() {
      await serving.close();
      await proxy.close();
      await simulator.close();
    },
  };
}
