import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Another process of the benchmark, which answers questions. */
export interface Child {
  readonly pid: number;
  readonly ask: <T>(action: string, argument?: unknown) => Promise<T>;
  readonly stop: () => Promise<void>;
}

interface Question {
  readonly id: number;
  readonly action: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

const running = new Set<ChildProcess>();

/** Counts a process in, so that none outlives the benchmark. */
export function watchOver(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts a script of this folder; it must call `answer`. */
export function startChild(script: string, nodeArguments: readonly string[] = []): Child {
  const child = fork(new URL(script, import.meta.url), [], { execArgv: ['--import', 'tsx', ...nodeArguments] });
  watchOver(child);
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', ({ id, value, error }: Reply) => {
    const { resolve, reject } = open.get(id) ?? {};
    open.delete(id);
    if (error === undefined) resolve?.(value as never);
    else reject?.(new Error(`${script}: ${error}`));
  });
  child.once('exit', (code) => {
    for (const { reject } of open.values()) reject(new Error(`${script} ended with ${code}`));
  });
  return {
    pid: child.pid ?? 0,
    ask: (action, argument) =>
      new Promise((resolve, reject) => {
        last += 1;
        open.set(last, { resolve, reject });
        const question: Question = { id: last, action, argument };
        child.send(question);
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** In the child: answers the questions of the parent, each by the function of that name. */
export function answer(actions: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('message', ({ id, action, argument }: Question) => {
    const reply = (rest: Omit<Reply, 'id'>): void => void process.send?.({ id, ...rest });
    Promise.resolve()
      .then(() => {
        const act = actions[action];
        if (!act) throw new Error(`no action ${action}`);
        return act(argument as never);
      })
      .then(
        (value) => reply({ value }),
        (error: unknown) => reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit());
}
