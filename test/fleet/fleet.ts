import type { CreationMessage, SeenVolume } from '../../src/cinder/creations.ts';
import { PAGE } from '../../src/cinder/creations.ts';
import type { Condition } from '../../src/cinder/conditions.ts';
import type { Backend } from '../../src/cinder/model.ts';
import type { VolumeTypeBackend } from '../../src/cinder/snapshot.ts';
import type { Operation } from '../../src/cinder/stuck.ts';
import { createRandom, type Random } from '../soak/random.ts';
import { pool, service } from '../support/samples.ts';

/** What may befall a fleet. Those of BREAKS break creations on a backend that goes on to look well. */
export const EVENTS = [
  'refuses',
  'hangs',
  'dead, never asks',
  'dead, says so',
  'snapshot limit',
  'pool full',
  'disabled',
  'failed over',
  'redeploy',
  'slow',
  'image service away',
  'wrong extra spec',
  'bad image',
  'quota',
  'mass delete',
  'detach storm',
  'long copies',
  'scheduler away',
  'lists refused',
  'exporter restarts',
] as const;
export type EventKind = (typeof EVENTS)[number];
export const BREAKS: ReadonlySet<EventKind> = new Set(['refuses', 'hangs', 'dead, never asks']);

/** One event: the truth. Times in minutes since the start. `at`: number of the backend, or of the mistyped type; of the whole cloud -1. */
export interface FleetEvent {
  readonly kind: EventKind;
  readonly at: number;
  readonly from: number;
  readonly until: number;
  /** What was asked for and failed by it, or hung, as far as it can be told from other failures: by the driver's message, of a type of its own. */
  readonly asked: { readonly at: number; readonly requestId: string; readonly project: string }[];
}

/** Length of an event in minutes, and how many there are in a backend-year (of the whole cloud: a year). */
const RATES: Readonly<Record<EventKind, { readonly long: readonly [number, number]; readonly perYear: number }>> = {
  refuses: { long: [20, 360], perYear: 4 },
  hangs: { long: [40, 360], perYear: 4 },
  'dead, never asks': { long: [10, 240], perYear: 2 },
  'dead, says so': { long: [10, 240], perYear: 4 },
  'snapshot limit': { long: [60, 1440], perYear: 2 },
  'pool full': { long: [60, 2880], perYear: 4 },
  disabled: { long: [10, 1440], perYear: 6 },
  'failed over': { long: [60, 1440], perYear: 1 },
  redeploy: { long: [1, 6], perYear: 50 },
  slow: { long: [30, 360], perYear: 6 },
  'image service away': { long: [5, 180], perYear: 12 },
  'wrong extra spec': { long: [60, 2880], perYear: 12 },
  'bad image': { long: [10, 240], perYear: 100 },
  quota: { long: [10, 600], perYear: 200 },
  'mass delete': { long: [20, 90], perYear: 50 },
  'detach storm': { long: [60, 400], perYear: 24 },
  'long copies': { long: [600, 2500], perYear: 50 },
  'scheduler away': { long: [2, 60], perYear: 12 },
  'lists refused': { long: [5, 180], perYear: 100 },
  'exporter restarts': { long: [1, 60], perYear: 100 },
};
const OF_CLOUD: ReadonlySet<EventKind> = new Set([
  'image service away',
  'wrong extra spec',
  'bad image',
  'quota',
  'mass delete',
  'detach storm',
  'long copies',
  'scheduler away',
  'lists refused',
  'exporter restarts',
]);

const BACKENDS = 50;
/** Types that five backends serve each, beside one of its own for each. */
const SHARED = 10;
const PROJECTS = 40;
const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const YEAR = 365 * 24 * 60;
const GIB = 1024 ** 3;

type Origin = 'nothing' | 'image' | 'copy';

interface Volume {
  readonly id: string;
  readonly type: string;
  readonly project: string;
  readonly origin: Origin;
  readonly createdAt: number;
  status: string;
  updatedAt: number | undefined;
  backend: number | undefined;
  /** In which minute it ends, and as what; undefined: never by itself. */
  ends: { readonly at: number; readonly status: string } | undefined;
  requestId: string;
  tries: number;
  readonly failedOn: Set<number>;
  readonly badImage: BadImage | undefined;
  deleteAt: number | undefined;
}

