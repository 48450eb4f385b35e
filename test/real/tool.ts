import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

/** The shell in which a person types what a page says: it stops at the first command that fails. */
export function shellCommand(script: string): readonly string[] {
  return ['bash', '--norc', '-euo', 'pipefail', '-c', script];
}

/** Runs a tool to its end and gives what it printed. A failure, or no such tool, fails the test with what it said. */
export function tool(
  command: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const [file = '', ...args] = command;
  try {
    return execFileSync(file, args, {
      ...options,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    assert.fail(`${message}\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}`);
  }
}
