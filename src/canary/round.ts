import type { CanaryFailure, CanaryPhase, CanaryRun } from '../cinder/canary.ts';
import type { CanaryConfig, Connector } from '../config/config.ts';
import { durationWords, MINUTE } from '../duration.ts';
import { oneLine, type OpenStackError } from '../openstack/errors.ts';
import { isOfLogin } from '../openstack/pause.ts';
import { ATTACH_TIMEOUT_MS, type CanaryVolume, type CanaryWire } from './cinder.ts';
import {
  asOpenStack,
  DELETE_FAILED,
  drop,
  type Fate,
  FIRST_LOOK_MS,
  FREE_WITHIN_MS,
  type Hands,
  isOurs,
  release,
  rest,
  takeAway,
  watch,
} from './left-overs.ts';

/** A volume that is not available by then has failed, and one that is not gone. */
const CREATE_WITHIN_MS = 5 * MINUTE;
const DELETE_WITHIN_MS = 10 * MINUTE;
/** A snapshot is made and gone by then. */
const SNAPSHOT_WITHIN_MS = 5 * MINUTE;
/** More than two requests that wait for the driver, and that. */
const ATTACH_WITHIN_MS = 2 * ATTACH_TIMEOUT_MS + 2 * FREE_WITHIN_MS;

/** What a round does beyond making and deleting. */
type RoundPlan = Pick<CanaryConfig, 'snapshot' | 'connector'>;

/** A marked volume of another process is of a round that goes on, unless it is older than so many milliseconds. */
export function freshMs({ snapshot, connector }: RoundPlan): number {
  const more = (snapshot ? SNAPSHOT_WITHIN_MS : 0) + (connector ? ATTACH_WITHIN_MS : 0);
  return CREATE_WITHIN_MS + DELETE_WITHIN_MS + MINUTE + more;
}

interface RoundParts extends Hands {
  readonly plan: RoundPlan;
  /** Is there a scheduler that answers, as far as the exporter knows? Without one a volume that is not made says nothing of the storage. */
  readonly schedulerAnswers: () => boolean;
}

interface RoundOptions {
  readonly volumeType: string;
  readonly run: string;
  /** What the volume is made from; undefined: of nothing. */
  readonly image: string | undefined;
  /** The volume stays at least so long, so that another exporter sees it. */
  readonly holdMs: number;
}

/** One round: a volume is made, waited for, tried, and taken away. Nothing is ever asked for twice. Never rejects for what the cloud does. */
export async function runRound(parts: RoundParts, options: RoundOptions): Promise<CanaryRun> {
  const { clock, plan } = parts;
  const { run, volumeType, image } = options;
  const tookMs: Partial<Record<CanaryPhase, number>> = {};
  const atMs = clock.wall();
  const beganAt = clock.now();
  let id = '';
  const phases: readonly (readonly [CanaryPhase, () => Promise<CanaryFailure | undefined>])[] = [
    [
      'create',
      async () => {
        const asked = await posted('create', parts.wire.create(volumeType, run, image));
        if (typeof asked !== 'string') return asked;
        id = asked;
        return waitUntilMade(id, parts);
      },
    ],
    ...(plan.snapshot ? [['snapshot', () => trySnapshot(id, run, parts)] as const] : []),
    ...(plan.connector ? [['attach', () => tryAttach(id, plan.connector ?? {}, parts)] as const] : []),
    ['delete', () => waitUntilGone(id, parts)],
  ];
  for (const [phase, work] of phases) {
    if (phase === 'delete') await rest(clock, Math.max(0, beganAt + options.holdMs - clock.now()));
    const phaseBeganAt = clock.now();
    const failure = await inPhase(phase, work);
    if (failure) return { atMs, success: SILENT.has(failure.reason) ? undefined : false, tookMs, failure };
    tookMs[phase] = clock.now() - phaseBeganAt;
  }
  return { atMs, success: true, tookMs, failure: undefined };
}

