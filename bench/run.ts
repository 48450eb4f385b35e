import { parseArgs } from 'node:util';
import { startChild } from './child.ts';
import { STILL, startCloud, type Cloud } from './cloud.ts';
import type { Context } from './context.ts';
import { writeDocument } from './document.ts';
import { buildProgram } from './program.ts';
import { reaches, table, type Row } from './row.ts';
import { measureDuringRefresh } from './rows/during-refresh.ts';
import { measureGentle } from './rows/gentle.ts';
import { measureIdle } from './rows/idle.ts';
import { measureInstall } from './rows/install.ts';
import { measureMany } from './rows/many.ts';
import { measurePeers } from './rows/peers.ts';
import { measureProcess, type Facts } from './rows/process.ts';
import { measureRefresh } from './rows/refresh.ts';
import { measureScrapes } from './rows/scrape.ts';
import { measureSoak } from './rows/soak.ts';
import { measureStart } from './rows/start.ts';

/*
 * The benchmarks: `tsx bench/run.ts [--short] [--only PART]... [--write-docs]`.
 * Prints a table; exits 1 when something could not be measured, or in the short form is more than twice as bad as its target.
 */
const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    'write-docs': { type: 'boolean', default: false },
  },
});

const clouds = new Map<number, Promise<Cloud>>();
const context: Context = {
  short: flags.short,
  sizes: flags.short ? { small: 100, medium: 300, large: 1000 } : { small: 100, medium: 1000, large: 10_000 },
  cloud(backends) {
    const cloud = clouds.get(backends) ?? startCloud({ backends, settings: STILL });
    clouds.set(backends, cloud);
    return cloud;
  },
  load: startChild('load-process.ts'),
};

let facts: readonly Facts[] = [];

/** In the order of the table; the two that run at the same time hardly use the machine. */
const PARTS: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  install: measureInstall,
  start: () => measureStart(context),
  refresh: () => measureRefresh(context),
  scrape: () => measureScrapes(context),
  during: () => measureDuringRefresh(context),
  process: async () => {
    const measured = await measureProcess(context);
    ({ facts } = measured);
    return measured.rows;
  },
  soak: () => measureSoak(context),
  many: () => measureMany(context),
  peers: () => measurePeers(context),
  quiet: async () => (await Promise.all([measureIdle(context), measureGentle(context)])).flat(),
};

if (flags['write-docs'] && (flags.short || flags.only)) throw new Error('--write-docs needs a whole run');

const rows: Row[] = [];
const began = performance.now();
buildProgram();
for (const [name, part] of Object.entries(PARTS)) {
  if (flags.only && !flags.only.includes(name)) continue;
  const start = performance.now();
  rows.push(...(await part()));
  process.stderr.write(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}
console.log(`\n${table(rows)}\n`);
const minutes = (performance.now() - began) / 60_000;
console.log(`${minutes.toFixed(1)} minutes`);
if (flags['write-docs']) writeDocument(rows, facts, minutes);
const tooBad = rows.filter((row) => !reaches(row, flags.short));
for (const row of tooBad) console.log(`off target: ${row.about}: ${row.what}: ${row.measured}`);
process.exit(flags.short && tooBad.length > 0 ? 1 : 0);
