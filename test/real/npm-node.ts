import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './tool.ts';

interface Installed {
  /** As Node.js calls it; this machine's own by default. */
  readonly arch?: string;
  /** Packages beside it. */
  readonly others?: readonly string[];
}

/** Installs Node.js from npm into `folder`, by its version or the beginning of one, and gives the path of the program. */
export function npmNode(folder: string, version: string, { arch = process.arch, others = [] }: Installed = {}): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const name = `node-linux-${arch}`;
  tool(
    [
      'npm',
      'install',
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      // npm refuses to install what is for another machine.
      ...(arch === process.arch ? [] : ['--force']),
      `${name}@${version}`,
      ...others,
    ],
    {
      cwd: folder,
    },
  );
  return join(folder, 'node_modules', name, 'bin/node');
}
