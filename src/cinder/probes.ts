/** What may be under way on a backend, as the lists of volumes and snapshots tell it. */
export interface Unfinished {
  /** How many volumes and snapshots are in a passing state. */
  readonly count: number;
  /** The ids of the oldest of them. */
  readonly ids: ReadonlySet<string>;
}

/** A probe that nobody answered for as long as Cinder waits. Times by our monotonic clock, in milliseconds. */
export interface Unanswered {
  readonly beganAt: number;
  /** `get_pools` was answered after it had begun, so that scheduler and message bus are well; undefined: neither answered nor failed so far. */
  readonly schedulerAnswered: boolean | undefined;
  /** What was under way when it ended; undefined: that could not be read. */
  readonly underWay: Unfinished | undefined;
}

/** What the probes of one backend came to: `GET /capabilities/{host}`, a question to its cinder-volume, not to its driver. */
export interface Probed {
  readonly answeredAt: number | undefined;
  /** Whether its driver was initialised, by the last answer. Without one every field is null. */
  readonly initialised: boolean | undefined;
  /** The last two of those in a row that nobody answered. */
  readonly unanswered: readonly Unanswered[];
  /** How many there were in a row, and when the first began. */
  readonly misses: number;
  readonly unansweredSince: number | undefined;
  /** It answers nobody, and nothing that was under way has ended. Holds until an answer, or the end of something. */
  readonly unresponsive: boolean;
}

export const NEVER_PROBED: Probed = {
  answeredAt: undefined,
  initialised: undefined,
  unanswered: [],
  misses: 0,
  unansweredSince: undefined,
  unresponsive: false,
};

/** Two that are further apart are not two in a row. */
const IN_A_ROW_MS = 15 * 60_000;

export function withAnswer(at: number, initialised: boolean): Probed {
  return { ...NEVER_PROBED, answeredAt: at, initialised };
}

export function withoutAnswer(before: Probed, probe: Unanswered): Probed {
  // One that could not be told from a bus that is down is none.
  if (probe.schedulerAnswered === false) return before;
  return judged({
    ...before,
    initialised: undefined,
    unanswered: [...before.unanswered, probe].slice(-2),
    misses: before.misses + 1,
    unansweredSince: before.unansweredSince ?? probe.beganAt,
  });
}

/** `get_pools` was answered, or not: the first time after a probe had begun decides whether the probe counts. */
export function withScheduler(before: Probed, answered: boolean): Probed {
  if (before.unanswered.every(({ schedulerAnswered }) => schedulerAnswered !== undefined)) return before;
  const told = before.unanswered.flatMap((probe) =>
    probe.schedulerAnswered === undefined ? (answered ? [{ ...probe, schedulerAnswered: true }] : []) : [probe],
  );
  if (before.unresponsive) return judged({ ...before, unanswered: told });
  const misses = before.misses - (before.unanswered.length - told.length);
  if (told.length > 0) return judged({ ...before, unanswered: told, misses });
  return { ...NEVER_PROBED, answeredAt: before.answeredAt };
}

/**
 * Unresponsive are those that left two probes in a row unanswered while nothing that was under way came to its end: a service whose threads are all
 * busy, with a mass delete for example, answers nobody either. What users or the scheduler began meanwhile is no work of the service.
 */
function judged(probed: Probed): Probed {
  const [first, second] = probed.unanswered;
  if (!first || !second || second.schedulerAnswered !== true) return probed;
  if (second.beganAt - first.beganAt > IN_A_ROW_MS) return probed;
  if (first.underWay === undefined || second.underWay === undefined) return probed;
  if (hasEnded(first.underWay, second.underWay))
    return { ...probed, unanswered: [second], unansweredSince: second.beganAt, unresponsive: false };
  return first.schedulerAnswered === true ? { ...probed, unresponsive: true } : probed;
}

/** Has something come to its end between these two looks? Of a list that was not seen whole any change counts. */
function hasEnded(before: Unfinished, after: Unfinished): boolean {
  if (after.count < before.count) return true;
  const whole = after.ids.size >= after.count && before.ids.size >= before.count;
  return (!whole && after.count !== before.count) || [...before.ids].some((id) => !after.ids.has(id));
}

/** What the probes say of a backend. */
export type Answering =
  /** No answer, `forMs` long; `certain` when the backend is unresponsive. */
  | { readonly kind: 'silent'; readonly certain: boolean; readonly forMs: number }
  /** An answer, and its driver has been initialised or not. */
  | { readonly kind: 'answers'; readonly initialised: boolean };

export function answeringOf(
  { initialised, unanswered, unansweredSince, unresponsive }: Probed,
  now: number,
): Answering | undefined {
  if (initialised !== undefined) return { kind: 'answers', initialised };
  if (!unresponsive && unanswered.at(-1)?.schedulerAnswered !== true) return undefined;
  return { kind: 'silent', certain: unresponsive, forMs: now - (unansweredSince ?? now) };
}

/** So many in a row that do not answer, each of another backend, are taken for all: with each more it would take two minutes longer to say so. */
export const TAKEN_FOR_ALL = 3;

/**
 * Does no cinder-volume answer? When two or more are unresponsive, and of all that were asked since, three or more if there are so many, none has
 * answered. Takes the backends whose service has a heartbeat and that are meant to serve.
 */
export function noneAnswers(all: readonly Probed[]): boolean {
  const out = all.filter(({ unresponsive }) => unresponsive);
  if (out.length < 2) return false;
  const silent = all.filter(({ misses }) => misses > 0);
  const since = Math.min(...out.map(({ unansweredSince }) => unansweredSince ?? Infinity));
  return (
    silent.length >= Math.min(TAKEN_FOR_ALL, all.length) &&
    all.every(({ answeredAt = -Infinity }) => answeredAt < since)
  );
}
