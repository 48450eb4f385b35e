import { type Condition, CONDITIONS } from '../cinder/conditions.ts';
import { oneLine } from '../openstack/errors.ts';
import { UserError } from '../user-error.ts';
import type { Filling, Recorded, AvailabilityTarget } from './availability.ts';
import { stringLiteral, type Prometheus } from './prometheus.ts';
import { clipped, joined, type Marked, type Stretch } from './stretch.ts';
import { type Times, timesOf, type Wanted } from './windows.ts';

export type Source = 'auto' | 'recorded' | 'raw';

export interface Question {
  readonly range: Stretch;
  readonly cloud: string | undefined;
  readonly source: Source;
  /** What tells replicas of the exporter, or of Prometheus, from each other. */
  readonly replicaLabels: readonly string[];
}

export interface Gathered {
  readonly clouds: readonly Recorded[];
  readonly notes: readonly string[];
}

/** Written out, because a report also has to understand what older rules recorded. Source: src/rules/memory.ts, catalogue-memory.ts, catalogue-whole.ts. */
const RECORDED = {
  condition: 'cinder:backend_condition:last_known',
  held: 'cinder:backend_condition_held:bool',
  type: 'cinder:volume_type_backend_usable:bool',
} as const;

const RAW_NOTE =
  `This Prometheus has no ${RECORDED.condition} for this time (the rules of cinder-exporter record it), so the report was made from ` +
  'cinder_backend_condition: that takes longer, and rows of the service list that are left over count as service_down.';

/** Labels of what is told, and not of who told it. */
const IDENTITY = [
  '__name__',
  'host',
  'backend',
  'condition',
  'volume_type',
  'binary',
  'zone',
  'cluster',
  'disabled_reason',
];

/** Asks Prometheus for all that a report is made of. Rejects with a UserError. */
export async function gather(prometheus: Prometheus, question: Question): Promise<Gathered> {
  const { range, cloud, source, replicaLabels } = question;
  const matchers = cloud === undefined ? [] : [`cloud=${stringLiteral(cloud)}`];
  const times = (metric: string, when: Wanted['when'], more: readonly string[] = []): Promise<readonly Times[]> =>
    timesOf(prometheus, { metric, matchers: [...matchers, ...more], when }, range.fromMs, range.toMs);
  const known = source === 'raw' ? [] : await times(RECORDED.condition, 'is 1');
  const recorded = source === 'recorded' || known.length > 0;
  const told = recorded ? known : await times('cinder_backend_condition', 'is 1');
  if (told.length === 0) throw await nothingFound(prometheus, question, recorded);
  const read = await times('cinder_up', 'is 1');
  const held = recorded ? await times(RECORDED.held, 'is there') : [];
  const types = [
    ...(await times('cinder_volume_type_backend_info', 'is there')),
    ...(recorded ? await times(RECORDED.type, 'is there') : []),
  ];
  const reasons = await times('cinder_service_info', 'is there', ['binary="cinder-volume"', 'disabled_reason!=""']);
  const fillings = await capacity(prometheus, range, matchers, replicaLabels);

  const dropped = new Set([...IDENTITY, ...replicaLabels]);
  const targets = new Map<string, AvailabilityTarget>();
  for (const { labels } of told) {
    const target = without(labels, dropped);
    targets.set(JSON.stringify(target), target);
  }
  const clouds = [...targets.values()].map((target): Recorded => {
    const own = <One extends { readonly labels: AvailabilityTarget }>(all: readonly One[]): readonly One[] =>
      all.filter(
        ({ labels }) =>
          sameTarget(without(labels, dropped), target) ||
          // Relabelling may give the raw families more than the rules keep.
          (targets.size === 1 && Object.entries(target).every(([name, value]) => labels[name] === value)),
      );
    const ownRead = own(read);
    return {
      target,
      conditions: byHost(
        told.filter(({ labels }) => sameTarget(without(labels, dropped), target)),
        (one) => conditionsOf(one, recorded ? undefined : ownRead),
      ),
      held: byHost(own(held), ({ stretches }) => stretches),
      read: ownRead.length > 0 ? joined(ownRead.flatMap(({ stretches }) => stretches)) : undefined,
      types: typesOf(own(types)),
      reasons: byHost(
        own(reasons).flatMap((one) => [one, { ...one, labels: { ...one.labels, host: one.labels['cluster'] ?? '' } }]),
        ({ labels, stretches }) => stretches.map((one) => ({ ...one, value: labels['disabled_reason'] ?? '' })),
      ),
      capacity: byHost(own(fillings), (one) => one.fillings),
    };
  });
  const unread =
    read.length === 0 ? ['cinder_up is not in this Prometheus: all that was recorded counts as observed.'] : [];
  return { clouds, notes: [...(recorded ? [] : [RAW_NOTE]), ...unread] };
}

