import type { Clock } from '../clock.ts';
import { MINUTE, SECOND } from '../duration.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { CanarySnapshot, CanaryVolume, CanaryWire } from './cinder.ts';

/** A left-over that Cinder deletes is waited for so long; the next look sees the rest. */
const LEFT_OVER_WITHIN_MS = MINUTE;
/** The volume is free so soon after it is not exported any more: Cinder answers when the driver is done. */
export const FREE_WITHIN_MS = MINUTE;
/** The first look at a volume, and the longest time between two. */
export const FIRST_LOOK_MS = SECOND / 2;
const LONGEST_LOOK_MS = 15 * SECOND;

/** The status of what a driver could not delete: a member can never delete it again. */
export const DELETE_FAILED = 'error_deleting';
/** Statuses from which a member may delete. Source: cinder/volume/api.py, delete. */
const DELETABLE: ReadonlySet<string> = new Set([
  'available',
  'error',
  'error_restoring',
  'error_extending',
  'error_managing',
]);
/** Statuses of a volume that has attachments, or had. Source: cinder/objects/fields.py, VolumeAttachStatus, and cinder/volume/api.py, attachment_create. */
const HELD: ReadonlySet<string> = new Set([
  'reserved',
  'attaching',
  'in-use',
  'detaching',
  'error_attaching',
  'error_detaching',
]);

/** What is needed to take something away. */
export interface Hands {
  readonly wire: CanaryWire;
  readonly clock: Clock;
}

interface Look extends Hands {
  /** The process, as marked in its volumes. */
  readonly owner: string;
  /** A marked volume of another process is of a round that goes on, unless it is older. */
  readonly freshMs: number;
}

/** What a look at the project came to. */
export interface Tidied {
  /** Why the canary must not be here at all: a clause for people. */
  readonly refusal: string | undefined;
  /** Another process is at it, or was until just now. */
  readonly otherIsAtIt: boolean;
  /** Marked volumes that are still there and should not be. */
  readonly left: readonly LeftOver[];
}

interface LeftOver {
  readonly volume: CanaryVolume;
  /** A driver could not delete it, or its snapshot: nor can the canary, however often it tries. */
  readonly stuck: boolean;
  /** Longer there than a round can be. */
  readonly old: boolean;
}

/**
 * Looks at all volumes of the project and takes away what rounds have left there. Nothing is touched while the login is an administrator's, or a
 * volume without the mark is in the project. Throws an OpenStackError.
 */
