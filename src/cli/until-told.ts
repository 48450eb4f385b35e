import { createLog, type Level, type Log } from '../log/log.ts';
import type { ServeFlags } from './flags.ts';
import { load, readWebFlags, serve, type Serving } from './serve.ts';
import type { Signals } from './signals.ts';
import type { Surroundings } from './targets.ts';

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
  const warnings = web === undefined ? [] : (await import('../http/web-config.ts')).loadWebConfig(web).warnings;
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  const names = targets.map(({ config: cloud, access }) => `${cloud.name} (${access.authUrl})`);
  process.stdout.write(
    `configuration is good; ${targets.length === 1 ? 'the cloud is' : `${targets.length} clouds:`} ${names.join(', ')}\n`,
  );
  return 0;
}