/** The id of what was asked for, or how that failed. */
async function posted(phase: CanaryPhase, work: Promise<string>): Promise<string | CanaryFailure> {
  try {
    return await work;
  } catch (error) {
    return refusedPost(phase, asOpenStack(error));
  }
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

function refusedPost(phase: CanaryPhase, error: OpenStackError): CanaryFailure {
  const { status, fault } = error.details;
  const isNotThere = status === 404 && fault === 'itemNotFound';
  const lacking = phase === 'create' ? 'volume_type' : 'vanished';
  const reason = status === 413 ? 'quota' : isNotThere ? lacking : undefined;
  const failure = requestFailure(phase, error);
  return reason === undefined ? failure : { ...failure, reason };
}

/** How a request failed, as the failure of a phase. It never points at the storage. */
export function requestFailure(phase: CanaryPhase, error: OpenStackError): CanaryFailure {
  // A login that does not come about says nothing of what was to be asked with it.
  const reason = isOfLogin(error) || error.details.notAsked ? 'auth' : error.reason;
  return { phase, reason, message: oneLine(error.message), storage: false };
}

/** A failure of this phase. */
type Failed = (reason: CanaryFailure['reason'], message: string, storage: boolean) => CanaryFailure;

function failureOf(phase: CanaryPhase): Failed {
  return (reason, message, storage) => ({ phase, reason, message: oneLine(message), storage });
}

/** Watches for the end of what the scheduler and the driver do; too late, it is the storage's fault unless there was no scheduler before or after. */
async function watchMaking<T extends { readonly status: string }>(
  what: string,
  show: () => Promise<T | undefined>,
  { clock, schedulerAnswers }: RoundParts,
  withinMs: number,
  failed: Failed,
): Promise<{ readonly thing: T } | CanaryFailure> {
  const could = schedulerAnswers();
  const isEnd = (status: string): boolean => status === 'available' || status.startsWith('error');
  const { thing, late } = await watch(show, clock, withinMs, isEnd);
  if (thing === undefined) return failed('vanished', `the ${what} was gone before it was made`, false);
  if (!late) return { thing };
  const message = `the ${what} is still "${thing.status}" after ${durationWords(withinMs)}`;
  return failed('stuck', message, could && schedulerAnswers());
}

async function messagesOf(id: string, wire: CanaryWire): ReturnType<CanaryWire['messages']> {
  return wire.messages(id).catch((error: unknown) => {
    asOpenStack(error);
    return [];
  });
}

async function waitUntilMade(id: string, parts: RoundParts): Promise<CanaryFailure | undefined> {
  const { wire } = parts;
  const failed = failureOf('create');
  let downloaded = false;
  const show = async (): Promise<CanaryVolume | undefined> => {
    const volume = await wire.show(id);
    downloaded ||= volume?.status === 'downloading';
    return volume;
  };
  const made = await watchMaking('volume', show, parts, CREATE_WITHIN_MS, failed);
  if ('reason' in made) return made;
  const { status } = made.thing;
  if (status === 'available') return undefined;
  const messages = await messagesOf(id, wire);
  // The driver's own failure comes first: after its three tries no backend is left, and Cinder says that as well.
  const driver = messages.find(({ event }) => event.endsWith(DRIVER_FAILED));
  if (driver) return failed('driver', driver.words, true);
  const none = messages.find(({ event }) => event.endsWith(NO_BACKEND));
  if (none) return failed('no_backend', none.words, false);
  const said = messages[0]?.words ?? 'Cinder does not say why';
  // The image service may be what fails: that points at nothing.
  if (downloaded || messages.some(({ event }) => event.includes(COPIES_IMAGE)))
    return failed('image', `the image could not be written to the volume: ${said}`, false);
  return failed('error', `the volume is in "${status}": ${said}`, false);
}

/** Ends of event ids: action and detail. Source: cinder/message/message_field.py. */
const DRIVER_FAILED = '_VOLUME_008_012';
const NO_BACKEND = '_VOLUME_001_003';
const COPIES_IMAGE = '_VOLUME_005_';
const SNAPSHOT_FAILED = '_VOLUME_SNAPSHOT_009_013';

/** A snapshot is made of the volume, and deleted. */
async function trySnapshot(volumeId: string, run: string, parts: RoundParts): Promise<CanaryFailure | undefined> {
  const { wire, clock, schedulerAnswers } = parts;
  const failed = failureOf('snapshot');
  const until = clock.now() + SNAPSHOT_WITHIN_MS;
  const id = await posted('snapshot', wire.snapshot(volumeId, run));
  if (typeof id !== 'string') return id;
  const made = await watchMaking('snapshot', () => wire.showSnapshot(id), parts, until - clock.now(), failed);
  if ('reason' in made) return made;
  if (made.thing.status !== 'available') {
    const messages = await messagesOf(id, wire);
    const driver = messages.find(({ event }) => event.endsWith(SNAPSHOT_FAILED));
    if (driver) return failed('driver', driver.words, true);
    const said = messages[0]?.words ?? 'Cinder does not say why';
    return failed('error', `the snapshot is in "${made.thing.status}": ${said}`, false);
  }
  const could = schedulerAnswers();
  const fate = await drop(id, volumeId, parts, Math.max(FIRST_LOOK_MS, until - clock.now()));
  return notGone('snapshot', fate, SNAPSHOT_WITHIN_MS, could && schedulerAnswers(), failed);
}

/** The volume is exported to a connector, and no longer. Nobody connects to it. */
async function tryAttach(
  id: string,
  connector: Connector,
  { wire, clock }: RoundParts,
): Promise<CanaryFailure | undefined> {
  const failed = failureOf('attach');
  try {
    await wire.attach(id, connector);
  } catch (error) {
    const failure = refusedPost('attach', asOpenStack(error));
    return DRIVER_REFUSED.test(failure.message) ? { ...failure, reason: 'driver', storage: true } : failure;
  }
  const before = await wire.show(id);
  const volume = before && isOurs(before, id, wire) ? await release(before, { wire, clock }) : before;
  if (volume === undefined) return failed('vanished', 'the volume was gone before it was released', false);
  if (volume.status === 'available') return undefined;
  return failed('error', `the volume is in "${volume.status}" after it was released`, false);
}

/** What cinder-volume says when its driver failed to export. Source: cinder/volume/manager.py, _connection_create. */
const DRIVER_REFUSED = /: 500: .*(?:Create export for volume failed|Driver initialize connection failed)/;

async function waitUntilGone(id: string, parts: RoundParts): Promise<CanaryFailure | undefined> {
  const could = parts.schedulerAnswers();
  const fate = await takeAway(id, parts, DELETE_WITHIN_MS);
  return notGone('volume', fate, DELETE_WITHIN_MS, could && parts.schedulerAnswers(), failureOf('delete'));
}

/** Why something that was to be deleted was not, or not by us; undefined: it was. */
function notGone<T extends { readonly status: string }>(
  what: string,
  fate: Fate<T>,
  withinMs: number,
  schedulerAnswered: boolean,
  failed: Failed,
): CanaryFailure | undefined {
  if (fate.kind === 'gone')
    return fate.asked ? undefined : failed('vanished', `the ${what} was gone before it was to be deleted`, false);
  const { status } = fate.thing;
  if (status === DELETE_FAILED)
    return failed('error_deleting', `the ${what} is in "error_deleting": its driver could not delete it`, true);
  if (!fate.asked) return failed('error', `the ${what} is in "${status}": somebody else is at it`, false);
  return failed('stuck', `the ${what} is still "${status}" after ${durationWords(withinMs)}`, schedulerAnswered);
}
