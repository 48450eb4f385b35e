import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { CanaryPause, CanaryRow, CanaryRun } from '../cinder/canary.ts';
import type { Condition } from '../cinder/conditions.ts';
import type { Clock } from '../clock.ts';
import type { CanaryConfig, CanaryTypeConfig } from '../config/config.ts';
import { CANARY_GAP_MS } from '../config/load.ts';
import { DAY, MINUTE, SECOND } from '../duration.ts';
import type { Log } from '../log.ts';
import type { CloudAccess } from '../openstack/access.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { createPauses } from '../openstack/pause.ts';
import { createWritingSession, type WritingSession } from '../openstack/session.ts';
import { createTransport } from '../openstack/transport.ts';
import { USER_AGENT } from '../version.ts';
import { type CanaryWire, createWire } from './cinder.ts';
import { isLeaked, tidy } from './left-overs.ts';
import { freshMs, requestFailure, runRound } from './round.ts';

/** What the exporter knows of the cloud without the canary. */
export interface CanarySurroundings {
  readonly schedulerAnswers: boolean;
  /** The backends that serve a volume type; undefined: nobody knows. */
  readonly backendsOf: (volumeType: string) => readonly string[] | undefined;
  /** undefined: there is no such backend. */
  readonly conditionOf: (backend: string) => Condition | undefined;
}

export interface CanaryOptions {
  readonly config: CanaryConfig;
  readonly access: CloudAccess;
  readonly clock: Clock;
  readonly log: Log;
  readonly requestTimeoutMs: number;
  /** undefined: nothing was read yet. */
  readonly surroundings: () => CanarySurroundings | undefined;
  /** There is something new to show. */
  readonly changed?: () => void;
  readonly observe?: (operation: string, status: string, seconds: number) => void;
  /** What it asks with. @default one of its own, with its own login */
  readonly session?: WritingSession;
  /** Which process its volumes are marked with. @default one for this process */
  readonly owner?: string;
  /** @default Math.random */
  readonly random?: () => number;
  /** @default what a real cloud can bear */
  readonly pace?: CanaryPace;
}

/** In milliseconds. */
interface CanaryPace {
  /** Between two rounds in one cloud, and before the first. */
  readonly gapMs: number;
  /** Exporters with the same configuration begin a round within this time of each other. */
  readonly spreadMs: number;
  /** Each leaves its volume for at least so long, which is longer, so that they see each other. */
  readonly holdMs: number;
}

/** What is still there after cleaning up. */
interface Cleaned {
  /** Volumes that cannot be deleted now. */
  readonly left: number;
  /** Volumes of another process that may be of a round that goes on were left alone. */
  readonly otherIsAtIt: boolean;
  /** Why nothing was touched. */
  readonly refusal: string | undefined;
}

/** The canary of one cloud. */
export interface Canary {
  readonly rows: () => readonly CanaryRow[];
  /** Rounds by the schedule, from now on. */
  readonly start: () => void;
  /** One round now, unless something stands in its way; what is known of the type after it. */
  readonly once: (volumeType: string) => Promise<CanaryRow>;
  /** Takes away what is left of rounds; what is still there. Throws an OpenStackError. */
  readonly clean: () => Promise<Cleaned>;
  readonly close: () => void;
}

/** One for the process: what a canary before a reload has left is no other's. */
const OWNER = randomBytes(8).toString('hex');
/** So many left-overs of a type, and it makes no more. */
const MOST_LEFT_OVERS = 3;
/** What stands in the way for a while is looked at again so soon. */
const LOOK_AGAIN_MS = 30 * SECOND;
/** After a first failure that points at the storage, or may, the next round comes sooner: two in a row are a page. */
const CONFIRM_MS = 5 * MINUTE;
const PACE: CanaryPace = { gapMs: CANARY_GAP_MS, spreadMs: 10 * SECOND, holdMs: 20 * SECOND };
/** No answer of a list or of a volume is larger. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** No more rounds than these are remembered: a day of the shortest interval. */
const MOST_RUNS = 300;

/** A row, and what only the schedule needs. */
interface Entry {
  readonly type: CanaryTypeConfig;
  row: CanaryRow;
  dueAt: number;
}

