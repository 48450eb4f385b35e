import { cpSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './tool.ts';

const root = new URL('../../', import.meta.url).pathname;

/** Copies what a clone of the repository has, and what is about to be committed, into a folder. */
export function checkout(folder: string): void {
  const listed = tool(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const path of listed
    .split('\0')
    .filter((one) => lstatSync(join(root, one), { throwIfNoEntry: false })?.isFile()))
    cpSync(join(root, path), join(folder, path));
}
