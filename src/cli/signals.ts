/** What a process that serves is told by signals. */
export interface Signals {
  /** Resolves with the first SIGTERM or SIGINT. A second one of a kind ends the process at once. */
  readonly stop: Promise<string>;
  /** Calls back at each SIGHUP, and at once for those that came before. */
  readonly onHangup: (listener: () => void) => void;
  /** Gives the signals back to the system, with what was held of them: for commands that end by themselves. */
  readonly release: () => void;
}

/**
 * Listens at once, before anything else is loaded. SIGHUP would end a process that does not listen, and systemd takes that for a clean end;
 * as process 1 of a container a signal that nobody listens to is lost.
 */
export function listenToSignals(): Signals {
  const held: NodeJS.Signals[] = [];
  let hangup: (() => void) | undefined;
  const onHangup = (): void => {
    if (hangup) hangup();
    else held.push('SIGHUP');
  };
  let onStop: (name: NodeJS.Signals) => void = () => {};
  const stop = new Promise<string>((resolve) => {
    onStop = (name) => {
      held.push(name);
      resolve(name);
    };
  });
  process.on('SIGHUP', onHangup);
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, onStop);
  return {
    stop,
    onHangup(listener) {
      hangup = listener;
      if (held.includes('SIGHUP')) listener();
    },
    release() {
      process.off('SIGHUP', onHangup);
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, onStop);
      for (const name of held) process.kill(process.pid, name);
    },
  };
}
