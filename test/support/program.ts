import { spawn } from 'node:child_process';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/cli/run.ts';

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
  /** Where it runs, if not here. */
  readonly cwd?: string;
  /** Options of Node.js itself. */
  readonly node?: readonly string[];
  /** Called at the start. */
  readonly started?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with all of standard error so far, whenever more of it has come. */
  readonly told?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void;
}

function environment({ env }: ProgramOptions): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', ...env };
}

/** Makes this the environment, for Node.js' own functions too. */
function become(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** Runs `dist/main.js` with these arguments to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [...(options.node ?? []), MAIN, ...args], {
    cwd: options.cwd,
    env: environment(options),
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

/**
 * Runs a command that ends by itself in this process, one at a time: a fifth of a second cheaper than a process of its own, which a few cases of
 * each kind still have. Warnings of Node.js count as standard error.
 */
export async function runHere(
  args: readonly string[],
  options: Pick<ProgramOptions, 'env' | 'cwd'> = {},
): Promise<Ended> {
  const [cwd, env] = [process.cwd(), { ...process.env }];
  const wrote = { stdout: '', stderr: '' };
  const captures = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = stream.write.bind(stream);
    return mock.method(stream, 'write', (chunk: string | Uint8Array, done?: () => void): boolean => {
      // Bytes are what the test runner tells its parent.
      if (typeof chunk !== 'string') return write(chunk, done);
      wrote[name] += chunk;
      done?.();
      return true;
    });
  });
  const onWarning = ({ message }: Error): void => void (wrote.stderr += `${message}\n`);
  process.on('warning', onWarning);
  become(environment(options));
  if (options.cwd !== undefined) process.chdir(options.cwd);
  try {
    const code = await run(args, { stop: new Promise(() => {}), onHangup: () => {}, release: () => {} });
    await turn();
    return { code, ...wrote };
  } finally {
    process.chdir(cwd);
    become(env);
    process.off('warning', onWarning);
    for (const { mock } of captures) mock.restore();
  }
}
