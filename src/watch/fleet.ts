import { createHash } from 'node:crypto';
import type { Registry } from 'prom-client';
import { CONDITION_TABLE } from '../cinder/conditions.ts';
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import type { CloudConfig } from '../config/config.ts';
import { periodMs } from '../config/cron.ts';
import { Secret } from '../config/secret.ts';
import { type Log, withFields } from '../log.ts';
import type { CloudAccess } from '../openstack/access.ts';
import { createPageSource, type PageSource } from './pipeline.ts';
import { type Scheduled, startSchedule } from './schedule.ts';
import { createWatcher, type Watcher, type WatcherOptions } from './watcher.ts';

/** A cloud to watch: its settings, and how to reach it. */
export interface Target {
  readonly config: CloudConfig;
  readonly access: CloudAccess;
  /** The canary's own login, where there is a canary. */
  readonly canaryAccess?: CloudAccess | undefined;
  /** What makes a canary: it is loaded where there is one. */
  readonly createCanary?: WatcherOptions['createCanary'];
}

/** A watched cloud with its page: its families, and what the exporter tells of its work for it. */
export interface FleetCloud {
  readonly name: string;
  readonly watcher: Watcher;
  readonly page: PageSource;
}

/** All watched clouds. */
export interface Fleet {
  readonly clouds: () => readonly FleetCloud[];
  /** Tells when the list was swapped; returns how to stop that. */
  readonly onClouds: (listener: () => void) => () => void;
  /** With one cloud everything about it and the process; with several what belongs to the process. */
  readonly metrics: () => PageSource;
  /** Watches these from now on. A cloud whose settings did not change goes on as it is; a changed one is shown after its first refresh. */
  readonly watch: (targets: readonly Target[]) => Promise<void>;
  readonly close: () => void;
}

interface Member extends FleetCloud {
  readonly fingerprint: string;
  /** The end of its first refresh. */
  readonly first: Promise<void>;
  readonly scheduled: Scheduled;
}

/** More refreshes than this never run at once: what is beyond waits, and Node's memory stays bounded. */
const MAX_CONCURRENT = 100;

export function createFleet(
  processRegistry: Registry,
  log: Log,
  clock: Clock = SYSTEM_CLOCK,
  maxAtOnce = MAX_CONCURRENT,
): Fleet {
  let members: readonly Member[] = [];
  const listeners = new Set<() => void>();
  const processPage = createPageSource(() => undefined, [processRegistry]);
  const limit = createLimit(maxAtOnce);
  let turn: Promise<void> = Promise.resolve();
  let closed = false;

  function start(target: Target, fingerprint: string, position: number, several: boolean): Member {
    const { config } = target;
    const watcher = createWatcher({
      ...target,
      log: several ? withFields(log, { cloud: config.name }) : log,
      clock,
    });
    // A cloud takes one place at most, however long its refresh hangs: the others go on.
    let placed: Promise<void> | undefined;
    const run = (): Promise<void> =>
      (placed = limit(watcher.refresh).finally(() => {
        placed = undefined;
      }));
    const first = run().then(() => tellFirst(watcher, log));
    watcher.canary?.start();
    const scheduled = startSchedule({
      schedule: config.schedule,
      maxRandomDelayMs: config.maxRandomDelayMs,
      // Every cloud is read at once first, then spread over the interval.
      firstAfterMs: periodMs(config.schedule) * (1 + position),
      run() {
        if (placed) watcher.metrics.overlapped.inc();
        else void run();
        watcher.metrics.nextRefresh.set(scheduled.dueAtMs() / 1000);
      },
      missed: (count) => watcher.metrics.missed.inc(count),
      clock,
    });
    watcher.metrics.nextRefresh.set(scheduled.dueAtMs() / 1000);
    const registries = several ? [watcher.metrics.registry] : [watcher.metrics.registry, processRegistry];
    const page = createPageSource(watcher.pages, registries);
    return { name: config.name, watcher, page, fingerprint, first, scheduled };
  }

  return {
    clouds: () => members,
    onClouds(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    metrics: () => (members.length === 1 && members[0] ? members[0].page : processPage),
    watch(targets) {
      // One after the other: a second reload must not keep what the first is about to stop.
      turn = turn.then(
        () => watch(targets),
        () => watch(targets),
      );
      return turn;
    },
    close() {
      closed = true;
      for (const member of members) stop(member);
    },
  };

  async function watch(targets: readonly Target[]): Promise<void> {
    const several = targets.length > 1;
    const kept = new Map(members.map((member) => [member.fingerprint, member]));
    const next = targets.map((target, i) => {
      const fingerprint = fingerprintOf(target, several);
      return kept.get(fingerprint) ?? start(target, fingerprint, i / targets.length, several);
    });
    // On a reload the old page stays until there is a new one.
    if (members.length > 0)
      await Promise.all(next.filter((member) => !members.includes(member)).map((member) => member.first));
    const gone = members.filter((member) => !next.includes(member));
    members = next;
    for (const listener of listeners) listener();
    for (const member of closed ? next : gone) stop(member);
  }
}

/** What is watched, once it was read: how many backends, and how many of them page. A cloud that could not be read has said why already. */
function tellFirst({ name, snapshot }: Watcher, log: Log): void {
  const { up, backends } = snapshot() ?? { up: false, backends: [] };
  if (!up) return;
  const paging = backends.filter(({ condition }) => CONDITION_TABLE[condition].severity === 'critical').length;
  log('info', 'Watching', { cloud: name, backends: backends.length, critical: paging });
}

function stop({ scheduled, watcher }: Member): void {
  scheduled.stop();
  watcher.close();
}

/** Equal for equal settings, secrets and certificates included. */
function fingerprintOf(target: Target, several: boolean): string {
  const revealed = JSON.stringify([target.config, revealAll(target.access), revealAll(target.canaryAccess), several]);
  return createHash('sha256').update(revealed).digest('hex');
}

function revealAll(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealAll);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, revealAll(v)]));
  return value;
}

/** Runs at most `max` of the given tasks at a time; the others wait their turn, first come first served. */
export function createLimit(max: number): (task: () => Promise<void>) => Promise<void> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= max) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    running += 1;
    try {
      await task();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
