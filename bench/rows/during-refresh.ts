import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../child.ts';
import type { Cloud } from '../cloud.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter, type Exporter } from '../exporter.ts';
import type { Pace, Sample } from '../load-process.ts';
import { valueOf } from '../page.ts';
import type { Row } from '../row.ts';
import { SCRATCH } from '../scratch.ts';
import { grouped, median, percentile, short } from '../stats.ts';

/** A round begins so long before a refresh, and ends so long before the next one. */
const CLEAR_MS = 2000;
/** Scrapes this near to a refresh count neither as during it nor as at rest. */
const MARGIN_MS = 200;

/**
 * Scrapes at a steady pace while a refresh comes and goes: the wire tells when it began, the page how long it took. Bare `node:http` is asked in between:
 * what it feels of the refresh is the machine's doing (few cores for several processes), not the exporter's.
 */
export async function measureDuringRefresh(context: Context): Promise<Row[]> {
  const { large } = context.sizes;
  const cloud = await context.cloud(large);
  const intervalMs = context.short ? 6000 : 14_000;
  const exporter = await startExporter(cloud.environment, oneCloud(`${intervalMs / 1000}s`));
  const file = join(SCRATCH, 'page-during');
  writeFileSync(file, await exporter.scrape());
  const bare = startChild('bare-process.ts');
  const barePort = await bare.ask<number>('serve', file);
  // Each of the two servers gets every second request; more, at 6 MB a page, would measure the limits of the loopback.
  const pace: Pace = {
    ports: [exporter.port, barePort],
    path: '/metrics',
    everyMs: context.short ? 10 : 20,
    ms: intervalMs - 2 * CLEAR_MS,
  };

  const rounds: { readonly ours: Split; readonly theirs: Split }[] = [];
  const durations: number[] = [];
  for (let round = 0; round < (context.short ? 2 : 4); round += 1) {
    await sleep((await lastBegun(cloud)) + intervalMs - CLEAR_MS - Date.now());
    const refreshes = await refreshesOf(exporter);
    await sleep((await lastBegun(cloud)) + intervalMs - CLEAR_MS / 2 - Date.now());
    const samples = await context.load.ask<Sample[]>('pace', pace);
    const page = await pageAfter(exporter, refreshes);
    const began = await lastBegun(cloud);
    const tookMs = valueOf(page, 'cinder_exporter_refresh_duration_seconds') * 1000;
    durations.push(tookMs);
    const ours: Split = { during: [], atRest: [] };
    const theirs: Split = { during: [], atRest: [] };
    for (const sample of samples) {
      const place = placeOf(sample, began, began + tookMs);
      if (place) (sample[1] === barePort ? theirs : ours)[place].push(sample[2]);
    }
    rounds.push({ ours, theirs });
  }
  await exporter.stop();
  await bare.stop();

  // The median of the rounds: on a machine with other work one of them is always bad.
  const ofRounds = (whose: 'ours' | 'theirs', read: (split: Split) => number): number =>
    median(rounds.map((round) => read(round[whose])));
  const ratio = (of: Split): number => percentile(of.during, 0.99) / percentile(of.atRest, 0.99);
  const at = (share: number, whose: 'ours' | 'theirs'): string => {
    const [during, atRest] = (['during', 'atRest'] as const).map((place) =>
      short(ofRounds(whose, (split) => percentile(split[place], share))),
    );
    return `${during} ms, at rest ${atRest} ms`;
  };
  const value = ofRounds('ours', ratio);
  return [
    {
      about: `scrape while a refresh runs, ${grouped(large)} backends`,
      what: 'p99, of its p99 at rest',
      value,
      measured: `${short(value)} (p99 ${at(0.99, 'ours')}; p50 ${at(0.5, 'ours')}; refreshes of ${grouped(median(durations))} ms; bare node:http at the same moments ${short(ofRounds('theirs', ratio))}: p99 ${at(0.99, 'theirs')})`,
      target: { sense: 'at most', limit: 3 },
    },
  ];
}

type Place = 'during' | 'atRest';

type Split = Readonly<Record<Place, number[]>>;

function placeOf([askedAt, , tookMs]: Sample, began: number, ended: number): Place | undefined {
  const overlaps = (marginMs: number): boolean => askedAt + tookMs > began - marginMs && askedAt < ended + marginMs;
  return overlaps(0) ? 'during' : overlaps(MARGIN_MS) ? undefined : 'atRest';
}

/** When the last refresh asked for the service list. */
async function lastBegun(cloud: Cloud): Promise<number> {
  return Math.max(...(await cloud.stats()).askedAt.flat());
}

async function refreshesOf(exporter: Exporter): Promise<number> {
  return valueOf(await exporter.page(), 'cinder_exporter_refreshes_total');
}

/** The page, once it tells of more refreshes than so many. */
async function pageAfter(exporter: Exporter, refreshes: number): Promise<string> {
  for (;;) {
    const page = await exporter.page();
    if (valueOf(page, 'cinder_exporter_refreshes_total') > refreshes) return page;
    await sleep(200);
  }
}
