import assert from 'node:assert/strict';
import { get as httpGet } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { createWatcher } from '../../src/watch/watcher.ts';
import { parseExposition, type Exposition } from '../support/exposition-parser.ts';
import { BY_STATS } from '../faults/storm-cloud.ts';
import { waitFor } from '../support/wait-for.ts';
import { createRandom, type Random } from './random.ts';
import { FRESH, INTERVAL_MS, startSoaked, type Soaked } from './soaked.ts';
import { trouble, type Trouble } from './troubles.ts';

export interface SoakOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly say: (line: string) => void;
}

/** Heap that may be more in the end than after a quarter of the time: caches of compiled code fill slowly. */
const MAX_GROWTH_BYTES = 4_000_000;
const PATHS = ['/metrics', '/probe?cloud=envvars', '/api/v1/backends', '/', '/backend?host=n2@half', '/-/ready', '/sd'];

/** Random troubles for so long, then what must be so after any of them. Throws when it is not. */
export async function soak({ seed, durationMs, say }: SoakOptions): Promise<void> {
  const before = resources();
  const stray: unknown[] = [];
  const caught = (error: unknown): void => void stray.push(error);
  process.on('unhandledRejection', caught);
  const soaked = await startSoaked();
  const random = createRandom(seed);
  try {
    await settle(soaked);
    await storm(soaked, random, durationMs / 4, say);
    await settle(soaked);
    const heap = usedHeap();
    await storm(soaked, random, durationMs * 0.75, say);
    await settle(soaked);
    const growth = usedHeap() - heap;
    say(`heap ${heap} bytes, and ${growth} more in the end`);
    assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more`);
    await assertSameAsFresh(soaked);
    await assertNoDrift(soaked, say);
    assertWire(soaked);
  } catch (error) {
    for (const line of soaked.log.slice(-40)) say(line);
    throw error;
  } finally {
    await soaked.close();
    process.off('unhandledRejection', caught);
  }
  assert.deepEqual(stray, []);
  await assertResources(before);
}

async function storm(soaked: Soaked, random: Random, forMs: number, say: SoakOptions['say']): Promise<void> {
  const end = Date.now() + forMs;
  let count = 0;
  while (Date.now() < end) {
    const now: Trouble[] = [await trouble(soaked, random)];
    if (random.next() < 0.3) now.push(await trouble(soaked, random));
    await pause(random.between(20, 900));
    const scrapes = Array.from({ length: Math.ceil(random.between(0, 6)) }, () => scrape(soaked, random.pick(PATHS)));
    await Promise.all(scrapes);
    for (const one of now) await one.end();
    count += now.length;
    if (random.next() < 0.5) await pause(random.between(0, 600));
  }
  say(`${count} troubles`);
}

/** A scrape at any time: an answer, and a page that never calls up what is down, or down what is up. */
async function scrape({ serving }: Soaked, path: string): Promise<Exposition | undefined> {
  const { status, body } = await fetchText(`http://${serving.addresses[0]}${path}`);
  assert.ok(
    status === 200 || (status === 503 && path === '/-/ready') || (status === 404 && path.startsWith('/backend')),
    `${path}: ${status}`,
  );
  if (path !== '/metrics') return undefined;
  const page = parseExposition(body, 'text');
  const holds = (host: string, condition: string) => page.value('cinder_backend_condition', { host, condition }) === 1;
  assert.ok(!holds('n1.example@up', 'down') && !holds('n1.example@up', 'degraded'));
  assert.ok(!holds('n1.example@down "q"', 'up') && !holds('n1.example@down "q"', 'up_assumed'));
  assert.ok(!holds('n3@dead', 'up') && !holds('n3@dead', 'up_assumed'));
  return page;
}

/** With all troubles over and the longest pause gone, the page is the cloud's again. */
async function settle(soaked: Soaked): Promise<void> {
  const { simulator, proxy, jump } = soaked;
  // What was written on the wire is looked at before it is forgotten.
  assertWire(soaked);
  proxy.passed.length = 0;
  let missing = '';
  for (let i = 0; i < 200; i += 1) {
    // A pause may have begun in the moment before; a request that was given up holds the scheduler's for a minute.
    if (i % 40 === 0) {
      await waitFor('nothing is held', async () => proxy.held === 0 || undefined, 60_000);
      simulator.cloud.poll();
      jump(301_000);
    }
    const page = await scrape(soaked, '/metrics');
    missing = page ? difference(page) : 'no page';
    if (missing === '') return;
    await pause(50);
  }
  throw new Error(`not as the cloud is: ${missing}`);
}

function difference(page: Exposition): string {
  if (page.value('cinder_up') !== 1) return 'cinder_up';
  for (const collector of ['services', 'pools', 'volume_types'])
    if (page.value('cinder_scrape_collector_success', { collector }) !== 1) return collector;
  const holding = page.samples('cinder_backend_condition').filter(({ value }) => value === 1);
  const conditions = Object.fromEntries(holding.map(({ labels }) => [labels['host'], labels['condition']]));
  for (const [host, condition] of Object.entries(BY_STATS)) {
    // A scheduler that was restarted has never heard of the driver that says nothing.
    const also = host === 'n2@stale' ? 'unknown' : condition;
    const shown = conditions[host];
    if (shown !== condition && shown !== also) return `${host}: ${shown} instead of ${condition}`;
  }
  return holding.length === Object.keys(BY_STATS).length ? '' : 'other backends';
}

/** An exporter that has just been started sees the same. */
async function assertSameAsFresh({ simulator, serving }: Soaked): Promise<void> {
  const states = async (): Promise<unknown> => {
    const { body } = await fetchText(`http://${serving.addresses[0]}/api/v1/backends`);
    const { backends } = JSON.parse(body) as {
      backends: { host: string; condition: string; state: string; pools: unknown[] }[];
    };
    return backends.map(({ host, condition, state, pools }) => [host, condition, state ?? undefined, pools.length]);
  };
  const access = loadAccess({ env: simulator.environment(), cwd: '/nonexistent', home: '/nonexistent' });
  const fresh = createWatcher({ config: FRESH, access, log: () => {} });
  try {
    await fresh.refresh();
    const word = (state: 0 | 1 | undefined): string | undefined =>
      state === undefined ? undefined : state === 1 ? 'up' : 'down';
    const seen = fresh
      .snapshot()
      ?.backends.map(({ host, condition, state, pools }) => [host, condition, word(state), pools.length]);
    assert.deepEqual(await states(), seen);
  } finally {
    fresh.close();
  }
}

/** Every interval has its refresh, or is counted as missed or overlapped; nothing is made up for, and nothing is lost. */
async function assertNoDrift(soaked: Soaked, say: SoakOptions['say']): Promise<void> {
  const sum = (page: Exposition): number =>
    ['refreshes', 'refreshes_missed', 'refreshes_overlapped'].reduce(
      (all, name) => all + (page.value(`cinder_exporter_${name}_total`) ?? NaN),
      0,
    );
  // The exporter's own metrics are a second old at most.
  const read = async (): Promise<readonly [number, number]> => {
    await pause(1100);
    const { body } = await fetchText(`http://${soaked.serving.addresses[0]}/metrics`);
    return [performance.now(), sum(parseExposition(body, 'text'))];
  };
  const [from, first] = await read();
  await pause(20 * INTERVAL_MS);
  const [to, last] = await read();
  const intervals = (to - from) / INTERVAL_MS;
  say(`${last - first} refreshes in ${intervals.toFixed(1)} intervals`);
  assert.ok(Math.abs(last - first - intervals) <= 3, `${last - first} refreshes in ${intervals} intervals`);
}

function assertWire({ proxy }: Soaked): void {
  for (const { method, path } of proxy.passed)
    assert.ok(method === 'GET' || (method === 'POST' && path === '/identity/v3/auth/tokens'), `${method} ${path}`);
  assert.deepEqual(proxy.elsewhere, []);
}

function fetchText(url: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    httpGet(url, { agent: false }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
    }).once('error', reject);
  });
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function resources(): string[] {
  return process.getActiveResourcesInfo().toSorted();
}

/** Sockets take a moment to go. */
async function assertResources(before: readonly string[]): Promise<void> {
  let left: string[] = [];
  for (let i = 0; i < 100; i += 1) {
    const now = resources();
    left = [...now];
    for (const one of before) if (left.includes(one)) left.splice(left.indexOf(one), 1);
    // The pause below is a timer itself, and gone when it is over.
    if (left.length === 0) return;
    await pause(50);
  }
  assert.fail(`still there: ${left.join(', ')}`);
}
