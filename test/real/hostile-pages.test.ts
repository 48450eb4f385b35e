import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { hostileCloud } from '../faults/hostile-bodies.ts';
import { hostilePage } from '../faults/hostile-page.ts';

const PROMTOOL = 'promtool';
const SAMPLES = 40;

test('promtool has nothing to say about the pages of hostile clouds', async (t) => {
  const seed = Date.now() % 2 ** 31;
  t.diagnostic(`seed ${seed}`);
  let rows = 0;
  for (const { services, pools, types } of fc.sample(hostileCloud, { numRuns: SAMPLES, seed })) {
    const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
    const page = await hostilePage({
      services: json({ services }),
      pools: json({ pools }),
      types: { volume_types: types },
    });
    rows += page.snapshot.services.length + page.snapshot.pools.length;
    const input = await page.text('text');
    const { stdout, stderr, status } = spawnSync(PROMTOOL, ['check', 'metrics'], { input, encoding: 'utf8' });
    assert.equal(`${stdout}${stderr}`, '', input);
    assert.equal(status, 0);
  }
  assert.ok(rows > SAMPLES, `${rows} rows`);
});
