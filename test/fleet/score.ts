import { OPERATION_LIMITS } from '../../src/config/load.ts';
import { PAGE } from '../../src/cinder/creations.ts';
import { createOperations, type OperationsSeen } from '../../src/cinder/operations.ts';
import { OPERATIONS } from '../../src/cinder/stuck.ts';
import { BREAKS, createFleet, type EventKind, type Fleet, type FleetEvent, hostOf, typoOf } from './fleet.ts';

const ALERTS = [
  'CinderBackendCreationsFailing',
  'CinderVolumeCreationsFailing',
  'CinderVolumeTypeFailing',
  'CinderVolumeTypeUnschedulable',
] as const;
type AlertName = (typeof ALERTS)[number];

/** An alert that fired, in minutes of the fleet. */
interface Fired {
  readonly alert: AlertName;
  readonly about: string;
  readonly at: number;
  /** The events that it tells of; none: it is false. */
  readonly events: readonly FleetEvent[];
}

export interface Played {
  readonly minutes: number;
  readonly created: number;
  readonly events: readonly FleetEvent[];
  readonly fired: readonly Fired[];
}

/** Minutes: `creations_failing_for`, and as long as Prometheus and the next refresh need. */
const WAITS = 3;
/** `ticket_keep_firing_for`. */
const KEEPS = 3;
/** A decision rests on what was so a little while ago. */
const AFTER = 6;

/** What each alert may rightly tell of. */
const CAUSES: Readonly<Record<AlertName, ReadonlySet<EventKind>>> = {
  CinderBackendCreationsFailing: new Set<EventKind>([...BREAKS, 'dead, says so']),
  CinderVolumeCreationsFailing: new Set<EventKind>(['image service away']),
  CinderVolumeTypeFailing: new Set<EventKind>([...BREAKS, 'dead, says so', 'snapshot limit', 'image service away']),
  CinderVolumeTypeUnschedulable: new Set<EventKind>(['wrong extra spec']),
};

/** Plays so many minutes of a fleet through what the collector keeps and decides, at its pace. */
export function play(seed: number, minutes: number): Played {
  const fleet = createFleet(seed, minutes);
  let operations = createOperations(OPERATION_LIMITS);
  const since = new Map<string, { from: number; last: number; fired: boolean }>();
  const fired: Fired[] = [];
  for (let minute = 1; minute <= minutes; minute += 1) {
    fleet.step();
    // One that was restarted knows nothing of before, but what it reads.
    const restarts = fleet.active('exporter restarts', -1) !== undefined;
    if (restarts) operations = createOperations(OPERATION_LIMITS);
    else read(fleet, operations);
    const { backends, volumeTypes } = fleet;
    const seen = operations.seen({ backends: backends(), volumeTypes, nowMs: fleet.nowMs() });
    for (const { alert, about } of decided(seen)) {
      const key = `${alert} ${about}`;
      const known = since.get(key);
      if (!known) since.set(key, { from: minute, last: minute, fired: false });
      else known.last = minute;
      const one = since.get(key);
      if (!one || one.fired || minute - one.from < WAITS) continue;
      one.fired = true;
      fired.push({ alert, about, at: minute, events: causesOf(fleet, alert, about, minute) });
    }
    for (const [key, { last, fired: is }] of since) if (minute - last > (is ? KEEPS : 0)) since.delete(key);
  }
  return { minutes, created: fleet.created(), events: fleet.events, fired };
}

/** What the collector asks for in this minute. */
function read(fleet: Fleet, { creations, underWay }: ReturnType<typeof createOperations>): void {
  const nowMs = fleet.nowMs();
  if (fleet.active('lists refused', -1)) {
    creations.missed('volumes');
    creations.missed('messages');
    return;
  }
  const messages = fleet.messages();
  creations.told(messages, { nowMs, full: messages.length >= PAGE });
  const newest = fleet.newest(creations.sinceMs());
  creations.saw(newest, { nowMs, full: newest.length >= PAGE });
  for (const [i, operation] of OPERATIONS.entries()) {
    if (fleet.minute() % (operation === 'creating' ? 2 : 10) !== (operation === 'creating' ? 0 : i % 10)) continue;
    const rows = fleet.inStatus(operation);
    underWay.saw(operation, rows.slice(0, PAGE), { nowMs, full: rows.length >= PAGE, windowed: true });
  }
}

