import { type Condition, CONDITION_TABLE, CONDITIONS, WORST_FIRST } from '../cinder/conditions.ts';
import { clipped, folded, joined, type Marked, type Stretch, totalMs } from './stretch.ts';

/** Labels that tell one cloud from another: the target's labels, without the labels of a replica. */
export type AvailabilityTarget = Readonly<Record<string, string>>;

/** What was recorded, as stretches; it may begin before the range and end after it. All of one cloud. */
export interface Recorded {
  readonly target: AvailabilityTarget;
  /** By host: when each condition was the last known one. Replicas may contradict each other. */
  readonly conditions: ReadonlyMap<string, readonly Marked<Condition>[]>;
  /** By host: when the condition was held although nobody knew. */
  readonly held: ReadonlyMap<string, readonly Stretch[]>;
  /** When a replica of the exporter read the service list; undefined when that was not kept. */
  readonly read: readonly Stretch[] | undefined;
  /** By volume type, then host: when that backend was seen to serve it. */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, readonly Stretch[]>>;
  /** By host: the reason that an operator wrote when he disabled it. */
  readonly reasons: ReadonlyMap<string, readonly Marked<string>[]>;
  /** By host: what all its pools had at these moments. */
  readonly capacity: ReadonlyMap<string, readonly Filling[]>;
}

/** The space of a backend, or of several, at a moment. */
export interface Filling {
  readonly atMs: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Of an outage, or of a planned absence. */
export interface Incident extends Stretch {
  /** Each in the order in which it was first seen. */
  readonly conditions: readonly Condition[];
  readonly reason: string | undefined;
  /** It was so before the range, and goes on after it: `fromMs` and `toMs` are the edges of the range then. */
  readonly before: boolean;
  readonly after: boolean;
  /** What of it nobody observed. */
  readonly unobservedMs: number;
}

interface Capacity {
  readonly start: Filling;
  readonly end: Filling;
  readonly growthBytes: number;
  /** At the pace of this range; undefined when it does not grow. */
  readonly daysUntilFull: number | undefined;
}

/** The availability of one backend, or of one volume type. Times are milliseconds. */
export interface Subject {
  readonly target: AvailabilityTarget;
  readonly name: string;
  /** Share of the observed time, planned time aside, in which it was usable; undefined without such time. */
  readonly availability: number | undefined;
  /** Share of the range in which it was observed. */
  readonly coverage: number;
  readonly usableMs: number;
  readonly unusableMs: number;
  readonly plannedMs: number;
  readonly unobservedMs: number;
  readonly msByCondition: ReadonlyMap<Condition, number>;
  readonly outages: readonly Incident[];
  readonly planned: readonly Incident[];
  /** Of the outages that ended; undefined without one. */
  readonly meanRepairMs: number | undefined;
  /** Of all outages: one that has not ended counts with what there is of it. */
  readonly longestRepairMs: number | undefined;
  readonly capacity: Capacity | undefined;
  /** Of a volume type: the backends that served it. */
  readonly members: readonly string[];
}

export interface AvailabilityReport {
  readonly range: Stretch;
  readonly backends: readonly Subject[];
  readonly volumeTypes: readonly Subject[];
  /** What the reader has to know about where the figures come from. */
  readonly notes: readonly string[];
}

/** The rules' `hold_for`: so long does a condition stand at most without anybody who reads the service list. */
const HOLD_MS = 24 * 3_600_000;
const DAY_MS = 86_400_000;

/** The report of these clouds, worst first. */
export function reportOf(clouds: readonly Recorded[], range: Stretch, notes: readonly string[]): AvailabilityReport {
  const found = clouds.map((cloud) => {
    const told = [...cloud.conditions].filter(([, stretches]) => clipped(stretches, range).length > 0);
    const known = new Map(told.map(([host, stretches]) => [host, knownOf(cloud, host, stretches)]));
    const blind = [...known.values()].some(({ unread }) => unread);
    const backends = [...known].map(([host, { states }]) =>
      subjectOf(cloud, host, states, range, [], cloud.capacity.get(host)),
    );
    const served = [...cloud.types].filter(([, hosts]) => clipped([...hosts.values()].flat(), range).length > 0);
    const volumeTypes = served.map(([type, members]) => {
      const hosts = [...members.keys()].toSorted();
      const states = typeStates(members, new Map([...known].map(([host, one]) => [host, one.states])));
      return subjectOf(cloud, type, states, range, hosts, sumOf(hosts.map((host) => cloud.capacity.get(host) ?? [])));
    });
    return { backends, volumeTypes, blind };
  });
  const blind = found.some((one) => one.blind);
  const note =
    'For a part of the time cinder_up is not in Prometheus: there all that the rules recorded counts as observed.';
  return {
    range,
    backends: found.flatMap(({ backends }) => backends).toSorted(worstFirst),
    volumeTypes: found.flatMap(({ volumeTypes }) => volumeTypes).toSorted(worstFirst),
    notes: blind ? [...notes, note] : notes,
  };
}

function worstFirst(a: Subject, b: Subject): number {
  const by = (a.availability ?? 2) - (b.availability ?? 2);
  return by || JSON.stringify(a.target).localeCompare(JSON.stringify(b.target)) || (a.name < b.name ? -1 : 1);
}

const HIDDEN = 'hidden';
const READ = 'read';

/** What is known of a backend: neither while nobody reads the service list, nor while its condition is held, nor while it is unknown. */
function knownOf(
  cloud: Recorded,
  host: string,
  stretches: readonly Marked<Condition>[],
): { readonly states: readonly Marked<Condition>[]; readonly unread: boolean } {
  const first = Math.min(...stretches.map(({ fromMs }) => fromMs));
  const firstRead = cloud.read?.[0]?.fromMs ?? Infinity;
  // A condition cannot stand for so long unread: then the reading was not kept for as long as the condition was.
  const unread = firstRead - first > HOLD_MS;
  const read = [...(cloud.read ?? []), ...(unread ? [{ fromMs: first, toMs: firstRead }] : [])];
  const states = folded<Condition | typeof HIDDEN | typeof READ, Condition>(
    [
      ...stretches,
      ...joined(read).map((one) => ({ ...one, value: READ }) as const),
      ...(cloud.held.get(host) ?? []).map((one) => ({ ...one, value: HIDDEN }) as const),
    ],
    (active) => (active.has(READ) && !active.has(HIDDEN) ? toldBy(active) : undefined),
  );
  return { states, unread };
}

/** Which condition counts when there are several, as the rules have it: trouble, then what is usable, then the wish of an operator. */
const FIRST_TOLD = WORST_FIRST.filter((condition) => condition !== 'unknown').toSorted(
  (a, b) => rankOf(a) - rankOf(b) || WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b),
);

