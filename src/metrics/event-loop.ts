import { createHistogram } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** Between two looks at the clock while somebody works, in milliseconds. */
const LOOK_EVERY_MS = 20;

const HOUR_NS = 3_600_000_000_000;

/**
 * How late the loop came to its timers and its requests, in nanoseconds, since these metrics were last read: to a hundredth, and up to an hour. With
 * Node's own limits each reading goes through ten times the memory.
 */
const delays = createHistogram({ lowest: 1, highest: HOUR_NS, figures: 2 });
let working = 0;
let timer: NodeJS.Timeout | undefined;

/**
 * Has the event loop watched until what is returned is called. While nobody works there is nothing that could be late, and looking at the clock
 * would be all that the process does.
 */
export function watchLoop(): () => void {
  working += 1;
  timer ??= look();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    working -= 1;
    if (working > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function look(): NodeJS.Timeout {
  let due = performance.now() + LOOK_EVERY_MS;
  return setInterval(() => {
    const now = performance.now();
    note(now - due);
    due = now + LOOK_EVERY_MS;
  }, LOOK_EVERY_MS).unref();
}

/** Notes how long the work that this turn of the loop still has takes, such as the answer to a request. */
export function watchTurn(): void {
  const start = performance.now();
  setImmediate(() => note(performance.now() - start));
}

function note(ms: number): void {
  delays.record(Math.min(HOUR_NS, Math.max(1, Math.round(ms * 1e6))));
}

const FIGURES: readonly (readonly [name: string, help: string, nanoseconds: () => number])[] = [
  ['min', 'The minimum recorded event loop delay.', () => delays.min],
  ['max', 'The maximum recorded event loop delay.', () => delays.max],
  ['mean', 'The mean of the recorded event loop delays.', () => delays.mean],
  ['stddev', 'The standard deviation of the recorded event loop delays.', () => delays.stddev],
  ['p50', 'The 50th percentile of the recorded event loop delays.', () => delays.percentile(50)],
  ['p90', 'The 90th percentile of the recorded event loop delays.', () => delays.percentile(90)],
  ['p99', 'The 99th percentile of the recorded event loop delays.', () => delays.percentile(99)],
];

/**
 * Registers `nodejs_eventloop_lag_*` by the names that prom-client has for them, in seconds. Its own wake up an idle process at each sample, and
 * count the time between two samples as delay.
 */
export function registerLoopDelays(registry: Registry): void {
  const registers = [registry];
  // The first of them, so that it has set the others before they are read.
  const turn = new Gauge({
    name: 'nodejs_eventloop_lag_seconds',
    help: 'Lag of event loop in seconds.',
    registers,
    collect() {
      const start = performance.now();
      setImmediate(() => turn.set((performance.now() - start) / 1000));
      for (const update of updates) update();
      delays.reset();
    },
  });
  const updates = FIGURES.map(([name, help, nanoseconds]) => {
    const gauge = new Gauge({ name: `nodejs_eventloop_lag_${name}_seconds`, help, registers });
    return () => gauge.set(delays.count === 0 ? 0 : nanoseconds() / 1e9);
  });
}