export function createCanary(options: CanaryOptions): Canary {
  const { config, access, clock, log, surroundings, owner = OWNER, random = Math.random, pace = PACE } = options;
  const transport = createTransport({
    tls: access.tls,
    maxBodyBytes: MAX_BODY_BYTES,
    userAgent: USER_AGENT,
    clock,
    ...(options.observe && { observe: options.observe }),
  });
  const timeoutMs = access.apiTimeoutMs ?? options.requestTimeoutMs;
  const session =
    options.session ?? createWritingSession(access, transport, timeoutMs, createPauses(MINUTE, clock, random), clock);
  const wire: CanaryWire = createWire(session, owner, timeoutMs, clock);
  const parts = {
    wire,
    clock,
    owner,
    plan: config,
    freshMs: freshMs(config),
    schedulerAnswers: () => surroundings()?.schedulerAnswers ?? false,
  };
  const entries: readonly Entry[] = config.types.map((type, i) => ({
    type,
    row: emptyRow(type, config.everyMs),
    // Whoever starts again and again makes no more volumes than one who does not.
    dueAt: clock.now() + pace.gapMs * (1 + i),
  }));
  let lastBeganAt = -Infinity;
  let underWay: Promise<unknown> = Promise.resolve();
  let closed = false;
  let cancel = (): void => {};

  function show(entry: Entry, change: Partial<CanaryRow>): void {
    const before = entry.row;
    entry.row = { ...before, ...change };
    const { paused } = entry.row;
    if (paused?.why !== before.paused?.why) {
      const { volumeType } = entry.type;
      if (paused) log('warn', 'Canary is paused', { volume_type: volumeType, why: paused.why, reason: paused.message });
      else log('info', 'Canary goes on', { volume_type: volumeType });
    }
  }

  function pause(entry: Entry, why: CanaryPause, message: string): undefined {
    show(entry, { paused: { why, message } });
  }

  /** Why this type has no round now, as far as it can be said without asking Cinder. */
  function obstacle({ type }: Entry): CanaryRow['paused'] {
    if (config.pauseFile !== undefined && existsSync(config.pauseFile))
      return { why: 'switch', message: `the file ${config.pauseFile} exists` };
    const seen = surroundings();
    if (!seen?.schedulerAnswers) return { why: 'scheduler', message: 'no scheduler answers, or nobody can tell' };
    const backends = type.backend === undefined ? seen.backendsOf(type.volumeType) : [type.backend];
    const wanted = backends?.map((backend) => seen.conditionOf(backend)).filter((condition) => condition !== undefined);
    if (wanted && wanted.length > 0 && wanted.every((condition) => AS_WANTED.has(condition)))
      return { why: 'backends', message: `${backends?.join(', ')}: disabled or frozen` };
    return undefined;
  }

  /** Looks for left-overs, and says of each type how many there are. */
  async function look(): Promise<Awaited<ReturnType<typeof tidy>>> {
    const tidied = await tidy(parts);
    if (tidied.refusal !== undefined) return tidied;
    for (const entry of entries) {
      const leaked = tidied.left.filter(
        (left) => isLeaked(left) && left.volume.volumeType === entry.type.volumeType,
      ).length;
      show(entry, { leaked });
    }
    return tidied;
  }

  /** A backend is judged through a private type that leads to it alone. */
  function judges({ type }: Entry, isPublic: boolean): boolean {
    const known = surroundings()?.backendsOf(type.volumeType);
    return (
      type.backend !== undefined &&
      !isPublic &&
      (known === undefined || known.every((backend) => backend === type.backend))
    );
  }

  /** One round if nothing stands in its way; resolves with how long to wait for the next try when that is not the usual time. */
  async function attempt(entry: Entry, holdMs: number): Promise<number | undefined> {
    const { volumeType } = entry.type;
    const inTheWay = obstacle(entry);
    if (inTheWay) {
      show(entry, { paused: inTheWay });
      return LOOK_AGAIN_MS;
    }
    const beganAt = clock.now();
    const atMs = clock.wall();
    let isPublic: boolean | undefined;
    try {
      const tidied = await look();
      if (tidied.refusal !== undefined) return pause(entry, 'refused', tidied.refusal);
      if (tidied.otherIsAtIt) {
        // What the other one sees is newer.
        show(entry, { last: undefined, lastGood: undefined, lastBlamed: undefined, inARow: 0 });
        return pause(entry, 'other_exporter', 'a volume of another process is younger than a round can be');
      }
      const { leaked = 0 } = entry.row;
      if (leaked >= MOST_LEFT_OVERS) return pause(entry, 'left_overs', `${leaked} volumes of it could not be deleted`);
      isPublic = await wire.isPublic(volumeType);
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
      const failure = requestFailure('look', error);
      note(entry, { atMs, success: undefined, tookMs: {}, failure });
      return;
    }
    const lookMs = clock.now() - beganAt;
    if (isPublic === undefined) {
      const message = 'the project has no such volume type, or no access to it';
      const failure = { phase: 'look', reason: 'volume_type', message, storage: false } as const;
      note(entry, { atMs, success: undefined, tookMs: { look: lookMs }, failure });
      return;
    }
    show(entry, { judges: judges(entry, isPublic), paused: undefined });
    lastBeganAt = clock.now();
    const { phase, reason } = entry.row.runs.at(-1)?.failure ?? {};
    const image = phase === 'create' && reason !== undefined && WITHOUT_IMAGE.has(reason) ? undefined : config.image;
    const run = await runRound(parts, { volumeType, run: randomBytes(8).toString('hex'), image, holdMs });
    note(entry, { ...run, tookMs: { look: lookMs, ...run.tookMs } });
    if (!run.failure) return;
    await look().catch((error: unknown) => {
      if (!(error instanceof OpenStackError)) throw error;
    });
    const first = run.failure.storage && entry.row.inARow === 1;
    const isUnclear = run.failure.reason === 'no_backend' && image !== undefined;
    return first || isUnclear ? Math.min(CONFIRM_MS, config.everyMs) : undefined;
  }

  /** Remembers a round, and tells of it. */
  function note(entry: Entry, run: CanaryRun): void {
    const { row } = entry;
    const { failure, success } = run;
    const fields = {
      volume_type: row.volumeType,
      phase: failure?.phase,
      reason: failure?.reason,
      error: failure?.message,
    };
    if (failure) log(success === undefined ? 'error' : 'warn', 'Canary round failed', fields);
    else log('debug', 'Canary round went well', fields);
    const since = clock.wall() - DAY;
    show(entry, {
      paused: undefined,
      ...(success !== undefined && { last: run }),
      ...(success === true && { lastGood: run, lastBlamed: undefined, inARow: 0 }),
      ...(failure?.storage === true && { lastBlamed: run, inARow: row.inARow + 1 }),
      failures: failure ? counted(row.failures, failure) : row.failures,
      runs: [...row.runs.filter(({ atMs }) => atMs >= since), run].slice(-MOST_RUNS),
    });
  }

  /** One after the other: there is one operation under way in a cloud. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = underWay.then(work);
    underWay = turn.catch(() => undefined);
    return turn;
  }

  /** Milliseconds until the slot of a type in the wall clock's time: the same for all exporters with this configuration, and not soon after the round before. */
  function untilSlot(entry: Entry): number {
    const { everyMs } = config;
    const offsetMs = (entries.indexOf(entry) / entries.length) * everyMs;
    const now = clock.wall();
    const least = now + everyMs / 2;
    return Math.ceil((least - offsetMs) / everyMs) * everyMs + offsetMs - now + random() * pace.spreadMs;
  }

  function plan(): void {
    cancel();
    if (closed) return;
    const [next] = entries.toSorted((a, b) => a.dueAt - b.dueAt);
    if (!next) return;
    const now = clock.now();
    const waitMs = Math.ceil(Math.max(0, next.dueAt - now, lastBeganAt + pace.gapMs - now));
    cancel = clock.after(waitMs, () => void turn(next));
  }

  async function turn(entry: Entry): Promise<void> {
    let waitMs: number | undefined;
    try {
      waitMs = await inTurn(() => attempt(entry, pace.holdMs));
    } catch (error) {
      if (!closed) log('error', 'Canary failed for a reason of our own', { error: String(error) });
    }
    if (closed) return;
    entry.dueAt = clock.now() + (waitMs ?? untilSlot(entry));
    options.changed?.();
    plan();
  }

  return {
    // What stands in the way may have come or gone since the last try.
    rows: () =>
      entries.map((entry) => {
        const { paused } = entry.row;
        const stays = paused !== undefined && !PASSING.has(paused.why);
        return { ...entry.row, paused: obstacle(entry) ?? (stays ? paused : undefined) };
      }),
    start: plan,
    async once(volumeType) {
      const entry = entries.find(({ type }) => type.volumeType === volumeType);
      if (!entry) throw new RangeError(`${volumeType} is no volume type of the canary`);
      await inTurn(() => attempt(entry, 0));
      return entry.row;
    },
    clean: () =>
      inTurn(async () => {
        const { left, ...tidied } = await look();
        return { ...tidied, left: left.length };
      }),
    close() {
      closed = true;
      cancel();
      transport.close();
    },
  };
}

