import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm test`: the types and the tests; fails when either does, and neither hides what the other says. Arguments are test files, or folders of
 * them, and options of Node's test runner; without any file it is every test that needs Node.js alone.
 */
const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith('-'));
const named = args.filter((arg) => !arg.startsWith('-'));
const files =
  named.length > 0
    ? named.flatMap((path) => (statSync(path).isDirectory() ? testsIn(path) : [path]))
    : testsIn('test').filter((path) => !path.startsWith(join('test', 'real')));

function testsIn(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join(folder, path))
    .toSorted();
}

const succeeds = (program: string, ...command: readonly string[]): boolean =>
  spawnSync(program, command, { stdio: 'inherit' }).status === 0;

const typed = succeeds('npm', 'run', '--silent', 'typecheck');
const passed = succeeds(process.execPath, '--import', 'tsx', '--test', '--test-concurrency=2', ...options, ...files);
if (!typed) process.stderr.write('\nThe types are wrong: see above the tests.\n');
process.exitCode = typed && passed ? 0 : 1;