async function nothingFound(prometheus: Prometheus, { cloud, range }: Question, recorded: boolean): Promise<UserError> {
  const metric = recorded ? RECORDED.condition : 'cinder_backend_condition';
  if (cloud === undefined) return new UserError(`Prometheus has no series of ${metric} for this time`);
  const any = `{__name__=~"${RECORDED.condition}|cinder_backend_condition"}`;
  const all = await prometheus.query(`group by (cloud) (last_over_time(${any}[1d]))`, range.toMs);
  const names = all
    .flatMap(({ labels }) => (labels['cloud'] ? [stringLiteral(oneLine(labels['cloud']))] : []))
    .toSorted();
  const known = names.length === 0 ? 'no series has a label cloud' : `the clouds are ${names.slice(0, 20).join(', ')}`;
  return new UserError(
    `--cloud: Prometheus has no series of ${metric} with cloud=${stringLiteral(oneLine(cloud))} for this time; ${known}`,
  );
}

function without(labels: AvailabilityTarget, dropped: ReadonlySet<string>): AvailabilityTarget {
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => !dropped.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function sameTarget(a: AvailabilityTarget, b: AvailabilityTarget): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function byHost<One extends { readonly labels: AvailabilityTarget }, Value>(
  all: readonly One[],
  valuesOf: (one: One) => readonly Value[],
): Map<string, readonly Value[]> {
  const hosts = new Map<string, readonly Value[]>();
  for (const one of all) {
    const host = one.labels['host'] ?? '';
    if (host !== '') hosts.set(host, [...(hosts.get(host) ?? []), ...valuesOf(one)]);
  }
  return hosts;
}

/** Of a replica, what it said while it could read the service list; the rules have seen to that already. */
function conditionsOf({ labels, stretches }: Times, read: readonly Times[] | undefined): readonly Marked<Condition>[] {
  const value = CONDITIONS.find((one) => one === labels['condition']);
  if (value === undefined) return [];
  const same = read?.filter((one) => one.labels['instance'] === labels['instance']);
  // Without a single sample of cinder_up nobody can say when it was not read.
  const seen = same && same.length > 0 ? same.flatMap((one) => one.stretches) : undefined;
  const parts = seen ? seen.flatMap((one) => clipped(stretches, one)) : stretches;
  return parts.map((one) => ({ ...one, value }));
}

function typesOf(all: readonly Times[]): Map<string, Map<string, readonly Stretch[]>> {
  const types = new Map<string, Map<string, readonly Stretch[]>>();
  for (const { labels, stretches } of all) {
    const [type = '', host = ''] = [labels['volume_type'], labels['host']];
    if (type === '' || host === '') continue;
    const members = types.get(type) ?? new Map<string, readonly Stretch[]>();
    members.set(host, [...(members.get(host) ?? []), ...stretches]);
    types.set(type, members);
  }
  return types;
}

const CAPACITY_STEP_MS = 6 * 3_600_000;
/** Of each answer at most so many moments are asked at once. */
const CAPACITY_PIECE = 500;

interface HostFillings {
  readonly labels: AvailabilityTarget;
  readonly fillings: readonly Filling[];
}

/** The pools that have a size and free space, added up for each backend, from the beginning of the range to its end. */
async function capacity(
  prometheus: Prometheus,
  { fromMs, toMs }: Stretch,
  matchers: readonly string[],
  replicaLabels: readonly string[],
): Promise<readonly HostFillings[]> {
  const steps = Math.ceil((toMs - fromMs) / CAPACITY_STEP_MS);
  const stepMs = Math.max(1, Math.floor((toMs - fromMs) / steps));
  const finite = (name: string): string =>
    `max without (${replicaLabels.join(', ')}) (cinder_pool_${name}_capacity_bytes{${matchers.join(',')}} < Inf)`;
  const [total, free] = [finite('total'), finite('free')];
  const found = new Map<string, { labels: AvailabilityTarget; fillings: Map<number, Filling> }>();
  for (let at = 0; at <= steps; at += CAPACITY_PIECE) {
    const [from, to] = [fromMs + at * stepMs, fromMs + Math.min(steps, at + CAPACITY_PIECE - 1) * stepMs];
    for (const [key, promql] of [
      ['totalBytes', `sum without (pool) (${total} and ${free})`],
      ['freeBytes', `sum without (pool) (${free} and ${total})`],
    ] as const) {
      for (const { labels, samples } of await prometheus.queryRange(promql, from, to, stepMs)) {
        const one = found.get(JSON.stringify(labels)) ?? { labels, fillings: new Map<number, Filling>() };
        found.set(JSON.stringify(labels), one);
        for (const [atMs, value] of samples) {
          one.fillings.set(atMs, {
            totalBytes: Number.NaN,
            freeBytes: Number.NaN,
            ...one.fillings.get(atMs),
            atMs,
            [key]: value,
          });
        }
      }
    }
  }
  return [...found.values()].map(({ labels, fillings }) => ({
    labels,
    fillings: [...fillings.values()].filter(
      ({ totalBytes, freeBytes }) => totalBytes > 0 && Number.isFinite(freeBytes),
    ),
  }));
}
