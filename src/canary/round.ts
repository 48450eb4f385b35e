import type { CanaryFailure, CanaryPhase, CanaryRun } from '../cinder/canary.ts';
import type { Clock } from '../clock.ts';
import { durationWords, MINUTE, SECOND } from '../duration.ts';
import { oneLine, OpenStackError } from '../openstack/errors.ts';
import { isOfLogin } from '../openstack/pause.ts';
import type { CanaryVolume, CanaryWire } from './cinder.ts';

/** A volume that is not available by then has failed, and one that is not gone. */
const CREATE_WITHIN_MS = 5 * MINUTE;
const DELETE_WITHIN_MS = 10 * MINUTE;
/** A left-over that Cinder deletes is waited for so long; the next look sees the rest. */
const LEFT_OVER_WITHIN_MS = MINUTE;
/** A marked volume of another process is of a round that goes on, unless it is older. */
export const FRESH_MS = CREATE_WITHIN_MS + DELETE_WITHIN_MS + MINUTE;
/** The first look at a volume, and the longest time between two. */
const FIRST_LOOK_MS = SECOND / 2;
const LONGEST_LOOK_MS = 15 * SECOND;

/** Statuses from which a member may delete. Source: cinder/volume/api.py, delete. */
const DELETABLE: ReadonlySet<string> = new Set([
  'available',
  'error',
  'error_restoring',
  'error_extending',
  'error_managing',
]);

export interface RoundParts {
  readonly wire: CanaryWire;
  readonly clock: Clock;
  /** The process, as marked in its volumes. */
  readonly owner: string;
  /** Is there a scheduler that answers, as far as the exporter knows? Without one a volume that is not made says nothing of the storage. */
  readonly schedulerAnswers: () => boolean;
}

/** What a look at the project came to. */
export interface Tidied {
  /** Why the canary must not be here at all: a clause for people. */
  readonly refusal: string | undefined;
  /** Another process is at it, or was until just now. */
  readonly otherIsAtIt: boolean;
  /** Marked volumes that are still there and should not be. */
  readonly left: readonly CanaryVolume[];
}

/**
 * Looks at all volumes of the project and takes away what rounds have left there. Nothing is touched while the login is an administrator's, or a
 * volume without the mark is in the project. Throws an OpenStackError.
 */
export async function tidy({ wire, clock, owner }: Omit<RoundParts, 'schedulerAnswers'>): Promise<Tidied> {
  const nothing = { otherIsAtIt: false, left: [] };
  if (await wire.isAdmin()) return { ...nothing, refusal: 'its login has the role admin' };
  if (wire.project() === undefined) return { ...nothing, refusal: 'its login is for no project' };
  const volumes = await wire.list();
  const refusal = strangers(volumes, wire.project());
  if (refusal !== undefined) return { ...nothing, refusal };
  const others = volumes.filter((volume) => volume.mark?.owner !== owner && !isOld(volume));
  const left: CanaryVolume[] = [];
  for (const volume of volumes.filter((volume) => !others.includes(volume))) {
    const after = await takeAway(volume.id, wire, clock, LEFT_OVER_WITHIN_MS).catch((error: unknown) => {
      asOpenStack(error);
      return { kind: 'there', volume } as const;
    });
    if (after.kind === 'there') left.push(after.volume);
  }
  return { refusal: undefined, otherIsAtIt: others.length > 0, left };
}

function strangers(volumes: readonly CanaryVolume[], project: string | undefined): string | undefined {
  if (volumes.some(({ showsHost }) => showsHost))
    return 'its login is shown the hosts of volumes, as administrators are';
  const unmarked = volumes.filter((volume) => volume.mark === undefined || volume.project !== project);
  const [first] = unmarked;
  if (first === undefined) return undefined;
  return `its project has ${unmarked.length === 1 ? 'a volume' : `${unmarked.length} volumes`} without the mark of the canary (${first.id})`;
}

/** An age that nobody can tell is a great one: who looks later sees it again. */
function isOld({ ageMs = Infinity }: CanaryVolume): boolean {
  return ageMs > FRESH_MS;
}

