import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JsonValue, type JsonObject, isObject, jsonText } from '../../src/simulator/definition.ts';
import { bench, list, recordedJson, recording } from './client.ts';
import { labBackend, LAB_CLOUD } from './lab-cloud.ts';

/** Times are the only values that may differ. */
function timeless(value: JsonValue): JsonValue {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/.test(value)) return 'a time';
  if (Array.isArray(value)) return value.map(timeless);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, timeless(each)]));
}

function sorted(body: JsonObject, key: string, by: readonly string[]): JsonValue[] {
  const name = (row: JsonObject): string => by.map((column) => jsonText(row[column])).join(' ');
  return list(body, key)
    .toSorted((a, b) => (name(a) < name(b) ? -1 : 1))
    .map(timeless);
}

for (const microversion of ['3.0', '3.7', '3.49']) {
  test(`os-services at ${microversion} is what the real Cinder answered, key by key`, async (t) => {
    const { clock, get } = await bench(t, { cloud: LAB_CLOUD });
    clock.advance(120_000);
    const { json, headers } = await get('/os-services', microversion);
    const recorded = recordedJson(`os-services-${microversion}-admin.json`);
    assert.deepEqual(sorted(json, 'services', ['binary', 'host']), sorted(recorded, 'services', ['binary', 'host']));
    const [first] = list(json, 'services');
    const [recordedFirst] = list(recorded, 'services');
    assert.deepEqual(Object.keys(first ?? {}), Object.keys(recordedFirst ?? {}), 'keys in the same order');
    assert.equal(headers.get('openstack-api-version'), `volume ${microversion}`);
  });
}

for (const [query, file] of [
  ['?detail=true', 'get_pools-3.0-detail.json'],
  ['', 'get_pools-3.0-nodetail.json'],
]) {
  test(`get_pools${query} is what the real Cinder answered, key by key`, async (t) => {
    const { get } = await bench(t, { cloud: LAB_CLOUD });
    const { json } = await get(`/scheduler-stats/get_pools${query}`);
    const recorded = recordedJson(file ?? '');
    assert.deepEqual(timeless(json), timeless(recorded));
    assert.equal(JSON.stringify(timeless(json)), JSON.stringify(timeless(recorded)), 'in the same order');
  });
}

test('an empty list of pools is what the real Cinder made of it', async (t) => {
  const { get } = await bench(t, { cloud: { backends: [labBackend('pools', { backend_state: 'up', pools: [] })] } });
  const { json } = await get('/scheduler-stats/get_pools?detail=true');
  const recorded = list(recordedJson('get_pools-no-pools.json'), 'pools').filter(
    ({ name }) => name === 'lab@pools#pools',
  );
  assert.deepEqual(list(json, 'pools').map(timeless), recorded.map(timeless));
});

test('the row of a cluster member', async (t) => {
  const member = {
    ...labBackend('clustered', { backend_state: 'up', replication_enabled: true }),
    cluster: 'labcluster@clustered',
  };
  const { service } = await bench(t, { cloud: { backends: [member] } });
  const recorded = list(recordedJson('os-services-3.49-clustered.json'), 'services');
  const expected = recorded.find(({ host }) => host === 'lab@clustered');
  assert.deepEqual(timeless(await service('lab@clustered')), timeless(expected ?? null));
});

function headerNames(file: string): string[] {
  return [...recording(file).matchAll(/^(?!#)([A-Za-z-]+):/gm)].map(([, name]) => (name ?? '').toLowerCase());
}

test('header names of an answer and of a fault', async (t) => {
  const { get } = await bench(t, { cloud: LAB_CLOUD });
  for (const [path, version, file] of [
    ['/os-services', '3.49', 'os-services-3.49-admin.http'],
    ['/os-services', '3.99', 'err-microversion-3.99.http'],
    ['/os-services', '2.0', 'err-microversion-2.0.http'],
  ] as const) {
    const { headers } = await get(path, version);
    const ours = [...headers.keys()].filter(
      (name) => !/^(date|connection|keep-alive|content-(length|encoding))$/.test(name),
    );
    assert.deepEqual(
      ours.toSorted(),
      headerNames(file)
        .filter((name) => name !== 'connection')
        .toSorted(),
      file,
    );
  }
});