function decided(seen: OperationsSeen | undefined): readonly { readonly alert: AlertName; readonly about: string }[] {
  const weighed = seen?.weighed;
  if (!weighed) return [];
  return [
    ...weighed.backends.flatMap(({ host, evidence }) =>
      evidence ? [{ alert: 'CinderBackendCreationsFailing', about: host } as const] : [],
    ),
    ...(weighed.cloud ? [{ alert: 'CinderVolumeCreationsFailing', about: '' } as const] : []),
    ...weighed.types.flatMap(({ volumeType, failing, unschedulable }) => [
      ...(failing ? [{ alert: 'CinderVolumeTypeFailing', about: volumeType } as const] : []),
      ...(unschedulable ? [{ alert: 'CinderVolumeTypeUnschedulable', about: volumeType } as const] : []),
    ]),
  ];
}

/** The events that are the truth behind it: under way, or over for no longer than a decision needs. */
function causesOf({ events, volumeTypes }: Fleet, alert: AlertName, about: string, at: number): readonly FleetEvent[] {
  const hosts = new Set(
    alert === 'CinderBackendCreationsFailing'
      ? [about]
      : volumeTypes.flatMap(({ volumeType, host }) => (volumeType === about ? host : [])),
  );
  return events.filter(
    (event) =>
      CAUSES[alert].has(event.kind) &&
      event.from <= at &&
      at <= event.until + AFTER &&
      (event.kind === 'image service away' ||
        (event.kind === 'wrong extra spec' ? typoOf(event.at) === about : hosts.has(hostOf(event.at)))),
  );
}

/** Did enough requests of two projects fail within half an hour; or, where they hang, begin half an hour before its end, or before the end of the play? */
function isLoud({ kind, asked, until }: FleetEvent, requests: number, playedUntil: number): boolean {
  if (kind === 'hangs') return asked.filter(({ at }) => at <= Math.min(until, playedUntil) - 35).length >= requests;
  return asked.some((first) => {
    const window = asked.filter(({ at }) => at >= first.at && at < first.at + 30);
    return (
      new Set(window.map(({ requestId }) => requestId)).size >= requests &&
      new Set(window.map(({ project }) => project)).size >= 2
    );
  });
}

/** How one alert did. Minutes. */
export interface Score {
  readonly alert: AlertName;
  /** Events of which it should tell, that were asked about often enough for anybody to notice. */
  readonly noticeable: number;
  readonly found: number;
  readonly missed: number;
  /** Events during which too few asked. */
  readonly quiet: number;
  readonly falsely: number;
  /** From its beginning to the alert: the one in the middle, and the one of which nine in ten were faster. */
  readonly median: number | undefined;
  readonly ninth: number | undefined;
}

/** What each should tell of; the type speaks where no backend does. */
const TASKS: Readonly<Record<AlertName, { readonly kinds: ReadonlySet<EventKind>; readonly requests: number }>> = {
  CinderBackendCreationsFailing: { kinds: BREAKS, requests: 3 },
  CinderVolumeCreationsFailing: { kinds: new Set<EventKind>(['image service away']), requests: 10 },
  CinderVolumeTypeFailing: { kinds: new Set<EventKind>(['snapshot limit']), requests: 5 },
  CinderVolumeTypeUnschedulable: { kinds: new Set<EventKind>(['wrong extra spec']), requests: 5 },
};

export function score(played: readonly Played[]): readonly Score[] {
  return ALERTS.map((alert) => {
    const { kinds, requests } = TASKS[alert];
    const all = played.flatMap(({ events }) => events.filter(({ kind }) => kinds.has(kind)));
    const fired = played.flatMap((one) => one.fired).filter((one) => one.alert === alert);
    const first = new Map<FleetEvent, number>();
    for (const { events, at } of fired)
      for (const event of events) if (!first.has(event)) first.set(event, at - event.from);
    const found = all.filter((event) => first.has(event));
    const quiet = played.flatMap(({ events, minutes }) =>
      events.filter((event) => kinds.has(event.kind) && !first.has(event) && !isLoud(event, requests, minutes)),
    );
    const took = found.map((event) => first.get(event) ?? 0).toSorted((a, b) => a - b);
    return {
      alert,
      noticeable: all.length - quiet.length,
      found: found.length,
      missed: all.length - quiet.length - found.length,
      quiet: quiet.length,
      falsely: fired.filter(({ events }) => events.length === 0).length,
      median: took[Math.floor(took.length / 2)],
      ninth: took[Math.floor(took.length * 0.9)],
    };
  });
}