export async function tidy({ wire, clock, owner, freshMs }: Look): Promise<Tidied> {
  // An age that nobody can tell is a great one: who looks later sees it again.
  const isOld = ({ ageMs = Infinity }: CanaryVolume): boolean => ageMs > freshMs;
  const nothing = { otherIsAtIt: false, left: [] };
  if (await wire.isAdmin()) return { ...nothing, refusal: 'its login has the role admin' };
  if (wire.project() === undefined) return { ...nothing, refusal: 'its login is for no project' };
  const volumes = await wire.list();
  const refusal = strangers(volumes, wire.project());
  if (refusal !== undefined) return { ...nothing, refusal };
  const others = volumes.filter((volume) => volume.mark?.owner !== owner && !isOld(volume));
  const left: LeftOver[] = [];
  for (const volume of volumes.filter((volume) => !others.includes(volume))) {
    const after = await takeAway(volume.id, { wire, clock }, LEFT_OVER_WITHIN_MS).catch((error: unknown) => {
      asOpenStack(error);
      return { kind: 'there', thing: volume, stuck: false } as const;
    });
    if (after.kind === 'there') left.push({ volume: after.thing, stuck: after.stuck, old: isOld(after.thing) });
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

/** Should it be gone by now? One that is still being made after a request without an answer has its time first. */
export function isLeaked({ stuck, old }: LeftOver): boolean {
  return stuck || old;
}

/** What became of a volume, or of a snapshot, that was to go. */
export type Fate<T = CanaryVolume> =
  | { readonly kind: 'gone'; readonly asked: boolean }
  | { readonly kind: 'there'; readonly thing: T; readonly asked: boolean; readonly stuck: boolean };

/**
 * Deletes a volume if everything says that it is the canary's, read again just before, and waits until it is gone. What holds it goes first: attachments
 * that no server has, and the canary's snapshots. One that may not be deleted now is left as it is. Throws an OpenStackError.
 */
export async function takeAway(id: string, hands: Hands, withinMs: number): Promise<Fate> {
  const { wire } = hands;
  let volume = await wire.show(id);
  if (volume && isOurs(volume, id, wire) && HELD.has(volume.status)) volume = await release(volume, hands);
  if (volume === undefined) return { kind: 'gone', asked: false };
  if (!isOurs(volume, id, wire) || !DELETABLE.has(volume.status))
    return { kind: 'there', thing: volume, asked: false, stuck: volume.status === DELETE_FAILED };
  try {
    await wire.remove(id);
  } catch (error) {
    // So Cinder answers for a volume that has snapshots.
    if (!isRefusal(error)) throw error;
    const snapshots = await wire.snapshotsOf(id);
    if (snapshots.length === 0) throw error;
    const fates = await Promise.all(snapshots.map((snapshot) => drop(snapshot.id, id, hands, LEFT_OVER_WITHIN_MS)));
    const stuck = fates.some((fate) => fate.kind === 'there' && fate.stuck);
    volume = await wire.show(id);
    if (volume === undefined) return { kind: 'gone', asked: false };
    const free = fates.every(({ kind }) => kind === 'gone') && isOurs(volume, id, wire) && DELETABLE.has(volume.status);
    if (!free) return { kind: 'there', thing: volume, asked: false, stuck };
    await wire.remove(id);
  }
  return waitUntilDeleted(() => wire.show(id), hands.clock, withinMs);
}

export function isOurs({ id, mark, project, showsHost }: CanaryVolume, wanted: string, wire: CanaryWire): boolean {
  return id === wanted && mark !== undefined && project === wire.project() && !showsHost;
}

/** Cinder itself says that it may not be: 400. */
function isRefusal(error: unknown): boolean {
  return error instanceof OpenStackError && error.details.status === 400 && error.details.fault === 'badRequest';
}

/** Ends what the canary's volume is exported to, and waits until it is free. One that a server has is left as it is. */
export async function release(volume: CanaryVolume, { wire, clock }: Hands): Promise<CanaryVolume | undefined> {
  const attachments = await wire.attachmentsOf(volume.id);
  if (attachments.length === 0 || attachments.some(({ hasServer }) => hasServer)) return volume;
  for (const { id } of attachments) await wire.detach(id);
  const { thing } = await watch(
    () => wire.show(volume.id),
    clock,
    FREE_WITHIN_MS,
    (status) => !HELD.has(status),
    0,
  );
  return thing;
}

/** Deletes a snapshot of the canary's volume, read again just before, and waits until it is gone. */
export async function drop(
  id: string,
  volumeId: string,
  { wire, clock }: Hands,
  withinMs: number,
): Promise<Fate<CanarySnapshot>> {
  const snapshot = await wire.showSnapshot(id);
  if (snapshot === undefined) return { kind: 'gone', asked: false };
  const { status, run, project } = snapshot;
  const ours = snapshot.id === id && run !== undefined && snapshot.volumeId === volumeId && project === wire.project();
  // Source: cinder/volume/api.py, delete_snapshot.
  if (!ours || !['available', 'error'].includes(status))
    return { kind: 'there', thing: snapshot, asked: false, stuck: status === DELETE_FAILED };
  await wire.removeSnapshot(id);
  return waitUntilDeleted(() => wire.showSnapshot(id), clock, withinMs);
}

async function waitUntilDeleted<T extends { readonly status: string }>(
  show: () => Promise<T | undefined>,
  clock: Clock,
  withinMs: number,
): Promise<Fate<T>> {
  const { thing } = await watch(show, clock, withinMs, (status) => status === DELETE_FAILED);
  if (thing === undefined) return { kind: 'gone', asked: true };
  return { kind: 'there', thing, asked: true, stuck: thing.status === DELETE_FAILED };
}

/**
 * Looks at a volume or a snapshot until it is gone, or in a status that ends the waiting, or the time is over. Requests that fail meanwhile are no end.
 */
export async function watch<T extends { readonly status: string }>(
  show: () => Promise<T | undefined>,
  clock: Clock,
  withinMs: number,
  isEnd: (status: string) => boolean,
  firstLookMs = FIRST_LOOK_MS,
): Promise<{ readonly thing: T | undefined; readonly late: boolean }> {
  const beganAt = clock.now();
  let waitMs = firstLookMs;
  let thing: T | undefined;
  for (;;) {
    if (waitMs > 0) await rest(clock, waitMs);
    let trouble: unknown;
    try {
      thing = await show();
      if (thing === undefined || isEnd(thing.status)) return { thing, late: false };
    } catch (error) {
      trouble = asOpenStack(error);
    }
    const passed = clock.now() - beganAt;
    if (passed >= withinMs) {
      // Who cannot look does not know.
      if (trouble !== undefined || thing === undefined) throw trouble;
      return { thing, late: true };
    }
    waitMs = Math.min(LONGEST_LOOK_MS, Math.max(FIRST_LOOK_MS, passed / 4), withinMs - passed);
  }
}

/** Waits for so many milliseconds of the clock. */
export function rest(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(Math.ceil(ms), resolve);
  });
}

/** An error of a request, or what is a bug of ours, thrown on. */
export function asOpenStack(error: unknown): OpenStackError {
  if (error instanceof OpenStackError) return error;
  throw error;
}
