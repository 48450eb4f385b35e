import type { Bus, Queue } from './message-bus.ts';
import type { Scheduler } from './scheduler.ts';
import type { VolumeService } from './volume-service.ts';

/** The queues of Cinder on its message bus. */
export interface Queues {
  readonly scheduler: Queue<Scheduler>;
  /** Of the cinder-volume of a host, or of all members of a cluster. The work is done on a thread of the one that takes the message. */
  volume(hostOrCluster: string): VolumeQueue;
}

interface VolumeQueue {
  call<T>(work: (service: VolumeService) => T | Promise<T>): Promise<T>;
  cast(work: (service: VolumeService) => Promise<void>): Promise<void>;
}

/** The queues, none of which holds a message. */
export function createQueues(
  bus: Bus,
  schedulers: readonly Scheduler[],
  volumes: ReadonlyMap<string, VolumeService>,
): Queues {
  const known = new Map<string, Queue<VolumeService>>();
  const queueOf = (name: string): Queue<VolumeService> => {
    const queue =
      known.get(name) ??
      bus.queue(() => [...volumes.values()].filter(({ host, cluster }) => (cluster ?? host) === name));
    known.set(name, queue);
    return queue;
  };
  return {
    scheduler: bus.queue(() => schedulers),
    volume: (name) => ({
      call: (work) => queueOf(name).call((service) => service.threads.run(async () => work(service))),
      cast: (work) => queueOf(name).cast((service) => service.threads.run(() => work(service))),
    }),
  };
}
