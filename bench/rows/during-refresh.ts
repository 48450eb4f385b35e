import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../child.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter } from '../exporter.ts';
import { valueOf } from '../page.ts';
import type { Pace, Sample } from '../load-process.ts';
import type { Row } from '../row.ts';
import { SCRATCH } from '../scratch.ts';
import { grouped, percentile, short } from '../stats.ts';

/**
 * Scrapes at a steady pace while refreshes come and go; the wire tells when each began. Bare `node:http` is asked in between:
 * what it feels of the refreshes is the machine's doing (two cores for five processes), not the exporter's.
 */
export async function measureDuringRefresh(context: Context): Promise<Row[]> {
  const { large } = context.sizes;
  const cloud = await context.cloud(large);
  const exporter = await startExporter(cloud.environment, oneCloud(context.short ? '2s' : '8s'));
  const file = join(SCRATCH, 'page-during');
  writeFileSync(file, await exporter.scrape());
  const bare = startChild('bare-process.ts');
  const barePort = await bare.ask<number>('serve', file);
  // Each of the two servers gets every second request; more, at 6 MB a page, would measure the limits of the loopback.
  const pace: Pace = {
    ports: [exporter.port, barePort],
    path: '/metrics',
    everyMs: context.short ? 10 : 20,
    ms: context.short ? 7000 : 48_000,
  };

  const split: Split = { during: [], atRest: [] };
  const bareSplit: Split = { during: [], atRest: [] };
  await cloud.reset();
  const samples = await context.load.ask<Sample[]>('pace', pace);
  const durationMs = valueOf(await exporter.page(), 'cinder_exporter_refresh_duration_seconds') * 1000;
  const [begun = []] = (await cloud.stats()).askedAt;
  for (const sample of samples) {
    const [, port, tookMs] = sample;
    const place = placeOf(sample, begun, durationMs);
    if (place) (port === barePort ? bareSplit : split)[place].push(tookMs);
  }
  await exporter.stop();
  await bare.stop();

  const ratio = (of: Split): number => percentile(of.during, 0.99) / percentile(of.atRest, 0.99);
  const at = (share: number, of: Split, place: Place): string => short(percentile(of[place], share));
  return [
    {
      about: `scrape while a refresh runs, ${grouped(large)} backends`,
      what: 'p99, of its p99 at rest',
      value: ratio(split),
      measured: `${short(ratio(split))} (p99 ${at(0.99, split, 'during')} ms, at rest ${at(0.99, split, 'atRest')} ms; p50 ${at(0.5, split, 'during')} and ${at(0.5, split, 'atRest')} ms; bare node:http at the same moments ${short(ratio(bareSplit))}: ${at(0.99, bareSplit, 'during')} and ${at(0.99, bareSplit, 'atRest')} ms; ${split.during.length} scrapes in ${begun.length} refreshes of ${grouped(durationMs)} ms)`,
      target: { sense: 'at most', limit: 3 },
    },
  ];
}

type Place = 'during' | 'atRest';

type Split = Readonly<Record<Place, number[]>>;

/** Whether a scrape overlapped a refresh, or was well clear of every one; undefined in between. */
function placeOf([askedAt, , tookMs]: Sample, begun: readonly number[], durationMs: number): Place | undefined {
  const overlaps = (start: number, end: number): boolean => askedAt + tookMs > start && askedAt < end;
  if (begun.some((start) => overlaps(start, start + durationMs))) return 'during';
  return begun.some((start) => overlaps(start - 100, start + 2 * durationMs)) ? undefined : 'atRest';
}
