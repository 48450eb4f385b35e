import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, minutes: { type: 'string', default: '5' } },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const durationMs = Number(values.minutes) * 60_000;
console.log(`npm run soak -- --seed ${seed} --minutes ${values.minutes}`);
await soak({ seed, durationMs, say: (line) => console.log(line) });
console.log('all well');
