import type { Snapshot } from '../cinder/snapshot.ts';
import type { Watcher } from '../watch/watcher.ts';
import type { Served } from '../api/backends.ts';

/** Follows the watchers of a list that is swapped whole when the configuration is reloaded. */
export interface Feed {
  /** Takes note of watchers that are new or gone. */
  readonly follow: () => void;
  readonly stop: () => void;
}

/** `swapped` is told each snapshot; also the one that a watcher already has when it is first seen. */
export function createFeed(
  served: Served,
  swapped: (cloud: string, snapshot: Snapshot) => void,
  listed: (clouds: ReadonlySet<string>) => void,
): Feed {
  const stops = new Map<Watcher, () => void>();

  function follow(): void {
    const clouds = served.clouds();
    const watchers = new Set(clouds.map(({ watcher }) => watcher));
    let changed = false;
    for (const [watcher, stop] of stops) {
      if (watchers.has(watcher)) continue;
      stop();
      stops.delete(watcher);
      changed = true;
    }
    for (const { name, watcher } of clouds) {
      if (stops.has(watcher)) continue;
      stops.set(
        watcher,
        watcher.onSwap((snapshot) => swapped(name, snapshot)),
      );
      changed = true;
      const snapshot = watcher.snapshot();
      if (snapshot) swapped(name, snapshot);
    }
    if (changed) listed(new Set(clouds.map(({ name }) => name)));
  }

  follow();
  return {
    follow,
    stop() {
      for (const stop of stops.values()) stop();
      stops.clear();
    },
  };
}
