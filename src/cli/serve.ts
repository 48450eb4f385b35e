import type { Config } from '../config/config.ts';
import { completeConfig } from '../config/complete.ts';
import { createApp } from '../http/app.ts';
import { listen, parseListenAddress, type Listening } from '../http/listen.ts';
import type { Log } from '../log/log.ts';
import { createProcessMetrics } from '../metrics/exporter.ts';
import { loadTargets, type Surroundings } from './targets.ts';
import { createFleet, type Target } from '../refresh/fleet.ts';
import { VERSION } from '../version.ts';
import type { ServeFlags } from './flags.ts';

/** A running exporter. */
export interface Serving {
  readonly addresses: readonly string[];
  /** Loads the configuration again; a bad one keeps the old and is returned. */
  readonly reload: () => Promise<Error | undefined>;
  /** Finishes the answers under way, stops the timers, and closes all connections. */
  readonly close: () => Promise<void>;
}

/** Answers under way get this long when the process is told to stop. */
const CLOSE_WITHIN_MS = 3000;

/** What to watch, as loaded from files and variables. */
export interface Loaded {
  readonly config: Config;
  readonly targets: readonly Target[];
}

/** Loads what the flags and the surroundings configure. Rejects with an Error for people. */
export async function load(flags: Pick<ServeFlags, 'config.file'>, surroundings: Surroundings): Promise<Loaded> {
  const file = flags['config.file'];
  const config =
    file === undefined
      ? completeConfig({}, surroundings.env)
      : (await import('../config/load.ts')).loadConfig(file, surroundings.env);
  return { config, targets: loadTargets(config, surroundings) };
}

/** Starts the exporter. Rejects with an Error for people when the configuration is bad or an address is taken. */
export async function serve(flags: ServeFlags, loadAnew: () => Promise<Loaded>, log: Log): Promise<Serving> {
  const addresses = flags['web.listen-address'].map(parseListenAddress);
  const own = createProcessMetrics(VERSION);
  const first = await loadAnew();
  let { config } = first;
  warnOfUnverified(first.targets, log);
  const fleet = createFleet(own.registry, log);
  const loaded = (): void => {
    own.reloadSuccessful.set(1);
    own.reloadSuccessTimestamp.set(Date.now() / 1000);
  };
  loaded();

  async function reload(): Promise<Error | undefined> {
    try {
      const next = await loadAnew();
      warnOfUnverified(next.targets, log);
      await fleet.watch(next.targets);
      config = next.config;
      loaded();
      log('info', 'Configuration reloaded', { clouds: next.targets.length });
      return undefined;
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      own.reloadSuccessful.set(0);
      log('error', 'Configuration could not be reloaded; the old one stays', { error: error.message });
      return error;
    }
  }

  const app = createApp({
    served: { clouds: fleet.clouds, metrics: fleet.metrics, grafanaUrl: () => config.grafanaUrl },
    telemetryPath: flags['web.telemetry-path'],
    reload: flags['web.enable-lifecycle'] ? reload : undefined,
    log,
  });
  const listening: Listening[] = [];
  try {
    for (const address of addresses) listening.push(await listen(app, address));
  } catch (error) {
    await Promise.all(listening.map((one) => one.close(0)));
    throw error;
  }
  for (const { address } of listening) log('info', 'Listening on', { address });
  await fleet.watch(first.targets);
  return {
    addresses: listening.map((one) => one.address),
    reload,
    async close() {
      fleet.close();
      await Promise.all(listening.map((one) => one.close(CLOSE_WITHIN_MS)));
    },
  };
}

function warnOfUnverified(targets: readonly Target[], log: Log): void {
  for (const { config, access } of targets) {
    if (!access.tls.verify)
      log('warn', 'Certificates of the cloud are not verified, as the configuration says', { cloud: config.name });
  }
}
