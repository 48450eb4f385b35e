import { CONDITION_TABLE, type Condition, needsLook } from './conditions.ts';
import { groupBy } from './evidence.ts';
import type { Backend } from './model.ts';
import type { BackendVolumes, CloudCount, Counted, Snapshot } from './snapshot.ts';
import { asObject } from './wire.ts';

/** One question: how many there are in this status, of one backend or of the whole cloud. */
export interface CountQuestion {
  readonly what: Counted;
  readonly status: string;
  /** A row of cinder-volume, which fits the hosts of all its pools; undefined: the whole cloud. */
  readonly host: string | undefined;
}

/** Statuses that are errors, and those that should pass. Of the volumes `awaiting-transfer`, `reserved` and the like are left out: they may rightly last. */
const CLOUD_STATUSES: Readonly<Record<Counted, readonly string[]>> = {
  volumes: [
    'error',
    'error_deleting',
    'error_extending',
    'error_restoring',
    'creating',
    'deleting',
    'attaching',
    'detaching',
    'downloading',
    'extending',
  ],
  snapshots: ['error', 'error_deleting', 'creating', 'deleting'],
  backups: ['error', 'error_deleting', 'creating', 'deleting', 'restoring'],
};

const BACKEND_STATUSES = ['in-use', 'available'] as const;

/** Keeps the counts, and knows which is to be asked for next. Times in milliseconds, by a clock that is never set. */
export interface Counts {
  /** undefined: all are young enough. */
  readonly next: (backends: readonly Backend[], nowMs: number) => CountQuestion | undefined;
  /** `count` undefined: asked in vain; what stands goes on to grow older. */
  readonly answered: (question: CountQuestion, count: number | undefined, nowMs: number) => void;
  readonly ofBackends: (backends: readonly Backend[], nowMs: number) => ReadonlyMap<string, BackendVolumes>;
  readonly ofCloud: (nowMs: number) => readonly CloudCount[];
}

/** How many are asked for in a minute, however many backends there are: 100 of them are counted in 80 minutes, and those that are out at once. */
export const COUNTS_PER_MINUTE = 5;

const MINUTE = 60_000;
/** A count is not asked for again before. */
const YOUNG_MS = { cloud: 2 * MINUTE, backend: 5 * MINUTE } as const;
/** A count that could not be renewed for so long is none. Longer where a round takes longer. */
const LIFETIME_MS = 60 * MINUTE;

interface Asked {
  readonly question: CountQuestion;
  /** When it was last asked for, well or not. */
  readonly askedAtMs: number;
  readonly count: number | undefined;
  readonly countedAtMs: number;
}

/** `perMinute`: how many questions are asked in a minute. Half of them are for the cloud, the other half for its backends. */
export function createCounts(perMinute: number): Counts {
  const cloud = cloudQuestions();
  const known = new Map<string, Asked>();
  let listed: readonly Backend[] = [];
  let backendsTurn = true;

  /** The one that was asked for longest ago, the first of several. */
  function oldest(questions: Iterable<CountQuestion>, youngMs: number, nowMs: number): CountQuestion | undefined {
    let found: CountQuestion | undefined;
    let foundAtMs = nowMs - youngMs;
    for (const question of questions) {
      const askedAtMs = known.get(keyOf(question))?.askedAtMs ?? -Infinity;
      if (askedAtMs >= foundAtMs) continue;
      found = question;
      foundAtMs = askedAtMs;
      if (askedAtMs === -Infinity) break;
    }
    return found;
  }

  /** Of those that somebody has to look at first: there the number of volumes matters. */
  function ofBackend(nowMs: number): CountQuestion | undefined {
    const troubled = listed.filter(({ condition }) => needsLook(condition));
    return (
      oldest(questionsOf(troubled), YOUNG_MS.backend, nowMs) ?? oldest(questionsOf(listed), YOUNG_MS.backend, nowMs)
    );
  }

  /** Three rounds of the backends, and an hour at least. */
  function lifetimeMs(): number {
    const questions = listed.reduce((sum, { services }) => sum + services.length * BACKEND_STATUSES.length, 0);
    return Math.max(LIFETIME_MS, ((3 * questions) / (perMinute / 2)) * MINUTE);
  }

  function young(question: CountQuestion, nowMs: number): Asked | undefined {
    const asked = known.get(keyOf(question));
    return asked?.count !== undefined && nowMs - asked.countedAtMs <= lifetimeMs() ? asked : undefined;
  }

  return {
    next(backends, nowMs) {
      listed = backends;
      const hosts = new Set(backends.flatMap(({ services }) => services.map(({ host }) => host)));
      for (const [key, { question }] of known)
        if (question.host !== undefined && !hosts.has(question.host)) known.delete(key);
      const ofCloud = (): CountQuestion | undefined => oldest(cloud, YOUNG_MS.cloud, nowMs);
      const question = backendsTurn ? (ofBackend(nowMs) ?? ofCloud()) : (ofCloud() ?? ofBackend(nowMs));
      backendsTurn = question?.host === undefined;
      return question;
    },
    answered(question, count, nowMs) {
      const before = known.get(keyOf(question));
      known.set(keyOf(question), {
        question,
        askedAtMs: nowMs,
        count: count ?? before?.count,
        countedAtMs: count === undefined ? (before?.countedAtMs ?? -Infinity) : nowMs,
      });
    },
    ofBackends(backends, nowMs) {
      const volumes = new Map<string, BackendVolumes>();
      for (const { host: backend, services } of backends) {
        const [inUse, available] = BACKEND_STATUSES.map((status) =>
          sum(services.map(({ host }) => young({ what: 'volumes', status, host }, nowMs))),
        );
        if (!inUse && !available) continue;
        const ageMs = nowMs - Math.min(inUse?.countedAtMs ?? Infinity, available?.countedAtMs ?? Infinity);
        volumes.set(backend, { inUse: inUse?.count, available: available?.count, ageMs });
      }
      return volumes;
    },
    ofCloud: (nowMs) =>
      cloud.flatMap((question) => {
        const count = young(question, nowMs)?.count;
        return count === undefined ? [] : [{ what: question.what, status: question.status, count }];
      }),
  };
}