/**
 * After these the next volume is made of nothing: of a driver that fails Cinder tells only then. Of an image that looks like a lack of room.
 * Source: cinder/volume/flows/manager/create_volume.py, _create_raw_volume.
 */
const WITHOUT_IMAGE: ReadonlySet<string> = new Set(['no_backend', 'driver']);

/** Conditions that an administrator asked for. */
const AS_WANTED: ReadonlySet<Condition> = new Set(['disabled', 'frozen']);

/** What is found without asking Cinder. */
const PASSING: ReadonlySet<CanaryPause> = new Set(['switch', 'scheduler', 'backends']);

function emptyRow({ volumeType, backend }: CanaryTypeConfig, everyMs: number): CanaryRow {
  return {
    volumeType,
    backend,
    everyMs,
    last: undefined,
    lastGood: undefined,
    lastBlamed: undefined,
    inARow: 0,
    judges: false,
    failures: [],
    leaked: undefined,
    paused: undefined,
    runs: [],
  };
}

function counted(
  before: CanaryRow['failures'],
  { phase, reason }: Pick<CanaryRow['failures'][number], 'phase' | 'reason'>,
): CanaryRow['failures'] {
  const known = before.find((each) => each.phase === phase && each.reason === reason);
  const others = before.filter((each) => each !== known);
  return [...others, { phase, reason, count: (known?.count ?? 0) + 1 }];
}
