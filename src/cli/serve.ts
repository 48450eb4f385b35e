import type { RequestListener } from 'node:http';
import { checkTelemetryPath, createMetricsHandler } from '../api/metrics-handler.ts';
import type { Config } from '../config/config.ts';
import { completeConfig } from '../config/load.ts';
import { createLog, type Level, type Log } from '../log.ts';
import { watchTurn } from '../metrics/event-loop.ts';
import { createProcessMetrics, type ProcessMetrics } from '../metrics/exporter.ts';
import { createMemory } from '../pages/events.ts';
import { VERSION } from '../version.ts';
import { createFleet, type Target } from '../watch/fleet.ts';
import { fitV8 } from '../watch/v8.ts';
import { listen, type ListenAddress, parseListenAddress } from '../web/listen.ts';
import type { WebWatch } from '../web/watch.ts';
import type { ServeFlags } from './flags.ts';
import type { Signals } from './signals.ts';
import { loadTargets, type Surroundings } from './targets.ts';

/** A running exporter. */
export interface Serving {
  readonly addresses: readonly string[];
  readonly tls: boolean;
  /** Loads the configuration again; a bad one keeps the old and is returned. Never rejects. Of calls while one is under way only one more is made. */
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

/** Loads what the flags and the surroundings configure. Rejects with a UserError. */
export async function load(flags: Pick<ServeFlags, 'config.file'>, surroundings: Surroundings): Promise<Loaded> {
  const file = flags['config.file'];
  const config =
    file === undefined
      ? completeConfig({}, surroundings.env)
      : (await import('../config/load.ts')).loadConfig(file, surroundings.env);
  return { config, targets: await loadTargets(config, surroundings) };
}

/** What the flags say of the web server, understood. Throws a UserError. */
function readWebFlags(flags: Pick<ServeFlags, 'web.listen-address' | 'web.telemetry-path'>): {
  readonly addresses: readonly ListenAddress[];
  readonly telemetryPath: string;
} {
  return {
    addresses: flags['web.listen-address'].map(parseListenAddress),
    telemetryPath: checkTelemetryPath(flags['web.telemetry-path']),
  };
}

/**
 * Starts the exporter. Rejects with a UserError when the configuration is bad or an address is taken. Answers under way get `closeWithinMs`
 * when it is closed.
 */
export async function serve(
  flags: ServeFlags,
  loadAnew: () => Promise<Loaded>,
  log: Log,
  closeWithinMs = CLOSE_WITHIN_MS,
): Promise<Serving> {
  const { addresses, telemetryPath } = readWebFlags(flags);
  const own = createProcessMetrics(VERSION);
  const noteReload = createReloadNote(own);
  const first = await loadAnew();
  let { config } = first;
  warnOfUnverified(first.targets, log);
  const web = await watchWeb(flags, log, (error) => noteReload('web', error));
  const fleet = createFleet(own.registry, log);
  const stopping = new AbortController();
  noteReload('clouds', undefined);

  let reloading: Promise<Error | undefined> | undefined;
  let waiting: Promise<Error | undefined> | undefined;

  function reload(): Promise<Error | undefined> {
    if (!reloading) {
      reloading = reloadOnce().finally(() => {
        reloading = undefined;
      });
      return reloading;
    }
    // The one under way may have read the files before they changed.
    waiting ??= reloading.then(() => {
      waiting = undefined;
      return reload();
    });
    return waiting;
  }

  async function reloadOnce(): Promise<Error | undefined> {
    const webError = web?.reload();
    const error = (await reloadClouds()) ?? webError;
    if (!error) log('info', 'Configuration reloaded', { clouds: fleet.clouds().length });
    return error;
  }

  async function reloadClouds(): Promise<Error | undefined> {
    let error: Error | undefined;
    try {
      const next = await loadAnew();
      warnOfUnverified(next.targets, log);
      await fleet.watch(next.targets);
      config = next.config;
    } catch (cause) {
      error = cause instanceof Error ? cause : new Error(String(cause));
      log('error', 'Configuration could not be reloaded; the old one stays', { error: error.message });
    }
    noteReload('clouds', error);
    return error;
  }

  const { clouds, onClouds, metrics } = fleet;
  const served = {
    clouds,
    onClouds,
    metrics,
    grafanaUrl: () => config.grafanaUrl,
    runbookUrl: () => config.runbookUrl,
  };
  // It remembers from the first refresh on, whether or not anybody ever looks.
  const memory = createMemory(served);
  let loading: Promise<RequestListener> | undefined;
  const routes = (): Promise<RequestListener> =>
    (loading ??= import('../api/app.ts').then(({ createApp }) =>
      createApp({
        served,
        telemetryPath,
        reload: flags['web.enable-lifecycle'] ? reload : undefined,
        memory,
        stopping: stopping.signal,
        log,
      }),
    ));
  const app = createMetricsHandler({ served, telemetryPath, routes, log });
  const watched: typeof app = (request, response) => {
    watchTurn();
    app(request, response);
  };
  const listening = await listen(watched, addresses, { web, log }).catch((error: unknown) => {
    web?.close();
    throw error;
  });
  for (const address of listening.addresses) log('info', 'Listening on', { address, tls: listening.tls });
  // Only now: while all is loaded nothing is garbage, and V8's own measures are the cheaper ones.
  fitV8();
  await fleet.watch(first.targets);
  return {
    addresses: listening.addresses,
    tls: listening.tls,
    reload,
    async close() {
      fleet.close();
      web?.close();
      memory.stop();
      stopping.abort();
      await listening.close(closeWithinMs);
    },
  };
}

/** The web configuration file, watched; undefined without one. */
async function watchWeb(
  flags: ServeFlags,
  log: Log,
  onReload: (error: Error | undefined) => void,
): Promise<WebWatch | undefined> {
  const file = flags['web.config.file'];
  if (file === undefined) return undefined;
  const { watchWebConfig } = await import('../web/watch.ts');
  return watchWebConfig(file, { log, onReload });
}

/** Keeps the two metrics of reloads: successful while neither the clouds' nor the web configuration is in a bad state. */
function createReloadNote(own: ProcessMetrics): (part: 'clouds' | 'web', error: Error | undefined) => void {
  const bad = new Set<string>();
  return (part, error) => {
    if (error) bad.add(part);
    else bad.delete(part);
    own.reloadSuccessful.set(bad.size === 0 ? 1 : 0);
    if (!error) own.reloadSuccessTimestamp.set(Date.now() / 1000);
  };
}

function warnOfUnverified(targets: readonly Target[], log: Log): void {
  for (const { config, access } of targets) {
    if (!access.tls.verify)
      log('warn', 'Certificates of the cloud are not verified, as the configuration says', { cloud: config.name });
  }
}

/** The log that the flags ask for, on standard error. */
export function logOf(flags: ServeFlags): Log {
  return createLog({
    level: flags['log.level'] as Level,
    format: flags['log.format'] as 'logfmt' | 'json',
    write: (line) => process.stderr.write(line),
  });
}

/** Serves until SIGTERM or SIGINT; SIGHUP reloads. Resolves with the exit code. */
export async function serveUntilTold(flags: ServeFlags, surroundings: Surroundings, signals: Signals): Promise<number> {
  const log = logOf(flags);
  return untilTold(await serve(flags, () => load(flags, surroundings), log), signals, log);
}

/** Waits until told to stop, and closes. */
export async function untilTold(
  serving: Pick<Serving, 'close' | 'reload'>,
  signals: Signals,
  log: Log,
): Promise<number> {
  signals.onHangup(() => void serving.reload());
  log('info', 'Stopping', { signal: await signals.stop });
  await serving.close();
  return 0;
}

/** Loads everything that serving would load, says so, and resolves with 0; rejects with all that is wrong. */
export async function checkConfiguration(flags: ServeFlags, surroundings: Surroundings): Promise<number> {
  readWebFlags(flags);
  const { targets } = await load(flags, surroundings);
  const web = flags['web.config.file'];
  const warnings = web === undefined ? [] : (await import('../web/config.ts')).loadWebConfig(web).warnings;
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  const names = targets.map(({ config: cloud, access }) => `${cloud.name} (${access.authUrl})`);
  process.stdout.write(
    `configuration is good; ${targets.length === 1 ? 'the cloud is' : `${targets.length} clouds:`} ${names.join(', ')}\n`,
  );
  return 0;
}