/**
 * What cinder-volume makes of it: refused for its format before it is copied, it is scheduled anew, and at last no backend is found; broken while it is copied, the volume
 * keeps its host.
 */
type BadImage = 'refused' | 'broken';

/** What a user asks for, and how often he tries once more when it fails. */
interface Wish {
  readonly type: string;
  readonly project: string;
  readonly origin: Origin;
  readonly left: number;
  readonly badImage: BadImage | undefined;
}

/** A simulated fleet, minute by minute. */
export interface Fleet {
  readonly events: readonly FleetEvent[];
  /** Lets a minute pass. */
  readonly step: () => void;
  readonly nowMs: () => number;
  readonly minute: () => number;
  readonly newest: (sinceMs: number | undefined) => readonly SeenVolume[];
  readonly messages: () => readonly CreationMessage[];
  readonly inStatus: (operation: Operation) => readonly SeenVolume[];
  readonly backends: () => readonly Backend[];
  readonly volumeTypes: readonly VolumeTypeBackend[];
  readonly active: (kind: EventKind, at: number) => FleetEvent | undefined;
  readonly created: () => number;
}

export const hostOf = (backend: number): string => `c${backend % 5}@b${backend}`;
export const typoOf = (at: number): string => `typo${at}`;

/** The whole truth of so many minutes, from a seed. */
function plan(random: Random, minutes: number): FleetEvent[] {
  const events: FleetEvent[] = [];
  const add = (kind: EventKind, at: number, from: number): void => {
    const [low, high] = RATES[kind].long;
    const until = from + Math.round(random.between(low, high));
    events.push({ kind, at, from, until, asked: [] });
  };
  for (const kind of EVENTS) {
    const units = OF_CLOUD.has(kind) ? 1 : BACKENDS;
    const count = (RATES[kind].perYear * units * minutes) / YEAR;
    const whole = Math.floor(count) + (random.next() < count % 1 ? 1 : 0);
    for (let i = 0; i < whole; i += 1) {
      const at = OF_CLOUD.has(kind) ? (kind === 'wrong extra spec' ? i : -1) : Math.floor(random.between(0, BACKENDS));
      const from = Math.floor(random.between(60, minutes));
      add(kind, at, from);
      // Misfortunes do not come alone: a second event on the same backend, or a redeploy because of the first.
      if (at >= 0 && kind !== 'wrong extra spec' && random.next() < 0.2) {
        const second = random.pick(['redeploy', 'failed over', 'disabled', 'pool full', 'refuses', 'hangs'] as const);
        add(second, at, from + Math.floor(random.between(1, 60)));
      }
    }
  }
  return events.toSorted((a, b) => a.from - b.from);
}

