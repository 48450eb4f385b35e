import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { planPastOneMachine, whatItCosts } from './plan.ts';
import { ROOT } from './program.ts';
import { table, type Row } from './row.ts';
import { WITHOUT_CAPABILITIES } from './rows/idle.ts';
import type { Facts } from './rows/process.ts';

/** What `cinder-cost.ts` measured beside a real Cinder. */
function cinderPays(): string {
  return readFileSync(join(ROOT, 'bench', 'cinder-cost.md'), 'utf8');
}

/** Writes docs/performance.md from what was just measured. */
export function writeDocument(rows: readonly Row[], facts: readonly Facts[], minutes: number): void {
  const [load = 0] = loadavg();
  const share = (wanted: string): number => rows.find(({ about }) => about === wanted)?.value ?? Number.NaN;
  const text = `# Performance

This page is written by \`npm run bench -- --write-docs\` from its own measurements; do not edit it.

${whatItCosts(facts, share('idle'), share(WITHOUT_CAPABILITIES))}
## What was measured

Measured on ${new Date().toISOString().slice(0, 10)} with Node.js ${process.version} (${process.platform}, ${process.arch}) on ${availableParallelism()} cores, in ${minutes.toFixed(0)} minutes.
Other programs may have run beside it (load ${load.toFixed(1)} at the end): the times say little, the ratios much. Whatever is compared was measured in the same run,
in turns. Of each the median counts.

* The load: a generated cloud (\`src/simulator/generated-cloud.ts\`) with 4 pools a backend, about 1 kB of capabilities a pool, awkward values included, served by the simulated cloud in another process.
* The exporter: the built program in a process of its own, as users start it. Decoding, assessing, rendering and compressing alone, and the 2,000 refreshes, are measured on its compiled modules.
* Between two refreshes every second backend has new stats, as it is with a refresh every 30 s and Cinder's own 60 s; what did not change is not read and compressed again.
* CPU time counts all threads of the process. Memory is its resident size, shared libraries and Node.js itself included.
* The load generator is a third process, which reads each answer to its last byte and does not look at it.

${table(rows)}

A row without a target is there to compare with. \`npm run bench -- --only PART\` measures one part; \`--short\` is the form that CI runs: smaller clouds, shorter runs, and twice the target is still good.

${cinderPays()}
## Why it is so

* A refresh asks two questions whatever the size of the cloud, over connections that are kept, and a scrape none at all: pages are in memory.
* The labels of a backend or pool are rendered once a refresh, not once a sample, and each family is compressed once for both formats. The page is kept compressed only;
  the few clients that do not take gzip get it unpacked on its way out.
* A row with the same bytes as in the answer before keeps its decoded object, and one with another time only gets that. Answers beyond 8 MB are not kept for that.
* A piece of the page whose samples are the same is neither rendered nor compressed again. A pool that did not change is not even looked at. What is known of pieces is kept up to 6 MB.
* Of all this 12 MB are held for all clouds together. What has no room is made anew each time.
* Five cinder-volumes are asked after each other, then none for ten seconds. To wake up for each alone would cost twice the CPU.
* Between refreshes nothing is looked at but, every 2.5 s, connections that are slow. The event loop is watched only while it has work.
* A scrape sends one buffer. The exporter's own metrics in it are at most a second old; nothing is hashed, copied or encoded for a scrape before that.
* Nothing about a backend outlives its disappearance from the answers: labels live in the snapshot, and the snapshot is replaced whole.
* Requests that need a scheduler have a lane of their own, with room for one. Cinder answers them after its RPC timeout at the earliest when no scheduler lives, and each one holds a worker of its API until then.

${planPastOneMachine(facts)}`;
  writeFileSync(join(ROOT, 'docs', 'performance.md'), text);
}
