import type { Clock } from '../clock.ts';
import type { Backend } from '../cinder/model.ts';
import {
  NEVER_PROBED,
  type Probed,
  TAKEN_FOR_ALL,
  type Unfinished,
  withAnswer,
  withoutAnswer,
  withScheduler,
} from '../cinder/probes.ts';
import { asObject, text } from '../cinder/wire.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import { parseJson } from '../openstack/answer.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { isOfLogin, type Pause } from '../openstack/pause.ts';
import { shownUrl } from '../openstack/request.ts';
import { PATHS, type CinderApi } from './cinder-api.ts';
import type { CollectorLog } from './collectors.ts';
import { asOpenStackError, type Lane } from './scheduler-queue.ts';
import { beginning } from '../text.ts';

export interface ProberOptions {
  readonly api: CinderApi;
  readonly lane: Lane;
  readonly pause: Pause;
  readonly clock: Clock;
  readonly collectors: CollectorLog;
  readonly metrics: CloudMetrics;
  /** For the requests that need no cinder-volume. */
  readonly timeoutMs: number;
  /** There is something new to show. */
  readonly changed: () => void;
}

/** Asks one cinder-volume after the other whether it answers, at its own pace. */
export interface Prober {
  /** The backends as they are now, at the end of a refresh; undefined: the service list could not be read. */
  readonly follow: (backends: readonly Backend[] | undefined) => void;
  /** `get_pools` was answered, or not. */
  readonly schedulerTold: (answered: boolean) => void;
  /** What is known of each backend that is meant to serve. `alive`: it has a heartbeat. */
  readonly probed: () => ReadonlyMap<string, { readonly alive: boolean; readonly probed: Probed }>;
  readonly close: () => void;
}

const COLLECTOR = 'capabilities';
const MINUTE_MS = 60_000;
/** Cinder's default `rpc_response_timeout`: so long a thread of the API is held by a question that nobody answers. */
const RPC_TIMEOUT_MS = 60_000;
/** A timer may fire a fraction early, and the way to Cinder takes no less than nothing. */
const UNANSWERED_MS = RPC_TIMEOUT_MS - 100;
/** Later than Cinder's own answer, which says that nobody answered. */
const PROBE_TIMEOUT_MS = 75_000;
/** Thirty backends a minute. */
const GAP_MS = 2000;
/** So many are asked one right after the other, as long as they answer: a process that wakes up for each alone takes twice the CPU. */
const BURST = 5;
/** After a first miss, doubling: one backend alone must not hold a thread of the API all the time. */
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 120_000;
/** A service without a heartbeat is asked when that begins, and so long after: whether its process lives does not change by itself. */
const DEAD_AT_MS = [0, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS] as const;
/** Who refuses is not asked again so soon: a 401 costs a login. */
const REFUSED_MS = 5 * MINUTE_MS;
/** What was found stands for so long while nothing can be found out. */
const HOLDS_MS = 15 * MINUTE_MS;
/** A connection that breaks within this time has started nothing. */
const SHORT_MS = 2000;
/** So many of what is under way are told apart, and so many members of a cluster are looked at. */
const LOOKED_AT = 100;
const MEMBERS = 4;
/** Cinder's ids are UUIDs. */
const MAX_ID = 64;

interface Entry {
  readonly alive: boolean;
  /** The hosts of its services: volumes carry these, of a cluster too. */
  readonly hosts: readonly string[];
  readonly since: number;
  readonly asked: number;
  readonly dueAt: number;
  readonly probed: Probed;
}

type Outcome =
  | { readonly kind: 'answered'; readonly initialised: boolean }
  | { readonly kind: 'unanswered'; readonly error: OpenStackError }
  /** It says nothing of the service. */
  | { readonly kind: 'inconclusive'; readonly error: OpenStackError };