/** Should it be gone by now? One that is still being made after a request without an answer has its time first. */
export function isLeaked(volume: CanaryVolume): boolean {
  return volume.status === 'error_deleting' || isOld(volume);
}

/** What became of a volume that was to go. */
type Fate =
  | { readonly kind: 'gone'; readonly asked: boolean }
  | { readonly kind: 'there'; readonly volume: CanaryVolume; readonly asked: boolean };

/**
 * Deletes a volume if everything says that it is the canary's, read again just before, and waits until it is gone. One that may not be deleted now is
 * left as it is. Throws an OpenStackError.
 */
async function takeAway(id: string, wire: CanaryWire, clock: Clock, withinMs: number): Promise<Fate> {
  const volume = await wire.show(id);
  if (volume === undefined) return { kind: 'gone', asked: false };
  const ours = volume.id === id && volume.mark !== undefined && volume.project === wire.project() && !volume.showsHost;
  if (!ours || !DELETABLE.has(volume.status)) return { kind: 'there', volume, asked: false };
  await wire.remove(id);
  const end = await watch(id, wire, clock, withinMs, (status) => status === 'error_deleting');
  return end.volume === undefined ? { kind: 'gone', asked: true } : { kind: 'there', volume: end.volume, asked: true };
}

/** Looks at a volume until it is gone, or in a status that ends the waiting, or the time is over. Requests that fail meanwhile are no end. */
async function watch(
  id: string,
  wire: CanaryWire,
  clock: Clock,
  withinMs: number,
  isEnd: (status: string) => boolean,
): Promise<{ readonly volume: CanaryVolume | undefined; readonly late: boolean }> {
  const beganAt = clock.now();
  let waitMs = FIRST_LOOK_MS;
  let volume: CanaryVolume | undefined;
  for (;;) {
    await rest(clock, waitMs);
    let trouble: unknown;
    try {
      volume = await wire.show(id);
      if (volume === undefined || isEnd(volume.status)) return { volume, late: false };
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
      trouble = error;
    }
    const passed = clock.now() - beganAt;
    if (passed >= withinMs) {
      // Who cannot look does not know.
      if (trouble !== undefined || volume === undefined) throw trouble;
      return { volume, late: true };
    }
    waitMs = Math.min(LONGEST_LOOK_MS, Math.max(FIRST_LOOK_MS, passed / 4), withinMs - passed);
  }
}

/** Waits for so many milliseconds of the clock. */
function rest(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(Math.ceil(ms), resolve);
  });
}

export interface RoundOptions {
  readonly volumeType: string;
  readonly run: string;
  /** The volume stays at least so long, so that another exporter sees it. */
  readonly holdMs: number;
}

/** One round: a volume is made, waited for, and taken away. Never a second one. Never rejects for what the cloud does. */
export async function runRound(parts: RoundParts, options: RoundOptions): Promise<CanaryRun> {
  const { wire, clock } = parts;
  const tookMs: Partial<Record<CanaryPhase, number>> = {};
  const atMs = clock.wall();
  const ended = (failure: CanaryFailure | undefined, success: boolean | undefined): CanaryRun => ({
    atMs,
    success,
    tookMs,
    failure,
  });
  const beganAt = clock.now();
  let id: string;
  try {
    id = await wire.create(options.volumeType, options.run);
  } catch (error) {
    const failure = refusedCreate(asOpenStack(error));
    return ended(failure, SILENT.has(failure.reason) ? undefined : false);
  }
  const made = await inPhase('create', () => waitUntilMade(id, parts));
  if (made) return ended(made, made.reason === 'auth' || made.reason === 'forbidden' ? undefined : false);
  tookMs.create = clock.now() - beganAt;
  await rest(clock, Math.max(0, beganAt + options.holdMs - clock.now()));
  const deletesAt = clock.now();
  const deleted = await inPhase('delete', () => waitUntilGone(id, parts));
  if (deleted) return ended(deleted, deleted.reason === 'auth' || deleted.reason === 'forbidden' ? undefined : false);
  tookMs.delete = clock.now() - deletesAt;
  return ended(undefined, true);
}

