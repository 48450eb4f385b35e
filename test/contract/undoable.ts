import { BASE_STATS } from './base.ts';
import type { Cloud } from './cloud.ts';

/** A cloud whose hands remember what they did; `undo` takes back what still stands and says whether that was anything. */
export function undoable(cloud: Cloud): { readonly hands: Cloud; undo: () => Promise<boolean> } {
  const standing = new Map<string, () => Promise<void>>();
  let touched = false;
  const does = async (key: string, act: Promise<void>, undo: (() => Promise<void>) | undefined): Promise<void> => {
    touched = true;
    if (undo === undefined) standing.delete(key);
    else if (!standing.has(key)) standing.set(key, undo);
    await act;
  };
  const patched = new Map<string, Set<string>>();
  const hands: Cloud = {
    ...cloud,
    stats: (backend, patch) => {
      const keys = new Set([...(patched.get(backend) ?? []), ...Object.keys(patch)]);
      patched.set(backend, keys);
      standing.delete(`stats ${backend}`);
      return does(`stats ${backend}`, cloud.stats(backend, patch), () => cloud.stats(backend, atFirst(backend, keys)));
    },
    stop: (unit) => does(`stop ${unit}`, cloud.stop(unit), () => cloud.start(unit)),
    start: (unit) => does(`stop ${unit}`, cloud.start(unit), undefined),
    failSetUp: (backend, reason) =>
      does(`set-up ${backend}`, cloud.failSetUp(backend, reason), () => cloud.failSetUp(backend, null)),
    disable: (host, reason) => does(`disable ${host}`, cloud.disable(host, reason), () => cloud.enable(host)),
    enable: (host) => does(`disable ${host}`, cloud.enable(host), undefined),
    freeze: (host) => does(`freeze ${host}`, cloud.freeze(host), () => cloud.thaw(host)),
    thaw: (host) => does(`freeze ${host}`, cloud.thaw(host), undefined),
    failOver: (host, to) =>
      does(
        `fail over ${host}`,
        cloud.failOver(host, to),
        to === 'default' ? undefined : () => cloud.failOver(host, 'default'),
      ),
    remove: (backend) => {
      standing.delete(`stop volume-${backend}`);
      return does(`remove ${backend}`, cloud.remove(backend), () => cloud.restore(backend));
    },
    restore: (backend) => does(`remove ${backend}`, cloud.restore(backend), undefined),
  };
  return {
    hands,
    undo: async () => {
      for (const undo of standing.values()) await undo();
      return touched;
    },
  };
}

/** The patch that brings these keys back to what the driver reports at first. */
function atFirst(backend: string, keys: ReadonlySet<string>): Record<string, unknown> {
  const base = BASE_STATS[backend] ?? {};
  return Object.fromEntries([...keys].map((key) => [key, base[key] ?? null]));
}
