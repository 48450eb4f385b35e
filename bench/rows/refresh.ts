import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../child.ts';
import { readBodies } from '../cloud.ts';
import type { Context } from '../context.ts';
import { MODULES } from '../program.ts';
import type { RefreshCost, RefreshTask } from '../refresh-process.ts';
import type { Row } from '../row.ts';
import { SCRATCH } from '../scratch.ts';
import { grouped, median, short } from '../stats.ts';

/** CPU of a refresh against the CPU of parsing its two bodies, and how both and the page grow. */
export async function measureRefresh(context: Context): Promise<Row[]> {
  const { small, medium, large } = context.sizes;
  const costs: { readonly backends: number; readonly cost: RefreshCost }[] = [];
  for (const backends of [small, medium, large]) {
    const rounds = backends === large ? 5 : 9;
    const task = { rounds: context.short ? 2 : rounds, repeat: Math.max(1, Math.round(3000 / backends)) };
    costs.push({ backends, cost: await measureOne(context, backends, task) });
  }
  const rows = costs.map(({ backends, cost }): Row => {
    const ratio = median(cost.refreshMs) / median(cost.parseMs);
    return {
      about: 'refresh: decode, assess, render, compress',
      what: `${grouped(backends)} backends: CPU, of JSON.parse's of the same bodies (${short(cost.bodyBytes / 1e6)} MB)`,
      value: ratio,
      measured: `${short(ratio)} (${short(median(cost.refreshMs))} ms, JSON.parse ${short(median(cost.parseMs))} ms)`,
      // The smaller ones are told, since at a few milliseconds the fixed costs show.
      ...(backends === large && { target: { sense: 'at most', limit: 5 } }),
    };
  });
  const of = (wanted: number): RefreshCost | undefined => costs.find(({ backends }) => backends === wanted)?.cost;
  const growth = (what: string, unit: string, read: (cost: RefreshCost) => number, limit: number): Row => {
    const [atMedium, atLarge] = [medium, large].map((n) => read(of(n) as RefreshCost) / n) as [number, number];
    return {
      about: `growth, ${grouped(medium)} to ${grouped(large)} backends`,
      what,
      value: atLarge / atMedium,
      measured: `x ${short(atLarge / atMedium)} (${short(atMedium)} and ${short(atLarge)} ${unit} a backend)`,
      target: { sense: 'at most', limit },
    };
  };
  rows.push(
    growth('CPU of a refresh, a backend', 'µs', (cost) => median(cost.refreshMs) * 1000, 1.2),
    growth('bytes of the page, a backend', 'B', (cost) => cost.pageBytes, 1.05),
    growth('bytes of the page compressed, a backend', 'B', (cost) => cost.gzipBytes, 1.05),
  );
  return rows;
}

async function measureOne(
  context: Context,
  backends: number,
  task: Pick<RefreshTask, 'rounds' | 'repeat'>,
): Promise<RefreshCost> {
  const bodies = await readBodies(await context.cloud(backends));
  const services = join(SCRATCH, `services-${backends}.json`);
  const pools = join(SCRATCH, `pools-${backends}.json`);
  writeFileSync(services, bodies.services);
  writeFileSync(pools, bodies.pools);
  const child = startChild('refresh-process.ts');
  const cost = await child.ask<RefreshCost>('measure', { modules: MODULES, services, pools, ...task });
  await child.stop();
  return cost;
}
