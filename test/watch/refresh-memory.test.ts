import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCloudMetrics } from '../../src/metrics/exporter.ts';
import type { Body } from '../../src/watch/pipeline.ts';
import { createRound, type RoundParts } from '../../src/watch/refresh.ts';
import { CONFIG } from './watched.ts';

/** A round whose API answers with these bodies, and what the pipeline was given. */
async function round(bodies: { readonly services: Buffer; readonly pools: Buffer }): Promise<Record<string, number>> {
  const lengths: Record<string, number> = {};
  const accept =
    (collector: string) =>
    async ({ bytes }: Body) => {
      lengths[collector] = bytes.length;
      return { rows: 1, rejected: 0, truncated: 0, problem: undefined, disagreements: [] };
    };
  const answered = (body: Buffer) => async () => ({ request: {}, answer: { status: 200, headers: {}, body } });
  const parts = {
    config: CONFIG,
    api: {
      prepare: async () => undefined,
      schedulerInList: () => false,
      services: answered(bodies.services),
      pools: answered(bodies.pools),
    },
    lane: {
      obstacle: () => undefined,
      ask: async (_: string, question: () => Promise<unknown>) => ({ kind: 'answered', value: await question() }),
    },
    pauses: { services_fallback: { refusal: () => undefined, succeed: () => {} } },
    clock: { now: () => 0 },
    pipeline: { services: accept('services'), pools: accept('pools') },
    collectors: { succeeded: () => {}, failed: (_: string, __: number, error: Error) => assert.fail(error) },
    metrics: createCloudMetrics(),
    noted: () => {},
    schedulerTold: () => {},
  };
  assert.equal(await createRound(parts as unknown as RoundParts)(), true);
  return lengths;
}

test('the memory of a large answer is given back once it was read, and a small one is the pipeline’s to keep', async () => {
  const bodies = { services: Buffer.alloc(1000), pools: Buffer.alloc(9 * 1024 * 1024) };
  assert.deepEqual(await round(bodies), { services: 1000, pools: 9 * 1024 * 1024 });
  assert.deepEqual([bodies.services.length, bodies.pools.length], [1000, 0]);
});