/** A fleet of 50 backends with its users. */
export function createFleet(seed: number, minutes: number): Fleet {
  const random = createRandom(seed);
  const events = plan(random, minutes);
  let now = 0;
  let upcoming = 0;
  let open: FleetEvent[] = [];
  let volumes: Volume[] = [];
  let messages: CreationMessage[] = [];
  const operations = new Map<Operation, SeenVolume[]>();
  const retries: (Wish & { readonly at: number })[] = [];
  let count = 0;
  const conditions = Array.from({ length: BACKENDS }, () => ({ condition: 'up' as Condition, since: -10_000 }));
  /** How much each type is used: a few much, most little. */
  const types = [
    ...Array.from({ length: BACKENDS }, (_, i) => ({ name: `own${i}`, on: [i] })),
    ...Array.from({ length: SHARED }, (_, j) => ({ name: `shared${j}`, on: [0, 1, 2, 3, 4].map((k) => 5 * j + k) })),
  ];
  const popular = types.map((type) => ({ type, weight: random.next() ** 2 * (type.on.length > 1 ? 6 : 1) + 0.02 }));
  const weights = popular.reduce((sum, { weight }) => sum + weight, 0);
  const onOf = new Map(types.map(({ name, on }) => [name, on]));
  const volumeTypes = types.flatMap(({ name, on }) => on.map((i) => ({ volumeType: name, host: hostOf(i) })));
  // Whose cinder-volume notices when its array is dead: three kinds of drivers of four do, each in its own way.
  const active = (kind: EventKind, at: number): FleetEvent | undefined =>
    open.find((event) => event.kind === kind && event.at === at);

  function conditionOf(at: number): Condition {
    if (active('disabled', at) || active('failed over', at)) return 'disabled';
    const redeploy = active('redeploy', at);
    if (redeploy && now - redeploy.from >= 2) return 'service_down';
    const dead = active('dead, says so', at);
    if (dead && now - dead.from >= 1 + (at % 3) * 2) return at % 3 === 0 ? 'down' : at % 3 === 1 ? 'stale' : 'failing';
    return at % 4 === 3 ? 'up_assumed' : 'up';
  }

  /** Would the scheduler give it a volume? It knows only what is told: a heartbeat that is gone for a minute, a pool that is full. */
  const takes = (at: number): boolean =>
    ['up', 'up_assumed', 'failing', 'stale'].includes(conditions[at]?.condition ?? '') && !active('pool full', at);

  function tell(volume: Volume, reason: CreationMessage['reason']): void {
    count += 1;
    messages.unshift({
      id: `m${count}`,
      requestId: volume.requestId,
      volumeId: volume.id,
      reason,
      atMs: START + now * MINUTE,
    });
    if (messages.length > 2 * PAGE) messages = messages.slice(0, PAGE);
  }

  function blame(event: FleetEvent | undefined, volume: Volume): void {
    if (event === undefined) return;
    const ofDriver = BREAKS.has(event.kind) && event.kind !== 'hangs';
    if (ofDriver && (volume.origin !== 'nothing' || onOf.get(volume.type)?.length !== 1)) return;
    if (event.kind === 'hangs' && volume.origin === 'copy') return;
    event.asked.push({ at: now, requestId: volume.requestId, project: volume.project });
  }

  function fail(volume: Volume, keepsHost: boolean): void {
    volume.status = 'error';
    volume.updatedAt = now;
    volume.ends = undefined;
    if (!keepsHost) volume.backend = undefined;
    const patience = random.next();
    volume.deleteAt = patience < 0.1 ? now : patience < 0.6 ? now + Math.round(random.between(1, 15)) : undefined;
  }

  function schedule(volume: Volume): void {
    if (active('scheduler away', -1)) return;
    const on = onOf.get(volume.type) ?? [];
    const fits = on.filter((at) => takes(at) && !volume.failedOn.has(at));
    if (fits.length === 0 || volume.tries >= 3) {
      tell(volume, 'no_backend');
      for (const event of open)
        if (event.kind === 'wrong extra spec' && typoOf(event.at) === volume.type) blame(event, volume);
      return fail(volume, false);
    }
    volume.tries += 1;
    volume.backend = random.pick(fits);
    volume.updatedAt = now;
    make(volume, volume.backend);
  }

  /** What becomes of it on its backend. */
  function make(volume: Volume, at: number): void {
    const { origin } = volume;
    const refused = active('refuses', at) ?? active('dead, never asks', at) ?? active('dead, says so', at);
    const hung = active('hangs', at);
    const limit = origin === 'copy' ? active('snapshot limit', at) : undefined;
    const images = origin === 'image' ? active('image service away', -1) : undefined;
    if (active('redeploy', at)) {
      volume.ends = { at: now + 8, status: 'again' };
      return;
    }
    if (hung) {
      blame(hung, volume);
      volume.ends = undefined;
      return;
    }
    const why = refused ?? limit ?? images;
    if (why) {
      blame(why, volume);
      if (refused && origin === 'nothing') tell(volume, 'driver');
      volume.failedOn.add(at);
      volume.backend = undefined;
      return schedule(volume);
    }
    if (volume.badImage === 'refused') {
      volume.failedOn.add(at);
      volume.backend = undefined;
      return schedule(volume);
    }
    const slow = active('slow', at) ? Math.round(random.between(5, 25)) : 0;
    const long = origin === 'image' ? random.between(0, 6) : origin === 'copy' ? random.next() ** 6 * 120 : 0;
    if (origin === 'image' && slow === 0) volume.status = 'downloading';
    volume.ends = { at: now + slow + Math.round(long), status: volume.badImage ? 'error' : 'available' };
    if (volume.ends.at <= now) finish(volume);
  }

  function finish(volume: Volume): void {
    const status = volume.ends?.status;
    if (status === 'again') return make(volume, volume.backend ?? 0);
    if (status === 'error') return fail(volume, true);
    volume.status = random.next() < 0.5 ? 'in-use' : 'available';
    volume.updatedAt = now;
    volume.ends = undefined;
    volume.deleteAt = random.next() < 0.3 ? now + Math.round(random.between(1, 600)) : undefined;
  }

  function anyImage(origin: Origin): BadImage | undefined {
    if (origin !== 'image' || random.next() >= (active('bad image', -1) ? 0.5 : 0.01)) return undefined;
    return random.next() < 0.5 ? 'refused' : 'broken';
  }

  function request({ type, project, origin, left, badImage }: Wish): void {
    if (active('quota', -1) && random.next() < 0.3) return;
    count += 1;
    const volume: Volume = {
      id: `v${count}`,
      type,
      project,
      origin,
      createdAt: now,
      status: 'creating',
      updatedAt: undefined,
      backend: undefined,
      ends: undefined,
      requestId: `r${count}`,
      tries: 0,
      failedOn: new Set(),
      badImage,
      deleteAt: undefined,
    };
    schedule(volume);
    volumes.push(volume);
    if (volume.status === 'error' && left > 0 && random.next() < 0.6)
      retries.push({ at: now + Math.round(random.between(1, 6)), type, project, origin, left: left - 1, badImage });
  }

  function anyType(): string {
    let left = random.next() * weights;
    for (const { type, weight } of popular) if ((left -= weight) <= 0) return type.name;
    return 'own0';
  }

  const originOf = (): Origin => {
    const any = random.next();
    return any < 0.45 ? 'image' : any < 0.85 ? 'nothing' : 'copy';
  };
  const projectOf = (): string => `p${Math.floor(random.next() ** 2 * PROJECTS)}`;

  function begin(event: FleetEvent): void {
    const { kind, at } = event;
    if (kind === 'redeploy' || kind === 'failed over')
      for (const volume of volumes)
        if (volume.backend === at && ['creating', 'downloading'].includes(volume.status)) fail(volume, true);
    const rows = (operation: Operation, n: number): void => {
      const list = Array.from({ length: n }, (_, i) =>
        rowOf(`${kind} ${event.from} ${i}`, operation, Math.floor(random.between(0, BACKENDS))),
      );
      operations.set(operation, [...(operations.get(operation) ?? []), ...list]);
    };
    if (kind === 'mass delete') rows('deleting', 150);
    if (kind === 'detach storm') rows('detaching', 20);
    if (kind === 'long copies') {
      rows('backing-up', 2);
      rows('retyping', 1);
    }
  }

  function end({ kind, at, from }: FleetEvent): void {
    if (kind === 'hangs')
      for (const volume of volumes)
        if (volume.backend === at && volume.status === 'creating' && volume.ends === undefined)
          volume.ends = { at: now, status: random.next() < 0.5 ? 'error' : 'available' };
    for (const [operation, list] of operations)
      operations.set(
        operation,
        list.filter(({ id }) => !id.startsWith(`${kind} ${from} `)),
      );
  }

  const rowOf = (id: string, status: string, at: number): SeenVolume => ({
    id,
    status,
    volumeType: `own${at}`,
    host: hostOf(at),
    project: 'p0',
    size: 1,
    raw: true,
    image: false,
    createdAtMs: START - 100 * 24 * 60 * MINUTE,
    updatedAtMs: START + now * MINUTE,
  });

  const isMade = ({ status }: Volume): boolean => status === 'available' || status === 'in-use';
  const seen = (volume: Volume): SeenVolume => ({
    id: volume.id,
    status: volume.status,
    volumeType: volume.type,
    host: volume.backend === undefined ? undefined : hostOf(volume.backend),
    project: volume.project,
    size: 1,
    raw: volume.origin === 'nothing' || (volume.origin === 'image' && !isMade(volume)),
    image: volume.origin === 'image' && isMade(volume),
    createdAtMs: START + volume.createdAt * MINUTE,
    updatedAtMs: volume.updatedAt === undefined ? undefined : START + volume.updatedAt * MINUTE,
  });

  const well = Array.from({ length: BACKENDS }, (_, at) => ({
    service: service(hostOf(at)),
    failedOver: service(hostOf(at), { replicationStatus: 'failed-over' }),
    pool: pool(`${hostOf(at)}#p`, { totalBytes: 1000 * GIB, freeBytes: 500 * GIB }),
    full: pool(`${hostOf(at)}#p`, { totalBytes: 1000 * GIB, freeBytes: 0 }),
  }));

  return {
    events,
    step() {
      now += 1;
      for (; (events[upcoming]?.from ?? Infinity) <= now; upcoming += 1) {
        const event = events[upcoming];
        if (!event) break;
        open.push(event);
        begin(event);
      }
      const over = open.filter(({ until }) => until <= now);
      open = open.filter(({ until }) => until > now);
      over.forEach(end);
      for (const [at, known] of conditions.entries()) {
        const condition = conditionOf(at);
        if (condition !== known.condition) conditions[at] = { condition, since: now };
      }
      for (const volume of volumes) {
        if (volume.ends && volume.ends.at <= now) finish(volume);
        if (volume.status === 'creating' && volume.backend === undefined && volume.createdAt < now) schedule(volume);
      }
      const day = 1 + Math.sin(((now % 1440) / 1440) * 2 * Math.PI);
      for (let due = 0.2 + 3 * day; due > 0; due -= 1)
        if (random.next() < due) {
          const [type, project, origin] = [anyType(), projectOf(), originOf()];
          request({ type, project, origin, left: 3, badImage: anyImage(origin) });
        }
      for (const event of open)
        if (event.kind === 'wrong extra spec' && random.next() < 0.2)
          request({
            type: typoOf(event.at),
            project: projectOf(),
            origin: originOf(),
            left: 2,
            badImage: undefined,
          });
      const again = retries.filter(({ at }) => at <= now);
      for (const retry of again) {
        retries.splice(retries.indexOf(retry), 1);
        request(retry);
      }
      volumes = volumes.filter(
        ({ deleteAt = Infinity, createdAt, status }) =>
          deleteAt > now && (createdAt > now - 180 || ['creating', 'downloading'].includes(status)),
      );
    },
    nowMs: () => START + now * MINUTE,
    minute: () => now,
    newest(sinceMs = -Infinity) {
      const rows: SeenVolume[] = [];
      for (let i = volumes.length - 1; i >= 0 && rows.length < PAGE; i -= 1) {
        const volume = volumes[i];
        if (volume && START + volume.createdAt * MINUTE > sinceMs) rows.push(seen(volume));
      }
      return rows;
    },
    messages: () => messages.slice(0, PAGE),
    inStatus: (operation) => [
      ...(operations.get(operation) ?? []),
      ...(operation === 'creating' || operation === 'downloading'
        ? volumes.filter(({ status }) => status === operation).map(seen)
        : []),
    ],
    backends: () =>
      well.map((each, at): Backend => ({
        host: hostOf(at),
        condition: conditions[at]?.condition ?? 'up',
        reason: '',
        state: 1,
        reported: true,
        answers: true,
        statsAtMs: undefined,
        heartbeatAtMs: undefined,
        services: [active('failed over', at) ? each.failedOver : each.service],
        pools: [active('pool full', at) ? each.full : each.pool],
      })),
    volumeTypes,
    active,
    created: () => count,
  };
}
