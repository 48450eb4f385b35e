import { join } from 'node:path';
import { tool } from './tool.ts';

/** Builds a program of a Go module, `path@version`, into `folder`, and gives its path. What was compiled once is in Go's cache. */
export function goInstall(folder: string, program: string): string {
  // Without the tables for debuggers it is linked in half the time.
  tool(['nice', 'go', 'install', '-ldflags=-s -w', program], { env: { ...process.env, GOBIN: folder } });
  return join(folder, program.replace(/@.*/, '').replace(/.*\//, ''));
}