function rankOf(condition: Condition): number {
  return ['unusable', 'usable', 'planned', undefined].indexOf(kindOf(condition));
}

function toldBy(active: ReadonlyMap<unknown, number>): Condition | undefined {
  return FIRST_TOLD.find((condition) => active.has(condition));
}

/** What a condition means for whoever wants to use the backend; undefined: nobody knows. As `cinder:backend_usable:bool` of the rules has it, without its waiting. */
function kindOf(condition: Condition): 'usable' | 'unusable' | 'planned' | undefined {
  const { severity } = CONDITION_TABLE[condition];
  if (severity === 'unknown') return undefined;
  if (severity === 'critical') return 'unusable';
  return severity === 'wanted' ? 'planned' : 'usable';
}

const MEMBER = 'member';

/** A type is usable while one of its backends is; nobody knows when none is and one is not observed. */
function typeStates(
  members: ReadonlyMap<string, readonly Stretch[]>,
  known: ReadonlyMap<string, readonly Marked<Condition>[]>,
): readonly Marked<Condition>[] {
  const stretches = [...members].flatMap(([host, seen]) => {
    if (seen.length === 0) return [];
    // Who serves a type is not forgotten while the exporter is away.
    const member = {
      fromMs: Math.min(...seen.map((one) => one.fromMs)),
      toMs: Math.max(...seen.map((one) => one.toMs)),
    };
    return [{ ...member, value: MEMBER } as const, ...clipped(known.get(host) ?? [], member)];
  });
  return folded<Condition | typeof MEMBER, Condition>(stretches, (active) => {
    const usable = CONDITIONS.findLast((condition) => kindOf(condition) === 'usable' && active.has(condition));
    if (usable) return usable;
    const observed = CONDITIONS.reduce((sum, condition) => sum + (active.get(condition) ?? 0), 0);
    return observed < (active.get(MEMBER) ?? 0) ? undefined : toldBy(active);
  });
}

