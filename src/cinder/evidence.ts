import type { Pool, Service } from './model.ts';

/** Something that was read, and when by our monotonic clock, in milliseconds. */
interface Reading<T> {
  readonly value: T;
  readonly readAt: number;
}

/** When an answer came: by our monotonic clock in milliseconds, and by Cinder's, the `Date` of the answer, in milliseconds since the epoch. */
export interface When {
  readonly readAt: number;
  readonly cinderTimeMs: number | undefined;
}

/** A `timestamp` of driver stats that lies ahead of Cinder's clock. */
interface DateAhead {
  readonly statsAtMs: number;
  readonly firstSeenAt: number;
  /** The last answer that had stats dated ahead. */
  readonly seenAt: number;
  /** How far it was ahead then, in milliseconds. */
  readonly byMs: number;
  /** It has come after another: the stats are still published, by a clock that is wrong. */
  readonly advances: boolean;
}

/**
 * The driver stats of one backend, as a scheduler told them last. Kept for each backend and not for each answer: a scheduler that was just
 * started, or that never heard of the backend, holds nothing of it, and that is no news of the backend. Times by our monotonic clock.
 */
export interface Report {
  readonly pools: readonly Pool[];
  /** The newest `timestamp` of its pools, by the clock of its host, in milliseconds since the epoch. */
  readonly statsAtMs: number | undefined;
  /** When the stats were published. Of stats without a time: when they were read. Of stats that are dated ahead: when this date was first seen. */
  readonly madeAt: number;
  /** The newest date ahead that any answer gave; these stats have it when it is `statsAtMs`. */
  readonly ahead: DateAhead | undefined;
  /** The last answer that held these stats. */
  readonly seenAt: number;
  /** The first answer since then that did not. */
  readonly missingSince: number | undefined;
  /** The last answer, whether it held them or not. */
  readonly observedAt: number;
}

/** All that was read, the reports of each backend for as long as it is in use. `standing` tells what of it still counts. */
export interface Evidence {
  readonly services: Reading<readonly Service[]> | undefined;
  /** `backend_state` by service host, from the last service list that was read at 3.49. */
  readonly words: Reading<ReadonlyMap<string, string | null>> | undefined;
  /** When the pools were last read whole. */
  readonly poolsReadAt: number | undefined;
  /** By `host@backend` or `cluster@backend`. */
  readonly reports: ReadonlyMap<string, Report>;
  /** What to add to our monotonic clock to have Cinder's, in milliseconds. */
  readonly clockOffsetMs: number | undefined;
}

export const NO_EVIDENCE: Evidence = {
  services: undefined,
  words: undefined,
  poolsReadAt: undefined,
  reports: new Map(),
  clockOffsetMs: undefined,
};

/** What dates further ahead of Cinder's clock than this are of a clock that is wrong: `service_down_time`, as Cinder's API has it. */
export const AHEAD_MS = 60_000;

/** Two of Cinder's `backend_stats_polling_interval` (60 s by default): stats that are dated ahead and still come have advanced by then. */
const TWO_POLLS_MS = 120_000;

/**
 * A `Date` that is further from the heartbeats of live services is of another machine's clock, such as a proxy's, and tells nothing of the
 * age of stats: Cinder calls a service up when it was heard of within `service_down_time`.
 */
const CLOCK_TOLERANCE_MS = 120_000;

/**
 * The evidence after a service list. Rows of a late answer are as old as its question, but what the scheduler said is new.
 * `whole`: no row was rejected, so that a host without a row has none. It may be left now and then.
 */
