import { stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../config/error.ts';
import type { Log } from '../log/log.ts';
import { loadWebConfig } from './web-config.ts';
import type { WebConfig } from './web-config.ts';

/** The web configuration as it is now: it and the certificates it names are read again when they change. */
export interface WebWatch {
  readonly current: () => WebConfig;
  /** Reads everything again at once. A bad file keeps the old state and is the answer. */
  readonly reload: () => ConfigError | undefined;
  /** Calls back after each successful reading but the first. */
  readonly onChange: (listener: (config: WebConfig) => void) => void;
  readonly close: () => void;
}

export interface WatchOptions {
  readonly log: Log;
  /** Told of the outcome of every later reading: undefined is success. For a metric. */
  readonly onReload?: (error: ConfigError | undefined) => void;
  /** Between two looks at the files. */
  readonly intervalMs?: number;
}

/** Loads the file, and watches it until `close`. Throws `ConfigError` when it is bad from the start. */
export function watchWebConfig(file: string, { log, onReload, intervalMs = 1000 }: WatchOptions): WebWatch {
  let { config, signature } = loadSigned(file);
  let failure: string | undefined;
  const listeners: ((config: WebConfig) => void)[] = [];
  const stopped = new AbortController();
  for (const warning of config.warnings) log('warn', warning, { file });

  function reload(): ConfigError | undefined {
    try {
      const next = loadSigned(file);
      refuseWeaker(config, next.config);
      ({ config, signature } = next);
      failure = undefined;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (failure !== error.message)
        log('error', 'Web configuration could not be read again; the old one stays', { error: error.message });
      failure = error.message;
      onReload?.(error);
      return error;
    }
    log('info', 'Web configuration read again', { file });
    for (const warning of config.warnings) log('warn', warning, { file });
    for (const listener of listeners) listener(config);
    onReload?.(undefined);
    return undefined;
  }

  async function watch(): Promise<void> {
    let seen = signature;
    for (;;) {
      await sleep(intervalMs, undefined, { ref: false, signal: stopped.signal });
      const now = await sign(config.files);
      // Only when it has been the same twice: a file may be half written, a certificate may wait for its key. A bad one may be about a file that is not in the list.
      if (now === seen && (now !== signature || failure !== undefined)) reload();
      seen = now;
    }
  }

  watch().catch((error: unknown) => {
    if (!stopped.signal.aborted) log('error', 'Web configuration is no longer watched', { error: String(error) });
  });
  return {
    current: () => config,
    reload,
    onChange: (listener) => void listeners.push(listener),
    close: () => stopped.abort(),
  };
}

/** What must not happen by a truncated file, nor without a restart. */
function refuseWeaker(old: WebConfig, next: WebConfig): void {
  const start = `${next.file}:1:1: (whole file)`;
  if ((old.tls === undefined) !== (next.tls === undefined)) {
    throw new ConfigError([
      `${start}: expected TLS to stay ${old.tls ? 'on' : 'off'} until a restart, got it ${next.tls ? 'on' : 'off'}`,
    ]);
  }
  if (next.empty && !old.empty) throw new ConfigError([`${start}: expected a mapping, got an empty file`]);
}

/** The configuration, and a signature that its files had before they were read. */
function loadSigned(file: string): { readonly config: WebConfig; readonly signature: string } {
  let files: readonly string[] = [file];
  for (;;) {
    const signature = signSync(files);
    const config = loadWebConfig(file);
    if (config.files.join('\n') === files.join('\n')) return { config, signature };
    ({ files } = config);
  }
}

function signSync(files: readonly string[]): string {
  return files.map((file) => signed(statSync(file, { bigint: true, throwIfNoEntry: false }))).join(' ');
}

async function sign(files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file, { bigint: true }).catch(() => undefined)));
  return stats.map(signed).join(' ');
}

function signed(stats: BigIntStats | undefined): string {
  return stats ? `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}` : '-';
}
