import { generateCloud } from '../../src/simulator/generated-cloud.ts';
import type { BackendDefinition } from '../../src/simulator/definition.ts';
import { startChild } from '../child.ts';
import { STILL, startCloud } from '../cloud.ts';
import type { Context } from '../context.ts';
import { oneCloud, writeConfig } from '../exporter.ts';
import { MODULES } from '../program.ts';
import type { Row } from '../row.ts';
import type { SoakState, SoakTarget } from '../soak-process.ts';
import { grouped, median, short } from '../stats.ts';

/** Backends that come and go with each refresh, under names never seen before; as many change their state. */
const CHANGING = 5;
const AT_A_TIME = 50;

/** Memory over many refreshes of a cloud in which nothing stays: labels that were once seen must not be kept. */
export async function measureSoak(context: Context): Promise<Row[]> {
  const refreshes = context.short ? 200 : 2000;
  const cloud = await startCloud({ backends: AT_A_TIME, settings: STILL });
  const newcomers = generateCloud({ backends: refreshes * CHANGING, poolsPerBackend: 4, seed: 77 }).backends;
  const present = generateCloud({ backends: AT_A_TIME, poolsPerBackend: 4, seed: 5 }).backends.map(({ host }) => host);
  const soak = startChild('soak-process.ts', ['--expose-gc']);
  const target: SoakTarget = { modules: MODULES, config: writeConfig(oneCloud('30s')), environment: cloud.environment };
  await soak.ask('open', target);

  const resident: number[] = [];
  let seen = AT_A_TIME;
  let liveEarly = 0;
  // A quarter of the time is for V8 to compile and to size its heap.
  const window = Math.floor(refreshes / 4);
  for (let i = 0; i < refreshes; i += 1) {
    if (i === window) liveEarly = await soak.ask<number>('live');
    const coming = newcomers.slice(i * CHANGING, (i + 1) * CHANGING).map((backend) => renamed(backend, i));
    const going = present.splice(0, CHANGING);
    await cloud.happen(
      ...going.map((host) => ['removeBackend', host] as const),
      ...going.map((host) => ['removeService', 'cinder-volume', host] as const),
      ...coming.map((backend) => ['addBackend', backend] as const),
      ...present.slice(0, CHANGING).map((host) => ['setDriver', host, { backend_state: 'down' }] as const),
      ['poll'],
    );
    present.push(...coming.map(({ host }) => host));
    seen += coming.length;
    const { residentMb, backends } = await soak.ask<SoakState>('refresh');
    if (backends !== present.length) throw new Error(`${backends} backends on the page instead of ${present.length}`);
    resident.push(residentMb);
  }
  const liveLate = await soak.ask<number>('live');
  await soak.stop();
  await cloud.stop();

  const early = median(resident.slice(window, 2 * window));
  const late = median(resident.slice(-window));
  const about = `${grouped(refreshes)} refreshes back to back, ${AT_A_TIME} backends at a time, ${grouped(seen)} in all`;
  return [
    {
      about,
      what: 'RSS in the last quarter, of that in the second',
      value: late / early,
      measured: `x ${(late / early).toFixed(3)} (${short(early)} and ${short(late)} MB)`,
      target: { sense: 'at most', limit: 1.05 },
    },
    {
      about,
      what: 'live memory at the end, of that after a quarter',
      value: liveLate / liveEarly,
      measured: `x ${(liveLate / liveEarly).toFixed(3)} (${short(liveEarly)} and ${short(liveLate)} MB after a full collection)`,
      target: { sense: 'at most', limit: 1.05 },
    },
  ];
}

function renamed(backend: BackendDefinition, refresh: number): BackendDefinition {
  return { ...backend, host: `new-${refresh}-${backend.host}` };
}
