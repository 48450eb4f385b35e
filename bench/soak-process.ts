import { memoryUsage } from 'node:process';
import { answer } from './child.ts';
import { importCompiled } from './compiled.ts';

/** One watched cloud of the built program, refreshed back to back: 2,000 refreshes of the real one take hours. */
type TargetsModule = typeof import('../src/cli/targets.ts');
type LoadModule = typeof import('../src/config/load.ts');
type WatcherModule = typeof import('../src/watch/watcher.ts');
type PageModule = typeof import('../src/watch/pipeline.ts');

export interface SoakTarget {
  /** The folder of the compiled modules. */
  readonly modules: string;
  readonly config: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface SoakState {
  readonly residentMb: number;
  readonly backends: number;
}

let step: (() => Promise<SoakState>) | undefined;

answer({
  async open({ modules, config, environment }: SoakTarget) {
    const { loadConfig } = await importCompiled<LoadModule>(modules, 'config/load.js');
    const { loadTargets } = await importCompiled<TargetsModule>(modules, 'cli/targets.js');
    const { createWatcher } = await importCompiled<WatcherModule>(modules, 'watch/watcher.js');
    const { createPageSource } = await importCompiled<PageModule>(modules, 'watch/pipeline.js');
    const [target] = await loadTargets(loadConfig(config, environment), { env: environment, cwd: '/', home: '/' });
    if (!target) throw new Error('no cloud');
    const watcher = createWatcher({ ...target, log: () => {} });
    const source = createPageSource(watcher.pages, [watcher.metrics.registry]);
    step = async () => {
      await watcher.refresh();
      await source.page('text');
      return { residentMb: memoryUsage.rss() / 2 ** 20, backends: watcher.snapshot()?.backends.length ?? 0 };
    };
  },
  refresh: () => step?.(),
  /** Megabytes that are still reachable. */
  live() {
    globalThis.gc?.();
    const { heapUsed, external } = memoryUsage();
    return (heapUsed + external) / 2 ** 20;
  },
});
