import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM_CACHE } from './program-cache.ts';

/** Major versions of Cinder that the lab can run: 21 (Zed) is Debian 12's, 29 (2026.2) is the newest, with Keystone 30. */
export type Release = 21 | 29;

/** The release that `LAB_RELEASE` asks for. @default 21 */
export function labRelease(): Release {
  const asked = process.env['LAB_RELEASE'] || '21';
  if (asked === '21' || asked === '29') return Number(asked) as Release;
  throw new Error(`LAB_RELEASE is ${asked}: expected 21 or 29`);
}

const requirements = fileURLToPath(new URL('cinder-29.txt', import.meta.url));
/** Debian's own: its uwsgi runs what is in the environment. */
const PYTHON = '/usr/bin/python3';

/** A virtual environment of what cinder-29.txt pins, made unless it is there from before; while somebody else makes it, this waits. */
export function virtualEnvironment(): string {
  const pins = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(PROGRAM_CACHE, `cinder-29-${pins}`);
  if (existsSync(ready(folder))) return folder;
  mkdirSync(PROGRAM_CACHE, { recursive: true });
  run('flock', join(PROGRAM_CACHE, 'lock-python'), process.execPath, '--import', 'tsx', import.meta.filename, folder);
  return folder;
}

function ready(folder: string): string {
  return join(folder, 'ready');
}

/** Makes the environment, unless somebody did so while we waited. What an interrupted one left is thrown away. */
function build(folder: string): void {
  if (existsSync(ready(folder))) return;
  rmSync(folder, { recursive: true, force: true });
  run(PYTHON, '-m', 'venv', '--without-pip', folder);
  const into = ['--python', join(folder, 'bin/python3')];
  run(PYTHON, '-m', 'pip', ...into, 'install', '--quiet', '--no-deps', '--requirement', requirements);
  writeFileSync(ready(folder), '');
}

function run(file: string, ...args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 2, 2] });
}

// `release.ts` makes it; `release.ts FOLDER` makes it there, whoever else does.
if (process.argv[1] === import.meta.filename) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) console.log(virtualEnvironment());
  else build(folder);
}
