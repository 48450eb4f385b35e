import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './tool.ts';

export const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0';

/** Builds a program of a Go module, `path@version`, into `folder`, and gives its path. What was compiled once is in Go's cache. */
export function goInstall(folder: string, program: string): string {
  // Without the tables for debuggers it is linked in half the time.
  tool(['nice', 'go', 'install', '-ldflags=-s -w', program], { env: { ...process.env, GOBIN: folder } });
  return join(folder, program.replace(/@.*/, '').replace(/.*\//, ''));
}

/** The same for a module that `go install` refuses because of its `exclude` lines: built as a dependency of a module of our own, as `name`. */
export function goBuild(folder: string, program: string, name: string): string {
  const module = join(folder, `${name}-module`);
  mkdirSync(module, { recursive: true });
  const [path = ''] = program.split('@');
  tool(['go', 'mod', 'init', 'example.org/build'], { cwd: module });
  tool(['go', 'get', program], { cwd: module });
  tool(['nice', 'go', 'build', '-trimpath', '-ldflags=-s -w', '-o', join(folder, name), path], { cwd: module });
  return join(folder, name);
}

/** Where a Go module, `path@version`, lies once it was fetched: its folder and its go.mod. What it needs is not fetched. */
export function goDownload(module: string): { readonly Dir: string; readonly GoMod: string } {
  return JSON.parse(tool(['go', 'mod', 'download', '-json', module])) as {
    readonly Dir: string;
    readonly GoMod: string;
  };
}
