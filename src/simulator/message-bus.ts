import type { CloudClock } from './clock.ts';

/** `MessagingTimeout`: nobody answered within `rpc_response_timeout`. */
export class MessagingTimeout extends Error {
  override name = 'MessagingTimeout';
}

/** A process that takes messages from a queue. One that hangs takes a message and does not answer it. */
interface Consumer {
  readonly state: 'running' | 'stopped' | 'hung';
}

/** A queue of the message bus, and the processes behind it. Each message goes to one of them, each in turn. */
export interface Queue<C extends Consumer> {
  /** Asks, and waits for what the consumer makes of it. Rejects with MessagingTimeout; hangs without bound while the bus is down. */
  call<T>(work: (consumer: C) => T | Promise<T>): Promise<T>;
  /** Leaves a message for whoever comes, however late. Resolves when the bus has taken it. */
  cast(work: (consumer: C) => unknown): Promise<void>;
}

/** The message bus (RabbitMQ) between the processes of Cinder. */
export interface Bus {
  readonly up: boolean;
  /** A queue; `consumers` tells who takes from it. */
  queue<C extends Consumer>(consumers: () => readonly C[]): Queue<C>;
  stop(): void;
  start(): void;
  /** To be called when a consumer's state changed: it may take waiting messages. */
  wake(): void;
  close(): void;
}

/** A message on its way, or a caller that waits for the reply. */
interface Pending {
  /** Gives the message to the next consumer that takes it, unless one has it. */
  readonly dispatch: () => void;
  /** The time to wait begins, if it has not. */
  readonly startTimer: () => void;
  readonly stopTimer: () => void;
  readonly fail: (error: Error) => void;
}

/** A bus that runs; the timeout goes by this clock. */
export function createBus(rpcResponseTimeoutMs: number, clock: CloudClock): Bus {
  const pending = new Set<Pending>();
  let senders: (() => void)[] = [];
  let up = true;

  const wake = (): void => {
    if (!up) return;
    for (const one of pending) {
      one.startTimer();
      one.dispatch();
    }
  };
  const queue = <C extends Consumer>(consumers: () => readonly C[]): Queue<C> => {
    let turn = 0;
    /** Who has a message may hang with it; when it is stopped, the message goes to another. */
    const dispatcher = (deliver: (consumer: C) => void): (() => void) => {
      let holder: C | undefined;
      let delivered = false;
      return () => {
        if (delivered || holder?.state === 'hung') return;
        const ready = consumers().filter(({ state }) => state !== 'stopped');
        holder = holder?.state === 'running' ? holder : ready[turn++ % ready.length];
        if (holder?.state !== 'running') return;
        delivered = true;
        deliver(holder);
      };
    };
    const post = (one: Pending): void => {
      pending.add(one);
      if (!up) return;
      one.startTimer();
      one.dispatch();
    };
    return {
      call: <T>(work: (consumer: C) => T | Promise<T>) =>
        new Promise<T>((resolve, reject) => {
          let cancel: (() => void) | undefined;
          const stopTimer = (): void => {
            cancel?.();
            cancel = undefined;
          };
          const end = (): void => {
            stopTimer();
            pending.delete(one);
          };
          const fail = (error: Error): void => {
            end();
            reject(error);
          };
          const one: Pending = {
            dispatch: dispatcher((consumer) => {
              new Promise<T>((done) => done(work(consumer))).then(resolve, reject).finally(end);
            }),
            startTimer: () => {
              cancel ??= clock.after(rpcResponseTimeoutMs, () => fail(new MessagingTimeout('no reply')));
            },
            stopTimer,
            fail,
          };
          post(one);
        }),
      async cast(work) {
        if (!up) await new Promise<void>((resolve) => senders.push(resolve));
        const one: Pending = {
          dispatch: dispatcher((consumer) => {
            pending.delete(one);
            void work(consumer);
          }),
          startTimer: () => undefined,
          stopTimer: () => undefined,
          fail: () => undefined,
        };
        post(one);
      },
    };
  };
  return {
    get up() {
      return up;
    },
    queue,
    stop() {
      up = false;
      for (const { stopTimer } of pending) stopTimer();
    },
    start() {
      up = true;
      const waiting = senders;
      senders = [];
      for (const send of waiting) send();
      wake();
    },
    wake,
    close() {
      for (const { stopTimer, fail } of pending) {
        stopTimer();
        fail(new MessagingTimeout('the cloud was closed'));
      }
      pending.clear();
    },
  };
}
