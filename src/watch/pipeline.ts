import type { Registry } from 'prom-client';
import { assess, withCreations } from '../cinder/assess.ts';
import { goodRounds, proofsOf } from '../cinder/canary.ts';
import {
  type Evidence,
  isDisputed,
  NO_EVIDENCE,
  standing,
  type Standing,
  withPools,
  withServices,
} from '../cinder/evidence.ts';
import type { Backend, Pool, Service } from '../cinder/model.ts';
import { type Answering, answeringOf, noneAnswers, type Probed } from '../cinder/probes.ts';
import { poolReader } from '../cinder/pools.ts';
import { decodeBody, type ReadRows, type RowReader } from '../cinder/rows.ts';
import { serviceReader } from '../cinder/services.ts';
import { createOperations, type Operations } from '../cinder/operations.ts';
import { type Change, follow, type Histories, type Snapshot } from '../cinder/snapshot.ts';
import { createTypeMemory, type TypeMemory } from '../cinder/types.ts';
import { COUNTS_PER_MINUTE, type Counts, createCounts, typesWithoutAnother } from '../cinder/volumes.ts';
import { createCutter, type Cutter } from '../cinder/wire.ts';
import type { OperationLimits } from '../config/config.ts';
import { renderRegistry } from '../metrics/exporter.ts';
import type { Format } from '../metrics/exposition.ts';
import { renderSnapshot } from '../metrics/families.ts';
import { createKept, type Kept } from '../kept.ts';
import { atOnce, createSlices, inSlices, type Slices } from '../slices.ts';
import { compress, finish, type KnownPieces, type OpenPages, type Packed } from '../metrics/page.ts';

export interface PipelineOptions {
  readonly staleAfterMs: number;
  readonly maxRows: number;
  readonly maxLabelLength: number;
  readonly operationLimits: OperationLimits;
}

/** An answer's body, and the clocks when it came: ours (monotonic) and Cinder's. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly readAt: number;
  readonly cinderTimeMs: number | undefined;
}

/** What became of a body. */
export interface Accepted {
  /** undefined: it was not the list that was asked for, and `problem` says what it was. */
  readonly rows: number | undefined;
  readonly rejected: number;
  readonly truncated: number;
  readonly problem: string | undefined;
  /** Backends of which schedulers tell different things. */
  readonly disagreements: readonly string[];
}

/** What the refresh knows that the evidence does not. `now` is our monotonic clock. */
interface Round extends Pick<Snapshot, 'atMs' | 'up' | 'api' | 'collectors' | 'canary'> {
  readonly now: number;
  /** What the probes of each backend came to; undefined: nobody asks. */
  readonly probes?: ReadonlyMap<string, { readonly alive: boolean; readonly probed: Probed }> | undefined;
}

export interface Published {
  readonly pages: OpenPages;
  readonly changes: readonly Change[];
  readonly snapshot: Snapshot;
}

/** From bodies to pages: keeps the evidence and the histories of one cloud, and has no effects of its own. */
export interface Pipeline {
  readonly services: (body: Body, how: { readonly late: boolean }) => Promise<Accepted>;
  readonly pools: (body: Body) => Promise<Accepted>;
  /** The types as they are now; which backends serve them shows with the next pools. */
  readonly volumeTypes: TypeMemory['set'];
  readonly typesFlooded: TypeMemory['flooded'];
  readonly counts: Counts;
  readonly operations: Operations;
  readonly publish: (round: Round) => Promise<Published>;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  let evidence: Evidence = NO_EVIDENCE;
  let histories: Histories = new Map();
  const types = createTypeMemory();
  const counts = createCounts(COUNTS_PER_MINUTE);
  const operations = createOperations(options.operationLimits);
  const serviceRows = createKept<ReadRows<Service>>();
  const poolRows = createKept<ReadRows<Pool>>();
  const pieces = createKept<KnownPieces>();

  async function accept<T>(
    body: Body,
    readerFor: (cut: Cutter) => RowReader<T>,
    known: Kept<ReadRows<T>>,
    slices: Slices,
  ): Promise<{ accepted: Accepted; rows: readonly T[] | undefined }> {
    const disagreements: readonly string[] = [];
    const cut = createCutter(options.maxLabelLength);
    const decoded = await decodeBody(body.bytes, readerFor(cut), options.maxRows, known, slices);
    const truncated = cut.count();
    // What is cut is counted in each answer, and so is decoded each time.
    if (truncated > 0) known.forget();
    if (typeof decoded === 'string') {
      return {
        accepted: { rows: undefined, rejected: 0, truncated, problem: decoded, disagreements },
        rows: undefined,
      };
    }
    const { rows, rejected, firstProblem } = decoded;
    if (rows.length === 0 && rejected > 0) {
      // That there is nothing in the cloud is a claim which rows that nobody understands do not support.
      const problem = `${rejected} rows, none of which could be used: ${firstProblem}`;
      return { accepted: { rows: undefined, rejected, truncated, problem, disagreements }, rows: undefined };
    }
    return { accepted: { rows: rows.length, rejected, truncated, problem: firstProblem, disagreements }, rows };
  }

