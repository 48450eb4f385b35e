import { setTimeout as sleep } from 'node:timers/promises';

export interface QueueLimits {
  /** Waiting, of all clients together. */
  readonly most: number;
  /** Waiting or running, of one client. */
  readonly mostPerClient: number;
}

/** Runs one work at a time, with a pause as long as the work after each: it gets half of the process at most. Undefined when too much is waiting. */
export function createQueue({
  most,
  mostPerClient,
}: QueueLimits): <T>(client: string, work: () => Promise<T>) => Promise<T> | undefined {
  const perClient = new Map<string, number>();
  let waiting = 0;
  let free: Promise<unknown> = Promise.resolve();

  return (client, work) => {
    const own = perClient.get(client) ?? 0;
    if (waiting >= most || own >= mostPerClient) return undefined;
    waiting += 1;
    perClient.set(client, own + 1);
    let startMs = 0;
    const result = free.then(() => {
      startMs = performance.now();
      return work();
    });
    const release = async (): Promise<void> => {
      waiting -= 1;
      const rest = (perClient.get(client) ?? 1) - 1;
      if (rest > 0) perClient.set(client, rest);
      else perClient.delete(client);
      const tookMs = performance.now() - startMs;
      if (tookMs >= 1) await sleep(tookMs);
    };
    free = result.then(release, release);
    return result;
  };
}
