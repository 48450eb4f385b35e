import { ageOf, isAhead, isOvertaken, isVanished, isWithoutCapacity, type Freshness, type Report } from './evidence.ts';
import { withoutControls } from '../text.ts';
import { outageOf } from './drivers.ts';
import type { CanaryProof } from './canary.ts';
import type { Condition } from './conditions.ts';
import type { FailingCreations } from './operations.ts';
import type { Answering } from './probes.ts';
import type { Pool, Service } from './model.ts';
import { durationWords } from '../duration.ts';

/** By what evidence is judged. */
export interface Judgement {
  /** Now by Cinder's clock, in milliseconds since the epoch; undefined: it is not known. */
  readonly nowMs: number | undefined;
  readonly staleAfterMs: number;
  /** Why no driver stats can be read, while they cannot: a clause for people. */
  readonly blindness: string;
}

/** What is known of one backend: its service rows, its driver stats, and what the service list said of it. */
export interface Facts {
  readonly host: string;
  readonly services: readonly Service[];
  /** undefined: none is known. */
  readonly report: Report | undefined;
  /** undefined without a report. */
  readonly freshness: Freshness | undefined;
  /** The pools of the report; of a single one with what a newer list says. */
  readonly pools: readonly Pool[];
  /** Pools were read, so that a backend without a report is one of which the scheduler held nothing. */
  readonly poolsRead: boolean;
  /** `backend_state` of its live rows in the service list: a word, null, or undefined when the list was not read at 3.49. */
  readonly listed: string | null | undefined;
  /** The list is newer than the report, and worse: the word it has for one of the pools. */
  readonly newerWord: string | undefined;
  /** Whether its cinder-volume answers; undefined: nobody knows. */
  readonly answering: Answering | undefined;
  /** What the canary proves of it; undefined: nothing. */
  readonly canary: CanaryProof | undefined;
  readonly statsAtMs: number | undefined;
  /** When the last volume was made on it; undefined: not known. */
  readonly lastMadeAtMs: number | undefined;
  /** The newest `updated_at` of its rows that are in use: the last heartbeat, or the last change of the row when that is nearer to now. */
  readonly heartbeatAtMs: number | undefined;
}

/** Why a backend is in its condition: plain clauses, without a full stop. */
export function explain(condition: Condition, facts: Facts, judgement: Judgement): string {
  const why = clauses(condition, facts, judgement);
  const { answering } = facts;
  return SERVING.has(condition) && answering?.kind === 'silent'
    ? `${why}. Its cinder-volume has left requests unanswered for ${durationWords(answering.forMs)}: busy, or about to be unresponsive`
    : why;
}

/** Conditions that say nothing of whether cinder-volume answers. */
const SERVING: ReadonlySet<Condition> = new Set(['failing', 'degraded', 'up_assumed', 'up']);

function clauses(condition: Condition, facts: Facts, judgement: Judgement): string {
  switch (condition) {
    case 'frozen':
      return 'frozen by an administrator: Cinder schedules nothing to it and forgets its driver stats';
    case 'disabled':
      return disabled(facts);
    case 'service_down':
      return serviceDown(facts, judgement);
    case 'unknown':
      return unknown(facts, judgement);
    case 'down':
      return down(facts, judgement);
    case 'stale':
      return stale(facts);
    case 'unresponsive':
      return unresponsive(facts);
    case 'failing':
      return failing(facts);
    case 'degraded':
      return degraded(facts, judgement);
    case 'up_assumed':
      return `${assumed(facts, judgement)}${proven(facts)}`;
    case 'up':
      return 'its driver reports up';
  }
}

function disabled({ services }: Facts): string {
  const failedOver = services.find((row) => row.replicationStatus === 'failed-over');
  if (failedOver) {
    const to = failedOver.activeBackendId;
    return `failed over${to ? ` to ${quote(to)}` : ''} and disabled since`;
  }
  // Cinder writes this word when it freezes a backend; a thaw clears `frozen` first, and enables the service last.
  // Source: cinder/volume/manager.py, freeze_host and thaw_host; cinder/volume/api.py.
  if (services.some((row) => row.disabledReason === 'frozen' && row.frozen === false))
    return 'disabled with the reason "frozen", but not frozen: a thaw did not come to its end. Enable the service';
  const reason = services.find((row) => row.disabledReason)?.disabledReason;
  return reason ? `disabled by an administrator: ${quote(reason)}` : 'disabled by an administrator, who gave no reason';
}

