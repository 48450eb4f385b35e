import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_CACHE } from './program-cache.ts';

/** What can be made: a file of pins beside this one for each. */
export type PythonEnvironment = 'cinder-29' | 'tempest-47' | 'clients-10';

/** Debian's own: its uwsgi runs what is in the environment. */
const PYTHON = '/usr/bin/python3';

/** The folder of a virtual environment, made unless it is there from before; while somebody else makes it, this waits. */
export function pythonEnvironment(name: PythonEnvironment): string {
  const pins = createHash('sha256')
    .update(readFileSync(requirements(name)))
    .digest('hex')
    .slice(0, 12);
  const folder = join(PROGRAM_CACHE, `${name}-${pins}`);
  if (existsSync(ready(folder))) return folder;
  mkdirSync(PROGRAM_CACHE, { recursive: true });
  const lock = join(PROGRAM_CACHE, 'lock-python');
  run('flock', lock, process.execPath, '--import', 'tsx', import.meta.filename, name, folder);
  return folder;
}

function requirements(name: PythonEnvironment): string {
  return new URL(`${name}.txt`, import.meta.url).pathname;
}

function ready(folder: string): string {
  return join(folder, 'ready');
}

/** Makes one, unless somebody did so while we waited. What an interrupted one left is thrown away. */
function build(name: PythonEnvironment, folder: string): void {
  if (existsSync(ready(folder))) return;
  rmSync(folder, { recursive: true, force: true });
  run(PYTHON, '-m', 'venv', '--without-pip', folder);
  const into = ['--python', join(folder, 'bin/python3')];
  run(PYTHON, '-m', 'pip', ...into, 'install', '--quiet', '--no-deps', '--requirement', requirements(name));
  writeFileSync(ready(folder), '');
}

function run(file: string, ...args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 2, 2] });
}

// `python-environment.ts NAME` makes one; with a folder, there, whoever else does.
if (process.argv[1] === import.meta.filename) {
  const [name, folder] = process.argv.slice(2);
  if (folder === undefined) console.log(pythonEnvironment(name as PythonEnvironment));
  else build(name as PythonEnvironment, folder);
}