  /** Takes the steps from the evidence to the next, in slices. What another answer has brought meanwhile must not be lost: then at once. */
  async function follows<T extends { readonly evidence: Evidence }>(
    steps: (known: Evidence) => Generator<void, T>,
    slices: Slices,
  ): Promise<T> {
    const before = evidence;
    const inTurns = await inSlices(steps(before), slices);
    const made = evidence === before ? inTurns : atOnce(steps(evidence));
    ({ evidence } = made);
    return made;
  }

  async function backendsOf(
    stands: Standing,
    round: Round,
    nowMs: number | undefined,
    slices: Slices,
  ): Promise<readonly Backend[]> {
    if (!stands.services) return [];
    const blindness = blindnessOf(stands.services, round);
    const backends: Backend[] = [];
    const probed = new Map<string, { alive: boolean; answering: Answering }>();
    for (const [host, probe] of round.probes ?? []) {
      const answering = answeringOf(probe.probed, round.now);
      if (answering) probed.set(host, { alive: probe.alive, answering });
    }
    if (slices.over()) await slices.next();
    for (const backend of assess(
      stands.services,
      {
        ...stands,
        probed,
        lastMade: operations.creations.lastMade,
        proofs: proofsOf(round.canary ?? [], round.atMs),
      },
      { nowMs, staleAfterMs: options.staleAfterMs, blindness },
    )) {
      backends.push(backend);
      if (slices.over()) await slices.next();
    }
    return backends;
  }

  return {
    async services(body, { late }) {
      const slices = createSlices();
      const { accepted, rows } = await accept(body, serviceReader, serviceRows, slices);
      if (!rows) return accepted;
      const whole = accepted.rejected === 0;
      await follows((known) => withServices(known, rows, body, { late, whole }), slices);
      return accepted;
    },
    async pools(body) {
      const slices = createSlices();
      const readerFor = (cut: Cutter): RowReader<Pool> => poolReader(cut, types.see, types.wants);
      const { accepted, rows } = await accept(body, readerFor, poolRows, slices);
      types.seen(rows !== undefined);
      if (!rows) return accepted;
      const whole = accepted.rejected === 0;
      const { disagreements } = await follows((known) => withPools(known, rows, body, whole), slices);
      return { ...accepted, disagreements };
    },
    volumeTypes: types.set,
    typesFlooded: types.flooded,
    counts,
    operations,
    async publish(round) {
      const slices = createSlices();
      /** One part after the other; scrapes are let in between. */
      const part = async <T>(run: () => T): Promise<T> => {
        if (slices.over()) await slices.next();
        return run();
      };
      const stands = await part(() => standing(evidence, round.now, options.staleAfterMs));
      const { services, reports } = stands;
      const { clockOffsetMs } = evidence;
      const cinderNowMs = clockOffsetMs === undefined ? undefined : round.now + clockOffsetMs;
      const assessed = await backendsOf(stands, round, cinderNowMs, slices);
      const volumeTypes = await part(() => (services ? types.rows(services) : []));
      const typesAreWhole =
        !types.flooded() && round.collectors.some(({ collector, success }) => collector === 'volume_types' && success);
      const nowMs = cinderNowMs ?? round.atMs;
      const seen = services
        ? await part(() =>
            operations.seen({
              backends: assessed,
              volumeTypes: typesAreWhole ? volumeTypes : undefined,
              canaryMade: canaryMade(round, nowMs),
              nowMs,
            }),
          )
        : undefined;
      const backends =
        seen && seen.failing.size > 0
          ? assessed.map((backend) => withCreations(backend, seen.failing.get(backend.host), nowMs))
          : assessed;
      // Read and written in one part: another page may be made meanwhile.
      const { after, changes } = await part(() => {
        const followed = services ? follow(histories, backends, round.atMs) : { after: histories, changes: [] };
        histories = followed.after;
        return followed;
      });
      const snapshot: Snapshot = {
        atMs: round.atMs,
        clockOffsetMs: services && cinderNowMs !== undefined ? cinderNowMs - round.atMs : undefined,
        up: round.up,
        // With nothing fresh left, only cinder_up and what the exporter tells of itself stay.
        api: services || reports.size > 0 ? round.api : undefined,
        canary: round.canary,
        collectors: round.collectors,
        services: await part(() =>
          (services ?? []).map((service) =>
            isDisputed(service, cinderNowMs) ? { ...service, up: undefined } : service,
          ),
        ),
        pools: await inSlices(poolsOf(reports, backends), slices),
        backends,
        noneAnswers:
          services && round.probes
            ? noneAnswers([...round.probes.values()].flatMap(({ alive, probed }) => (alive ? [probed] : [])))
            : undefined,
        histories: after,
        volumeTypes,
        volumes: await part(() => (services ? counts.ofBackends(backends, round.now) : new Map())),
        counts: services ? counts.ofCloud(round.now) : [],
        typesAlone: await part(() => typesWithoutAnother({ volumeTypes, backends, canary: round.canary })),
        operations: seen,
      };
      return { pages: await compress((known) => renderSnapshot(snapshot, known), pieces), changes, snapshot };
    },
  };
}