/** Why a heartbeat may be lost: all that is possible, or what the process tells that was asked. A driver without its set-up leaves every field null. */
function lost(answering: Answering | undefined): string {
  if (answering === undefined)
    return 'the process, its host or its database connection is gone, its clock is wrong, or its driver failed to initialise';
  if (answering.kind === 'silent') return 'the process does not answer either: it is gone, or its host is';
  return answering.initialised
    ? 'the process lives and answers, with its driver initialised: its database connection or its clock is at fault'
    : 'the process lives and answers, but its driver failed to initialise';
}

/** Cinder calls a service down after `service_down_time` without a heartbeat; what it shows may be a later change of the row. */
function serviceDown({ services, heartbeatAtMs, answering }: Facts, { nowMs }: Judgement): string {
  const why = lost(answering);
  const other = services.find((row) => row.otherState !== undefined)?.otherState;
  if (other !== undefined)
    return `the service list gives its state as ${quote(other)}, which is neither up nor down: taken as no heartbeat`;
  if (heartbeatAtMs === undefined) return `no heartbeat from cinder-volume so far: ${why}`;
  if (nowMs === undefined) return `no heartbeat from cinder-volume: ${why}`;
  const ageMs = nowMs - heartbeatAtMs;
  if (ageMs < SERVICE_DOWN_MS)
    return `no heartbeat from cinder-volume, says Cinder; the row was changed ${durationWords(ageMs)} ago, which hides since when: ${why}`;
  return `no heartbeat from cinder-volume for at least ${durationWords(ageMs)}: ${why}`;
}

/** Cinder's default for `service_down_time`. */
const SERVICE_DOWN_MS = 60_000;

function unknown({ report, freshness, poolsRead, listed }: Facts, { blindness }: Judgement): string {
  if (report && freshness === 'undated')
    return `heartbeats arrive, but its driver stats are dated ${ahead(report)}, and none with another date has come yet`;
  if (report)
    return `heartbeats arrive, but since the scheduler answers again it holds no driver stats of this backend; the last were published ${durationWords(ageOf(report))} ago`;
  if (!poolsRead) return `heartbeats arrive, but its state cannot be read: ${blindness}`;
  const list =
    listed === undefined || listed === null ? '' : `; ${quote(listed)} in the service list is only a default`;
  return `heartbeats arrive, but the scheduler holds no driver stats of it${list}`;
}

function down({ report, freshness, pools, newerWord }: Facts, { blindness }: Judgement): string {
  if (!report) return `the service list says down; ${withoutStats(blindness)}`;
  if (newerWord !== undefined && report.pools.length === 1)
    return 'the service list says down, and is newer than the driver stats';
  const all = pools.length === 1 ? 'down' : `all ${pools.length} pools down`;
  if (freshness === 'fresh') return `its driver reports ${all}`;
  const date = isAhead(report) ? `, and is dated ${ahead(report)}` : '';
  return `its driver reported ${all}; that report is ${durationWords(ageOf(report))} old${date}, and nothing newer has come`;
}

function stale({ report }: Facts): string {
  if (!report) return 'heartbeats arrive, but no driver stats';
  const age = durationWords(ageOf(report));
  const cure =
    'while that date is ahead the scheduler ignores newer stats. Put the clock of its host right, then restart cinder-scheduler';
  if (isAhead(report))
    return `heartbeats arrive, but its driver stats have not changed for ${age} and are dated ${ahead(report)}: ${cure}`;
  if (isOvertaken(report))
    return `heartbeats arrive, but the driver stats that the scheduler holds are dated ${ahead(report)}; the last with a date that can be right are ${age} old: ${cure}`;
  const lacking = report.missingSince === undefined ? '' : ', and the scheduler that answered holds none of it';
  return `heartbeats arrive, but its driver has published no stats for ${age}${lacking}: the storage or the driver hangs or fails`;
}

function unresponsive({ answering, services }: Facts): string {
  const lasting = answering?.kind === 'silent' ? ` for ${durationWords(answering.forMs)}` : '';
  const whole = services.some(({ cluster }) => cluster !== undefined)
    ? '. A cluster is asked as a whole, and any of its members may answer'
    : '';
  return `heartbeats arrive, but its cinder-volume has answered no request${lasting}, and nothing that was under way on it has ended: its threads are stuck, or it hears nothing from the message bus${whole}`;
}

function failing({ pools, canary }: Facts): string {
  if (canary?.failing === true) {
    const { failure } = canary.run;
    const phase = failure?.phase === 'delete' ? 'deleted' : 'made';
    return `no volume of the canary's type ${quote(canary.volumeType)} can be ${phase} on it, twice in a row or more: ${failure?.message ?? ''}`;
  }
  const bytes = pools.reduce((sum, pool) => sum + (pool.allocatedBytes ?? 0), 0);
  return `its driver reports no capacity at all while ${gib(bytes)} are allocated: the array does not answer it`;
}

