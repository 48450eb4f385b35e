import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exposition } from '../support/exposition-parser.ts';
import type { Lab } from '../lab/lab.ts';
import { conditionOf, CONFIG } from './watched.ts';
import { needsScheduler, tapped } from './wire.ts';
import type { Tapped } from './wire.ts';
import { checkMetrics } from './check-metrics.ts';

const single = 'lab@single';
const healthy = (page: Exposition): boolean => page.value('cinder_up') === 1 && conditionOf(page, single) === 'up';
const heartbeat = (page: Exposition): number =>
  page.value('cinder_service_updated_timestamp_seconds', { host: single }) ?? 0;
/** Long enough for the longest pause between two questions that the tests let grow. */
const recoveryMs = 90_000;

/** Parts of the control plane that end, and come back. */
export function outages(lab: () => Lab): void {
  const outage = (name: string, play: (lab: Lab, parts: Tapped) => Promise<void>): void => {
    test(name, () =>
      tapped(lab(), CONFIG, async (parts) => {
        await parts.exporter.waitFor('it is healthy at first', healthy);
        await play(lab(), parts);
      }),
    );
  };
  describe('outages', () => {
    outage('the scheduler: services keep coming, conditions become unknown, one request at a time', (lab, parts) =>
      withoutScheduler(
        parts,
        () => lab.stop('cinder-scheduler'),
        () => lab.start('cinder-scheduler'),
      ),
    );
    outage('the message bus: the same', (lab, parts) =>
      withoutScheduler(
        parts,
        () => lab.stop('rabbitmq'),
        () => lab.start('rabbitmq'),
      ),
    );
    outage('the API: not up, nothing old as if it were new, one line in the log', withoutApi);
    outage('the API hangs: not up, and requests do not pile up', hangingApi);
    outage('Keystone: the token goes on while Cinder remembers it, then the failure is told', withoutKeystone);
  });
}

async function withoutScheduler(
  { exporter, keystone, cinder }: Tapped,
  stop: () => Promise<void>,
  start: () => Promise<void>,
): Promise<void> {
  await stop();
  cinder.reset();
  try {
    const unknown = await exporter.waitFor('nobody knows', (page) => conditionOf(page, single) === 'unknown');
    assert.equal(unknown.value('cinder_up'), 1);
    assert.equal(unknown.value('cinder_backend_state', { host: single }), undefined);
    assert.equal(unknown.value('cinder_scrape_collector_success', { collector: 'pools' }), 0);
    assert.deepEqual(unknown.samples('cinder_pool_state'), []);
    await checkMetrics(exporter);
    const since = heartbeat(unknown);
    const later = await exporter.waitFor('heartbeats go on', (page) => heartbeat(page) > since + 4);
    assert.equal(later.value('cinder_up'), 1);
    assert.equal(later.value('cinder_service_state', { host: single }), 1);
    assert.equal(cinder.mostOpen(needsScheduler), 1);
    assert.ok(cinder.passed.some(({ path, microversion }) => path.includes('/os-services') && microversion === '3.48'));
  } finally {
    await start();
  }
  await exporter.waitFor('it is healthy again', healthy, recoveryMs);
  assert.equal(cinder.mostOpen(needsScheduler), 1);
  assert.equal(keystone.passed.filter(({ method }) => method === 'POST').length, 1, 'one login in all');
}

async function withoutApi(lab: Lab, { exporter }: Tapped): Promise<void> {
  const lines = exporter.logs.length;
  await lab.stop('cinder-api');
  try {
    const down = await exporter.waitFor('it is not up', (page) => page.value('cinder_up') === 0);
    assert.equal(down.value('cinder_scrape_collector_success', { collector: 'services' }), 0);
    await checkMetrics(exporter);
    const empty = await exporter.waitFor(
      'nothing fresh is left',
      (page) => page.samples('cinder_service_state').length === 0,
    );
    assert.deepEqual(empty.samples('cinder_backend_condition'), []);
    assert.equal(empty.value('cinder_up'), 0);
    await checkMetrics(exporter);
    const failures = exporter.logs.slice(lines).filter((line) => /level=(warn|error)/.test(line));
    const perCollector = new Map<string, number>();
    for (const line of failures) {
      const collector = /collector=(\w+)/.exec(line)?.[1] ?? '';
      perCollector.set(collector, (perCollector.get(collector) ?? 0) + 1);
    }
    assert.ok(Math.max(...perCollector.values()) <= 2, `a flood: ${failures.join('\n')}`);
  } finally {
    await lab.start('cinder-api');
  }
  await exporter.waitFor('it is healthy again', healthy, recoveryMs);
}

async function hangingApi(lab: Lab, { exporter, cinder }: Tapped): Promise<void> {
  await lab.pause('cinder-api');
  cinder.reset();
  try {
    const down = await exporter.waitFor('it is not up', (page) => page.value('cinder_up') === 0);
    assert.equal(down.value('cinder_scrape_collector_success', { collector: 'services' }), 0);
    await exporter.waitFor('nothing fresh is left', (page) => page.samples('cinder_service_state').length === 0);
    assert.equal(cinder.mostOpen(needsScheduler), 1);
    assert.ok(cinder.mostOpen(() => true) <= 2, 'one beside it for the list that needs no scheduler');
    await checkMetrics(exporter);
  } finally {
    await lab.resume('cinder-api');
  }
  await exporter.waitFor('it is healthy again', healthy, recoveryMs);
}

async function withoutKeystone(lab: Lab, { exporter, cinder }: Tapped): Promise<void> {
  await lab.stop('keystone');
  try {
    cinder.reset();
    // Cinder's cache of tokens (10 s here) outlives Keystone for a while, whenever it was filled.
    const failed = await exporter.waitFor('the failure is told', (page) => page.value('cinder_up') === 0, 60_000);
    assert.ok(
      cinder.passed.some(({ status }) => status === 503),
      'Cinder answers 503 itself',
    );
    assert.equal(failed.value('cinder_scrape_collector_success', { collector: 'services' }), 0);
    await checkMetrics(exporter);
  } finally {
    await lab.start('keystone');
  }
  await exporter.waitFor('it is healthy again', healthy, recoveryMs);
}
