import { createLog, type Level, type Log } from '../log/log.ts';
import type { ServeFlags } from './flags.ts';
import { load, serve, type Serving } from './serve.ts';
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
export async function serveUntilTold(flags: ServeFlags, surroundings: Surroundings): Promise<number> {
  const log = logOf(flags);
  const told = toldToStop();
  return untilTold(await serve(flags, () => load(flags, surroundings), log), told, log);
}

/** Resolves with the signal to stop. Listens at once: as process 1 of a container a signal that nobody listens to is lost. */
export function toldToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
}

/** Waits until told to stop, and closes. A second signal of a kind does not wait for answers under way. */
export async function untilTold(
  serving: Pick<Serving, 'close' | 'reload'>,
  told: Promise<string>,
  log: Log,
): Promise<number> {
  process.on('SIGHUP', () => void serving.reload());
  log('info', 'Stopping', { signal: await told });
  await serving.close();
  return 0;
}

/** Loads everything that serving would load, says so, and resolves with 0; rejects with all that is wrong. */
export async function checkConfiguration(flags: ServeFlags, surroundings: Surroundings): Promise<number> {
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