/** Evidence that nobody has added to for so long is said to be old. */
const LATELY_MS = 30 * 60_000;

/** What creations of users tell of a backend, as clauses. `nowMs`: by Cinder's clock. */
export function explainCreations({ kind, count, foundMs }: FailingCreations, nowMs: number): string {
  const found =
    kind === 'refused'
      ? `its driver failed to make a volume for ${count} requests of several projects`
      : `${count} creations hang on it, each for more than 30 min`;
  const old =
    nowMs - foundMs > LATELY_MS
      ? `. That was last seen ${durationWords(nowMs - foundMs)} ago: only a volume that is made tells whether it works again`
      : '';
  return `${found}, and none has been made on it since${old}`;
}

/** Cinder's unit of capacity, which it writes `gb`. */
function gib(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 3)} GiB`;
}

function degraded({ report, pools, listed, newerWord }: Facts, { blindness }: Judgement): string {
  if (!report) return `the service list says ${quote(listed ?? '')}; ${withoutStats(blindness)}`;
  const bad = pools.filter((pool) => pool.backendState !== undefined && pool.backendState !== 'up');
  const source = newerWord === undefined ? 'its driver reports' : 'the service list, newer than the driver stats, says';
  const gone = pools.filter((pool) => isVanished(pool) && !bad.includes(pool));
  if (gone.length > 0) {
    const list = firstThree(gone, (pool) => `${quote(pool.pool)} (${gib(pool.allocatedBytes ?? 0)} allocated)`);
    const rest = bad.length > 0 ? `; ${bad.length} not up` : '';
    return `its driver reports no capacity at all for ${gone.length} of ${pools.length} pools: ${list}${rest}`;
  }
  if (pools.length === 1) return `${source} ${quote(bad[0]?.backendState ?? '')}, which is neither up nor down`;
  if (bad.length === 0) return `${source} ${quote(newerWord ?? '')} of one of its ${pools.length} pools`;
  const stateOf = ({ backendState = '' }: Pool): string => (backendState === 'down' ? 'down' : quote(backendState));
  const list = firstThree(bad, (pool) => `${quote(pool.pool)} ${stateOf(pool)}`);
  return `its driver reports ${bad.length} of ${pools.length} pools not up: ${list}`;
}

/** The first three pools in words, and how many more there are. */
function firstThree(pools: readonly Pool[], words: (pool: Pool) => string): string {
  const more = pools.length > 3 ? ` and ${pools.length - 3} more` : '';
  return `${pools.slice(0, 3).map(words).join(', ')}${more}`;
}

function assumed(facts: Facts, judgement: Judgement): string {
  return `${assumption(facts, judgement)}${proof(facts, judgement)}`;
}

/** Older than this it proves little. */
const PROOF_MS = 24 * 3_600_000;

/** A volume that was made is the one proof that GET can see. It is no condition of its own: that would flip at night, when nobody makes any. */
function proof({ lastMadeAtMs }: Facts, { nowMs }: Judgement): string {
  if (lastMadeAtMs === undefined || nowMs === undefined || nowMs - lastMadeAtMs > PROOF_MS) return '';
  return `; a volume was made on it ${durationWords(Math.max(0, nowMs - lastMadeAtMs))} ago`;
}

function assumption({ report, pools, statsAtMs }: Facts, { blindness }: Judgement): string {
  if (!report) return `the service list says up, which may be a default; ${withoutStats(blindness)}`;
  const never = 'its driver never says whether it is up: Cinder assumes so';
  if (outageOf(pools) === 'never_asks') return `${never}. It never asks its array: only a canary can tell`;
  if (pools.every(isWithoutCapacity)) return `${never}. It reports no capacity at all`;
  return statsAtMs === undefined ? `${never}. Its stats carry no time` : `${never}. Its stats arrive`;
}

/** A success is proof that Cinder's default is not. Its age is on the row of the volume type: a reason that changes each minute is no reason. */
function proven({ canary }: Facts): string {
  return canary?.failing === false ? '. The canary has made a volume on it and taken it away' : '';
}

function withoutStats(blindness: string): string {
  return `the driver stats could not be read: ${blindness}`;
}

/** `2 h ahead of Cinder's clock`, as of when the date was first seen. */
function ahead(report: Report): string {
  return `${durationWords(report.ahead?.byMs ?? 0)} ahead of Cinder's clock`;
}

/** Free text in quotes, on one line, cut at 120 characters. */
function quote(text: string): string {
  const line = withoutControls(text, ' ');
  return `"${line.length > 120 ? `${line.slice(0, 119).toWellFormed()}…` : line}"`;
}
