import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { send } from '../lab/answer.ts';
import type { Lab, Who } from '../lab/lab.ts';
import { waitFor } from '../support/wait-for.ts';
import { conditionOf, hostsOf, withExporter } from './watched.ts';
import { checkMetrics } from './check-metrics.ts';

const leastPrivilege = new URL('../../docs/least-privilege/cinder-policy.yaml', import.meta.url);
const servicesRule = '"volume_extension:services:index": "rule:admin_api or role:monitor"\n';
const poolsRule = '"scheduler_extension:scheduler_stats:get_pools": "rule:admin_api or role:monitor"\n';

/** Who may look: users, scopes and policies of a real Keystone and Cinder. */
export function access(lab: () => Lab): void {
  describe('access', () => {
    for (const who of ['admin', 'appcred', 'system', 'monitor'] as const) {
      test(`${who} sees everything`, () => seesEverything(lab(), who));
    }
    for (const who of ['member', 'reader'] as const) {
      test(`${who} is forbidden both lists`, () => isForbidden(lab(), who));
    }
    test('the pools alone forbidden: the services are still told', () => poolsForbidden(lab()));
    test('the services alone forbidden: not up, but the pools are still told', () => servicesForbidden(lab()));
    test('the least-privilege policy refuses administrative changes', () => refusesChanges(lab()));
  });
}

async function seesEverything(lab: Lab, who: Who): Promise<void> {
  await withExporter(await lab.environment(who), async (exporter) => {
    const page = await exporter.waitFor(
      'both lists',
      (it) => it.value('cinder_pool_state', { host: 'lab@single' }) === 1,
    );
    assert.equal(page.value('cinder_up'), 1);
    assert.equal(conditionOf(page, 'lab@single'), 'up');
    assert.deepEqual(hostsOf(page), ['lab@pools', 'lab@silent', 'lab@single', 'labcluster@clustered']);
    assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'forbidden' }), 0);
  });
}

async function isForbidden(lab: Lab, who: Who): Promise<void> {
  await withExporter(await lab.environment(who), async (exporter) => {
    const page = await exporter.waitFor(
      'the refusals, and the page after them',
      (it) =>
        it.value('cinder_up') !== undefined &&
        ['services', 'pools'].every(
          (collector) => Number(it.value('cinder_exporter_errors_total', { collector, reason: 'forbidden' })) > 0,
        ),
    );
    assert.equal(page.value('cinder_up'), 0);
    assert.deepEqual(hostsOf(page), []);
    assert.deepEqual(page.samples('cinder_service_state'), []);
    assert.equal(page.value('cinder_scrape_collector_success', { collector: 'services' }), 0);
    await checkMetrics(exporter);
  });
}

async function poolsForbidden(lab: Lab): Promise<void> {
  const whole = await readFile(leastPrivilege, 'utf8');
  await lab.policy(whole.replace(poolsRule, ''));
  try {
    await becomes(lab, '/scheduler-stats/get_pools', 403);
    await withExporter(await lab.environment('monitor'), async (exporter) => {
      const page = await exporter.waitFor(
        'the refusal of the pools, and the page after it',
        (it) =>
          it.value('cinder_up') !== undefined &&
          Number(it.value('cinder_exporter_errors_total', { collector: 'pools', reason: 'forbidden' })) > 0,
      );
      assert.equal(page.value('cinder_up'), 1);
      assert.equal(page.value('cinder_scrape_collector_success', { collector: 'services' }), 1);
      assert.equal(page.value('cinder_scrape_collector_success', { collector: 'pools' }), 0);
      assert.equal(page.value('cinder_service_backend_state', { host: 'lab@single' }), 1);
      // Without driver stats the list's `up` may be Cinder's default, and a cluster's null says nothing.
      assert.equal(conditionOf(page, 'lab@single'), 'up_assumed');
      assert.equal(page.value('cinder_backend_state_reported', { host: 'lab@single' }), undefined);
      assert.equal(conditionOf(page, 'labcluster@clustered'), 'unknown');
      assert.deepEqual(page.samples('cinder_pool_state'), []);
      await checkMetrics(exporter);
    });
  } finally {
    await lab.policy(whole);
    await becomes(lab, '/scheduler-stats/get_pools', 200);
  }
}

async function servicesForbidden(lab: Lab): Promise<void> {
  const whole = await readFile(leastPrivilege, 'utf8');
  await lab.policy(whole.replace(servicesRule, ''));
  try {
    await becomes(lab, '/os-services', 403);
    await withExporter(await lab.environment('monitor'), async (exporter) => {
      const page = await exporter.waitFor(
        'the pools without the services',
        (it) => it.value('cinder_pool_state', { host: 'lab@single' }) === 1,
      );
      assert.equal(page.value('cinder_up'), 0);
      assert.equal(page.value('cinder_scrape_collector_success', { collector: 'services' }), 0);
      assert.equal(page.value('cinder_scrape_collector_success', { collector: 'pools' }), 1);
      assert.deepEqual(page.samples('cinder_service_state'), []);
      await checkMetrics(exporter);
    });
  } finally {
    await lab.policy(whole);
    await becomes(lab, '/os-services', 200);
  }
}

async function refusesChanges(lab: Lab): Promise<void> {
  const host = 'lab@single';
  const headers = { 'x-auth-token': await lab.token('monitor') };
  const body = { volume_type: { name: 'mine' } };
  const refused = await Promise.all([
    lab.action('disable', { host, binary: 'cinder-volume' }, 'monitor'),
    lab.action('disable-log-reason', { host, binary: 'cinder-volume', disabled_reason: 'x' }, 'monitor'),
    lab.action('freeze', { host }, 'monitor'),
    lab.action('failover_host', { host, backend_id: 'second-site' }, 'monitor'),
    lab.get('/clusters', '3.7', 'monitor'),
    lab.get('/os-hosts', '3.0', 'monitor'),
    send(`${lab.cinder}/v3/types`, { headers, body }),
  ]);
  assert.deepEqual(
    refused.map(({ status }) => status),
    refused.map(() => 403),
  );
}

/** Waits until the policy file has been read again: `path` gives the role `monitor` this status. */
async function becomes(lab: Lab, path: string, status: number): Promise<void> {
  await waitFor(
    `${path} answers ${status}`,
    async () => (await lab.get(path, '3.0', 'monitor')).status === status || undefined,
    60_000,
  );
}
