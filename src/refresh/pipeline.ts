import { assessEach } from '../cinder/assess.ts';
import { follow, type Change, type Histories } from '../cinder/changes.ts';
import {
  NO_EVIDENCE,
  newestHeartbeat,
  poolsInTheLightOf,
  standing,
  wordsOf,
  type Evidence,
} from '../cinder/evidence.ts';
import type { Backend } from '../cinder/model.ts';
import { poolReader } from '../cinder/pools.ts';
import { decodeBody, type RowReader } from '../cinder/rows.ts';
import { createSlices } from '../cinder/slices.ts';
import { serviceReader } from '../cinder/services.ts';
import type { Snapshot } from '../cinder/snapshot.ts';
import { createTypeMemory } from '../cinder/type-memory.ts';
import type { VolumeType } from '../cinder/volume-types.ts';
import { createCutter, type Cutter } from '../cinder/wire.ts';
import { renderSnapshot } from '../metrics/families.ts';
import { compress, type OpenPages } from '../metrics/page.ts';

export interface PipelineOptions {
  readonly staleAfterMs: number;
  readonly maxRows: number;
  readonly maxLabelLength: number;
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
}

/** What the refresh knows that the evidence does not. `now` is our monotonic clock. */
interface Round extends Pick<Snapshot, 'atMs' | 'up' | 'api' | 'collectors'> {
  readonly now: number;
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
  readonly volumeTypes: (types: readonly VolumeType[]) => void;
  readonly publish: (round: Round) => Promise<Published>;
}

/**
 * A `Date` that is further from the newest heartbeat of a live service is of another machine's clock, such as a proxy's, and tells nothing of the
 * age of stats: Cinder calls a service up when it was heard of within `service_down_time`, 60 s by default.
 */
const CLOCK_TOLERANCE_MS = 120_000;

export function createPipeline(options: PipelineOptions): Pipeline {
  let evidence: Evidence = NO_EVIDENCE;
  let histories: Histories = new Map();
  const types = createTypeMemory();

  async function accept<T>(
    body: Body,
    readerFor: (cut: Cutter) => RowReader<T>,
  ): Promise<{ accepted: Accepted; rows: readonly T[] | undefined }> {
    const cut = createCutter(options.maxLabelLength);
    const decoded = await decodeBody(body.bytes, readerFor(cut), options.maxRows);
    const truncated = cut.count();
    if (typeof decoded === 'string') {
      return { accepted: { rows: undefined, rejected: 0, truncated, problem: decoded }, rows: undefined };
    }
    const { rows, rejected, firstProblem } = decoded;
    if (rows.length === 0 && rejected > 0) {
      // That there is nothing in the cloud is a claim which rows that nobody understands do not support.
      const problem = `${rejected} rows, none of which could be used: ${firstProblem}`;
      return { accepted: { rows: undefined, rejected, truncated, problem }, rows: undefined };
    }
    return { accepted: { rows: rows.length, rejected, truncated, problem: firstProblem }, rows };
  }

  async function backendsOf(stands: Evidence, round: Round): Promise<readonly Backend[]> {
    const { services, pools, words } = stands;
    if (!services) return [];
    const heartbeatMs = newestHeartbeat(services.value);
    const nowMs = near(services.cinderTimeMs, heartbeatMs) ?? heartbeatMs ?? round.atMs;
    // Without a Date, the age of the service list by our own monotonic clock leads from the heartbeats to the reading of the pools.
    const reckonedMs = nowMs - services.readAt + (pools?.readAt ?? services.readAt);
    const poolsReadAtMs = near(pools?.cinderTimeMs, reckonedMs) ?? reckonedMs;
    const judgement = { nowMs, poolsReadAtMs, staleAfterMs: options.staleAfterMs };
    const backends: Backend[] = [];
    const slices = createSlices();
    const known = words?.value ?? new Map<string, string | null>();
    for (const backend of assessEach(services.value, poolsInTheLightOf(words, pools), known, judgement)) {
      backends.push(backend);
      if (slices.over()) await slices.next();
    }
    return backends;
  }

  return {
    async services(body, { late }) {
      const { accepted, rows } = await accept(body, serviceReader);
      if (rows) {
        const reading = { readAt: body.readAt, cinderTimeMs: body.cinderTimeMs };
        const words = wordsOf(rows);
        // The rows of a late answer are as old as its question, but what the scheduler said is new.
        if (!late) evidence = { ...evidence, services: { ...reading, value: rows } };
        if (words.size > 0) evidence = { ...evidence, words: { ...reading, value: words } };
      }
      return accepted;
    },
    async pools(body) {
      const { accepted, rows } = await accept(body, (cut) => poolReader(cut, types.see));
      types.seen(rows !== undefined);
      if (rows) {
        const { services, words } = evidence;
        // Words of an earlier list: these pools are newer and say all that it could, the absence of a backend among them.
        const outdated = words && services && words.readAt < services.readAt;
        const pools = { value: rows, readAt: body.readAt, cinderTimeMs: body.cinderTimeMs };
        evidence = { ...evidence, pools, words: outdated ? undefined : words };
      }
      return accepted;
    },
    volumeTypes: types.set,
    async publish(round) {
      const stands = standing(evidence, round.now, options.staleAfterMs);
      evidence = stands;
      const backends = await backendsOf(stands, round);
      const followed = stands.services ? follow(histories, backends, round.atMs) : { after: histories, changes: [] };
      histories = followed.after;
      const { services, pools } = stands;
      const snapshot: Snapshot = {
        atMs: round.atMs,
        up: round.up,
        // With nothing fresh left, only cinder_up and what the exporter tells of itself stay.
        api: services || pools ? round.api : undefined,
        collectors: round.collectors,
        services: services?.value ?? [],
        pools: pools?.value ?? [],
        backends,
        histories,
        volumeTypes: services ? types.rows(services.value) : [],
      };
      return { pages: await compress(renderSnapshot(snapshot)), changes: followed.changes, snapshot };
    },
  };
}

/** The time, unless it is too far from what is known of Cinder's clock. */
function near(dateMs: number | undefined, knownMs: number | undefined): number | undefined {
  if (dateMs === undefined || knownMs === undefined) return dateMs;
  return Math.abs(dateMs - knownMs) <= CLOCK_TOLERANCE_MS ? dateMs : undefined;
}