export function createProber(options: ProberOptions): Prober {
  const { api, lane, pause, clock, collectors, metrics } = options;
  let entries = new Map<string, Entry>();
  let troubles = new Map<string, OpenStackError>();
  let listRead = false;
  let poolsRead = false;
  let open = false;
  let closed = false;
  /** When the next burst may begin, and how many may still follow in the last one. */
  let freeAt: number | undefined;
  let left = 0;
  let lastToldAt = -Infinity;
  /** Of the probe under way: the first that `get_pools` did since it began. */
  let toldMeanwhile: boolean | undefined;
  let cancel = (): void => {};

  const blocked = (): boolean => closed || open || !listRead || !poolsRead || lane.ailing() || lane.pauseMs() > 0;
  const live = (): [string, Entry][] => [...entries].filter(([, { alive }]) => alive);

  /**
   * The next that is due, by when it is due. Those in doubt come first while several are, or when another has answered since: one alone of which it is not
   * known whether any answers leaves the next question to the others. Services without a heartbeat come last, and wait while any is in doubt.
   */
  function nextDue(): { readonly host: string; readonly dueAt: number } | undefined {
    const now = clock.now();
    const alive = live();
    const doubted = alive.filter(([, { probed }]) => probed.misses === 1);
    const since = Math.min(...doubted.map(([, { probed }]) => probed.unansweredSince ?? Infinity));
    const others = alive.some(([, { probed }]) => (probed.answeredAt ?? -Infinity) > since);
    const first = (of: readonly [string, Entry][]) =>
      of.reduce<{ host: string; dueAt: number } | undefined>(
        (best, [host, { dueAt }]) => (best === undefined || dueAt < best.dueAt ? { host, dueAt } : best),
        undefined,
      );
    const choices = [
      others || doubted.length >= Math.min(TAKEN_FOR_ALL, alive.length) ? first(doubted) : undefined,
      first(alive),
      doubted.length > 0 ? undefined : first([...entries].filter((entry) => !entry[1].alive)),
    ].filter((choice) => choice !== undefined);
    return (
      choices.find(({ dueAt }) => dueAt <= now) ??
      choices.toSorted((a, b) => a.dueAt - b.dueAt).find(({ dueAt }) => dueAt < Infinity)
    );
  }

  /** While it may not ask, the end of the next refresh plans again. */
  function plan(): void {
    cancel();
    cancel = () => {};
    const next = blocked() ? undefined : nextDue();
    if (next === undefined) return;
    const now = clock.now();
    freeAt ??= now + GAP_MS;
    // Whole milliseconds: a rest of less would never pass.
    const waitMs = Math.ceil(Math.max(0, next.dueAt - now, left > 0 ? 0 : freeAt - now, pause.remainingMs()));
    const go = (): void => {
      const due = blocked() || pause.remainingMs() > 0 ? undefined : nextDue();
      if (due !== undefined && due.dueAt <= clock.now()) void probe(due.host).finally(plan);
      else plan();
    };
    if (waitMs > 0) cancel = clock.after(waitMs, go);
    else go();
  }

  async function probe(host: string): Promise<void> {
    const entry = entries.get(host);
    if (!entry) return;
    open = true;
    const beganAt = clock.now();
    if (left > 0 && freeAt !== undefined && beganAt < freeAt) {
      left -= 1;
      freeAt += GAP_MS;
    } else {
      left = BURST - 1;
      freeAt = beganAt + GAP_MS;
    }
    toldMeanwhile = undefined;
    const outcome = await ask(host, entry.alive, beganAt);
    hold(outcome, beganAt);
    // Nothing says that a service is stuck which is only busy.
    const underWay = outcome.kind === 'unanswered' && entry.alive ? await look(entry.hosts) : undefined;
    open = false;
    if (closed) return;
    const trouble =
      outcome.kind === 'inconclusive' ? outcome.error : underWay instanceof OpenStackError ? underWay : undefined;
    const turned = tell(host, beganAt, trouble);
    // It may have lost its heartbeat meanwhile, or be gone.
    const now = entries.get(host);
    if (!now || now.alive !== entry.alive || now.since !== entry.since) return;
    const seen = underWay instanceof OpenStackError ? undefined : underWay;
    const probed =
      outcome.kind === 'answered'
        ? withAnswer(clock.now(), outcome.initialised)
        : outcome.kind === 'unanswered'
          ? withoutAnswer(now.probed, { beganAt, schedulerAnswered: toldMeanwhile, underWay: seen })
          : now.probed;
    if (outcome.kind !== 'inconclusive') lastToldAt = clock.now();
    entries.set(host, { ...now, probed, asked: now.asked + 1, dueAt: dueAgain(now, probed, beganAt) });
    if (turned || !entry.alive || outcome.kind === 'unanswered' || now.probed.misses > 0) options.changed();
  }

  async function ask(host: string, alive: boolean, beganAt: number): Promise<Outcome> {
    try {
      const path = `${PATHS.capabilities}/${encodeURIComponent(host)}`;
      const { request, answer } = await api.get(COLLECTOR, path, PROBE_TIMEOUT_MS);
      const said = asObject(parseJson(request, answer));
      if (typeof said?.['namespace'] !== 'string') {
        const url = shownUrl(request);
        const message = `GET ${url}: ${answer.status} with JSON that is no capabilities`;
        return inconclusive(new OpenStackError(message, { reason: 'decode', operation: COLLECTOR, url }));
      }
      return { kind: 'answered', initialised: NAMES.some((name) => (said[name] ?? null) !== null) };
    } catch (cause) {
      const error = asOpenStackError(cause, COLLECTOR);
      if (!mayBeHeld(error, clock.now() - beganAt)) return inconclusive(error);
      // That nobody answers for a service without a heartbeat is what was to be found out, however long the cloud waits.
      if (!alive || clock.now() - beganAt >= UNANSWERED_MS) return { kind: 'unanswered', error };
      const seconds = Math.round((clock.now() - beganAt) / 1000);
      const message = `${error.message}; given up after ${seconds} s, and only ${RPC_TIMEOUT_MS / 1000} s without an answer tell that cinder-volume is stuck`;
      return inconclusive(new OpenStackError(message, { ...error.details, cause: error }));
    }
  }

  /** The slot stays taken for as long as Cinder waits for the service, whoever gives up sooner; pauses grow while nobody answers. */
  function hold(outcome: Outcome, beganAt: number): void {
    if (outcome.kind === 'answered') return pause.succeed(beganAt);
    const { error } = outcome;
    if (isOfLogin(error) || error.details.notAsked || error.details.status === 404) return;
    const now = clock.now();
    const refused = error.reason === 'auth' || error.reason === 'forbidden' ? REFUSED_MS : 0;
    const held = !mayBeHeld(error, now - beganAt)
      ? 0
      : error.reason === 'timeout'
        ? RPC_TIMEOUT_MS
        : beganAt + RPC_TIMEOUT_MS - now;
    pause.fail(error, Math.max(0, refused, held));
  }

  /** What is under way on these hosts; an error when that cannot be read. */
  async function look(hosts: readonly string[]): Promise<Unfinished | OpenStackError> {
    const ids = new Set<string>();
    let count = 0;
    try {
      for (const host of hosts.slice(0, MEMBERS))
        for (const [list, rule] of LISTS) {
          const query = new URLSearchParams({
            all_tenants: '1',
            host,
            'status~': 'ing',
            sort: 'created_at:asc',
            limit: String(LOOKED_AT),
            with_count: 'true',
          });
          const { request, answer } = await api.get(COLLECTOR, `${PATHS[list]}?${query.toString()}`, options.timeoutMs);
          const said = asObject(parseJson(request, answer));
          const rows = said?.[list];
          const all = said?.['count'];
          if (!Array.isArray(rows) || typeof all !== 'number') {
            const url = shownUrl(request);
            const message = `GET ${url}: no list of ${list} with their count (policy rule ${rule})`;
            throw new OpenStackError(message, { reason: 'decode', operation: COLLECTOR, url });
          }
          count += all;
          for (const row of rows.slice(0, LOOKED_AT)) ids.add(beginning(text(asObject(row)?.['id']), MAX_ID));
        }
    } catch (cause) {
      const error = asOpenStackError(cause, COLLECTOR);
      const message = `${error.message}; so nobody can tell whether cinder-volume is stuck or only busy`;
      return new OpenStackError(message, { ...error.details, cause: error });
    }
    return { count, ids };
  }

  /** How the collector goes: it fails while the last question about any backend does. Returns whether that is new. */
  function tell(host: string, beganAt: number, trouble: OpenStackError | undefined): boolean {
    if (trouble) troubles.set(host, trouble);
    else troubles.delete(host);
    const before = collectors.all().find(({ collector }) => collector === COLLECTOR)?.success;
    const [standing] = troubles.values();
    const error = trouble ?? standing;
    const tookMs = clock.now() - beganAt;
    if (!error) collectors.succeeded(COLLECTOR, tookMs);
    else {
      const reason = collectors.failed(COLLECTOR, tookMs, error);
      if (trouble) metrics.errors.inc({ collector: COLLECTOR, reason });
    }
    return before !== (error === undefined);
  }

  function dueAgain({ alive, since, asked }: Entry, { misses }: Probed, beganAt: number): number {
    if (!alive) return since + (DEAD_AT_MS[asked + 1] ?? Infinity);
    // A tenth of the time is left for services without a heartbeat.
    if (misses === 0) return beganAt + Math.max(MINUTE_MS, 1.1 * GAP_MS * live().length);
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(misses - 1, 10));
    return Math.max(clock.now(), beganAt + RPC_TIMEOUT_MS) + waitMs;
  }

  return {
    follow(backends) {
      listRead = backends !== undefined;
      if (backends) {
        const now = clock.now();
        const expired = now - lastToldAt > HOLDS_MS;
        entries = new Map(
          backends.flatMap(({ host, condition, services }): [string, Entry][] => {
            if (condition === 'frozen' || condition === 'disabled') return [];
            const alive = condition !== 'service_down';
            const hosts = services.map((service) => service.host);
            const known = entries.get(host);
            // With the heartbeat all begins anew: what an older process left unanswered says nothing of this one.
            if (known?.alive === alive)
              return [[host, { ...known, hosts, ...(expired && alive && { probed: NEVER_PROBED }) }]];
            return [[host, { alive, hosts, since: now, asked: 0, dueAt: now, probed: NEVER_PROBED }]];
          }),
        );
        troubles = new Map([...troubles].filter(([host]) => entries.has(host)));
        // Where nobody is to be asked, nothing is wrong with asking.
        if (entries.size === 0 && !open) collectors.succeeded(COLLECTOR, 0);
      }
      plan();
    },
    schedulerTold(answered) {
      poolsRead = answered;
      toldMeanwhile ??= answered;
      for (const [host, entry] of entries)
        if (entry.probed.unanswered.length > 0)
          entries.set(host, { ...entry, probed: withScheduler(entry.probed, answered) });
    },
    probed: () => entries,
    close() {
      closed = true;
      cancel();
    },
  };
}

/** Fields that every driver has. Without an initialised one all are null. Source: cinder/volume/manager.py, get_capabilities. */
const NAMES = ['vendor_name', 'volume_backend_name', 'driver_version', 'storage_protocol', 'pool_name', 'properties'];

/** The lists that show what is under way, and the policy rules that open them. */
const LISTS = [
  ['volumes', 'volume:get_all'],
  ['snapshots', 'volume:get_all_snapshots'],
] as const;

/** Cinder, or what stands before it, gave up, or we did: a thread of the API may still wait for the service. */
function mayBeHeld({ reason, details }: OpenStackError, tookMs: number): boolean {
  if (details.operation !== COLLECTOR || details.notAsked) return false;
  return reason === 'timeout' || (details.status ?? 0) >= 500 || (reason === 'connect' && tookMs >= SHORT_MS);
}

function inconclusive(error: OpenStackError): Outcome {
  return { kind: 'inconclusive', error };
}