export function* withServices(
  before: Evidence,
  rows: readonly Service[],
  when: When,
  { late, whole }: { readonly late: boolean; readonly whole: boolean },
): Generator<void, { readonly evidence: Evidence }> {
  const words = wordsOf(rows);
  yield;
  const wordsNow = words.size > 0 ? { value: words, readAt: when.readAt } : before.words;
  const backends = backendsOf(late ? (before.services?.value ?? []) : rows);
  const reports = new Map<string, Report>();
  for (const [host, report] of before.reports) {
    const state = backends.get(host);
    // Disabled, frozen or removed: what was known of it has ended. Pools of a host without a row stay while they are told.
    const ended = state ? !state.serving : whole && report.missingSince !== undefined;
    if (ended && !late) continue;
    // Of an enabled, live service Cinder lists null when the scheduler that was asked holds no pool of it; of a cluster it always does.
    const lacked = state?.live === true && words.get(host) === null;
    reports.set(host, lacked ? missing(report, when.readAt) : report);
    yield;
  }
  if (late) return { evidence: { ...before, words: wordsNow, reports } };
  const services = { value: rows, readAt: when.readAt };
  const clockOffsetMs = clockOffset(rows, when) ?? before.clockOffsetMs;
  return { evidence: { ...before, services, words: wordsNow, reports, clockOffsetMs } };
}

/**
 * The evidence after the pools of a scheduler. A report replaces what is held of its backend unless it is older. Absence and an older report
 * are no news. `disagreements` names the backends of which the answer had an older report, or one that an answer in between lacked: schedulers
 * that differ. `whole`: no row was rejected, so that absence is what Cinder said. It may be left after each pool, and after each backend.
 */
export function* withPools(
  before: Evidence,
  pools: readonly Pool[],
  { readAt, cinderTimeMs }: When,
  whole: boolean,
): Generator<void, { readonly evidence: Evidence; readonly disagreements: readonly string[] }> {
  const dated = cinderTimeMs === undefined ? undefined : near(cinderTimeMs - readAt, before.clockOffsetMs);
  const offsetMs = dated ?? before.clockOffsetMs;
  const reports = new Map<string, Report>();
  const disagreements: string[] = [];
  const byHost = new Map<string, Pool[]>();
  for (const pool of pools) {
    addTo(byHost, pool.host, pool);
    yield;
  }
  for (const [host, its] of byHost) {
    const held = before.reports.get(host);
    const report = reportOf(markVanished(its, held), held, readAt, offsetMs);
    const news = !held || replaces(report, held);
    if (held && (news ? isSameAgain(report, held) : !isAhead(report))) disagreements.push(host);
    reports.set(host, news ? report : { ...missing(held, readAt), ahead: report.ahead });
    yield;
  }
  const backends = backendsOf(before.services?.value ?? []);
  for (const [host, held] of before.reports) {
    if (!reports.has(host) && backends.get(host)?.serving) reports.set(host, whole ? missing(held, readAt) : held);
  }
  return {
    evidence: {
      ...before,
      reports,
      poolsReadAt: whole ? readAt : before.poolsReadAt,
      clockOffsetMs: before.clockOffsetMs ?? offsetMs,
    },
    disagreements,
  };
}

/**
 * The pools of a report, each marked whose capacity has vanished: eight drivers publish zero with a fresh time when their array does not answer.
 * One report may be a hiccup; so it takes the one before as well, which is another when it has another time.
 */
function markVanished(pools: readonly Pool[], held: Report | undefined): readonly Pool[] {
  if (!held || !pools.some(isEmptied)) return pools;
  const before = new Map(held.pools.map((pool) => [pool.pool, pool]));
  return pools.map((pool) => {
    const earlier = before.get(pool.pool);
    if (!isEmptied(pool) || !earlier || !isEmptied(earlier)) return pool;
    const another = pool.statsAtMs !== undefined && pool.statsAtMs !== earlier.statsAtMs;
    return another || earlier.vanished === true ? { ...pool, vanished: true } : pool;
  });
}

/** Has its capacity vanished? See `markVanished`. */
export function isVanished({ vanished }: Pool): boolean {
  return vanished === true;
}

/** It reports a capacity of 0. */
export function isWithoutCapacity({ totalBytes }: Pool): boolean {
  return totalBytes === 0;
}

/** No capacity at all, although Cinder has allocated volumes there. */
function isEmptied(pool: Pool): boolean {
  return isWithoutCapacity(pool) && pool.allocatedBytes !== undefined && pool.allocatedBytes > 0;
}

