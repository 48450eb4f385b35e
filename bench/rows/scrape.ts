import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../child.ts';
import type { Context } from '../context.ts';
import { oneCloud, startExporter } from '../exporter.ts';
import type { Flood } from '../load-process.ts';
import type { Row } from '../row.ts';
import { SCRATCH } from '../scratch.ts';
import { grouped, median, short } from '../stats.ts';
import { cpuSeconds } from '../usage.ts';

/** A scrape of the ready page against bare `node:http` with the same buffer, in turns. */
export async function measureScrapes(context: Context): Promise<Row[]> {
  const { sizes } = context;
  // The target for the large page is meant for one of megabytes, which the short form does not have.
  return [
    ...(await compare(context, sizes.large, { connections: 2, leastRatio: context.short ? 0.45 : 0.8 })),
    ...(await compare(context, sizes.small, { connections: 8, leastRatio: 0.45 })),
  ];
}

interface Case {
  readonly connections: number;
  readonly leastRatio: number;
}

async function compare(context: Context, backends: number, { connections, leastRatio }: Case): Promise<Row[]> {
  const cloud = await context.cloud(backends);
  const exporter = await startExporter(cloud.environment, oneCloud('1d'));
  const page = await exporter.scrape();
  const file = join(SCRATCH, `page-${backends}`);
  writeFileSync(file, page);
  const bare = startChild('bare-process.ts');
  const barePort = await bare.ask<number>('serve', file);

  const one = async (pid: number, port: number): Promise<{ rate: number; cpuMs: number }> => {
    const ms = 600;
    const before = cpuSeconds(pid);
    const flood: Flood = { port, path: '/metrics', connections, ms };
    const rate = await context.load.ask<number>('flood', flood);
    return { rate, cpuMs: ((cpuSeconds(pid) - before) * 1000) / ((rate * ms) / 1000) };
  };
  const ours: { rate: number; cpuMs: number }[] = [];
  const theirs: typeof ours = [];
  // The first round warms both up.
  for (let round = 0; round <= (context.short ? 3 : 8); round += 1) {
    const ourTurn = await one(exporter.pid, exporter.port);
    const theirTurn = await one(bare.pid, barePort);
    if (round === 0) continue;
    ours.push(ourTurn);
    theirs.push(theirTurn);
  }
  await exporter.stop();
  await bare.stop();

  const ratio = median(ours.map(({ rate }, i) => rate / (theirs[i]?.rate ?? Number.NaN)));
  const cpu = (of: typeof ours): number => median(of.map(({ cpuMs }) => cpuMs));
  const rate = (of: typeof ours): string => grouped(median(of.map((each) => each.rate)));
  return [
    {
      about: `scrape of the ready page, gzip, ${connections} connections`,
      what: `${grouped(backends)} backends (${grouped(page.length / 1000)} kB): throughput, of bare node:http's`,
      value: ratio,
      measured: `${short(ratio)} (${rate(ours)}/s, bare ${rate(theirs)}/s; CPU of the server ${short(cpu(ours))} ms a scrape, bare ${short(cpu(theirs))} ms)`,
      target: { sense: 'at least', limit: leastRatio },
    },
  ];
}
