import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Snapshot } from '../../src/cinder/snapshot.ts';
import { createPipeline, type Body } from '../../src/watch/pipeline.ts';
import { OPERATION_LIMITS } from '../../src/config/load.ts';

const MINUTE = 60_000;
const STALE_AFTER_MS = 5 * MINUTE;
const CINDER_MS = Date.UTC(2026, 10, 22, 12);

interface Said {
  readonly state?: string;
  readonly word?: string | null;
  readonly updatedMs?: number;
  readonly status?: string;
}

/** A pipeline, and our own clock, which has nothing to do with Cinder's. */
function pipeline() {
  let now = 1_000_000;
  let services: boolean | undefined;
  const made = createPipeline({
    staleAfterMs: STALE_AFTER_MS,
    maxRows: 100,
    maxLabelLength: 256,
    operationLimits: OPERATION_LIMITS,
  });
  const body = (json: unknown, cinderTimeMs: number | undefined): Body => ({
    bytes: Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)),
    readAt: now,
    cinderTimeMs,
  });
  return {
    advance: (ms: number) => void (now += ms),
    async list(rows: Readonly<Record<string, Said>>, cinderMs?: number, late = false) {
      services = true;
      const said = Object.entries(rows).map(
        ([host, { state = 'up', word, updatedMs = CINDER_MS, status = 'enabled' }]) => ({
          binary: 'cinder-volume',
          host,
          status,
          state,
          updated_at: new Date(updatedMs).toISOString().slice(0, -1),
          ...(word !== undefined && { backend_state: word }),
        }),
      );
      return made.services(body({ services: said }, cinderMs), { late });
    },
    pools(rows: Readonly<Record<string, [word: string | undefined, statsMs: number]>>, cinderMs?: number) {
      const pools = Object.entries(rows).map(([name, [word, statsMs]]) => ({
        name,
        capabilities: {
          timestamp: new Date(statsMs).toISOString().slice(0, -1),
          ...(word !== undefined && { backend_state: word }),
        },
      }));
      return made.pools(body({ pools }, cinderMs));
    },
    raw: (text: string) => made.services(body(text, undefined), { late: false }),
    async publish(): Promise<Snapshot> {
      const published = await made.publish({ now, atMs: 5, up: services === true, api: undefined, collectors: [] });
      return published.snapshot;
    },
  };
}

async function conditions(made: ReturnType<typeof pipeline>): Promise<Record<string, string>> {
  return Object.fromEntries((await made.publish()).backends.map(({ host, condition }) => [host, condition]));
}

test('without a Date the heartbeats are the clock, so that nothing is stale by our own', async () => {
  const made = pipeline();
  await made.list({ 'h@a': {}, 'h@b': { updatedMs: CINDER_MS - 3000 } });
  made.advance(400);
  await made.pools({ 'h@a#p': ['up', CINDER_MS - 4 * MINUTE], 'h@b#p': ['up', CINDER_MS - 6 * MINUTE] });
  assert.deepEqual(await conditions(made), { 'h@a': 'up', 'h@b': 'stale' });
});

test('the Date of an answer is the clock where there is one, however far from ours', async () => {
  const made = pipeline();
  await made.list({ 'h@a': {} }, CINDER_MS);
  await made.pools({ 'h@a#p': ['up', CINDER_MS - 6 * MINUTE] }, CINDER_MS);
  assert.deepEqual(await conditions(made), { 'h@a': 'stale' });
  await made.pools({ 'h@a#p': ['up', CINDER_MS - 6 * MINUTE] }, CINDER_MS - 2 * MINUTE);
  assert.deepEqual(await conditions(made), { 'h@a': 'up' });
});

