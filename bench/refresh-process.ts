import { readFileSync } from 'node:fs';
import { cpuUsage } from 'node:process';
import { answer } from './child.ts';
import { importCompiled } from './compiled.ts';
import { OPERATION_LIMITS } from '../src/config/load.ts';

/** The refresh without HTTP, from the two bodies to the compressed pages, in the program's own modules. */
type PipelineModule = typeof import('../src/watch/pipeline.ts');
type PageModule = typeof import('../src/metrics/page.ts');

export interface RefreshCost {
  /** CPU milliseconds of `JSON.parse` of both bodies, already decoded to text; one a round. */
  readonly parseMs: readonly number[];
  /** CPU milliseconds of decoding, assessing, rendering and compressing, in all threads. */
  readonly refreshMs: readonly number[];
  readonly bodyBytes: number;
  readonly pageBytes: number;
  readonly gzipBytes: number;
}

export interface RefreshTask {
  /** The folder of the compiled modules. */
  readonly modules: string;
  readonly services: string;
  readonly pools: string;
  readonly rounds: number;
  /** Refreshes (and parsings) a round. */
  readonly repeat: number;
}

async function measure({ modules, services, pools, rounds, repeat }: RefreshTask): Promise<RefreshCost> {
  const { createPipeline } = await importCompiled<PipelineModule>(modules, 'watch/pipeline.js');
  const { finish } = await importCompiled<PageModule>(modules, 'metrics/page.js');
  const bodies = { services: readFileSync(services), pools: readFileSync(pools) };
  const texts = [bodies.services.toString(), bodies.pools.toString()] as const;
  const pipeline = createPipeline({
    staleAfterMs: 7 * 86_400_000,
    maxRows: 200_000,
    maxLabelLength: 1024,
    operationLimits: OPERATION_LIMITS,
  });
  const turns = [bodies, otherwise(texts)];
  let turn = 0;
  const refresh = async () => {
    turn += 1;
    const { services: list, pools: stats } = turns[turn % 2] ?? bodies;
    const reading = { readAt: performance.now(), cinderTimeMs: Date.now() };
    await pipeline.services({ bytes: list, ...reading }, { late: false });
    await pipeline.pools({ bytes: stats, ...reading });
    const round = { atMs: Date.now(), now: performance.now(), up: true, api: undefined, collectors: [] };
    return pipeline.publish(round);
  };
  const cost = async (work: () => unknown): Promise<number> => {
    const before = cpuUsage();
    for (let i = 0; i < repeat; i += 1) await work();
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000 / repeat;
  };
  const parseMs: number[] = [];
  const refreshMs: number[] = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const parsed = await cost(() => texts.map((text) => JSON.parse(text) as unknown));
    const refreshed = await cost(refresh);
    if (round === 0) continue;
    parseMs.push(parsed);
    refreshMs.push(refreshed);
  }
  const page = await finish((await refresh()).pages, '', 'text');
  return {
    parseMs,
    refreshMs,
    bodyBytes: bodies.services.length + bodies.pools.length,
    pageBytes: page.size,
    gzipBytes: page.packedSize,
  };
}

interface Stats {
  readonly name: string;
  readonly capabilities: Record<string, unknown>;
}

/**
 * The bodies at the next refresh: every heartbeat is another one, and every second backend has reported, as Cinder polls its drivers once a minute. A report
 * has another time, and one pool of four another free capacity as well.
 */
function otherwise([services, pools]: readonly [string, string]): {
  readonly services: Buffer;
  readonly pools: Buffer;
} {
  const read = JSON.parse(pools) as { readonly pools: readonly Stats[] };
  const hosts = [...new Set(read.pools.map(({ name }) => name.split('#', 1)[0]))];
  const reported = new Set(hosts.filter((_, i) => i % 2 === 0));
  for (const [i, { name, capabilities }] of read.pools.entries()) {
    if (!reported.has(name.split('#', 1)[0])) continue;
    capabilities['timestamp'] = String(capabilities['timestamp']).replace(/\d\d(\.\d+)?$/, '31$1');
    if (i % 4 === 0) capabilities['free_capacity_gb'] = 1;
  }
  const heartbeats = services.replaceAll(
    /("updated_at":"[^"]*:)\d\d(\.\d+)?"/g,
    (_, all: string, part = '') => `${all}31${part}"`,
  );
  return { services: Buffer.from(heartbeats), pools: Buffer.from(JSON.stringify(read)) };
}

answer({ measure });
