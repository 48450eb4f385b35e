import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { waitFor } from '../support/wait-for.ts';
import { shellCommand } from './tool.ts';

/** A shell in a folder, in which a person types what a page says. */
export interface PageShell {
  /** Runs commands to their end and gives all that they printed; throws with all of it when one fails. */
  run(script: string): Promise<string>;
  /** Starts commands that go on until Ctrl-C, which `interrupt` presses; it resolves when the last of them has ended. */
  start(script: string): { interrupt(): Promise<void> };
}

/** `enter` is the command that leads to where the shell runs, such as a container; by default that is here. */
export function pageShell(folder: string, env: NodeJS.ProcessEnv, enter: readonly string[] = []): PageShell {
  const command = (script: string): [string, string[]] => {
    const bash = shellCommand(`exec 2>&1\ncd "${folder}"\n${script}`);
    const [file = '', ...args] = [...enter, ...bash];
    return [file, args];
  };
  return {
    async run(script) {
      try {
        return (await promisify(execFile)(...command(script), { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
      } catch (error) {
        const { message, stdout = '' } = error as Error & { stdout?: string };
        throw new Error(`${message}\n${stdout.slice(-4000)}`, { cause: error });
      }
    },
    start(script) {
      const child = spawn(...command(script), { env, stdio: 'ignore', detached: true });
      return {
        async interrupt() {
          const group = -(child.pid as number);
          const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
          if (isThere(group)) process.kill(group, 'SIGINT');
          await exited;
          // npm does not wait for what it has started, which still answers on its port.
          await waitFor('all that was interrupted has ended', () => !isThere(group), 60_000);
        },
      };
    },
  };
}

/** Does this process live, or any of this group? */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
