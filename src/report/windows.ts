import { joined, type Stretch } from './stretch.ts';
import { oneOf, type Prometheus, type Series, TooMuch } from './prometheus.ts';
import { UserError } from '../user-error.ts';

/** What is looked for: series that are 1, or series that are there. */
export interface Wanted {
  /** A selector without a range, its matchers in braces. */
  readonly metric: string;
  readonly matchers: readonly string[];
  readonly when: 'is 1' | 'is there';
}

/** A series, and the times at which it was as wanted, to the second that its samples allow. */
export interface Times {
  readonly labels: Readonly<Record<string, string>>;
  readonly stretches: readonly Stretch[];
}

const WINDOW_MS = 3_600_000;
/** Prometheus 2 counts a sample on the left edge, Prometheus 3 does not. So that no sample is counted in two windows, the edge is left out: with 3, the first millisecond too. */
const COUNTED = `[${WINDOW_MS - 1}ms]`;
/** Where one sample too many does no harm, none is left out. */
const SEEN = `[${WINDOW_MS}ms]`;
/** So many windows are asked at once: of thousands of series this is a few megabytes. */
const PIECE = 168;
/** And so many as samples: of one series at 15 s they are 1440. */
const BLOCK = 6;
const MOST_HOSTS = 30;
/** What is kept in memory of all answers: no cloud has more. */
const MOST_STRETCHES = 2_000_000;

/** A distance of more than one and a half of the usual ones is a gap: one sample at least is missing. */
const GAP = 1.5;

interface Found {
  readonly labels: Readonly<Record<string, string>>;
  /** By number of window: how many samples it has, all of them as wanted. */
  readonly whole: Map<number, number>;
  /** Windows with at least one such sample. */
  readonly some: Set<number>;
}

/**
 * When series were as wanted, from some time before `fromMs` to some time after `toMs`. A month at 15 s has 180,000 samples for each of ten conditions of a
 * backend. So first it is asked which hours are whole: all samples there, all of them as wanted. Only the samples of other hours, and of the hours beside
 * them, are read.
 */
export async function timesOf(
  prometheus: Prometheus,
  wanted: Wanted,
  fromMs: number,
  toMs: number,
): Promise<readonly Times[]> {
  // A window is asked at the end of an hour, and has the number of that hour.
  const first = Math.floor(fromMs / WINDOW_MS);
  const last = Math.ceil(toMs / WINDOW_MS) + 1;
  const found = await survey(prometheus, wanted, first, last);
  const intervalMs = await probe(prometheus, wanted, found);
  const isWhole = (count: number | undefined): boolean =>
    count !== undefined && intervalMs !== undefined && Math.abs(count - WINDOW_MS / intervalMs) < 1;
  const stretches = new Map<string, { fromMs: number; toMs: number }[]>();
  const needed = new Map<number, Set<string>>();
  let kept = 0;
  const keep = (key: string, fromMs: number, toMs: number): void => {
    kept += 1;
    if (kept > MOST_STRETCHES) throw new UserError(`${wanted.metric}: changes too often for a report of this length`);
    const list = stretches.get(key) ?? [];
    const before = list.at(-1);
    if (before && fromMs >= before.fromMs && fromMs <= before.toMs) before.toMs = Math.max(before.toMs, toMs);
    else list.push({ fromMs, toMs });
    stretches.set(key, list);
  };
  for (const [key, { whole, some }] of found) {
    for (const at of some) {
      const inner = [at - 1, at, at + 1].every((one) => one < first || one > last || isWhole(whole.get(one)));
      // Its last sample stands until the first of the next hour, which is whole too.
      if (inner) keep(key, (at - 1) * WINDOW_MS, at * WINDOW_MS + (intervalMs ?? 0));
      else needed.set(at, (needed.get(at) ?? new Set()).add(key));
    }
  }
  let leastMs = intervalMs ?? Infinity;
  for (const block of blocksOf(needed)) {
    for (const series of await samplesOf(prometheus, wanted, block, found)) {
      const key = keyOf(series.labels);
      const ownMs = usualDistance(series) ?? intervalMs ?? 60_000;
      leastMs = Math.min(leastMs, ownMs);
      for (const [index, [atMs, value]] of series.samples.entries()) {
        if (wanted.when === 'is 1' && value !== 1) continue;
        const nextMs = series.samples[index + 1]?.[0];
        keep(key, atMs, nextMs !== undefined && nextMs - atMs <= GAP * ownMs ? nextMs : atMs + ownMs);
      }
      if (!found.has(key)) found.set(key, { labels: series.labels, whole: new Map(), some: new Set() });
    }
  }
  return [...found].map(([key, { labels }]) => ({
    labels,
    // From one answer to the next samples are a little early or late.
    stretches: joined(stretches.get(key) ?? [], Number.isFinite(leastMs) ? leastMs * (GAP - 1) : 0),
  }));
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => name !== '__name__')
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function selector({ metric, matchers }: Wanted, more: readonly string[] = []): string {
  return `${metric}{${[...matchers, ...more].join(',')}}`;
}

