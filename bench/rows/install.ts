import { execFile } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../program.ts';
import type { Row } from '../row.ts';
import { short } from '../stats.ts';

/** Packages that a production install brings, and the room they take. */
export async function measureInstall(): Promise<Row[]> {
  const { stdout } = await promisify(execFile)('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: ROOT });
  // The first line is the project itself.
  const folders = new Set(stdout.trim().split('\n').slice(1));
  const megabytes = [...folders].reduce((sum, folder) => sum + bytesIn(folder), 0) / 1e6;
  return [
    {
      about: 'install',
      what: 'production packages',
      value: folders.size,
      measured: String(folders.size),
      target: { sense: 'at most', limit: 90 },
    },
    {
      about: 'install',
      what: 'their files on disk',
      value: megabytes,
      measured: `${short(megabytes)} MB`,
      target: { sense: 'at most', limit: 25, unit: ' MB' },
    },
  ];
}

const BLOCK = 512;

/** As `du` counts; packages inside a package are in the list themselves. */
function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    bytes += lstatSync(path).blocks * BLOCK;
    if (entry.isDirectory()) bytes += bytesIn(path);
  }
  return bytes;
}
