import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How the program ended, and what it printed. */
export interface Ended {
  /** null: it hung, and was killed after a minute. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface ProgramOptions {
  /** Beyond PATH and a HOME that does not exist. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node.js itself. */
  readonly node?: readonly string[];
  /** Called at the start. */
  readonly started?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with all of standard error so far, whenever more of it has come. */
  readonly told?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `dist/main.js` with these arguments to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [...(options.node ?? []), MAIN, ...args], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...options.env },
    // Only against hanging: then there is no exit code.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  options.started?.((signal) => child.kill(signal));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    options.told?.(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
