import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../support/manual-clock.ts';
import { DEMO_CLOUD, DEMO_SETTINGS, runDemo } from '../../src/simulator/demo.ts';
import { type JsonObject, jsonText } from '../../src/simulator/definition.ts';
import { type Bench, bench, list, START } from './client.ts';

const STALE_AFTER_MS = 300_000;

/** A rough reading of the two lists, enough to see that each kind of trouble is there. */
async function kinds({ get, pools, clock }: Bench): Promise<Set<string>> {
  const rows = list((await get('/os-services?binary=cinder-volume', '3.49')).json, 'services');
  const known = [...(await pools())];
  return new Set(rows.map((row) => kind(row, known, clock.now())));
}

function kind(row: JsonObject, known: readonly [string, JsonObject][], now: number): string {
  if (row['frozen'] === true) return 'frozen';
  if (row['status'] === 'disabled') return 'disabled';
  if (row['state'] === 'down') return 'service_down';
  const name = jsonText(row['cluster'] ?? row['host']);
  const own = known.filter(([pool]) => pool.split('#')[0] === name).map(([, said]) => said);
  if (own.length === 0) return 'unknown';
  const states = own.map((said) => said['backend_state']);
  if (states.every((state) => state === 'down')) return 'down';
  const newest = Math.max(...own.map((said) => Date.parse(`${jsonText(said['timestamp'])}Z`)));
  if (now - newest > STALE_AFTER_MS) return 'stale';
  if (states.includes('down')) return 'degraded';
  return states.every((state) => state === undefined) ? 'up_assumed' : 'up';
}

const NINE = ['degraded', 'disabled', 'down', 'frozen', 'service_down', 'stale', 'unknown', 'up', 'up_assumed'];

test('at the start of the demo every condition is there', async (t) => {
  const all = await bench(t, { cloud: DEMO_CLOUD, settings: DEMO_SETTINGS });
  assert.deepEqual([...(await kinds(all))].toSorted(), NINE);
});

test('round after round: something is always down, and every condition comes back', async (t) => {
  const clock = manualClock(START);
  const all = {
    ...(await bench(t, { cloud: DEMO_CLOUD, settings: { ...DEMO_SETTINGS, tokenLifeMs: 1e9 }, clock })),
    clock,
  };
  t.after(runDemo(all.cloud, clock));
  for (let round = 0; round < 2; round++) {
    const seen = new Set<string>();
    for (let second = 0; second < 420; second += 10) {
      const now = await kinds(all);
      assert.ok(now.has('down'), `down at ${second} s of round ${round}`);
      for (const each of now) seen.add(each);
      clock.advance(10_000);
    }
    assert.deepEqual([...seen].toSorted(), NINE);
  }
});

test('volumes come and go, and some fail', async (t) => {
  const { cloud, clock, get } = await bench(t, { cloud: DEMO_CLOUD, settings: DEMO_SETTINGS });
  t.after(runDemo(cloud, clock));
  const seen = new Map<unknown, number>();
  for (let second = 0; second < 420; second += 5) {
    clock.advance(5000);
    const { json } = await get('/volumes/detail?all_tenants=1');
    const volumes = list(json, 'volumes');
    assert.ok(volumes.length <= 10, `${volumes.length} volumes`);
    for (const { status } of volumes) seen.set(status, (seen.get(status) ?? 0) + 1);
  }
  for (const status of ['available', 'in-use', 'error']) assert.ok((seen.get(status) ?? 0) > 0, `none was ${status}`);
});
