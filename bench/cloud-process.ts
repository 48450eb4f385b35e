import { generateCloud } from '../src/simulator/generated-cloud.ts';
import type { CloudSettings } from '../src/simulator/definition.ts';
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts';
import { answer } from './child.ts';
import { tapWire, type Wire, type WireStats } from './wire.ts';

/** Serves generated clouds, one after the other asked for, each on a port of its own. */
export interface CloudSpec {
  readonly backends: number;
  readonly settings?: Partial<CloudSettings>;
}

export interface CloudStats extends WireStats {
  /** Requests that waited for a scheduler at once, at most; one whose client has gone counts until Cinder gives it up. */
  readonly maxWaiting: number;
}

const POOLS_PER_BACKEND = 4;

const clouds: { readonly simulator: Simulator; readonly wire: Wire }[] = [];

function cloudOf(index: number): { readonly simulator: Simulator; readonly wire: Wire } {
  const cloud = clouds[index];
  if (!cloud) throw new Error(`no cloud ${index}`);
  return cloud;
}

answer({
  async start({ backends, settings = {} }: CloudSpec) {
    const cloud = generateCloud({ backends, poolsPerBackend: POOLS_PER_BACKEND, seed: 5 });
    const simulator = await startSimulator({ cloud, settings });
    clouds.push({ simulator, wire: tapWire(Number(new URL(simulator.url).port)) });
    return { index: clouds.length - 1, url: simulator.url, environment: simulator.environment() };
  },
  stats(index: number): CloudStats {
    const { simulator, wire } = cloudOf(index);
    return { ...wire.stats(), maxWaiting: simulator.requests.maxWaiting };
  },
  reset(index: number) {
    const { simulator, wire } = cloudOf(index);
    wire.reset();
    simulator.requests.reset();
  },
  /** Does several things to a cloud at once: names and arguments of `faults.ts`. */
  happen([index, events]: [number, readonly (readonly [string, ...unknown[]])[]]) {
    const { cloud } = cloudOf(index).simulator;
    for (const [name, ...args] of events) {
      const act: unknown = Reflect.get(cloud, name);
      if (typeof act !== 'function') throw new Error(`no fault ${name}`);
      Reflect.apply(act, cloud, args);
    }
  },
});
