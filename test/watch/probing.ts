import type { TestContext } from 'node:test';
import type { CloudDefinition } from '../../src/simulator/definition.ts';
import { waitFor } from '../support/wait-for.ts';
import { watched, type Watched, type WatchedOptions } from './watched.ts';

/** Three backends, one of which never says how it is. */
export const CLOUD: CloudDefinition = {
  backends: [
    { host: 'c1@one', driver: { backend_state: 'up' } },
    { host: 'c1@two', driver: { backend_state: 'up' } },
    { host: 'c2@three', driver: {} },
  ],
  schedulers: ['c1'],
};
export const ON = { pools: true, volumeTypes: false, volumes: false, capabilities: true, operations: false };
const SECOND = 1000;
/** The times after which the exporter gives up: a short question, and those that may be held by the cloud. */
const REQUEST_MS = 9000;
const LONG: ReadonlySet<number> = new Set([75_000, 3_600_000]);
/** Time passes in steps of so many seconds, unless told otherwise. */
const STEP = 5;

export interface Probing extends Watched {
  /** Lets so many seconds pass, with a refresh every thirty and whatever falls due between. */
  readonly pass: (seconds: number, step?: number) => Promise<void>;
  /** The hosts that were asked since the last look, in order. */
  readonly asked: () => string[];
  readonly reasonOf: (host: string) => string;
}

/** A watcher that probes, and time that passes for it in steps. */
export async function probing(t: TestContext, options: WatchedOptions = {}): Promise<Probing> {
  const cloud = await watched(t, { cloud: CLOUD, config: { collectors: ON }, ...options });
  const { simulator, time, watcher } = cloud;
  /**
   * Nothing is under way but what waits for time to pass: a request that the cloud holds. Cloud and exporter share one event loop, so that its turns tell,
   * not seconds. A few turns without a change are enough when all that waits is accounted for; a rest of the prober may be as long as a timeout, and looks like one.
   */
  const idle = async (): Promise<void> => {
    for (let quiet = 0, before = ''; quiet < 250;) {
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
      const timers = time.waiting();
      const held = simulator.requests.last.filter(({ status }) => status === undefined).length;
      const sent = timers.filter((ms) => LONG.has(ms)).length;
      const now = JSON.stringify([simulator.requests.counts, timers, held]);
      const settled = sent === held && !timers.includes(REQUEST_MS);
      quiet = now === before ? quiet + (settled ? 50 : 1) : 0;
      before = now;
    }
  };
  const looked = new Set<unknown>();
  let sinceRefresh = 0;
  await cloud.refresh();
  await idle();
  simulator.requests.reset();
  return {
    ...cloud,
    async pass(seconds, step = STEP) {
      for (let i = 0; i < seconds; i += step) {
        time.advance(step * SECOND);
        await idle();
        sinceRefresh += step;
        if (sinceRefresh < 30) continue;
        sinceRefresh = 0;
        const under = { way: true };
        const refresh = watcher.refresh().finally(() => {
          under.way = false;
        });
        // A scheduler that hangs is left to answer late.
        await waitFor('the end of a refresh', async () => {
          // A page is compressed in a thread, which turns of the loop do not tell of.
          for (let i = 0; i < 20 && under.way; i += 1) await idle();
          if (under.way) time.advance(SECOND);
          return !under.way;
        });
        await refresh;
        await idle();
      }
    },
    asked() {
      const news = simulator.requests.last.filter((record) => !looked.has(record));
      for (const record of news) looked.add(record);
      return news
        .filter(({ operation }) => operation === 'capabilities')
        .map(({ url }) => decodeURIComponent(url.split('/').at(-1) ?? ''));
    },
    reasonOf: (host) => watcher.snapshot()?.backends.find((backend) => backend.host === host)?.reason ?? '',
  };
}
