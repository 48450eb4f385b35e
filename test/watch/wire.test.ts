import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { generateCloud } from '../../src/simulator/generated-cloud.ts';
import type { Faults } from '../../src/simulator/faults.ts';
import { probing } from './probing.ts';

const COLLECTORS = { pools: true, volumeTypes: false, volumes: true, capabilities: true, operations: false };
const MINUTES = 8;
const STEP_S = 2;
const MINUTE = 60_000;

type Breaks = (
  cloud: Faults & { readonly answerWith: (operation: 'other', answer: { status: number }) => void },
) => void;

/** What may fail, and what stays so. */
const FAULTS: Readonly<Record<string, Breaks>> = {
  'nothing fails': () => undefined,
  'every cinder-volume is stuck': (cloud) => {
    for (const host of hosts(10)) cloud.holdThreads(host);
  },
  'the scheduler is gone': (cloud) => cloud.stopScheduler(),
  'the counts are refused': (cloud) => cloud.answerWith('other', { status: 403 }),
  'the counts are a server error': (cloud) => cloud.answerWith('other', { status: 500 }),
};

function hosts(backends: number): string[] {
  return generateCloud({ backends, poolsPerBackend: 1 }).backends.map(({ host }) => host);
}

interface Seen {
  /** The most in any minute, beside the probes and the two lists of each refresh. */
  readonly beside: number;
  readonly probes: number;
  readonly lists: number;
  /** Probes at once. */
  readonly open: number;
}

/** Minutes of a cloud of that size, with something wrong in it from the start. */
async function minutesOf(t: TestContext, backends: number, breaks: Breaks): Promise<Seen> {
  const cloud = generateCloud({ backends, poolsPerBackend: 1 });
  const { pass, simulator } = await probing(t, { cloud, config: { collectors: COLLECTORS } });
  breaks(simulator.cloud);
  let open = 0;
  for (let second = 0; second < MINUTES * 60; second += STEP_S) {
    await pass(STEP_S, STEP_S);
    const now = simulator.requests.last.filter(({ operation, status }) => operation === 'capabilities' && !status);
    open = Math.max(open, now.length);
  }
  const most = (fits: (url: string) => boolean): number => {
    const times = simulator.requests.last.flatMap(({ url, atMs }) => (fits(url) ? [atMs] : []));
    return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE).length));
  };
  const isProbe = (url: string): boolean => url.includes('/capabilities/');
  const isList = (url: string): boolean => /\/(os-services|get_pools)\b/.test(url);
  return {
    beside: most((url) => !isProbe(url) && !isList(url)),
    probes: most(isProbe),
    lists: most(isList),
    open,
  };
}

for (const [name, breaks] of Object.entries(FAULTS)) {
  for (const backends of name === 'nothing fails' ? [10, 100, 1000] : [10]) {
    test(`the wire, ${backends} backends, ${name}: fewer than ten requests a minute beside the probes, one probe open`, async (t) => {
      const seen = await minutesOf(t, backends, breaks);
      assert.ok(seen.beside > 0 && seen.beside < 10, `${seen.beside} in one minute beside the probes`);
      assert.ok(seen.lists <= 4, `${seen.lists} lists in one minute`);
      assert.ok(seen.probes <= Math.min(backends, 30), `${seen.probes} probes in one minute`);
      assert.ok(seen.open <= 1, `${seen.open} probes open at once`);
    });
  }
}
