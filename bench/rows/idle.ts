import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud, type Cloud } from '../cloud.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter } from '../exporter.ts';
import type { Row } from '../row.ts';
import { grouped, short } from '../stats.ts';
import { cpuMs, cpuSeconds, sleeps } from '../usage.ts';

/** CPU of an exporter at its usual pace, scraped at Prometheus' usual pace. */
export async function measureIdle(context: Context): Promise<Row[]> {
  const { small } = context.sizes;
  // The short form refreshes three times as often, so that one is seen.
  const intervalS = context.short ? 10 : 30;
  const scrapeEveryS = intervalS / 2;
  // With Cinder's own periods, so that the answers change as they do in a real cloud.
  const cloud = await startCloud({ backends: small });
  const exporter = await startExporter(cloud.environment, oneCloud(`${intervalS}s`, {}));
  // A refresh does not fall on either end of the measurement.
  await sleep(scrapeEveryS * 500);
  const before = cpuSeconds(exporter.pid);
  const start = performance.now();
  const scrapes = context.short ? 2 : 4;
  for (let i = 0; i < scrapes; i += 1) {
    await exporter.scrape();
    await sleep(scrapeEveryS * 1000);
  }
  const share = (cpuSeconds(exporter.pid) - before) / ((performance.now() - start) / 1000);
  await exporter.stop();
  const rest = await measureRest(cloud, context.short ? 10 : 30);
  await cloud.stop();
  return [
    rest,
    {
      about: 'idle',
      what: `${grouped(small)} backends every ${intervalS} s, scraped every ${scrapeEveryS} s: share of a core`,
      value: share * 100,
      measured: `${short(share * 100)}% (over ${scrapes * scrapeEveryS} s)`,
      target: { sense: 'at most', limit: 30 / intervalS, unit: '%' },
    },
  ];
}

/** After this V8 has collected what the start has left. */
const SETTLED_MS = 20_000;

/** The same with an hour between two refreshes: what it costs that the process is there. */
async function measureRest(cloud: Cloud, seconds: number): Promise<Row> {
  const exporter = await startExporter(cloud.environment, oneCloud('1h', {}));
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
