import type { Backend, Condition, Pool, Service } from './model.ts';
import { explain } from './reason.ts';

/** The clock and the limits by which evidence is judged. Times in milliseconds since the epoch, by Cinder's clock. */
export interface Judgement {
  /** When the driver stats were read; their age is judged as of then, so that our own failure to read makes nothing stale. */
  readonly poolsReadAtMs: number;
  /** Now. */
  readonly nowMs: number;
  readonly staleAfterMs: number;
}

/** What is known of one backend: its service rows, its pools, and what the service list said of it. */
export interface Facts {
  readonly host: string;
  readonly services: readonly Service[];
  readonly pools: readonly Pool[];
  /** `backend_state` of its live rows in the service list: a word, null, or undefined when the list was not read at 3.49. */
  readonly listed: string | null | undefined;
  readonly statsAtMs: number | undefined;
  readonly heartbeatAtMs: number | undefined;
}

/**
 * Decides the condition of every backend. A backend is a cluster, or a cinder-volume service that is in none.
 * `pools` is undefined when no driver stats are known at all. Pools are matched by the exact name before `#`.
 * `words` is what the service list last said at 3.49, by service host. Sorted by host.
 */
export function assess(
  services: readonly Service[],
  pools: readonly Pool[] | undefined,
  words: ReadonlyMap<string, string | null>,
  judgement: Judgement,
): Backend[] {
  return [...assessEach(services, pools, words, judgement)];
}

/** The same, one backend at a time: ten thousand of them are judged in slices. */
export function* assessEach(
  services: readonly Service[],
  pools: readonly Pool[] | undefined,
  words: ReadonlyMap<string, string | null>,
  judgement: Judgement,
): Generator<Backend, void> {
  const poolsByHost = groupBy(pools ?? [], (pool) => pool.host);
  const volumeServices = services.filter((service) => service.binary === 'cinder-volume');
  const sorted = [...groupBy(volumeServices, (service) => service.cluster ?? service.host)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  for (const [host, rows] of sorted) yield decide(gather(host, rows, poolsByHost.get(host) ?? [], words), judgement);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function gather(
  host: string,
  services: readonly Service[],
  pools: readonly Pool[],
  words: ReadonlyMap<string, string | null>,
): Facts {
  const said = services.filter(isServing).map((service) => words.get(service.host));
  return {
    host,
    services,
    pools,
    listed: said.find((word) => typeof word === 'string') ?? said.find((word) => word === null),
    statsAtMs: newest(pools.map((pool) => pool.statsAtMs)),
    heartbeatAtMs: newest(services.map((service) => service.updatedAtMs)),
  };
}

function decide(facts: Facts, judgement: Judgement): Backend {
  const { host, services, pools, statsAtMs, heartbeatAtMs } = facts;
  const condition = conditionOf(facts, judgement);
  return {
    host,
    condition,
    reason: explain(condition, facts, judgement),
    state: stateOf(condition, pools),
    reported: pools.length === 0 ? undefined : pools.some((pool) => pool.backendState !== undefined),
    statsAtMs,
    heartbeatAtMs,
    services,
    pools,
  };
}

/** The first condition that holds, in the order of CONDITIONS. */
function conditionOf({ services, pools, listed, statsAtMs }: Facts, judgement: Judgement): Condition {
  if (services.every((service) => service.frozen === true)) return 'frozen';
  const serving = services.filter(isServing);
  if (serving.length === 0) return 'disabled';
  if (!serving.some((service) => service.up === true)) return 'service_down';
  if (pools.length === 0) return fromList(listed);
  if (pools.every(isDown)) return 'down';
  if (statsAtMs !== undefined && judgement.poolsReadAtMs - statsAtMs > judgement.staleAfterMs) return 'stale';
  if (!pools.every(isUp)) return 'degraded';
  return pools.every((pool) => pool.backendState === undefined) ? 'up_assumed' : 'up';
}

/** Without driver stats the service list is all there is, and its `up` may be Cinder's default. */
function fromList(listed: string | null | undefined): Condition {
  if (listed === undefined || listed === null) return 'unknown';
  return listed === 'down' ? 'down' : listed === 'up' ? 'up_assumed' : 'degraded';
}

function stateOf(condition: Condition, pools: readonly Pool[]): 0 | 1 | undefined {
  switch (condition) {
    case 'down':
      return 0;
    case 'up':
    case 'up_assumed':
      return 1;
    case 'degraded':
      return pools.some(isUp) ? 1 : undefined;
    default:
      return undefined;
  }
}

/** Enabled and not frozen: meant to take volumes. */
function isServing(service: Service): boolean {
  return service.enabled !== false && service.frozen !== true;
}

/** Cinder's default applied: a pool whose driver never says is up. */
export function isUp(pool: Pool): boolean {
  return pool.backendState === undefined || pool.backendState === 'up';
}

export function isDown(pool: Pool): boolean {
  return pool.backendState === 'down';
}

function newest(times: readonly (number | undefined)[]): number | undefined {
  let best: number | undefined;
  for (const time of times) if (time !== undefined && (best === undefined || time > best)) best = time;
  return best;
}
