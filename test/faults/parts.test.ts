import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageFor, succeeded, type Stage } from './stage.ts';
import { encode, withBody } from './wire.ts';
import type { Struck } from './fault-proxy.ts';
import { BY_LIST, BY_STATS } from './storm-cloud.ts';

type Row = Record<string, unknown>;

/** Changes the rows of an answer on their way. */
async function change(stage: Stage, struck: Struck, key: string, rows: (real: Row[]) => unknown[]): Promise<void> {
  await stage.proxy.strike(struck, {
    name: 'changed rows',
    reason: undefined,
    words: /^$/,
    async act({ socket, real }) {
      const wire = await real();
      const body = JSON.parse(wire.body.toString('utf8')) as Record<string, Row[]>;
      socket.write(encode(withBody(wire, JSON.stringify({ ...body, [key]: rows(body[key] ?? []) }))));
    },
  });
}

/** The simulated cloud does not compress, so that answers can be changed. */
const PLAIN = { settings: { gzip: false } };
const BAD_ROWS: readonly unknown[] = [null, 7, [], 'text', {}, { name: '' }, { binary: 1, host: {} }, { name: '#p' }];

test('bad rows cost themselves: counted, said once, all others stay', async (t) => {
  const stage = await stageFor(t, PLAIN);
  await change(stage, 'services', 'services', (rows) => [...BAD_ROWS, ...rows]);
  await change(stage, 'pools', 'pools', (rows) => rows.flatMap((row) => [row, ...BAD_ROWS]));
  await stage.refresh();
  const page = await stage.refresh();
  assert.deepEqual(page.conditions, BY_STATS);
  assert.deepEqual([page.value('cinder_up'), succeeded(page, 'services'), succeeded(page, 'pools')], [1, 1, 1]);
  const rejected = (collector: string) => page.value('cinder_exporter_rejected_rows_total', { collector });
  assert.equal(rejected('services'), 2 * BAD_ROWS.length);
  assert.ok((rejected('pools') ?? 0) >= 2 * 6 * BAD_ROWS.length);
  const notes = stage.log.filter(({ message }) => message === 'Part of an answer could not be used');
  assert.deepEqual(
    notes.map(({ what }) => what),
    ['services', 'pools'],
  );
  assert.match(String(notes[0]?.['problem']), /^8 rows rejected: a row is not an object$/);
});

test('one pool that cannot be read: its backend is judged by what is left, the others as ever', async (t) => {
  const stage = await stageFor(t, PLAIN);
  await change(stage, 'pools', 'pools', (rows) =>
    rows.map((row) => (String(row['name']).startsWith('n1.example@up#') ? { ...row, capabilities: 'gone' } : row)),
  );
  const page = await stage.refresh();
  assert.deepEqual(page.conditions, { ...BY_STATS, 'n1.example@up': BY_LIST['n1.example@up'] });
  assert.equal(page.value('cinder_exporter_rejected_rows_total', { collector: 'pools' }), 1);
});

test('one collector fails, the families of the others are what they were', async (t) => {
  const family = (name: string): string => name.replace(/^cinder_(service|pool|backend|volume_type|api)_.*/, '$1');
  for (const [struck, without] of [
    ['pools', 'pool'],
    ['services', 'service'],
    ['types', 'volume_type'],
  ] as const) {
    const stage = await stageFor(t);
    const { faultNamed } = await import('./all-faults.ts');
    await stage.proxy.strike(struck, faultNamed('500'));
    await stage.refresh();
    const page = await stage.refresh();
    const shown = new Set([...page.families.keys()].map(family));
    assert.ok(!shown.has(without), `${struck}: no ${without}`);
    const left = { pools: ['service', 'backend', 'api'], services: ['pool'], types: ['service', 'pool', 'backend'] };
    for (const name of left[struck]) assert.ok(shown.has(name), `${struck}: ${name} stays`);
  }
});