/** The volumes of a cluster: the sum over its members. Each volume is on the host that made it. undefined as long as one member is not counted. */
function sum(asked: readonly (Asked | undefined)[]): { count: number; countedAtMs: number } | undefined {
  const all = asked.flatMap((one) => one ?? []);
  if (all.length === 0 || all.length < asked.length) return undefined;
  return {
    count: all.reduce((total, { count = 0 }) => total + count, 0),
    countedAtMs: Math.min(...all.map(({ countedAtMs }) => countedAtMs)),
  };
}

/** The errors of every kind first. */
function cloudQuestions(): readonly CountQuestion[] {
  const kinds = Object.keys(CLOUD_STATUSES) as Counted[];
  const most = Math.max(...kinds.map((what) => CLOUD_STATUSES[what].length));
  return Array.from({ length: most }, (_, i) => i).flatMap((i) =>
    kinds.flatMap((what) => {
      const status = CLOUD_STATUSES[what][i];
      return status === undefined ? [] : [{ what, status, host: undefined }];
    }),
  );
}

function* questionsOf(backends: readonly Backend[]): Generator<CountQuestion> {
  for (const status of BACKEND_STATUSES)
    for (const { services } of backends) for (const { host } of services) yield { what: 'volumes', status, host };
}

function keyOf({ what, status, host = '' }: CountQuestion): string {
  return `${what} ${status} ${host}`;
}

/** Below the endpoint. `limit=0` and `with_count` (3.45): a number, and no volume. */
export function countPath({ what, status, host }: CountQuestion): string {
  const of = host === undefined ? '' : `&host=${encodeURIComponent(host)}`;
  return `/${what}?all_tenants=1&limit=0&with_count=true&status=${encodeURIComponent(status)}${of}`;
}

/** The `count` of a list; undefined: there is none, as below 3.45. */
export function countOf(body: unknown): number | undefined {
  const count = asObject(body)?.['count'];
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

/** What is known of volume types: which backends serve them, and which of them only the canary asks for. */
type KnownTypes = Pick<Snapshot, 'volumeTypes' | 'backends' | 'canary'>;

/** The volume types that users may ask for: those that are the canary's alone hit nobody. */
function usersTypes({ volumeTypes, canary = [] }: KnownTypes): Snapshot['volumeTypes'] {
  const own = new Set(canary.flatMap(({ volumeType, judges }) => (judges ? volumeType : [])));
  return own.size === 0 ? volumeTypes : volumeTypes.filter(({ volumeType }) => !own.has(volumeType));
}

/** The backends on which something can be made now, by name. */
function usableHosts({ backends }: KnownTypes): ReadonlySet<string> {
  return new Set(backends.filter(({ condition }) => !isOut(condition)).map(({ host }) => host));
}

/** Volume types of users that no other usable backend serves, for each backend. */
export function typesWithoutAnother(known: KnownTypes): ReadonlyMap<string, number> {
  const usable = usableHosts(known);
  const counts = new Map<string, number>();
  for (const rows of groupBy(usersTypes(known), ({ volumeType }) => volumeType).values()) {
    const others = rows.filter(({ host }) => usable.has(host)).map(({ host }) => host);
    for (const { host } of rows)
      if (others.every((other) => other === host)) counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return counts;
}

/** The volume types of users that backends serve of which none can be used now, by name. */
export function typesWithoutUsable(known: KnownTypes): string[] {
  const usable = usableHosts(known);
  const served = new Map<string, boolean>();
  for (const { volumeType, host } of usersTypes(known))
    served.set(volumeType, served.get(volumeType) === true || usable.has(host));
  return [...served].flatMap(([volumeType, can]) => (can ? [] : volumeType)).toSorted();
}

/** Nothing is made there now. */
function isOut(condition: Condition): boolean {
  const { severity } = CONDITION_TABLE[condition];
  return severity === 'critical' || severity === 'unknown' || severity === 'wanted';
}

/** Who is hit when the backend is out: a clause for people, or undefined when nothing is known. */
export function whoIsHit(snapshot: Pick<Snapshot, 'volumes' | 'typesAlone'>, host: string): string | undefined {
  const inUse = snapshot.volumes.get(host)?.inUse;
  const types = snapshot.typesAlone.get(host) ?? 0;
  const clauses = [
    ...(inUse === undefined
      ? []
      : [inUse === 0 ? 'no volume in use' : `${inUse} ${inUse === 1 ? 'volume' : 'volumes'} in use`]),
    ...(types === 0 ? [] : [`${types} volume ${types === 1 ? 'type' : 'types'} without another backend`]),
  ];
  return clauses.length === 0 ? undefined : clauses.join(', ');
}