/** Which windows are whole for which series, and which have anything of it. */
async function survey(
  prometheus: Prometheus,
  wanted: Wanted,
  first: number,
  last: number,
): Promise<Map<string, Found>> {
  const counted = selector(wanted) + COUNTED;
  const seen = selector(wanted) + SEEN;
  const ones = wanted.when === 'is 1';
  const whole = ones ? `count_over_time(${counted}) and min_over_time(${counted}) == 1` : `count_over_time(${counted})`;
  const some = ones ? `max_over_time(${seen}) == 1` : `count_over_time(${seen})`;
  const found = new Map<string, Found>();
  const note = (series: Series, each: (found: Found, at: number, value: number) => void): void => {
    const key = keyOf(series.labels);
    const one = found.get(key) ?? { labels: series.labels, whole: new Map(), some: new Set() };
    found.set(key, one);
    for (const [atMs, value] of series.samples) each(one, Math.round(atMs / WINDOW_MS), value);
  };
  await inPieces(first, last, PIECE, async (from, to) => {
    const ask = (promql: string): Promise<readonly Series[]> =>
      prometheus.queryRange(promql, from * WINDOW_MS, to * WINDOW_MS, WINDOW_MS);
    for (const series of await ask(whole)) note(series, (one, at, value) => one.whole.set(at, value));
    for (const series of await ask(some)) note(series, (one, at) => one.some.add(at));
  });
  return found;
}

/** Asks for `from` to `to` in pieces of at most `size`, and in smaller ones where that is too much. */
async function inPieces(
  from: number,
  to: number,
  size: number,
  ask: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let at = from; at <= to; at += size) {
    const end = Math.min(to, at + size - 1);
    try {
      await ask(at, end);
    } catch (error) {
      if (!(error instanceof TooMuch) || size === 1) throw error;
      await inPieces(at, end, Math.ceil(size / 4), ask);
    }
  }
}

/** The distance of samples in the hours that look whole; undefined when it cannot be told. */
async function probe(
  prometheus: Prometheus,
  wanted: Wanted,
  found: ReadonlyMap<string, Found>,
): Promise<number | undefined> {
  const counts = new Map<number, { times: number; at: number; key: string }>();
  for (const [key, { whole }] of found)
    for (const [at, count] of whole) counts.set(count, { times: (counts.get(count)?.times ?? 0) + 1, at, key });
  const [usual] = [...counts.values()].toSorted((a, b) => b.times - a.times);
  if (!usual) return undefined;
  const series = await samplesOf(
    prometheus,
    wanted,
    { from: usual.at, to: usual.at, keys: new Set([usual.key]) },
    found,
  );
  const one = series.find(({ labels }) => keyOf(labels) === usual.key);
  const [at] = one?.samples[0] ?? [];
  const to = one?.samples.at(-1)?.[0];
  const count = (one?.samples.length ?? 0) - 1;
  if (!one || at === undefined || to === undefined || count < 1) return undefined;
  const usualMs = usualDistance(one);
  const gapless = one.samples.every(([atMs], i) => atMs - (one.samples[i - 1]?.[0] ?? atMs) <= GAP * (usualMs ?? 0));
  return gapless ? (to - at) / count : undefined;
}

/** The distance from one sample to the next that is in the middle of all. */
function usualDistance({ samples }: Series): number | undefined {
  const distances = samples.slice(1).map(([atMs], i) => atMs - (samples[i]?.[0] ?? atMs));
  return distances.length < 3 ? undefined : distances.toSorted((a, b) => a - b)[distances.length >> 1];
}

/** Windows one after the other whose samples are asked for together. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly keys: Set<string>;
}

function blocksOf(needed: ReadonlyMap<number, ReadonlySet<string>>): readonly Block[] {
  const blocks: { from: number; to: number; keys: Set<string> }[] = [];
  for (const [at, keys] of [...needed].toSorted(([a], [b]) => a - b)) {
    const last = blocks.at(-1);
    if (last && last.to === at - 1 && at - last.from < BLOCK) {
      last.to = at;
      for (const key of keys) last.keys.add(key);
    } else blocks.push({ from: at, to: at, keys: new Set(keys) });
  }
  return blocks;
}

async function samplesOf(
  prometheus: Prometheus,
  wanted: Wanted,
  { from, to, keys }: Block,
  found: ReadonlyMap<string, Found>,
): Promise<readonly Series[]> {
  const hosts = new Set([...keys].map((key) => found.get(key)?.labels['host']));
  const named = hosts.size <= MOST_HOSTS && !hosts.has(undefined) ? [oneOf('host', [...hosts] as string[])] : [];
  const all: Series[] = [];
  await inPieces(from, to, to - from + 1, async (from, to) => {
    const promql = `${selector(wanted, named)}[${(to - from + 1) * WINDOW_MS}ms]`;
    all.push(...(await prometheus.query(promql, to * WINDOW_MS)));
  });
  return all;
}