function subjectOf(
  cloud: Recorded,
  name: string,
  states: readonly Marked<Condition>[],
  range: Stretch,
  members: readonly string[],
  fillings: readonly Filling[] | undefined,
): Subject {
  const within = clipped(states, range);
  const msByCondition = new Map<Condition, number>();
  for (const one of within) msByCondition.set(one.value, (msByCondition.get(one.value) ?? 0) + totalMs([one]));
  const sum = (kind: ReturnType<typeof kindOf>): number =>
    totalMs(within.filter(({ value }) => kindOf(value) === kind));
  const [usableMs, unusableMs, plannedMs] = [sum('usable'), sum('unusable'), sum('planned')];
  const lengthMs = totalMs([range]);
  const outages = incidentsOf(states, range, 'unusable', () => undefined);
  const reasons = cloud.reasons.get(name) ?? [];
  const planned = incidentsOf(states, range, 'planned', (one) => clipped(reasons, one).at(-1)?.value);
  const ended = outages.filter(({ after }) => !after).map((one) => totalMs([one]));
  return {
    target: cloud.target,
    name,
    availability: usableMs + unusableMs > 0 ? usableMs / (usableMs + unusableMs) : undefined,
    coverage: (usableMs + unusableMs + plannedMs) / lengthMs,
    usableMs,
    unusableMs,
    plannedMs,
    unobservedMs: lengthMs - usableMs - unusableMs - plannedMs,
    msByCondition,
    outages,
    planned,
    meanRepairMs: ended.length > 0 ? ended.reduce((a, b) => a + b, 0) / ended.length : undefined,
    longestRepairMs: outages.length > 0 ? Math.max(...outages.map((one) => totalMs([one]))) : undefined,
    capacity: fillings && capacityOf(clippedFillings(fillings, range)),
    members,
  };
}

/** Trouble ends when its end is seen: a gap between two stretches of it does not part them, and one before its end belongs to it. */
function incidentsOf(
  states: readonly Marked<Condition>[],
  range: Stretch,
  kind: 'unusable' | 'planned',
  reasonOf: (incident: Stretch) => string | undefined,
): readonly Incident[] {
  const incidents: Incident[] = [];
  for (let i = 0; i < states.length; i += 1) {
    const start = states[i];
    if (!start || kindOf(start.value) !== kind) continue;
    let end = i;
    while (end + 1 < states.length && kindOf(states[end + 1]?.value ?? 'unknown') === kind) end += 1;
    const run = states.slice(i, end + 1);
    i = end;
    const next = states[end + 1];
    const whole = { fromMs: start.fromMs, toMs: next?.fromMs ?? run.at(-1)?.toMs ?? start.toMs };
    const [part] = clipped([whole], range);
    // What was last seen before the range, and not since, is no incident of it.
    const seen = clipped(run, range);
    if (!part || seen.length === 0) continue;
    const before = whole.fromMs < range.fromMs;
    incidents.push({
      ...part,
      conditions: [...new Set(seen.map(({ value }) => value))],
      reason: reasonOf(part),
      before,
      after: next === undefined || next.fromMs > range.toMs,
      unobservedMs: totalMs([part]) - totalMs(seen),
    });
  }
  return incidents;
}

function clippedFillings(fillings: readonly Filling[], { fromMs, toMs }: Stretch): readonly Filling[] {
  return fillings.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
}

function capacityOf(fillings: readonly Filling[]): Capacity | undefined {
  const [start] = fillings;
  const end = fillings.at(-1);
  if (!start || !end) return undefined;
  const growthBytes = end.totalBytes - end.freeBytes - (start.totalBytes - start.freeBytes);
  const days = (end.atMs - start.atMs) / DAY_MS;
  const full = growthBytes > 0 && days > 0 ? Math.max(0, end.freeBytes) / (growthBytes / days) : undefined;
  return { start, end, growthBytes, daysUntilFull: full };
}

/** Of several backends, at the moments at which all of them that have capacity were seen. */
function sumOf(backends: readonly (readonly Filling[])[]): readonly Filling[] {
  const told = backends.filter((fillings) => fillings.length > 0);
  const sums = new Map<number, { count: number; atMs: number; totalBytes: number; freeBytes: number }>();
  for (const { atMs, totalBytes, freeBytes } of told.flat()) {
    const sum = sums.get(atMs) ?? { count: 0, atMs, totalBytes: 0, freeBytes: 0 };
    sums.set(atMs, {
      count: sum.count + 1,
      atMs,
      totalBytes: sum.totalBytes + totalBytes,
      freeBytes: sum.freeBytes + freeBytes,
    });
  }
  return [...sums.values()].filter(({ count }) => count === told.length).toSorted((a, b) => a.atMs - b.atMs);
}
