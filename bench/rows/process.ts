import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud, STILL } from '../cloud.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter } from '../exporter.ts';
import { seriesOn, valueOf } from '../page.ts';
import { startHello } from '../hello.ts';
import type { Row } from '../row.ts';
import { grouped, median, short } from '../stats.ts';
import { cpuSeconds, residentMb } from '../usage.ts';

const SAMPLES_A_REFRESH = 10;

/** What the plan in the documentation counts with. */
export interface Facts {
  readonly backends: number;
  /** Samples on its page, with the exporter's own. */
  readonly series: number;
  readonly pageBytes: number;
  readonly gzipBytes: number;
  /** Of a refresh with its HTTP, and of the two scrapes that go with it. */
  readonly cpuMs: number;
  /** While it refreshes and is scraped: the median, and the highest ever. */
  readonly residentMb: number;
  readonly peakMb: number;
}

/** One run of the program at one size: what it asked of the cloud, and what it used. */
interface Run extends Facts {
  readonly refreshes: number;
  readonly scrapes: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly withoutGzip: number;
  readonly newConnections: number;
}

/** Requests, memory and CPU of the real program while it refreshes, at each size. */
export async function measureProcess(context: Context): Promise<{ rows: Row[]; facts: readonly Facts[] }> {
  const { small, medium, large } = context.sizes;
  const hello = await startHello();
  const still = context.short;
  const quick = { intervalMs: 1000, refreshes: context.short ? 4 : 15, still };
  const [base, atSmall, atMedium] = await Promise.all([
    runOnce(1, quick),
    runOnce(small, quick),
    runOnce(medium, quick),
  ]);
  const atLarge = await runOnce(large, context.short ? quick : { intervalMs: 3000, refreshes: 6, still });
  const helloMb = hello.residentMb();
  await hello.stop();

  const rows: Row[] = [
    ...[atSmall, atMedium, atLarge].flatMap(requestRows),
    {
      about: 'memory (RSS)',
      what: `${grouped(small)} backends, of an express hello-world's`,
      value: atSmall.residentMb / helloMb,
      measured: `${short(atSmall.residentMb / helloMb)} (${short(atSmall.residentMb)} MB, hello-world ${short(helloMb)} MB; with 1 backend ${short(base.residentMb)} MB)`,
      target: { sense: 'at most', limit: 1.6 },
    },
    {
      about: 'memory (RSS)',
      what: `${grouped(large)} backends`,
      value: atLarge.residentMb,
      measured: `${short(atLarge.residentMb)} MB (highest ever ${short(atLarge.peakMb)} MB)`,
      target: { sense: 'at most', limit: 450, unit: ' MB' },
    },
    growthRow(
      atMedium,
      atLarge,
      'memory a backend (RSS beyond that with 1 backend)',
      'kB',
      (run) => ((run.residentMb - base.residentMb) * 1000) / run.backends,
    ),
    growthRow(
      atMedium,
      atLarge,
      'CPU of a refresh with its HTTP, a backend',
      'µs',
      (run) => ((run.cpuMs - base.cpuMs) * 1000) / run.backends,
    ),
  ];
  return { rows, facts: [base, atSmall, atMedium, atLarge] };
}

function growthRow(medium: Run, large: Run, what: string, unit: string, read: (run: Run) => number): Row {
  const ratio = read(large) / read(medium);
  return {
    about: `growth of the process, ${grouped(medium.backends)} to ${grouped(large.backends)} backends`,
    what,
    value: ratio,
    measured: `x ${short(ratio)} (${short(read(medium))} and ${short(read(large))} ${unit})`,
    target: { sense: 'at most', limit: 1.2 },
  };
}

function requestRows({ backends, refreshes, scrapes, requests, withoutGzip, newConnections }: Run): Row[] {
  const { 'os-services': services = 0, get_pools: pools = 0, ...others } = requests;
  const other = Object.values(others).reduce((sum, count) => sum + count, 0);
  const about = 'requests to the cloud';
  const where = `${grouped(backends)} backends`;
  return [
    {
      about,
      what: `${where}: GETs a refresh`,
      value: (services + pools) / Math.max(services, pools),
      measured: `${services} + ${pools} in ${refreshes} refreshes`,
      target: { sense: 'at most', limit: 2 },
    },
    {
      about,
      what: `${where}: beyond these (logins, scrapes)`,
      value: other,
      measured: `${other} in ${refreshes} refreshes and ${scrapes} scrapes`,
      target: { sense: 'exactly', limit: 0 },
    },
    {
      about,
      what: `${where}: new connections, requests without gzip`,
      value: newConnections + withoutGzip,
      measured: `${newConnections}, ${withoutGzip}`,
      target: { sense: 'exactly', limit: 0 },
    },
  ];
}

async function runOnce(
  backends: number,
  {
    intervalMs,
    refreshes: wanted,
    still,
  }: { readonly intervalMs: number; readonly refreshes: number; readonly still: boolean },
): Promise<Run> {
  // Every second refresh brings new stats of a backend, as at 30 s and Cinder's own 60 s. Not in the short form: it would measure the simulator.
  const settings = still ? STILL : { ...STILL, pollIntervalMs: 2 * intervalMs };
  const cloud = await startCloud({ backends, settings });
  const exporter = await startExporter(cloud.environment, oneCloud(`${intervalMs / 1000}s`));
  const refreshesSoFar = async (): Promise<number> => valueOf(await exporter.page(), 'cinder_exporter_refreshes_total');
  const reaching = async (count: number): Promise<number> => {
    for (;;) {
      const now = await refreshesSoFar();
      if (now >= count) return now;
      await sleep(500);
    }
  };
  // The volume types are read after the first refresh, and the second finds everything warm.
  const before = await reaching(3);
  await cloud.reset();
  const cpuBefore = cpuSeconds(exporter.pid);
  // Two scrapes a refresh, as with Prometheus' 15 s and our 30 s.
  const resident: number[] = [];
  const samples = wanted * SAMPLES_A_REFRESH;
  for (let i = 0; i < samples; i += 1) {
    if (i % (SAMPLES_A_REFRESH / 2) === 0) await exporter.scrape();
    resident.push(residentMb(exporter.pid).now);
    await sleep(intervalMs / SAMPLES_A_REFRESH);
  }
  const cpuUsed = cpuSeconds(exporter.pid) - cpuBefore;
  const refreshes = (await refreshesSoFar()) - before;
  const { counts, withoutGzip, newConnections } = await cloud.stats();
  const gzipBytes = (await exporter.scrape()).length;
  const page = await exporter.page();
  const { peak } = residentMb(exporter.pid);
  await exporter.stop();
  await cloud.stop();
  return {
    backends,
    refreshes,
    scrapes: 2 * wanted + 2,
    requests: counts,
    withoutGzip,
    newConnections,
    series: seriesOn(page),
    pageBytes: Buffer.byteLength(page),
    gzipBytes,
    cpuMs: (cpuUsed * 1000) / refreshes,
    residentMb: median(resident),
    peakMb: peak,
  };
}