/** When the canary last made a volume on each backend, by Cinder's clock. */
function canaryMade({ canary, atMs }: Round, nowMs: number): ReadonlyMap<string, number> {
  return new Map([...goodRounds(canary ?? [])].map(([host, goodMs]) => [host, nowMs - (atMs - goodMs)]));
}

/** All pools, of one backend after the other. A backend's pools are given as they were judged. */
function* poolsOf(reports: Standing['reports'], backends: readonly Backend[]): Generator<void, readonly Pool[]> {
  const judged = new Map(backends.map(({ host, pools }) => [host, pools]));
  const all: Pool[] = [];
  for (const [host, { pools }] of reports) {
    for (const pool of judged.get(host) ?? pools) all.push(pool);
    yield;
  }
  return all;
}

/** Why no driver stats can be read, as a clause for people. */
function blindnessOf(services: readonly Service[], { collectors, api }: Round): string {
  const pools = collectors.find(({ collector }) => collector === 'pools');
  const failure = pools?.failure;
  if (failure?.reason === 'forbidden') return 'Cinder forbids this user to read them';
  if (failure?.reason === 'auth') return 'the login is refused';
  const schedulers = services.filter(({ binary }) => binary === 'cinder-scheduler');
  if (schedulers.length > 0 && !schedulers.some(({ up }) => up === true)) return 'no cinder-scheduler is alive';
  if (failure) return failure.reason === 'timeout' ? 'no scheduler answers' : 'the request for them fails';
  if (api?.backendStateSupported === false) return 'this Cinder is older than microversion 3.49, and lists no state';
  return pools ? 'no scheduler has answered yet' : 'they are not asked for';
}

/** What is left to say when a snapshot could not be made: that the cloud is not read, and how each collector went. */
export async function blank({ atMs, collectors }: Pick<Snapshot, 'atMs' | 'collectors'>): Promise<Published> {
  const snapshot: Snapshot = {
    atMs,
    clockOffsetMs: undefined,
    up: false,
    api: undefined,
    collectors,
    services: [],
    pools: [],
    backends: [],
    histories: new Map(),
    volumeTypes: [],
    volumes: new Map(),
    counts: [],
    typesAlone: new Map(),
  };
  return { pages: await compress(() => renderSnapshot(snapshot)), changes: [], snapshot };
}

/** Serves whole pages: the cloud's, as its last refresh left it, and after it the exporter's own metrics. */
export interface PageSource {
  readonly page: (format: Format) => Promise<Packed>;
}

/** The exporter's own metrics may be this old. A scrape in between copies bytes. */
const OWN_MAX_AGE_MS = 1000;

interface OwnPage {
  /** When its own metrics were read, by the clock of the source. */
  readonly at: number;
  readonly of: OpenPages | undefined;
  readonly page: Promise<Packed>;
  /** Another is being made to follow it. */
  followed?: boolean;
}

export function createPageSource(
  pages: () => OpenPages | undefined,
  registries: readonly Registry[],
  now = (): number => performance.now(),
): PageSource {
  const cached: Partial<Record<Format, OwnPage>> = {};

  async function render(of: OpenPages | undefined, format: Format): Promise<Packed> {
    const own = await Promise.all(registries.map((registry) => renderRegistry(registry, format)));
    return finish(of, own.join(''), format);
  }

  function begin(of: OpenPages | undefined, format: Format): OwnPage {
    return { at: now(), of, page: render(of, format) };
  }

  /** Makes the next page while the one before is still good: during a refresh that takes a scrape ten times as long as to copy one. */
  function beginNext(old: OwnPage, format: Format): void {
    if (old.followed) return;
    old.followed = true;
    const next = begin(old.of, format);
    next.page.then(
      () => {
        if (cached[format] === old) cached[format] = next;
      },
      // Who asks when it is needed gets the error.
      () => {},
    );
  }

  return {
    page(format) {
      const of = pages();
      const old = cached[format];
      const ageMs = old ? now() - old.at : Infinity;
      if (!old || old.of !== of || ageMs >= OWN_MAX_AGE_MS) return (cached[format] = begin(of, format)).page;
      if (ageMs >= OWN_MAX_AGE_MS / 2) beginNext(old, format);
      return old.page;
    },
  };
}
