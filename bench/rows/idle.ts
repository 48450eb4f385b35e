import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud } from '../cloud.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter } from '../exporter.ts';
import type { Row } from '../row.ts';
import { grouped, short } from '../stats.ts';
import { cpuSeconds } from '../usage.ts';

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
  await cloud.stop();
  return [
    {
      about: 'idle',
      what: `${grouped(small)} backends every ${intervalS} s, scraped every ${scrapeEveryS} s: share of a core`,
      value: share * 100,
      measured: `${short(share * 100)}% (over ${scrapes * scrapeEveryS} s)`,
      target: { sense: 'at most', limit: 30 / intervalS, unit: '%' },
    },
  ];
}
