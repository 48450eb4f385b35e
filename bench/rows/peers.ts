import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud, type Cloud } from '../cloud.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter } from '../exporter.ts';
import { findPeer, startPeer } from '../peer.ts';
import type { Row } from '../row.ts';
import { grouped, median, short } from '../stats.ts';
import { cpuMs, residentMb } from '../usage.ts';

const ABOUT = 'openstack-exporter, in the same minutes';
const INTERVAL_S = 30;
const SCRAPES = 4;

/** What one program used while Prometheus scraped it. */
interface Used {
  /** CPU seconds. */
  readonly anHour: number;
  readonly residentMb: number;
  readonly startMs: number;
  readonly scrapeMs: number;
  readonly requestsAScrape: number;
}

/** openstack-exporter beside ours: each on a cloud of its own of the same seed, both at once. It asks for services and pools alone, as ours does. */
export async function measurePeers({ short: isShort, sizes }: Context): Promise<Row[]> {
  // Its build takes minutes.
  const peer = isShort ? { missing: 'not in the short form' } : findPeer();
  if ('missing' in peer)
    return [{ about: ABOUT, what: 'all', value: Number.NaN, measured: `no figures: ${peer.missing}` }];
  const rows: Row[] = [];
  for (const backends of [sizes.small, sizes.medium]) {
    const [ours, theirs] = await Promise.all([
      used(backends, async ({ environment }) => {
        const exporter = await startExporter(environment, oneCloud(`${INTERVAL_S}s`));
        return { ...exporter, url: `http://127.0.0.1:${exporter.port}` };
      }),
      used(backends, ({ environment }) => startPeer(peer.program, environment, { backendsOnly: true })),
    ]);
    const compared = (what: string, unit: string, read: (of: Used) => number, limit?: number): Row => ({
      about: ABOUT,
      what: `${grouped(backends)} backends: ${what}, of its own`,
      value: read(ours) / read(theirs),
      measured: `${short(read(ours) / read(theirs))} (${short(read(ours))} ${unit}, openstack-exporter ${short(read(theirs))} ${unit})`,
      ...(limit !== undefined && { target: { sense: 'at most', limit } }),
    });
    rows.push(
      compared('CPU an hour', 's', (of) => of.anHour, backends === sizes.small ? 1 : undefined),
      compared('memory', 'MB', (of) => of.residentMb),
      compared('start to the first whole page', 'ms', (of) => of.startMs),
      compared('a scrape', 'ms', (of) => of.scrapeMs),
      compared(`requests to the cloud in ${INTERVAL_S} s`, 'GETs', (of) => of.requestsAScrape),
    );
  }
  const whole = await used(sizes.small, ({ environment }) =>
    startPeer(peer.program, environment, { backendsOnly: false }),
  );
  rows.push({
    about: ABOUT,
    what: `${grouped(sizes.small)} backends: its usual collectors of Cinder, a scrape`,
    value: whole.scrapeMs,
    measured: `${short(whole.scrapeMs)} ms, ${short(whole.requestsAScrape)} requests (CPU ${short(whole.anHour)} s an hour)`,
  });
  return rows;
}

async function used(
  backends: number,
  start: (cloud: Cloud) => Promise<{ readonly pid: number; readonly url: string; readonly stop: () => Promise<void> }>,
): Promise<Used> {
  // With Cinder's own periods, so that the answers change as they do in a real cloud.
  const cloud = await startCloud({ backends });
  const began = performance.now();
  const running = await start(cloud);
  const scrape = async (): Promise<number> => {
    const asked = performance.now();
    const answer = await fetch(`${running.url}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status}`);
    return performance.now() - asked;
  };
  await scrape();
  const startMs = performance.now() - began;
  // The start is over, and no refresh falls on either end.
  await sleep(INTERVAL_S * 500);
  await cloud.reset();
  const [before, start0] = [cpuMs(running.pid), performance.now()];
  const took: number[] = [];
  const resident: number[] = [];
  for (let i = 0; i < SCRAPES; i += 1) {
    took.push(await scrape());
    resident.push(residentMb(running.pid).now);
    await sleep(INTERVAL_S * 1000);
  }
  const passedMs = performance.now() - start0;
  const anHour = ((cpuMs(running.pid) - before) / passedMs) * 3600;
  const { counts } = await cloud.stats();
  await running.stop();
  await cloud.stop();
  return {
    anHour,
    residentMb: median(resident),
    startMs,
    scrapeMs: median(took),
    requestsAScrape: Object.values(counts).reduce((sum, count) => sum + count, 0) / SCRAPES,
  };
}
