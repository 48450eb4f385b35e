import { test } from 'node:test';
import { soak } from '../soak/soak.ts';

test(
  'a minute of random troubles leaves no leak, no stuck timer, no drift and the state of the cloud',
  { timeout: 240_000 },
  async (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`npm run soak -- --seed ${seed} --minutes 1`);
    await soak({ seed, durationMs: 60_000, say: (line) => t.diagnostic(line) });
  },
);
