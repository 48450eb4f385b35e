import type { CloudClock } from './clock.ts';
import type { Scheduler } from './scheduler.ts';

/** `MessagingTimeout`: nobody answered within `rpc_response_timeout`. */
export class MessagingTimeout extends Error {
  override name = 'MessagingTimeout';
}

/** The message bus (RabbitMQ) between the API and the schedulers. */
export interface Bus {
  readonly up: boolean;
  /** Asks one scheduler, each in turn. Rejects with MessagingTimeout; hangs without bound while the bus is down. */
  call<T>(work: (scheduler: Scheduler) => T): Promise<T>;
  stop(): void;
  start(): void;
  /** To be called when a scheduler's state changed: it may take waiting messages. */
  wake(): void;
  close(): void;
}

interface Message {
  readonly deliver: (scheduler: Scheduler) => void;
  readonly fail: (error: Error) => void;
  cancel: (() => void) | undefined;
  /** Taken by this scheduler, which hangs. */
  takenBy: Scheduler | undefined;
}

/** A bus that runs; the timeout goes by this clock. */
export function createBus(schedulers: readonly Scheduler[], rpcResponseTimeoutMs: number, clock: CloudClock): Bus {
  const messages = new Set<Message>();
  let up = true;
  let turn = 0;

  const finish = (message: Message): void => {
    message.cancel?.();
    messages.delete(message);
  };
  const arm = (message: Message): void => {
    message.cancel ??= clock.after(rpcResponseTimeoutMs, () => {
      finish(message);
      message.fail(new MessagingTimeout('no reply from cinder-scheduler'));
    });
  };
  const dispatch = (message: Message): void => {
    if (!up) return;
    arm(message);
    if (message.takenBy?.state === 'hung') return;
    const consumers = schedulers.filter((scheduler) => scheduler.state !== 'stopped');
    const scheduler = message.takenBy?.state === 'running' ? message.takenBy : consumers[turn++ % consumers.length];
    if (scheduler === undefined) return;
    if (scheduler.state === 'hung') {
      message.takenBy = scheduler;
      return;
    }
    finish(message);
    message.deliver(scheduler);
  };
  const wake = (): void => {
    for (const message of messages) dispatch(message);
  };
  return {
    get up() {
      return up;
    },
    call<T>(work: (scheduler: Scheduler) => T) {
      return new Promise<T>((resolve, reject) => {
        const message: Message = {
          deliver: (scheduler) => resolve(new Promise<T>((done) => done(work(scheduler)))),
          fail: reject,
          cancel: undefined,
          takenBy: undefined,
        };
        messages.add(message);
        dispatch(message);
      });
    },
    stop() {
      up = false;
      for (const message of messages) {
        message.cancel?.();
        message.cancel = undefined;
      }
    },
    start() {
      up = true;
      wake();
    },
    wake,
    close() {
      for (const message of messages) {
        finish(message);
        message.fail(new MessagingTimeout('the cloud was closed'));
      }
    },
  };
}
