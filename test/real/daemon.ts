import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A server that is thrown away with its data. */
export interface Daemon {
  readonly pid: number | undefined;
  /** The end of what it said. */
  log(): string;
  running(): boolean;
  /** Ends it; by SIGKILL unless it has something to put in order first. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts one that says what it has to say in `file`: in a pipe it would stand still while a test waits for a command. */
export function startDaemon(file: string, [program = '', ...args]: readonly string[]): Daemon {
  const out = openSync(file, 'w');
  const child = spawn(program, args, { stdio: ['ignore', out, out] });
  closeSync(out);
  let failure = '';
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      failure = String(error);
      resolve();
    });
  });
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  return {
    pid: child.pid,
    log: () => `${failure}${readFileSync(file, 'utf8').slice(-4000)}`,
    running: () => failure === '' && child.exitCode === null && child.signalCode === null,
    stop: async (signal = 'SIGKILL') => {
      child.kill(signal);
      await ended;
      process.off('exit', abandon);
    },
  };
}
