import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM_CACHE } from '../lab/program-cache.ts';
import { tool } from './tool.ts';

/**
 * Programs of today, or such as no package has, each of the module `path@version` that Go fetches and builds. `needs` says what `go install` cannot
 * do: the module excludes or replaces parts of itself, so that it must be a dependency of a module of our own.
 */
const PROGRAMS = {
  // Prometheus without its page and its discoveries.
  promtool: { path: 'github.com/prometheus/prometheus/cmd/promtool@v0.316.0', tags: 'remove_all_sd,netgo' },
  helm: { path: 'helm.sh/helm/v3/cmd/helm@v3.22.0' },
  'docker-compose': { path: 'github.com/docker/compose/v5/cmd@v5.6.0', needs: 'module' },
  prometheus: { path: 'github.com/prometheus/prometheus/cmd/prometheus@v0.316.0', tags: 'remove_all_sd,netgo' },
  // The last whose module holds its page, without which it does not build.
  alertmanager: { path: 'github.com/prometheus/alertmanager/cmd/alertmanager@v0.31.1' },
  sloth: { path: 'github.com/slok/sloth/cmd/sloth@v0.16.0' },
  kubectl: { path: 'k8s.io/kubernetes/cmd/kubectl@v1.32.13', needs: 'kubernetes' },
  'kube-apiserver': { path: 'k8s.io/kubernetes/cmd/kube-apiserver@v1.32.13', needs: 'kubernetes' },
} as const satisfies Readonly<
  Record<string, { readonly path: string; readonly tags?: string; readonly needs?: 'module' | 'kubernetes' }>
>;

export type GoProgram = keyof typeof PROGRAMS;

/** Without the tables for debuggers they are linked in half the time. */
const STRIPPED = '-s -w';

/**
 * The path of a program, built unless that version is there from before; while somebody else builds one, this waits. The programs stay in the cache of
 * the user: what Go keeps of their sources and of compiling them is thirty times larger, and is not needed again.
 */
export function goProgram(name: GoProgram): string {
  const folder = join(PROGRAM_CACHE, PROGRAMS[name].path.replaceAll(/[^\w.@-]+/g, '_'));
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const self = fileURLToPath(import.meta.url);
  tool(['flock', join(PROGRAM_CACHE, 'lock'), process.execPath, '--import', 'tsx', self, 'build', name, path]);
  return path;
}

/** Where a Go module, `path@version`, lies once it was fetched: its folder and its go.mod. What it needs is not fetched. */
export function goDownload(module: string): { readonly Dir: string; readonly GoMod: string } {
  return JSON.parse(tool(['go', 'mod', 'download', '-json', module])) as {
    readonly Dir: string;
    readonly GoMod: string;
  };
}

/** Builds a program as the file `to`, unless somebody did so while we waited. */
function build(name: GoProgram, to: string): void {
  if (existsSync(to)) return;
  const folder = mkdtempSync(join(tmpdir(), 'cinder-go-'));
  try {
    const { path, ...how } = PROGRAMS[name];
    const [what = '', version = ''] = path.split('@');
    const needs = 'needs' in how ? how.needs : undefined;
    const flags = `${STRIPPED}${needs === 'kubernetes' ? ` -X k8s.io/component-base/version.gitVersion=${version}` : ''}`;
    const options = [
      '-trimpath',
      '-buildvcs=false',
      `-ldflags=${flags}`,
      ...('tags' in how ? ['-tags', how.tags] : []),
    ];
    if (needs === undefined) tool(['go', 'install', ...options, path], { env: { ...process.env, GOBIN: folder } });
    else {
      if (needs === 'kubernetes') writeFileSync(join(folder, 'go.mod'), kubernetesModule(version));
      else {
        tool(['go', 'mod', 'init', 'example.org/build'], { cwd: folder });
        tool(['go', 'get', path], { cwd: folder });
      }
      tool(['go', 'build', '-mod=mod', ...options, '-o', join(folder, name), what], { cwd: folder });
    }
    // Into the folder at once: an interrupted build leaves nothing that looks like a program.
    tool(['cp', join(folder, name), `${to}.new`]);
    renameSync(`${to}.new`, to);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A module that requires Kubernetes. `go install` refuses it, because it replaces its parts by folders that the module does not contain. They are
 * modules too, of the same number; the requirements are then all pinned by those of Kubernetes itself.
 */
function kubernetesModule(version: string): string {
  const module = `k8s.io/kubernetes@${version}`;
  const parts = [...readFileSync(goDownload(module).GoMod, 'utf8').matchAll(/^\s*(\S+) => \.\/staging\//gm)];
  return [
    'module kubernetes',
    'go 1.23.0',
    `require ${module.replace('@', ' ')}`,
    ...parts.map(([, part]) => `replace ${part} => ${part} ${version.replace(/^v1/, 'v0')}`),
  ].join('\n');
}

// `go-install.ts` builds all of them, one after the other; `go-install.ts build NAME FILE` one, whoever else does.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, name, file] = process.argv.slice(2);
  if (command === 'build') build(name as GoProgram, String(file));
  else
    for (const each of Object.keys(PROGRAMS) as GoProgram[]) {
      const started = performance.now();
      console.log(`${goProgram(each)}: ${Math.round((performance.now() - started) / 1000)} s`);
    }
}