function reportOf(
  pools: readonly Pool[],
  held: Report | undefined,
  readAt: number,
  offsetMs: number | undefined,
): Report {
  const statsAtMs = newest(pools.map((pool) => pool.statsAtMs));
  const seen = { pools, statsAtMs, seenAt: readAt, observedAt: readAt, missingSince: undefined };
  if (statsAtMs === undefined || offsetMs === undefined) return { ...seen, madeAt: readAt, ahead: held?.ahead };
  const nowMs = readAt + offsetMs;
  const known = held?.ahead && held.ahead.statsAtMs - nowMs > AHEAD_MS ? held.ahead : undefined;
  const byMs = statsAtMs - nowMs;
  if (byMs <= AHEAD_MS) return { ...seen, madeAt: Math.min(readAt, statsAtMs - offsetMs), ahead: known };
  if (known && statsAtMs < known.statsAtMs) return { ...seen, madeAt: -Infinity, ahead: { ...known, seenAt: readAt } };
  const ahead =
    known?.statsAtMs === statsAtMs
      ? { ...known, seenAt: readAt }
      : { statsAtMs, byMs, firstSeenAt: readAt, seenAt: readAt, advances: known !== undefined };
  return { ...seen, madeAt: ahead.firstSeenAt, ahead };
}

/** Are these stats dated ahead of Cinder's clock? */
export function isAhead({ statsAtMs, ahead }: Report): boolean {
  return ahead !== undefined && ahead.statsAtMs === statsAtMs;
}

/** Had the last answer stats that are dated ahead, which do not count beside these? */
export function isOvertaken({ ahead, observedAt }: Report): boolean {
  return ahead?.seenAt === observedAt;
}

/** Stats from the future never beat others, unless they are seen to advance. */
function replaces(report: Report, held: Report): boolean {
  if (isAhead(report) !== isAhead(held)) {
    if (isAhead(report)) return report.ahead?.advances === true && report.madeAt >= held.madeAt;
    return held.ahead?.advances !== true || report.madeAt >= held.madeAt;
  }
  if (!isAhead(report) && report.statsAtMs !== undefined && held.statsAtMs !== undefined) {
    return report.statsAtMs >= held.statsAtMs;
  }
  return report.madeAt >= held.madeAt;
}

function isSameAgain(report: Report, held: Report): boolean {
  return held.missingSince !== undefined && report.statsAtMs !== undefined && report.statsAtMs === held.statsAtMs;
}

function missing(report: Report, readAt: number): Report {
  return { ...report, missingSince: report.missingSince ?? readAt, observedAt: readAt };
}

/** How the stats of a report stand. */
export type Freshness =
  | 'fresh'
  /** Past the limit since the last report that anyone knew of. */
  | 'stale'
  /** The schedulers did not answer for longer than the limit, and hold nothing of the backend since. */
  | 'lost'
  /** Dated ahead of Cinder's clock, and not yet seen to advance. */
  | 'undated';

/** Judged as of the last answer, so that our own failure to read makes nothing stale. The limit in milliseconds. */
export function freshnessOf(report: Report, staleAfterMs: number): Freshness {
  const limitMs = isAhead(report) ? Math.min(TWO_POLLS_MS, staleAfterMs) : staleAfterMs;
  const ageMs = ageOf(report);
  const gapMs = (report.missingSince ?? report.seenAt) - report.seenAt;
  const unseenMs = gapMs > staleAfterMs ? gapMs : 0;
  if (ageMs - unseenMs > limitMs) return 'stale';
  if (ageMs > limitMs) return 'lost';
  return isAhead(report) && report.ahead?.advances !== true ? 'undated' : 'fresh';
}

/** The age of the stats at the last answer, in milliseconds. */
export function ageOf({ madeAt, observedAt }: Report): number {
  return observedAt - madeAt;
}