test('standing pools do not become stale by our failing to read them, with or without a Date', async () => {
  for (const date of [CINDER_MS, undefined]) {
    const made = pipeline();
    await made.list({ 'h@a': {} }, date);
    await made.pools({ 'h@a#p': ['up', CINDER_MS - MINUTE] }, date);
    for (let minute = 1; minute <= 5; minute += 1) {
      made.advance(MINUTE);
      await made.list({ 'h@a': { updatedMs: CINDER_MS + minute * MINUTE } }, date && date + minute * MINUTE);
      assert.deepEqual(await conditions(made), { 'h@a': 'up' }, `after ${minute} min`);
    }
    made.advance(1);
    assert.deepEqual(await conditions(made), { 'h@a': 'unknown' }, 'then they are dropped');
    assert.deepEqual((await made.publish()).pools, []);
  }
});

test('standing rows are dropped with their backends, and the histories wait for their return', async () => {
  const made = pipeline();
  await made.list({ 'h@a': { word: 'up' } });
  assert.deepEqual(await conditions(made), { 'h@a': 'up_assumed' });
  made.advance(STALE_AFTER_MS);
  assert.deepEqual(await conditions(made), { 'h@a': 'up_assumed' });
  made.advance(1);
  const empty = await made.publish();
  assert.deepEqual([empty.services, empty.backends, empty.pools, empty.api], [[], [], [], undefined]);
  await made.list({ 'h@a': { word: 'down' } });
  const back = await made.publish();
  assert.equal(back.histories.get('h@a')?.changes, 1);
});

test('words of an earlier list stand while nothing newer speaks', async () => {
  const made = pipeline();
  await made.list({ 'h@a': { word: 'down' }, 'h@b': { word: 'up' } });
  made.advance(30_000);
  await made.list({ 'h@a': {}, 'h@b': {} });
  assert.deepEqual(await conditions(made), { 'h@a': 'down', 'h@b': 'up_assumed' });
});

test('absence from newer pools is no news at once, and the word of the list none at all', async () => {
  const made = pipeline();
  await made.list({ 'h@a': { word: 'up' }, 'h@b': { word: 'up' } });
  await made.pools({ 'h@a#p': ['up', CINDER_MS], 'h@b#p': ['up', CINDER_MS] });
  made.advance(30_000);
  await made.list({ 'h@a': {}, 'h@b': {} });
  await made.pools({ 'h@a#p': ['up', CINDER_MS + 30_000] });
  assert.deepEqual(await conditions(made), { 'h@a': 'up', 'h@b': 'up' }, 'its report is 30 s old');
  made.advance(5 * MINUTE);
  await made.list({ 'h@a': { word: 'up', updatedMs: CINDER_MS + 330_000 }, 'h@b': { word: 'up' } });
  await made.pools({ 'h@a#p': ['up', CINDER_MS + 330_000] });
  assert.deepEqual(await conditions(made), { 'h@a': 'up', 'h@b': 'stale' });
});

test('a late list tells words, not rows', async () => {
  const made = pipeline();
  await made.list({ 'h@a': { state: 'down' }, 'h@b': {} });
  made.advance(10_000);
  await made.list({ 'h@a': { state: 'up', word: 'up' }, 'h@b': { word: 'down' } }, undefined, true);
  assert.deepEqual(await conditions(made), { 'h@a': 'service_down', 'h@b': 'down' });
});

test('a body that is no list leaves what stands', async () => {
  const made = pipeline();
  await made.list({ 'h@a': { word: 'up' } });
  assert.deepEqual(await made.raw('<html>'), {
    rows: undefined,
    rejected: 0,
    truncated: 0,
    problem: '6 bytes that are no whole JSON',
    disagreements: [],
  });
  assert.deepEqual(await made.raw('{"services":[{"binary":"cinder-volume"'), {
    rows: undefined,
    rejected: 0,
    truncated: 0,
    problem: '38 bytes that are no whole JSON',
    disagreements: [],
  });
  assert.deepEqual(await conditions(made), { 'h@a': 'up_assumed' });
});

test('an empty list is an answer: there are no backends', async () => {
  const made = pipeline();
  await made.list({ 'h@a': { word: 'up' } });
  await made.list({});
  assert.deepEqual(await conditions(made), {});
});