test('limits: rows, label length, the size of a row, of a body and of what is parsed at once', async (t) => {
  const config = { limits: { maxBodyBytes: 20_000_000, maxRows: 12, maxLabelLength: 16 } };
  const stage = await stageFor(t, { ...PLAIN, config });
  const long = 'x'.repeat(200_000);
  const hosts = ['a', 'b'].map((end) => ({ binary: 'cinder-volume', host: `h@${'y'.repeat(50)}${end}`, zone: long }));
  await change(stage, 'services', 'services', (rows) => [
    ...hosts,
    { ...rows[0], zone: long.repeat(4) },
    ...rows,
    ...rows,
  ]);
  const page = await stage.refresh();
  const services = page.samples('cinder_service_info');
  const cut = services.filter(({ labels }) => labels['host']?.startsWith('h@'));
  assert.equal(new Set(cut.map(({ labels }) => labels['host'])).size, 2, 'two stay two');
  for (const { labels } of services) for (const value of Object.values(labels)) assert.ok(value.length <= 16, value);
  assert.ok((page.value('cinder_exporter_truncated_labels_total') ?? 0) >= 4);
  const rejected = page.value('cinder_exporter_rejected_rows_total', { collector: 'services' }) ?? 0;
  assert.ok(rejected >= 2, 'the row of more than 256 KiB, and what is beyond the twelfth');
  assert.match(String(stage.log[0]?.['problem']), /rows rejected: a row is longer than 262144 bytes/);

  await change(stage, 'types', 'volume_types', () => [
    { id: '1', name: 'n', extra_specs: { x: 'y'.repeat(9_000_000) } },
  ]);
  await stage.refresh();
  const after = await stage.refresh();
  assert.equal(succeeded(after, 'volume_types'), 0);
  assert.match(String(stage.log.at(-1)?.['error']), /the answer is larger than 4194304 bytes/);
});

test('nesting of any depth costs a row', async (t) => {
  const stage = await stageFor(t, {
    ...PLAIN,
    config: { limits: { maxBodyBytes: 20_000_000, maxRows: 1000, maxLabelLength: 256 } },
  });
  const deep = '[{"a":'.repeat(60_000) + '1' + '}]'.repeat(60_000);
  for (const [struck, key] of [
    ['services', 'services'],
    ['pools', 'pools'],
  ] as const) {
    await stage.proxy.strike(struck, {
      name: 'deep',
      reason: undefined,
      words: /^$/,
      async act({ socket, real }) {
        const wire = await real();
        const body = wire.body
          .toString('utf8')
          .replace(`"${key}": [`, `"${key}":[`)
          .replace(`"${key}":[`, `"deep":${deep},"${key}":[{"name":"h@b#p","capabilities":${deep}},${deep},`);
        socket.write(encode(withBody(wire, body)));
      },
    });
  }
  const page = await stage.refresh();
  assert.deepEqual([page.value('cinder_up'), succeeded(page, 'pools')], [1, 1]);
  assert.equal(page.value('cinder_exporter_rejected_rows_total', { collector: 'pools' }), 2);
  assert.deepEqual(page.conditions, BY_STATS);
});

test('pages of types that repeat each other, or never end, are one series each and bounded', async (t) => {
  const stage = await stageFor(t, PLAIN);
  let pages = 0;
  await stage.proxy.strike('types', {
    name: 'a loop',
    reason: undefined,
    words: /^$/,
    async act({ socket, real }) {
      pages += 1;
      const type = (id: string, name: string) => ({ id, name, extra_specs: { 'vendor:for': 'drivers' } });
      const body = {
        volume_types: [type('same', 'one'), type('other', 'one'), type(`page ${pages}`, `t${pages}`)],
        volume_type_links: [{ rel: 'next', href: 'http://evil.invalid/' }],
      };
      // The simulated cloud knows no such marker.
      socket.write(encode({ ...withBody(await real(), JSON.stringify(body)), status: 200 }));
    },
  });
  await stage.refresh();
  assert.equal(pages, 20);
  await stage.refresh();
  const page = await stage.refresh();
  const types = page.samples('cinder_volume_type_backend_info').map(({ labels }) => labels['volume_type']);
  assert.equal(new Set(types).size, 21, JSON.stringify(stage.log.at(-1)));
});
