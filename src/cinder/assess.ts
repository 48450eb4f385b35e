import {
  freshnessOf,
  groupBy,
  isDisputed,
  isServing,
  isVanished,
  isWithoutCapacity,
  newest,
  type Standing,
} from './evidence.ts';
import type { CanaryProof } from './canary.ts';
import { type Condition, CONDITIONS, type FailingBy } from './conditions.ts';
import type { Answering } from './probes.ts';
import type { Backend, Pool, Service } from './model.ts';
import type { FailingCreations } from './operations.ts';
import { explain, explainCreations, type Facts, type Judgement } from './reason.ts';

/**
 * Decides the condition of every backend, one at a time: ten thousand of them are judged in slices. A backend is a cluster, or a cinder-volume
 * service that is in none. Pools are matched by the exact name before `#`. Sorted by host.
 */
export function* assess(services: readonly Service[], known: Known, judgement: Judgement): Generator<Backend, void> {
  const volumeServices = services.filter((service) => service.binary === 'cinder-volume');
  const sorted = [...groupBy(volumeServices, (service) => service.cluster ?? service.host)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  for (const [host, rows] of sorted) yield decide(gather(host, rows, known, judgement), judgement);
}

/** What stands of the evidence. */
type Known = Pick<Standing, 'reports' | 'words' | 'poolsRead'> & {
  /** What the probes say, by backend, and whether its service had a heartbeat when it was asked. */
  readonly probed?: ReadonlyMap<string, { readonly alive: boolean; readonly answering: Answering }>;
  /** By host of cinder-volume: when the last volume was made there, by Cinder's clock. */
  readonly lastMade?: ReadonlyMap<string, number>;
  /** What the canary proves, by backend. */
  readonly proofs?: ReadonlyMap<string, CanaryProof>;
};

function gather(
  host: string,
  services: readonly Service[],
  { reports, words, poolsRead, probed, lastMade, proofs }: Known,
  { staleAfterMs, nowMs }: Judgement,
): Facts {
  const asked = probed?.get(host);
  const serving = services.filter(isServing);
  const said = serving.map((service) => words?.value.get(service.host));
  const listed = said.find((word) => typeof word === 'string') ?? said.find((word) => word === null);
  const report = reports.get(host);
  const newer = report !== undefined && words !== undefined && words.readAt > report.observedAt;
  // That a newer list says up may be a default of Cinder, and ends no trouble.
  const newerWord = newer && typeof listed === 'string' && listed !== 'up' ? listed : undefined;
  const pools = report?.pools ?? [];
  return {
    host,
    services,
    report,
    freshness: report && freshnessOf(report, staleAfterMs),
    // The list folds all pools into one word: of a single pool it is news, of several it tells of one of them.
    pools:
      newerWord !== undefined && pools.length === 1
        ? pools.map((pool) => ({ ...pool, backendState: newerWord }))
        : pools,
    poolsRead,
    listed,
    newerWord,
    // What a process did while it lived says nothing of one without a heartbeat, nor the other way round.
    answering: asked?.alive === isAlive(serving, nowMs) ? asked.answering : undefined,
    canary: proofs?.get(host),
    statsAtMs: report?.statsAtMs,
    lastMadeAtMs: newest(services.map((service) => lastMade?.get(service.host))),
    heartbeatAtMs: newest((serving.length > 0 ? serving : services).map((service) => service.updatedAtMs)),
  };
}

function decide(facts: Facts, judgement: Judgement): Backend {
  const { host, services, heartbeatAtMs } = facts;
  const condition = conditionOf(facts, judgement);
  // Cinder forgets the stats of a dead service; ours are kept for the case that it comes back and no scheduler knows it.
  const forgotten = condition === 'service_down' && facts.report?.missingSince !== undefined;
  const known = forgotten ? [] : facts.pools;
  const pools = OUTDATED.has(condition) ? known.map((pool) => ({ ...pool, outdated: true })) : known;
  return {
    host,
    condition,
    failingBy: failingBy(condition, facts),
    reason: explain(condition, facts, judgement),
    state: stateOf(condition, pools),
    reported: pools.length === 0 ? undefined : pools.some((pool) => pool.backendState !== undefined),
    answers: facts.answering && facts.answering.kind === 'answers',
    statsAtMs: forgotten ? undefined : facts.statsAtMs,
    heartbeatAtMs,
    services,
    pools,
  };
}

function failingBy(condition: Condition, { canary }: Facts): FailingBy | undefined {
  if (condition !== 'failing') return undefined;
  return canary?.failing === true ? 'canary' : 'capacity';
}

/**
 * A backend as it was assessed, with what the operations of users tell. They are weighed against what was assessed without them, and by that alone. What is
 * worse stays. `nowMs`: by Cinder's clock.
 */
export function withCreations(backend: Backend, creations: FailingCreations | undefined, nowMs: number): Backend {
  const { condition, pools } = backend;
  if (creations === undefined || !BETTER_THAN_FAILING.has(condition)) return backend;
  return {
    ...backend,
    condition: 'failing',
    failingBy: 'creations',
    reason: explainCreations(creations, nowMs),
    state: stateOf('failing', pools),
  };
}

const BETTER_THAN_FAILING: ReadonlySet<Condition> = new Set(CONDITIONS.slice(CONDITIONS.indexOf('failing') + 1));

/** What the pools said of themselves when they were last heard of is not what they say now. */
const OUTDATED: ReadonlySet<Condition> = new Set(['service_down', 'unknown', 'stale']);

/** The first condition that holds, in the order of CONDITIONS. */
function conditionOf(facts: Facts, judgement: Judgement): Condition {
  const { services, pools, freshness, newerWord } = facts;
  if (services.every((service) => service.frozen === true)) return 'frozen';
  const serving = services.filter(isServing);
  if (serving.length === 0) return 'disabled';
  if (!isAlive(serving, judgement.nowMs)) return 'service_down';
  if (pools.length === 0) {
    const said = facts.poolsRead ? 'unknown' : fromList(facts.listed);
    if (said === 'unknown' || said === 'down') return said;
    return isUnresponsive(facts) ? 'unresponsive' : facts.canary?.failing === true ? 'failing' : said;
  }
  if (pools.every(isDown)) return 'down';
  if (freshness === 'stale') return 'stale';
  if (freshness !== 'fresh') return 'unknown';
  if (isUnresponsive(facts)) return 'unresponsive';
  if (facts.canary?.failing === true) return 'failing';
  if (pools.some(isVanished)) return pools.every(isWithoutCapacity) ? 'failing' : 'degraded';
  if (newerWord !== undefined || !pools.every(isUp)) return 'degraded';
  return pools.every((pool) => pool.backendState === undefined) ? 'up_assumed' : 'up';
}

function isAlive(serving: readonly Service[], nowMs: number | undefined): boolean {
  return serving.some((service) => service.up === true || isDisputed(service, nowMs));
}

function isUnresponsive({ answering }: Facts): boolean {
  return answering?.kind === 'silent' && answering.certain;
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
    case 'unresponsive':
    case 'failing':
    case 'degraded':
      return pools.some(isUp) ? 1 : undefined;
    default:
      return undefined;
  }
}

/** Unknown for so long is out: as long as CinderBackendStateUnknown waits by default. */
const UNKNOWN_IS_OUT_MS = 300_000;

/**
 * Can the backend be used, by all that is known of it? Takes for how long it has been in its condition, in milliseconds. undefined: nobody can
 * say, or an administrator wants it unused.
 */
export function usable({ condition, pools }: Backend, inConditionMs: number): boolean | undefined {
  switch (condition) {
    case 'frozen':
    case 'disabled':
      return undefined;
    case 'unknown':
      return inConditionMs >= UNKNOWN_IS_OUT_MS ? false : undefined;
    case 'degraded':
      return pools.length === 0 ? undefined : pools.some((pool) => isUp(pool) && !isVanished(pool)) || undefined;
    case 'up_assumed':
    case 'up':
      return true;
    default:
      return false;
  }
}

/** Cinder's default applied: a pool whose driver never says is up. */
export function isUp(pool: Pool): boolean {
  return pool.backendState === undefined || pool.backendState === 'up';
}

export function isDown(pool: Pool): boolean {
  return pool.backendState === 'down';
}