/** What counts of the evidence at one moment. */
export interface Standing {
  readonly services: readonly Service[] | undefined;
  readonly words: Evidence['words'];
  /** An answer with pools stands: a backend without a report is one of which it held nothing. */
  readonly poolsRead: boolean;
  readonly reports: ReadonlyMap<string, Report>;
}

/** The evidence without what was last told longer ago than the limit. Times in milliseconds, by our monotonic clock. */
export function standing(evidence: Evidence, now: number, staleAfterMs: number): Standing {
  const stands = (readAt: number | undefined): boolean => readAt !== undefined && now - readAt <= staleAfterMs;
  const { services, words, poolsReadAt, reports } = evidence;
  return {
    services: stands(services?.readAt) ? services?.value : undefined,
    words: stands(words?.readAt) ? words : undefined,
    poolsRead: stands(poolsReadAt),
    reports: new Map([...reports].filter(([, { observedAt }]) => stands(observedAt))),
  };
}

/** `backend_state` of the cinder-volume rows, by host. */
function wordsOf(services: readonly Service[]): ReadonlyMap<string, string | null> {
  const words = new Map<string, string | null>();
  for (const { host, binary, backendState } of services) {
    if (binary === 'cinder-volume' && backendState !== undefined) words.set(host, backendState);
  }
  return words;
}

/** Which backends the service list has, and whether a row of each is in use, and alive. */
function backendsOf(
  rows: readonly Service[],
): ReadonlyMap<string, { readonly serving: boolean; readonly live: boolean }> {
  const backends = new Map<string, { serving: boolean; live: boolean }>();
  for (const row of rows) {
    if (row.binary !== 'cinder-volume') continue;
    const key = row.cluster ?? row.host;
    const known = backends.get(key);
    const serving = isServing(row);
    const live = serving && row.up === true && row.cluster === undefined;
    backends.set(key, { serving: serving || known?.serving === true, live: live || known?.live === true });
  }
  return backends;
}

/**
 * Is it down for Cinder's API, and up for its scheduler, which goes on giving it volumes? So is a service whose heartbeat is more than
 * `service_down_time` ahead of Cinder's clock. Source: cinder/objects/service.py and cinder/api/contrib/services.py.
 */
export function isDisputed({ up, updatedAtMs }: Service, nowMs: number | undefined): boolean {
  return up === false && updatedAtMs !== undefined && nowMs !== undefined && updatedAtMs - nowMs > AHEAD_MS;
}

/** Enabled and not frozen: meant to take volumes. */
export function isServing(service: Service): boolean {
  return service.enabled !== false && service.frozen !== true;
}

/**
 * Cinder's clock minus our monotonic one: by the `Date` of the answer, else by the heartbeats of services that are up. The newest of each machine counts,
 * and of these the one in the middle, the older of two: it is behind by less than `report_interval` (10 s), and one machine whose clock is wrong does not
 * move it.
 */
function clockOffset(services: readonly Service[], { readAt, cinderTimeMs }: When): number | undefined {
  const alive = services.filter(({ up, updatedAtMs }) => up === true && updatedAtMs !== undefined);
  const machines = groupBy(alive, ({ host }) => host.split('@', 1)[0] ?? host);
  const heartbeats = [...machines.values()].flatMap((rows) => newest(rows.map((row) => row.updatedAtMs)) ?? []);
  const middle = heartbeats.toSorted((a, b) => a - b)[Math.floor((heartbeats.length - 1) / 2)];
  const clockMs = near(cinderTimeMs, middle) ?? middle;
  return clockMs === undefined ? undefined : clockMs - readAt;
}

/** The time, unless it is too far from what is known of Cinder's clock. */
function near(time: number | undefined, known: number | undefined): number | undefined {
  if (time === undefined || known === undefined) return time;
  return Math.abs(time - known) <= CLOCK_TOLERANCE_MS ? time : undefined;
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) addTo(groups, keyOf(item), item);
  return groups;
}

function addTo<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}

export function newest(times: readonly (number | undefined)[]): number | undefined {
  let best: number | undefined;
  for (const time of times) if (time !== undefined && (best === undefined || time > best)) best = time;
  return best;
}
