import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Prometheus, type Series, TooMuch } from '../../src/report/prometheus.ts';
import { timesOf, type Wanted } from '../../src/report/windows.ts';

const HOUR = 3_600_000;

type Samples = readonly (readonly [atMs: number, value: number])[];
type Stored = Readonly<Record<string, Samples>>;

/** Answers the questions of `timesOf`, and no others, from samples by host; counts those it sends. At the left edge it is Prometheus 2 (`closed`) or 3. */
function fake(stored: Stored, { closed = true, most = Infinity } = {}): Prometheus & { sent: number; asked: string[] } {
  const within = (samples: Samples, atMs: number, ms: number): Samples =>
    samples.filter(([t]) => t <= atMs && (closed ? t >= atMs - ms : t > atMs - ms));
  const hosts = (promql: string): (readonly [string, Samples])[] => {
    const wanted = /host=~"([^"]*)"/.exec(promql)?.[1];
    const pattern = wanted === undefined ? undefined : new RegExp(`^(?:${wanted.replaceAll('\\\\', '\\')})$`);
    return Object.entries(stored).filter(([host]) => pattern?.test(host) ?? true);
  };
  const limited = (series: readonly Series[]): readonly Series[] => {
    const count = series.reduce((sum, { samples }) => sum + samples.length, 0);
    if (count > most) throw new TooMuch('too many samples');
    prometheus.sent += count;
    return series.filter(({ samples }) => samples.length > 0);
  };
  const prometheus = {
    sent: 0,
    asked: [] as string[],
    async query(promql: string, atMs: number): Promise<readonly Series[]> {
      prometheus.asked.push(promql);
      const ms = Number(/\[(\d+)ms\]$/.exec(promql)?.[1]);
      return limited(
        hosts(promql).map(([host, samples]) => ({ labels: { host }, samples: within(samples, atMs, ms) })),
      );
    },
    async queryRange(promql: string, fromMs: number, toMs: number, stepMs: number): Promise<readonly Series[]> {
      prometheus.asked.push(promql);
      const ms = Number(/\[(\d+)ms\]/.exec(promql)?.[1]);
      const value = (window: Samples): number | undefined => {
        if (window.length === 0) return undefined;
        if (promql.startsWith('max_over_time')) return window.some(([, v]) => v === 1) ? 1 : undefined;
        return promql.includes('min_over_time') && window.some(([, v]) => v !== 1) ? undefined : window.length;
      };
      return limited(
        hosts(promql).map(([host, samples]) => {
          const points: (readonly [number, number])[] = [];
          for (let at = fromMs; at <= toMs; at += stepMs) {
            const one = value(within(samples, at, ms));
            if (one !== undefined) points.push([at, one]);
          }
          return { labels: { host }, samples: points };
        }),
      );
    },
    close: () => undefined,
  };
  return prometheus;
}

const ONES: Wanted = { metric: 'm', matchers: [], when: 'is 1' };

/** What the samples say, read one after the other. */
function plainly(samples: Samples, stepMs: number, when: Wanted['when']): [number, number][] {
  const stretches: [number, number][] = [];
  for (const [i, [at, value]] of samples.entries()) {
    if (when === 'is 1' && value !== 1) continue;
    const next = samples[i + 1]?.[0];
    const end = next !== undefined && next - at <= 1.5 * stepMs ? next : at + stepMs;
    const last = stretches.at(-1);
    if (last?.[1] === at) last[1] = end;
    else stretches.push([at, end]);
  }
  return stretches;
}

/** Within the range: the edges of what is read before and after are nobody's business. */
function cut(stretches: readonly (readonly [number, number])[], fromMs: number, toMs: number): [number, number][] {
  return stretches
    .map(([from, to]): [number, number] => [Math.max(from, fromMs), Math.min(to, toMs)])
    .filter(([from, to]) => from < to);
}

async function found(prometheus: Prometheus, wanted: Wanted, fromMs: number, toMs: number) {
  const all = await timesOf(prometheus, wanted, fromMs, toMs);
  return Object.fromEntries(
    all.map(({ labels, stretches }) => [
      labels['host'],
      cut(
        stretches.map((one) => [one.fromMs, one.toMs] as const),
        fromMs,
        toMs,
      ),
    ]),
  );
}

const RANGE = [10 * HOUR, 40 * HOUR] as const;

