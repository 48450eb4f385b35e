import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Exporter } from '../support/exporter.ts';
import type { Lab } from '../lab/lab.ts';
import { INCIDENTS, threePools } from './incidents.ts';
import type { Incident } from './incidents.ts';
import { backend, conditionOf, hostsOf } from './watched.ts';
import { recordReason, writeReasons } from './reasons.ts';
import { checkMetrics } from './check-metrics.ts';

/** The conditions, produced by the real Cinder and cleared again. */
export function backendConditions(lab: () => Lab, exporter: () => Exporter): void {
  describe('conditions', () => {
    test('a healthy cloud: up, assumed up where no driver speaks, one backend for a cluster', async () => {
      await lab().backend('pools', threePools('up', 'up', 'up'));
      const page = await exporter().waitFor('everything is up', (it) =>
        ['lab@single', 'lab@pools', 'labcluster@clustered'].every((host) => conditionOf(it, host) === 'up'),
      );
      assert.deepEqual(hostsOf(page), ['lab@pools', 'lab@silent', 'lab@single', 'labcluster@clustered']);
      assert.equal(conditionOf(page, 'lab@silent'), 'up_assumed');
      assert.equal(page.value('cinder_up'), 1);
      assert.equal(page.value('cinder_service_state', { binary: 'cinder-scheduler', host: 'lab' }), 1);
      assert.equal(page.value('cinder_pool_total_capacity_bytes', { host: 'lab@single' }), 100 * 1024 ** 3);
      await checkMetrics(exporter());
    });
    after(writeReasons);
    for (const incident of INCIDENTS) test(incident.name, () => play(incident, lab(), exporter()));
  });
}

async function play(incident: Incident, lab: Lab, exporter: Exporter): Promise<void> {
  const { host, condition } = incident;
  const before = (await exporter.metrics()).value('cinder_backend_condition_changes_total', { host }) ?? 0;
  try {
    await incident.happen(lab);
    await exporter.waitFor(`${host} is ${condition}`, (it) => {
      if (conditionOf(it, host) !== condition) return false;
      // The service list is read before the pools: what it says of this may come with the next refresh.
      assert.equal(it.value('cinder_backend_state', backend(host)), incident.state);
      assert.equal(it.value('cinder_backend_state_reported', backend(host)), incident.reported);
      incident.also?.(it);
      return true;
    });
    await recordReason(incident, lab, exporter);
    await checkMetrics(exporter);
  } finally {
    await incident.undo(lab);
  }
  const after = await exporter.waitFor(`${host} is up again`, (it) => conditionOf(it, host) === 'up');
  assert.equal(after.value('cinder_backend_state', backend(host)), 1);
  const changes = (after.value('cinder_backend_condition_changes_total', { host }) ?? 0) - before;
  assert.ok(changes >= 2, `${changes} changes`);
}
