import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud, type Cloud } from '../cloud.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter } from '../exporter.ts';
import type { Row } from '../row.ts';
import { grouped, short } from '../stats.ts';
import { cpuMs, sleeps } from '../usage.ts';

export const WITHOUT_CAPABILITIES = 'idle, without `capabilities`';

/** CPU of an exporter at its usual pace, scraped at Prometheus' usual pace: with the usual collectors, and beside it one that asks no cinder-volume whether it answers. */
export async function measureIdle(context: Context): Promise<Row[]> {
  const { small } = context.sizes;
  // The short form refreshes three times as often, so that one is seen.
  const intervalS = context.short ? 10 : 30;
  const scrapeEveryS = intervalS / 2;
  // With Cinder's own periods, so that the answers change as they do in a real cloud.
  const cloud = await startCloud({ backends: small });
  const start = (collectors: object): ReturnType<typeof startExporter> =>
    startExporter(cloud.environment, oneCloud(`${intervalS}s`, collectors));
  const exporters = [await start({}), await start({ capabilities: false })];
  // What the start has left is over, and a refresh does not fall on either end of the measurement.
  await sleep((context.short ? 0.5 : 2.5) * scrapeEveryS * 1000);
  const before = exporters.map(({ pid }) => cpuMs(pid));
  const began = performance.now();
  const scrapes = context.short ? 2 : 16;
  for (let i = 0; i < scrapes; i += 1) {
    for (const exporter of exporters) await exporter.scrape();
    await sleep(scrapeEveryS * 1000);
  }
  const passedMs = performance.now() - began;
  const [all = Number.NaN, fewer = Number.NaN] = exporters.map(
    ({ pid }, i) => (cpuMs(pid) - (before[i] ?? 0)) / passedMs,
  );
  for (const exporter of exporters) await exporter.stop();
  const rest = await measureRest(cloud, context.short ? 10 : 30);
  await cloud.stop();
  const pace = `${grouped(small)} backends every ${intervalS} s, scraped every ${scrapeEveryS} s`;
  const told = (share: number): string =>
    `${short(share * 100)}% (${short(share * 3600)} s an hour, over ${scrapes * scrapeEveryS} s)`;
  return [
    rest,
    {
      about: 'idle',
      what: `${pace}: share of a core`,
      value: all * 100,
      measured: told(all),
      target: { sense: 'at most', limit: 30 / intervalS, unit: '%' },
    },
    { about: WITHOUT_CAPABILITIES, what: `${pace}: share of a core`, value: fewer * 100, measured: told(fewer) },
  ];
}

/** After this V8 has collected what the start has left. */
const SETTLED_MS = 20_000;

/** With an hour between two refreshes, and nothing else to ask: what it costs that the process is there. */
async function measureRest(cloud: Cloud, seconds: number): Promise<Row> {
  const exporter = await startExporter(cloud.environment, oneCloud('1h'));
  await sleep(SETTLED_MS);
  const [before, start] = [{ sleeps: sleeps(exporter.pid), ms: cpuMs(exporter.pid) }, performance.now()];
  await sleep(seconds * 1000);
  const passed = (performance.now() - start) / 1000;
  const aSecond = (sleeps(exporter.pid) - before.sleeps) / passed;
  const anHour = ((cpuMs(exporter.pid) - before.ms) / 1000 / passed) * 3600;
  await exporter.stop();
  return {
    about: 'nothing to refresh',
    what: `${grouped(cloud.backends)} backends every hour: wake-ups a second`,
    value: aSecond,
    measured: `${short(aSecond)} (over ${seconds} s; CPU ${short(anHour)} s an hour)`,
    target: { sense: 'at most', limit: 1 },
  };
}
