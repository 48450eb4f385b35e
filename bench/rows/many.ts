import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { startCloud } from '../cloud.ts';
import { LISTS_ONLY, startExporter, type Exporter } from '../exporter.ts';
import { valueOf } from '../page.ts';
import type { Row } from '../row.ts';
import { grouped, short } from '../stats.ts';
import { cpuSeconds, residentMb } from '../usage.ts';

const BACKENDS = 50;

/** Many clouds in one process: are their refreshes spread, and does each come when it is due? */
export async function measureMany(context: Context): Promise<Row[]> {
  const [clouds, intervalS] = context.short ? [50, 3] : [200, 10];
  const cloud = await startCloud({ backends: BACKENDS });
  const names = Array.from({ length: clouds }, (_, i) => `cloud-${i}`);
  const each = { os_cloud: 'envvars', interval: `${intervalS}s`, max_random_delay: '0s', collectors: LISTS_ONLY };
  const exporter = await startExporter(cloud.environment, {
    clouds: Object.fromEntries(names.map((name) => [name, each])),
  });
  // One interval later every cloud has taken its place.
  await sleep(intervalS * 1000);
  const atStart = await cloud.stats();
  const lostAtStart = await lostRefreshes(exporter, names);
  await cloud.reset();
  const before = cpuSeconds(exporter.pid);
  const seconds = 2 * intervalS + 0.5;
  await sleep(seconds * 1000);
  const cpu = (cpuSeconds(exporter.pid) - before) / seconds;
  const { askedAt, loginsAtOnce, requestsOfOneLogin } = await cloud.stats();
  const resident = residentMb(exporter.pid).now;
  const lost = (await lostRefreshes(exporter, names)) - lostAtStart;
  await exporter.stop();
  await cloud.stop();

  const gaps = askedAt.flatMap((times) => times.slice(1).map((at, i) => (at - (times[i] ?? at)) / 1000));
  const widest = Math.max(...gaps, askedAt.length < clouds ? Infinity : 0);
  const about = `${clouds} clouds x ${BACKENDS} backends, every ${intervalS} s`;
  const busiest = busiestSecond(askedAt.flat());
  const even = clouds / intervalS;
  return [
    {
      about,
      what: 'refreshes missed or overlapped',
      value: lost,
      measured: `${lost} of ${grouped(askedAt.flat().length)}`,
      target: { sense: 'exactly', limit: 0 },
    },
    {
      about,
      what: 'the same in the first interval, when all are read at once',
      value: lostAtStart,
      measured: `${lostAtStart} (clouds with a request under way at once: ${atStart.loginsAtOnce})`,
      ...(!context.short && { target: { sense: 'exactly', limit: 0 } }),
    },
    {
      about,
      what: 'clouds with a request under way at once',
      value: loginsAtOnce,
      measured: `${loginsAtOnce} (of one cloud ${requestsOfOneLogin})`,
      target: { sense: 'at most', limit: clouds / 10 },
    },
    {
      about,
      what: 'refreshes in the busiest second, of an even spread',
      value: busiest / even,
      measured: `x ${short(busiest / even)} (${busiest}, even ${short(even)})`,
      target: { sense: 'at most', limit: 1.5 },
    },
    {
      about,
      what: 'longest time between two refreshes of a cloud, of the interval',
      value: widest / intervalS,
      measured: `x ${(widest / intervalS).toFixed(3)} (${short(cpu * 100)}% of a core, ${short(resident)} MB)`,
      target: { sense: 'at most', limit: 1.1 },
    },
  ];
}

async function lostRefreshes(exporter: Exporter, names: readonly string[]): Promise<number> {
  let lost = 0;
  for (const name of names) {
    const page = await exporter.page(`/probe?cloud=${name}`);
    lost += valueOf(page, 'cinder_exporter_refreshes_missed_total');
    lost += valueOf(page, 'cinder_exporter_refreshes_overlapped_total');
  }
  return lost;
}

function busiestSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    while ((sorted[i] ?? 0) - (sorted[first] ?? 0) >= 1000) first += 1;
    most = Math.max(most, i - first + 1);
  }
  return most;
}
