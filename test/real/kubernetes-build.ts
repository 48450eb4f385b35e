import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goDownload } from './go-install.ts';
import { tool } from './tool.ts';

const VERSION = '1.32.13';
const MODULE = `k8s.io/kubernetes@v${VERSION}`;

/**
 * Builds programs of Kubernetes from its Go module into `folder`: no package has a server of it. What was compiled once is in Go's cache.
 *
 * `go install` refuses the module, because it replaces its parts by folders that the module does not contain. They are modules
 * too, of the same number; the requirements are then all pinned by those of Kubernetes itself.
 */
export function buildKubernetes(folder: string, programs: readonly string[]): void {
  const source = join(folder, 'source');
  mkdirSync(source, { recursive: true });
  const parts = [...readFileSync(goDownload(MODULE).GoMod, 'utf8').matchAll(/^\s*(\S+) => \.\/staging\//gm)].map(
    ([, part = '']) => part,
  );
  const lines = [
    'module kubernetes',
    'go 1.23.0',
    `require ${MODULE.replace('@', ' ')}`,
    ...parts.map((part) => `replace ${part} => ${part} v${VERSION.replace(/^1/, '0')}`),
  ];
  writeFileSync(join(source, 'go.mod'), lines.join('\n'));
  // Without the tables for debuggers it is linked in half the time. Helm and kubectl ask the server for its version.
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=v${VERSION}`;
  const packages = programs.map((program) => `k8s.io/kubernetes/cmd/${program}`);
  tool(['nice', 'go', 'build', '-mod=mod', `-ldflags=${flags}`, '-o', `${folder}/`, ...packages], { cwd: source });
}