/** A request that fails ends the phase. */
async function inPhase(
  phase: CanaryPhase,
  work: () => Promise<CanaryFailure | undefined>,
): Promise<CanaryFailure | undefined> {
  try {
    return await work();
  } catch (error) {
    return requestFailure(phase, asOpenStack(error));
  }
}

/** What says nothing of whether volumes can be made: the canary itself is not set up for it, or is not let in. */
const SILENT: ReadonlySet<CanaryFailure['reason']> = new Set(['quota', 'volume_type', 'auth', 'forbidden']);

function refusedCreate(error: OpenStackError): CanaryFailure {
  const { status, fault } = error.details;
  const reason = status === 413 ? 'quota' : status === 404 && fault === 'itemNotFound' ? 'volume_type' : undefined;
  const failure = requestFailure('create', error);
  return reason === undefined ? failure : { ...failure, reason };
}

/** How a request failed, as the failure of a phase. It never points at the storage. */
export function requestFailure(phase: CanaryPhase, error: OpenStackError): CanaryFailure {
  // A login that does not come about says nothing of what was to be asked with it.
  const reason = isOfLogin(error) || error.details.notAsked ? 'auth' : error.reason;
  return { phase, reason, message: oneLine(error.message), storage: false };
}

async function waitUntilMade(
  id: string,
  { wire, clock, schedulerAnswers }: RoundParts,
): Promise<CanaryFailure | undefined> {
  const could = schedulerAnswers();
  const { volume, late } = await watch(
    id,
    wire,
    clock,
    CREATE_WITHIN_MS,
    (status) => status === 'available' || status.startsWith('error'),
  );
  const failed = (reason: CanaryFailure['reason'], message: string, storage: boolean): CanaryFailure => ({
    phase: 'create',
    reason,
    message,
    storage,
  });
  if (volume === undefined) return failed('vanished', 'the volume was gone before it was made', false);
  if (late) {
    const message = `the volume is still "${oneLine(volume.status)}" after ${durationWords(CREATE_WITHIN_MS)}`;
    return failed('stuck', message, could && schedulerAnswers());
  }
  if (volume.status === 'available') return undefined;
  const messages = await wire.messages(id).catch((error: unknown) => {
    if (!(error instanceof OpenStackError)) throw error;
    return [];
  });
  // The driver's own failure comes first: after its three tries no backend is left, and Cinder says that as well.
  const driver = messages.find(({ event }) => event.endsWith(DRIVER_FAILED));
  if (driver) return failed('driver', oneLine(driver.words), true);
  const none = messages.find(({ event }) => event.endsWith(NO_BACKEND));
  if (none) return failed('no_backend', oneLine(none.words), false);
  const said = messages[0]?.words ?? 'Cinder does not say why';
  return failed('error', oneLine(`the volume is in "${volume.status}": ${said}`), false);
}

/** Ends of event ids: action and detail. Source: cinder/message/message_field.py. */
const DRIVER_FAILED = '_VOLUME_008_012';
const NO_BACKEND = '_VOLUME_001_003';

async function waitUntilGone(
  id: string,
  { wire, clock, schedulerAnswers }: RoundParts,
): Promise<CanaryFailure | undefined> {
  const could = schedulerAnswers();
  const fate = await takeAway(id, wire, clock, DELETE_WITHIN_MS);
  const failed = (reason: CanaryFailure['reason'], message: string, storage: boolean): CanaryFailure => ({
    phase: 'delete',
    reason,
    message,
    storage,
  });
  if (fate.kind === 'gone')
    return fate.asked ? undefined : failed('vanished', 'the volume was gone before it was to be deleted', false);
  const { status } = fate.volume;
  if (status === 'error_deleting')
    return failed('error_deleting', 'the volume is in "error_deleting": its driver could not delete it', true);
  if (!fate.asked) return failed('error', `the volume is in "${oneLine(status)}": somebody else is at it`, false);
  const message = `the volume is still "${oneLine(status)}" after ${durationWords(DELETE_WITHIN_MS)}`;
  return failed('stuck', message, could && schedulerAnswers());
}

/** An error of a request, or what is a bug of ours, thrown on. */
function asOpenStack(error: unknown): OpenStackError {
  if (error instanceof OpenStackError) return error;
  throw error;
}
