import type { FailureReason } from '../openstack/errors.ts';

/**
 * The parts of a round. It looks for left-overs. It makes the volume until it is available. It makes a snapshot until that is gone again.
 * It exports the volume until it is free again. It deletes the volume until it is gone.
 */
export const CANARY_PHASES = ['look', 'create', 'snapshot', 'attach', 'delete'] as const;

export type CanaryPhase = (typeof CANARY_PHASES)[number];

/**
 * Why a round failed.
 * The storage is the cause: `driver` (the driver failed to make or export it), `stuck` (no end in time), `error_deleting` (the driver failed to delete it).
 * Something else is: `no_backend` (the scheduler found none with room for it), `image` (it could not be written to the volume).
 * Also: `error` (in error, and Cinder does not say why), `vanished` (somebody else took it away), `quota`, `volume_type` (the project does not have it).
 * The other reasons tell of a request that failed.
 */
type CanaryReason =
  | 'driver'
  | 'stuck'
  | 'error_deleting'
  | 'no_backend'
  | 'image'
  | 'error'
  | 'vanished'
  | 'quota'
  | 'volume_type'
  | FailureReason;

/** Why no round is begun. */
export const CANARY_PAUSES = ['switch', 'left_overs', 'backends', 'scheduler', 'other_exporter', 'refused'] as const;

export type CanaryPause = (typeof CANARY_PAUSES)[number];

/** How a round came to nothing. */
export interface CanaryFailure {
  readonly phase: CanaryPhase;
  readonly reason: CanaryReason;
  /** For people, on one line; Cinder's own words where it has some. */
  readonly message: string;
  /** It points at the storage, and not at the API, the scheduler, a quota or somebody else. */
  readonly storage: boolean;
}

/** One round of a volume type. Times in milliseconds. */
export interface CanaryRun {
  /** When it began, by our clock, since the epoch. */
  readonly atMs: number;
  /** Whether a volume was made and taken away; undefined: it says nothing of that, such as a quota that is full. */
  readonly success: boolean | undefined;
  /** Of the phases that came to their end. */
  readonly tookMs: Partial<Readonly<Record<CanaryPhase, number>>>;
  readonly failure: CanaryFailure | undefined;
}

/** What the canary knows of a volume type. */
export interface CanaryRow {
  readonly volumeType: string;
  /** The backend that the type is for alone; undefined: it has several. */
  readonly backend: string | undefined;
  readonly everyMs: number;
  /** The last round that had a verdict, and the last that succeeded; undefined: none so far. */
  readonly last: CanaryRun | undefined;
  readonly lastGood: CanaryRun | undefined;
  /** The last round that failed by the fault of the storage since one went well; undefined: none did. */
  readonly lastBlamed: CanaryRun | undefined;
  /** How many rounds failed by the fault of the storage since one went well: a failure of something else says nothing of it, and ends nothing. */
  readonly inARow: number;
  /** The type was seen to be private, and to lead to its backend alone, so that its rounds judge that backend. */
  readonly judges: boolean;
  /** Rounds that came to nothing since the start, by phase and reason, each with how often. */
  readonly failures: readonly (Pick<CanaryFailure, 'phase' | 'reason'> & { readonly count: number })[];
  /** Volumes of the canary that should be gone and are not; undefined: nobody has looked yet. */
  readonly leaked: number | undefined;
  /** Why no round is begun now, and in words; undefined: they go on. */
  readonly paused: { readonly why: CanaryPause; readonly message: string } | undefined;
  /** Those of the last 24 hours, the oldest first. */
  readonly runs: readonly CanaryRun[];
}

/** Two in a row: one alone may be a restart, or a moment. */
const FAILURES_TO_BLAME = 2;

/**
 * Have two rounds in a row or more failed by the fault of the storage? undefined: nobody can tell yet, because none has gone well since the start: what
 * was known before it stands.
 */
export function isFailing({ lastGood, inARow }: CanaryRow): boolean | undefined {
  if (inARow >= FAILURES_TO_BLAME) return true;
  return lastGood === undefined ? undefined : false;
}

/** By the name of a backend: when the last round began that made a volume on it and took it away; by our clock, since the epoch. */
export function goodRounds(rows: readonly CanaryRow[]): ReadonlyMap<string, number> {
  return new Map(
    rows.flatMap(({ backend, judges, lastGood }): [string, number][] =>
      backend !== undefined && judges && lastGood ? [[backend, lastGood.atMs]] : [],
    ),
  );
}

/** What the rounds prove of a backend. */
export interface CanaryProof {
  readonly volumeType: string;
  /** Two rounds in a row or more failed by its fault; else the last one went well. */
  readonly failing: boolean;
  /** The last round that failed so, or that went well. */
  readonly run: CanaryRun;
}

/** A success of longer ago proves nothing any more: rounds that did not take place, and one more. */
const PROOF_INTERVALS = 3;

/** What the canary proves of each backend, by the backend's name. A backend of which it cannot tell is left out. `nowMs` by our clock, since the epoch. */
export function proofsOf(rows: readonly CanaryRow[], nowMs: number): ReadonlyMap<string, CanaryProof> {
  const proofs = new Map<string, CanaryProof>();
  for (const { backend, judges, last, lastBlamed, inARow, everyMs, volumeType } of rows) {
    if (backend === undefined || !judges || last === undefined) continue;
    const failing = inARow >= FAILURES_TO_BLAME;
    const recent = nowMs - last.atMs <= PROOF_INTERVALS * everyMs;
    const run = (failing && lastBlamed) || last;
    if (failing || (last.success === true && recent)) proofs.set(backend, { volumeType, failing, run });
  }
  return proofs;
}