test('any outages, gaps and single lost samples, at any distance and phase of the samples: the same as reading them all', async () => {
  const period = fc.tuple(fc.integer({ min: 5 * HOUR, max: 45 * HOUR }), fc.integer({ min: 0, max: 4 * HOUR }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(15_000, 30_000, 60_000, 7000, 45_000),
      fc.integer({ min: 0, max: 14_999 }),
      fc.array(period, { maxLength: 4 }),
      fc.array(period, { maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 45 * 60 }), { maxLength: 3 }),
      fc.constantFrom<Wanted['when']>('is 1', 'is there'),
      fc.boolean(),
      async (stepMs, phaseMs, outages, gaps, lost, when, closed) => {
        const holds = (periods: readonly (readonly [number, number])[], ms: number): boolean =>
          periods.some(([from, length]) => ms >= from && ms < from + length);
        const samples: [number, number][] = [];
        for (let i = 0; i * stepMs + phaseMs < 45 * HOUR; i += 1) {
          const at = i * stepMs + phaseMs;
          if (!holds(gaps, at) && !lost.includes(i)) samples.push([at, holds(outages, at) ? 0 : 1]);
        }
        const stored = { 'a.b@c|d': samples };
        const result = await found(fake(stored, { closed }), { ...ONES, when }, ...RANGE);
        // A distance that does not divide an hour hides a lost sample of it.
        if (HOUR % stepMs !== 0 && lost.length > 0) return;
        assert.deepEqual(result['a.b@c|d'] ?? [], cut(plainly(samples, stepMs, when), ...RANGE));
      },
    ),
    { numRuns: 60 },
  );
});

test('a sample in the first millisecond of an hour, with a gap after it or on both sides', async () => {
  const step = 15_000;
  const phase = (hour: number): number => hour * HOUR + 1;
  for (const closed of [true, false]) {
    for (const when of ['is 1', 'is there'] as const) {
      const samples = [...steady(step, phase(5), phase(16) + 1), ...steady(step, phase(17), phase(45))];
      const lonely = [
        ...steady(step, phase(5), phase(15)),
        [phase(16), 1] as const,
        ...steady(step, phase(17), phase(45)),
      ];
      const result = await found(fake({ a: samples, b: lonely }, { closed }), { ...ONES, when }, ...RANGE);
      assert.deepEqual(result, {
        a: cut(plainly(samples, step, when), ...RANGE),
        b: cut(plainly(lonely, step, when), ...RANGE),
      });
    }
  }
});

function steady(stepMs: number, fromMs: number, toMs: number, value = 1): [number, number][] {
  const samples: [number, number][] = [];
  for (let at = fromMs; at < toMs; at += stepMs) samples.push([at, value]);
  return samples;
}

test('steady hours cost a sample each, and an outage a few hours of samples', async () => {
  const month = 240 * HOUR;
  const quiet = fake({ a: steady(15_000, 4321, month + 10 * HOUR) });
  await found(quiet, ONES, 5 * HOUR, month);
  assert.ok(quiet.sent < 1000, `${quiet.sent} samples`);
  const broken = steady(15_000, 4321, month + 10 * HOUR).map(([at]): [number, number] => [
    at,
    at > 100 * HOUR && at < 103.5 * HOUR ? 0 : 1,
  ]);
  const busy = fake({ a: broken });
  await found(busy, ONES, 5 * HOUR, month);
  assert.ok(busy.sent < 3500, `${busy.sent} samples`);
});

test('the interval of the rules changed in the middle', async () => {
  const samples = [...steady(30_000, 1000, 20 * HOUR), ...steady(15_000, 20 * HOUR + 1000, 45 * HOUR)];
  assert.deepEqual(await found(fake({ a: samples }), ONES, ...RANGE), { a: [[10 * HOUR, 40 * HOUR]] });
});

test('what is too much at once is asked in smaller pieces; what is too much in the smallest is an error', async () => {
  const stored = { a: steady(60_000, 1000, 45 * HOUR), b: steady(60_000, 1000, 20 * HOUR) };
  const whole = [[10 * HOUR, 40 * HOUR]];
  const early = [[10 * HOUR, 20 * HOUR + 1000]];
  const prometheus = fake(stored, { most: 130 });
  assert.deepEqual(await found(prometheus, ONES, ...RANGE), { a: whole, b: early });
  await assert.rejects(found(fake(stored, { most: 20 }), ONES, ...RANGE), TooMuch);
});
