import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './tool.ts';

/** Installs Node.js from npm into `folder`, by its version or the beginning of one, and gives the path of the program. */
export function npmNode(folder: string, version: string, ...others: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const name = `node-linux-${process.arch}`;
  tool(
    [
      'npm',
      'install',
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `${name}@${version}`,
      ...others,
    ],
    {
      cwd: folder,
    },
  );
  return join(folder, 'node_modules', name, 'bin/node');
}
