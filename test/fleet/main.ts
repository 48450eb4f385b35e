/**
 * Plays weeks of a fleet until the time is over, and writes what was found, missed and false: `npm run fleet -- MINUTES [FIRST_SEED]`, 10 minutes and
 * seed 1 unless told otherwise. A seed is a week; the same seeds give the same page.
 */
import { writeFileSync } from 'node:fs';
import { EVENTS } from './fleet.ts';
import { play, type Played, score } from './score.ts';

const [minutes = '10', firstSeed = '1'] = process.argv.slice(2);
const WEEK = 7 * 24 * 60;
const endsAt = performance.now() + Number(minutes) * 60_000;
const played: Played[] = [];
let seed = Number(firstSeed);
for (; performance.now() < endsAt; seed += 1) {
  const one = play(seed, WEEK);
  played.push(one);
  for (const { alert, about, at } of one.fired.filter(({ events }) => events.length === 0))
    process.stderr.write(`seed ${seed}: false ${alert} ${about} in minute ${at}\n`);
}
const rows = score(played).map(
  ({ alert, noticeable, found, missed, quiet, falsely, median, ninth }) =>
    `| ${alert} | ${noticeable} | ${found} | ${missed} | ${quiet} | ${falsely} | ${seconds(median)} | ${seconds(ninth)} |`,
);
const events = EVENTS.map(
  (kind) => `| ${kind} | ${played.flatMap((one) => one.events).filter((event) => event.kind === kind).length} |`,
);
const created = played.reduce((sum, one) => sum + one.created, 0);
const years = (played.length / 52).toFixed(2);

function seconds(minutes: number | undefined): string {
  return minutes === undefined ? '–' : String(minutes * 60);
}

writeFileSync(
  new URL('../../docs/evidence-fleet.md', import.meta.url),
  `# Evidence, measured in a simulated fleet

Written by \`npm run fleet\` (\`test/fleet\`); do not edit. ${played.length} weeks of a fleet of 50 backends (${years} fleet-years), seeds ${firstSeed} to ${seed - 1}, minute by minute.
The truth is known in every minute. What a cloud would answer goes through the collector's own memory and decisions (\`src/cinder/operations.ts\`), at its pace.
The wire is not played here: that is \`test/watch/evidence.test.ts\`.

Users of 40 projects asked for ${created} volumes: empty ones, from images, copies; some types much, most little. They try again, and delete what failed.

| alert | events to notice | found | missed | too quiet | false | seconds to find, the middle | nine in ten within |
|---|--:|--:|--:|--:|--:|--:|--:|
${rows.join('\n')}

* **Events to notice**: within half an hour enough requests of two projects failed that can be told from other failures. For creations that hang, they
  began at least 35 minutes before the end. For a backend: raw volumes of a type that only it serves. **Too quiet**: fewer.
* **False**: it fired, and nothing that it may tell of was under way, or had ended within 6 minutes.
* The time counts from the beginning of the event, not from the first request that failed: most backends are asked for little.

One event in five brings a second one on the same backend within the hour.

| event | played |
|---|--:|
${events.join('\n')}
`,
);
