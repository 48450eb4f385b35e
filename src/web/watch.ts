import { stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../config/error.ts';
import type { Log } from '../log.ts';
import { loadWebConfig } from './config.ts';
import type { WebConfig } from './config.ts';

/** The web configuration as it is now: it and the certificates it names are read again when they change. */
export interface WebWatch {
  readonly current: () => WebConfig;
  /** Reads everything again at once. Never throws: whatever stands in the way keeps the old state and is the answer. */
  readonly reload: () => Error | undefined;
  /** Calls back after each successful reading but the first. */
  readonly onChange: (listener: (config: WebConfig) => void) => void;
  readonly close: () => void;
}

export interface WatchOptions {
  readonly log: Log;
  /** Told of the outcome of every later reading: undefined is success. For a metric. */
  readonly onReload?: (error: Error | undefined) => void;
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

  function reload(): Error | undefined {
    try {
      const next = loadSigned(file);
      refuseWeaker(config, next.config);
      ({ config, signature } = next);
      for (const listener of listeners) listener(config);
      failure = undefined;
    } catch (cause) {
      // Not only what is expected to be wrong with a file: the certificates must go on being watched whatever happened.
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (failure !== error.message)
        log('error', 'Web configuration could not be read again; the old one stays', { error: error.message });
      failure = error.message;
      onReload?.(error);
      return error;
    }
    log('info', 'Web configuration read again', { file });
    for (const warning of config.warnings) log('warn', warning, { file });
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

/** A file that cannot be looked at (no such file, a folder that is not searchable, a circle of links) has a signature as well: the reason. */
function signSync(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        return signed(statSync(file, { bigint: true }));
      } catch (error) {
        return codeOf(error);
      }
    })
    .join(' ');
}

async function sign(files: readonly string[]): Promise<string> {
  const signatures = files.map((file) => stat(file, { bigint: true }).then(signed, codeOf));
  return (await Promise.all(signatures)).join(' ');
}

function signed(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}
