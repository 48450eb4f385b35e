import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Counter, Gauge, Registry } from 'prom-client';
import { renderSnapshot } from '../../src/metrics/families.ts';
import { compress, finish, type OpenPages } from '../../src/metrics/page.ts';
import { createPageSource } from '../../src/watch/pipeline.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { service } from '../support/samples.ts';
import { snapshotOf } from '../metrics/snapshot.ts';

/** Whatever is being made has been made: pages are finished one after the other, and this one is the last. */
async function settled(): Promise<void> {
  await turn();
  await finish(undefined, '', 'text');
  await turn();
}

function source() {
  const registry = new Registry();
  const counter = new Counter({ name: 'own_total', help: 'Own.', registers: [registry] });
  let now = 0;
  let pages: OpenPages | undefined;
  const made = createPageSource(
    () => pages,
    [registry],
    () => now,
  );
  return {
    registry,
    counter,
    made,
    advance: (ms: number) => void (now += ms),
    swap: async (host: string) => {
      pages = await compress(() => renderSnapshot(snapshotOf([service(host)], [], 0)));
    },
    read: async (format: 'text' | 'openmetrics') => {
      return parseExposition(gunzipSync(Buffer.concat((await made.page(format)).gzip)).toString('utf8'), format);
    },
  };
}

test('scrapes within a second copy the same bytes; own metrics are at most that old', async () => {
  const { made, counter, advance, read } = source();
  const first = await made.page('text');
  counter.inc();
  assert.equal(await made.page('text'), first);
  assert.equal((await read('text')).value('own_total'), 0);
  advance(1000);
  assert.equal((await read('text')).value('own_total'), 1);
  assert.notEqual(await made.page('text'), first);
});

test('who scrapes all the time never waits for own metrics: the next ones are made while these are still good', async () => {
  const { made, counter, advance, read, swap } = source();
  await swap('h@a');
  const first = await made.page('text');
  counter.inc();
  advance(499);
  assert.equal(await made.page('text'), first);
  await settled();
  assert.equal(await made.page('text'), first, 'young enough');
  advance(1);
  assert.equal(await made.page('text'), first, 'made while this one is sent');
  await settled();
  counter.inc();
  const second = await made.page('text');
  assert.notEqual(second, first);
  assert.equal((await read('text')).value('own_total'), 1, 'as it was half a second after the first');
  advance(999);
  assert.equal(await made.page('text'), second);
  advance(1);
  assert.equal((await read('text')).value('own_total'), 2, 'a second old: nobody gets it any more');
});

test('a new snapshot is on the very next page, also when another was being made; and a fault of own metrics is for who asks', async () => {
  const { made, advance, read, swap, registry } = source();
  await swap('h@a');
  await made.page('text');
  advance(600);
  const old = await made.page('text');
  await swap('h@b');
  const hosts = (await read('text')).samples('cinder_service_state').map(({ labels }) => labels['host']);
  assert.deepEqual(hosts, ['h@b']);
  await settled();
  assert.notEqual(await made.page('text'), old);

  const collect = (): never => {
    throw new Error('no figure');
  };
  registry.registerMetric(new Gauge({ name: 'broken', help: 'Broken.', registers: [], collect }));
  advance(600);
  const still = await made.page('text');
  await settled();
  assert.equal(await made.page('text'), still);
  advance(400);
  await assert.rejects(made.page('text'), /no figure/);
});

test('a new snapshot is on the very next page, whole, in both formats', async () => {
  const { swap, read } = source();
  for (const host of ['h@a', 'h@b']) {
    await swap(host);
    for (const format of ['text', 'openmetrics'] as const) {
      const page = await read(format);
      assert.deepEqual(
        page.samples('cinder_service_state').map(({ labels }) => labels['host']),
        [host],
      );
      assert.equal(page.value('own_total'), 0);
    }
  }
});

test('many scrapes at once render once', async () => {
  const { swap, made } = source();
  await swap('h@a');
  const pages = await Promise.all(Array.from({ length: 50 }, () => made.page('openmetrics')));
  assert.equal(new Set(pages).size, 1);
});
