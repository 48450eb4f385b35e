import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateCloud } from '../../src/simulator/generated-cloud.ts';
import { bench, list } from './client.ts';

test('a generated cloud: the same for the same seed, its size as asked, its values awkward', async (t) => {
  const options = { backends: 100, poolsPerBackend: 4 };
  assert.deepEqual(generateCloud(options), generateCloud({ ...options, seed: 1 }));
  assert.notDeepEqual(generateCloud(options), generateCloud({ ...options, seed: 2 }));
  const { get } = await bench(t, { cloud: generateCloud(options) });
  const { text, json } = await get('/scheduler-stats/get_pools?detail=true');
  const pools = list(json, 'pools');
  const disabled = list((await get('/os-services', '3.49')).json, 'services').filter(
    ({ status }) => status === 'disabled',
  );
  assert.equal(pools.length, (100 - disabled.length) * 4);
  assert.equal(new Set(pools.map(({ name }) => name)).size, pools.length, 'names are unique');
  const each = text.length / pools.length;
  assert.ok(each > 900 && each < 1600, `${each} characters a pool`);
  for (const awkward of [
    '"infinite"',
    '"unknown"',
    '"20.0"',
    '"auto"',
    '"True"',
    'schedule',
    'ä',
    '\\"quoted\\"',
    '.',
    ' ',
  ]) {
    assert.ok(text.includes(awkward), awkward);
  }
});

test('the lists are written once and not again until they change', async (t) => {
  const { get, clock, cloud } = await bench(t, { cloud: generateCloud({ backends: 10, poolsPerBackend: 2 }) });
  const both = async () => [
    (await get('/os-services', '3.49')).text,
    (await get('/scheduler-stats/get_pools?detail=true')).text,
  ];
  const [services, pools] = await both();
  assert.deepEqual(await both(), [services, pools]);
  clock.advance(10_000);
  const [beat, same] = await both();
  assert.notEqual(beat, services, 'heartbeats');
  assert.equal(same, pools);
  cloud.poll();
  assert.notEqual((await both())[1], pools, 'stats');
});
