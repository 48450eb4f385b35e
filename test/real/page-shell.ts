import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

/** A shell in a folder, in which a person types what a page says. */
export interface PageShell {
  /** Runs commands to their end and gives all that they printed; throws with all of it when one fails. */
  run(script: string): Promise<string>;
  /** Starts commands that go on until Ctrl-C; `interrupt` presses it and gives the exit code. */
  start(script: string): { interrupt(): Promise<number | null> };
}

export function pageShell(cwd: string, env: NodeJS.ProcessEnv): PageShell {
  const flags = (script: string): string[] => ['--norc', '-euo', 'pipefail', '-c', `exec 2>&1\n${script}`];
  return {
    async run(script) {
      try {
        return (await promisify(execFile)('bash', flags(script), { cwd, env, maxBuffer: 64 * 1024 * 1024 })).stdout;
      } catch (error) {
        const { message, stdout = '' } = error as Error & { stdout?: string };
        throw new Error(`${message}\n${stdout.slice(-4000)}`, { cause: error });
      }
    },
    start(script) {
      const child = spawn('bash', flags(script), { cwd, env, stdio: 'ignore', detached: true });
      return {
        async interrupt() {
          const exited = once(child, 'exit');
          process.kill(-(child.pid as number), 'SIGINT');
          return ((await exited) as [number | null])[0];
        },
      };
    },
  };
}
