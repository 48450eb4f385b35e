import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Counter, Registry } from 'prom-client';
import { renderSnapshot } from '../../src/metrics/families.ts';
import { compress, type OpenPages } from '../../src/metrics/page.ts';
import { createPageSource } from '../../src/watch/pipeline.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { service } from '../support/samples.ts';
import { snapshotOf } from '../metrics/snapshot.ts';

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
