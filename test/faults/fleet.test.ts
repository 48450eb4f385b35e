import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { CloudConfig } from '../../src/config/config.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import { createFleet } from '../../src/watch/fleet.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { manualTime } from '../support/manual-time.ts';
import { faultNamed } from './all-faults.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { STORM_CLOUD } from './storm-cloud.ts';
import { waitFor } from '../support/wait-for.ts';
import { OPERATION_LIMITS } from '../../src/config/load.ts';

const CONFIG: CloudConfig = {
  name: 'healthy',
  schedule: { kind: 'interval', everyMs: 1000 },
  maxRandomDelayMs: 0,
  requestTimeoutMs: 3_600_000,
  schedulerPatienceMs: 3_600_000,
  schedulerTimeoutMs: 3_600_000,
  collectors: { pools: true, volumeTypes: false, volumes: false, capabilities: false, operations: false },
  operationLimits: OPERATION_LIMITS,
  volumeTypesEveryMs: 600_000,
  limits: { maxBodyBytes: 2_000_000, maxRows: 1000, maxLabelLength: 256 },
};

test('a cloud whose Keystone hangs keeps no other from being read, however many of its refreshes are due', async (t) => {
  const simulator = await startSimulator({ cloud: STORM_CLOUD });
  t.after(() => simulator.close());
  const proxy = await startFaultProxy(simulator.url);
  t.after(() => proxy.close());
  await proxy.strike('token', faultNamed('hang'));
  const accessAt = (url: string) =>
    loadAccess({
      env: { ...simulator.environment(), OS_AUTH_URL: `${url}/identity/v3` },
      cwd: '/nonexistent',
      home: '/nonexistent',
    });
  const time = manualTime();
  const fleet = createFleet(new Registry(), () => {}, time.clock);
  t.after(() => fleet.close());
  await fleet.watch([
    { config: { ...CONFIG, name: 'hung', schedule: { kind: 'interval', everyMs: 1000 } }, access: accessAt(proxy.url) },
    { config: CONFIG, access: accessAt(simulator.url) },
  ]);
  const [hung, healthy] = fleet.clouds();
  assert.ok(hung && healthy);
  const read = async (metric: typeof hung.watcher.metrics.overlapped): Promise<number> =>
    (await metric.get()).values[0]?.value ?? 0;
  // More than all places of a fleet.
  for (let due = 0; due < 160; due += 1) time.advance(1000);
  assert.ok((await read(hung.watcher.metrics.overlapped)) > 150);
  const refreshes = await read(healthy.watcher.metrics.refreshes);
  await waitFor('the other goes on', async () => {
    time.advance(1000);
    return (await read(healthy.watcher.metrics.refreshes)) > refreshes + 3;
  });
  assert.equal(await read(hung.watcher.metrics.refreshes), 0);
  assert.equal(proxy.passed.length, 1);
});