test('a service that is down for the API because its clock is ahead has no state, and its backend is what its pools say', async () => {
  const made = pipeline();
  const aheadMs = CINDER_MS + 60 * MINUTE;
  await made.list({ 'h@a': { state: 'down', updatedMs: aheadMs }, 'h@b': { state: 'down' }, 'h@c': {} }, CINDER_MS);
  await made.pools({ 'h@a#p': ['down', CINDER_MS] }, CINDER_MS);
  const { services, backends } = await made.publish();
  assert.deepEqual(
    services.map(({ up }) => up),
    [undefined, false, true],
  );
  assert.deepEqual(
    backends.map(({ condition }) => condition),
    ['down', 'service_down', 'unknown'],
  );
});

test('pools that are the same again are judged for new volume types, and their cut texts are counted again', async () => {
  const made = createPipeline({
    staleAfterMs: STALE_AFTER_MS,
    maxRows: 100,
    maxLabelLength: 64,
    operationLimits: OPERATION_LIMITS,
  });
  const bodyOf = (json: unknown): Body => ({
    bytes: Buffer.from(JSON.stringify(json)),
    readAt: 5,
    cinderTimeMs: CINDER_MS,
  });
  const row = { binary: 'cinder-volume', host: 'h@b', status: 'enabled', state: 'up' };
  const pools = (vendor: string): Body =>
    bodyOf({
      pools: [{ name: 'h@b#p', capabilities: { timestamp: '2026-11-22T12:00:00', vendor_name: vendor, color: 'red' } }],
    });
  const served = async (): Promise<readonly string[]> => {
    const { snapshot } = await made.publish({ now: 5, atMs: 5, up: true, api: undefined, collectors: [] });
    return snapshot.volumeTypes.map(({ volumeType, host }) => `${volumeType} ${host}`);
  };
  const type = (name: string, color: string) => ({ id: name, name, specs: new Map([['color', color]]), toldQos: true });
  await made.services(bodyOf({ services: [row] }), { late: false });
  for (const _ of [1, 2]) await made.pools(pools('v'));
  made.volumeTypes([type('red', 'red'), type('blue', 'blue')], { protocolVariants: true });
  await made.pools(pools('v'));
  assert.deepEqual(await served(), ['red h@b']);
  made.volumeTypes([type('red2', 'red')], { protocolVariants: true });
  await made.pools(pools('v'));
  assert.deepEqual(await served(), ['red2 h@b']);
  for (const _ of [1, 2, 3]) assert.equal((await made.pools(pools('v'.repeat(65)))).truncated, 1);
});

test('a service list that comes while many pools are read is not lost', async () => {
  const bodyOf = (json: unknown, readAt: number): Body => ({
    bytes: Buffer.from(JSON.stringify(json)),
    readAt,
    cinderTimeMs: CINDER_MS,
  });
  const pools = Array.from({ length: 8000 }, (_, i) => ({
    name: `h@b${i}#p`,
    capabilities: { timestamp: '2026-11-22T12:00:00' },
  }));
  const many = bodyOf({ pools }, 5);
  const list = (...hosts: readonly string[]) =>
    bodyOf({ services: hosts.map((host) => ({ binary: 'cinder-volume', host, status: 'enabled', state: 'up' })) }, 6);
  // Reading takes some turns of the event loop; the list comes after each of them once.
  for (let turns = 0, over = false; !over; turns += 1) {
    const made = createPipeline({
      staleAfterMs: STALE_AFTER_MS,
      maxRows: 10_000,
      maxLabelLength: 64,
      operationLimits: OPERATION_LIMITS,
    });
    await made.services(list('h@a'), { late: false });
    const reading = made.pools(many).then(() => (over = true));
    for (let i = 0; i < turns; i += 1) await nextTurn();
    if (over) break;
    await made.services(list('h@a', 'h@b'), { late: false });
    await reading;
    over = false;
    const { snapshot } = await made.publish({ now: 6, atMs: 5, up: true, api: undefined, collectors: [] });
    assert.equal(snapshot.services.length, 2, `after ${turns} turns`);
  }
});
