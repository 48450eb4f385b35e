import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SCRATCH } from './scratch.ts';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The program as it is packed, in a copy of its own: a build beside a running benchmark does not disturb it. */
export const MAIN = join(SCRATCH, 'packed', 'dist', 'main.js');

/** Builds the program and copies it, and compiles its modules one by one, however the program is packed. */
export function buildProgram(): void {
  const run = (...command: readonly [string, ...string[]]): void => {
    const [name, ...args] = command;
    execFileSync(name, args, { cwd: ROOT, stdio: 'inherit' });
  };
  run('npm', 'run', '--silent', 'build');
  for (const name of ['packed', 'modules']) {
    mkdirSync(join(SCRATCH, name));
    copyFileSync(join(ROOT, 'package.json'), join(SCRATCH, name, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(SCRATCH, name, 'node_modules'));
  }
  cpSync(join(ROOT, 'dist'), join(SCRATCH, 'packed', 'dist'), { recursive: true });
  run(
    join(ROOT, 'node_modules', '.bin', 'tsc'),
    '--noCheck',
    '-p',
    'tsconfig.build.json',
    '--outDir',
    join(SCRATCH, 'modules', 'dist'),
  );
}

/** The folder of the compiled modules, for `compiled` in another process. */
export const MODULES = pathToFileURL(join(SCRATCH, 'modules', 'dist', '/')).href;
