import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../../src/simulator/cinder-call.ts';
import { MONITOR_POLICY } from '../support/monitor-policy.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import { SMALL_CLOUD, success, watched, type Watched, type WatchedOptions } from './watched.ts';

const CLOUD = {
  ...SMALL_CLOUD,
  volumeTypes: [
    { name: 'gold', extraSpecs: { volume_backend_name: 'gold' } },
    { name: 'many', extraSpecs: { multiattach: '<is> True' } },
  ],
};
const CONFIG = {
  collectors: { pools: true, volumeTypes: true, volumes: false, capabilities: false, operations: false },
  volumeTypesEveryMs: 1,
};
const NOT_ADMIN: Partial<Policy> = { ...MONITOR_POLICY, extraSpecs: ['admin', 'monitor'] };

async function start(
  t: Parameters<typeof watched>[0],
  policy: Partial<Policy>,
  more: WatchedOptions = {},
): Promise<Watched> {
  const cloud = await watched(t, { cloud: CLOUD, config: CONFIG, who: 'monitor', ...more });
  cloud.simulator.cloud.setPolicy(policy);
  return cloud;
}

const rows = (page: Exposition): string[] =>
  page.samples('cinder_volume_type_backend_info').map(({ labels }) => `${labels['volume_type']} ${labels['host']}`);

for (const [what, policy, words] of [
  ['absent', MONITOR_POLICY, /shows this user no extra specs .*access_types_extra_specs/],
  ['redacted', NOT_ADMIN, /may hide extra specs .*read_sensitive/],
] as const) {
  test(`extra specs that are ${what}: the collector fails at once and says why, in the log once, and no backend is guessed`, async (t) => {
    const { refresh, log, watcher } = await start(t, policy);
    const first = await refresh();
    assert.equal(success(first, 'volume_types'), 0);
    assert.deepEqual([success(first, 'services'), success(first, 'pools')], [1, 1]);
    for (let i = 0; i < 3; i += 1) await refresh();
    assert.deepEqual(rows(await refresh()), []);
    assert.deepEqual(
      log.map(({ message, collector, reason }) => [message, collector, reason]),
      [['Collector fails', 'volume_types', 'forbidden']],
    );
    const told = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'volume_types');
    assert.match(told?.failure?.message ?? '', words);
  });
}

test('extra specs that are opened to the role are seen, by what only those see to whom they are', async (t) => {
  const { refresh } = await start(t, { ...NOT_ADMIN, allExtraSpecs: ['admin', 'monitor'] });
  await refresh();
  const page = await refresh();
  assert.equal(success(page, 'volume_types'), 1);
  assert.equal(rows(page).filter((row) => row.startsWith('__DEFAULT__')).length, 4);
  assert.deepEqual(
    rows(page).filter((row) => !row.startsWith('__DEFAULT__')),
    [],
  );
});

test('an administrator sees that no type demands anything', async (t) => {
  const { refresh } = await start(t, {}, { who: 'admin', cloud: SMALL_CLOUD });
  await refresh();
  const page = await refresh();
  assert.equal(success(page, 'volume_types'), 1);
  assert.equal(rows(page).length, 4);
});

test('a Cinder before 19 hides all or nothing', async (t) => {
  const { refresh } = await start(t, NOT_ADMIN, { cloud: SMALL_CLOUD, settings: { maxMicroversion: '3.64' } });
  await refresh();
  assert.equal(success(await refresh(), 'volume_types'), 1);
});

test('too many types on too many backends: the collector fails and says so, and the rest is read on', async (t) => {
  const cloud = {
    ...SMALL_CLOUD,
    backends: Array.from({ length: 200 }, (_, i) => ({ host: `c1@b${i}`, driver: { backend_state: 'up' } })),
    volumeTypes: Array.from({ length: 600 }, (_, i) => ({ name: `t${i}`, extraSpecs: {} })),
  };
  const { refresh, log, watcher } = await start(t, {}, { who: 'admin', cloud });
  for (let i = 0; i < 3; i += 1) await refresh();
  const page = await refresh();
  assert.deepEqual(
    ['services', 'pools', 'volume_types'].map((collector) => success(page, collector)),
    [1, 1, 0],
  );
  assert.deepEqual(rows(page), []);
  assert.deepEqual(
    log.filter(({ collector }) => collector === 'volume_types').map(({ message, reason }) => [message, reason]),
    [['Collector fails', 'decode']],
  );
  const told = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'volume_types');
  assert.match(told?.failure?.message ?? '', /more volume types on more backends than can be remembered/);
});

test('pages of volume types that go on and on are not read to their end', async (t) => {
  const extraSpecs = { volume_backend_name: 'x'.repeat(3500) };
  const volumeTypes = Array.from({ length: 6000 }, (_, i) => ({ name: `t${i}`, extraSpecs }));
  const { refresh, watcher } = await start(t, {}, { who: 'admin', cloud: { ...SMALL_CLOUD, volumeTypes } });
  assert.equal(success(await refresh(), 'volume_types'), 0);
  const told = watcher.snapshot()?.collectors.find(({ collector }) => collector === 'volume_types');
  assert.match(told?.failure?.message ?? '', /more than 16777216 bytes of volume types/);
});
