import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { type Families, from, type RenderedFamily, renderPiece, several } from '../../src/metrics/exposition.ts';
import { renderSnapshot } from '../../src/metrics/families.ts';
import { createKept } from '../../src/kept.ts';
import { compress, finish, type KnownPieces, type OpenPages } from '../../src/metrics/page.ts';
import { service } from '../support/samples.ts';
import { snapshotOf } from './snapshot.ts';

const FORMATS = ['text', 'openmetrics'] as const;

/** The gzip member's own trailer: checksum and size. */
function trailerOf(gzip: Buffer): { crc: number; size: number } {
  return { crc: gzip.readUInt32LE(gzip.length - 8), size: gzip.readUInt32LE(gzip.length - 4) };
}

/** Families without a sample are left out. Each is read in its turn: its samples may be rendered only then. */
function identity(families: Iterable<RenderedFamily>, own: string, format: 'text' | 'openmetrics'): string {
  let page = '';
  for (const family of families) {
    const samples = [...family.samples].map(renderPiece).join('');
    if (samples !== '') page += family.header[format] + samples;
  }
  return page + own + (format === 'openmetrics' ? '# EOF\n' : '');
}

test('a page is one gzip member whose checksum and size are right', async () => {
  const services = Array.from({ length: 3000 }, (_, i) => service(`stor-${i}.example.org@rbd "ä💾"\\\n${i}`));
  const snapshot = snapshotOf(services, [], Date.UTC(2026, 10, 22));
  const pages = await compress(() => renderSnapshot(snapshot));
  for (const format of FORMATS) {
    const own = 'own 1\n';
    const { gzip: pieces, packedSize, size } = await finish(pages, own, format);
    const gzip = Buffer.concat(pieces);
    assert.equal(gzip.length, packedSize);
    const body = gunzipSync(gzip);
    assert.equal(body.toString('utf8'), identity(renderSnapshot(snapshot), own, format));
    assert.equal(body.length, size);
    assert.deepEqual(trailerOf(gzip), { crc: crc32(body), size });
    assert.ok(gzip.length < size / 5);
  }
});

test('an open page can be finished again and again, with other own metrics', async () => {
  const pages = await compress(() => renderSnapshot(snapshotOf([service('h@b')], [], 0)));
  const first = await finish(pages, 'own 1\n', 'text');
  const second = await finish(pages, 'own 22222\n', 'text');
  assert.ok(gunzipSync(Buffer.concat(first.gzip)).toString().endsWith('\nown 1\n'));
  assert.ok(gunzipSync(Buffer.concat(second.gzip)).toString().endsWith('\nown 22222\n'));
});

test('before the first refresh a page holds what the exporter tells of itself', async () => {
  for (const format of FORMATS) {
    const { gzip, size } = await finish(undefined, 'own 1\n', format);
    const body = gunzipSync(Buffer.concat(gzip)).toString();
    assert.equal(body, identity([], 'own 1\n', format));
    assert.equal(size, body.length);
  }
  assert.equal(gunzipSync(Buffer.concat((await finish(undefined, '', 'text')).gzip)).length, 0);
});

/** An entity and its samples: values, each with a label. */
interface Entity {
  readonly x: string;
  readonly samples: readonly (readonly [number, string])[];
}

/** What two families of one group, and a family of another, are read from. */
interface Source {
  readonly two: readonly Entity[];
  readonly one: readonly Entity[];
}

const samplesOf = (name: string, more = 0) =>
  several<Entity>('gauge', name, 'A "family"\nof\\the test.', ['l'], ({ samples }) =>
    samples.map(([value, label]) => [[label], value + more] as const),
  );
const groupOf = (...names: readonly string[]) => ({
  identity: ['x'],
  identityOf: ({ x }: Entity) => [x],
  unchanging: true,
  families: names.map((name, i) => samplesOf(name, i)),
});
const FAMILIES: readonly Families<Source>[] = [
  from(groupOf('a', 'b'), ({ two }) => two),
  from(groupOf('c'), ({ one }) => one),
];

function* read(source: Source, known: Parameters<Families<Source>['render']>[1] = () => undefined) {
  for (const { render } of FAMILIES) yield* render(source, known);
}

/** Makes the pages of one source after the other, and holds each against the one that is made without what came before. */
async function follow(sources: readonly Source[], own = ''): Promise<OpenPages[]> {
  const known = createKept<KnownPieces>();
  const made: OpenPages[] = [];
  for (const source of sources) {
    const pages = await compress((pieces) => read(source, pieces), known);
    made.push(pages);
    for (const format of FORMATS) {
      const { gzip, size } = await finish(pages, own, format);
      const packed = Buffer.concat(gzip);
      const body = gunzipSync(packed);
      assert.equal(body.toString('utf8'), identity(read(source), own, format));
      assert.deepEqual(trailerOf(packed), { crc: crc32(body), size });
    }
  }
  return made;
}

test('whatever the families hold, and whatever was there before, gzip and identity are the same page', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  const some: fc.Arbitrary<Entity> = fc.record({
    x: fc.oneof(fc.constantFrom('h@b', 'h@b#p'), text),
    samples: fc.array(
      fc.tuple(fc.oneof(fc.constantFrom(0, 1, -0, NaN), fc.double()), fc.oneof(fc.constantFrom('', 'l'), text)),
      { maxLength: 3 },
    ),
  });
  const many = fc.array(some, { minLength: 1, maxLength: 6 }).chain((all) => {
    // The same objects in several pages, and others that say the same.
    const one = fc.tuple(fc.nat(all.length - 1), fc.boolean()).map(([i, copied]) => {
      const entity = all[i] as Entity;
      return copied ? structuredClone(entity) : entity;
    });
    const list = fc.oneof(fc.array(one, { maxLength: 5 }), fc.constant(all));
    return fc.array(fc.record({ two: list, one: list }), { minLength: 1, maxLength: 5 });
  });
  await fc.assert(
    fc.asyncProperty(many, text, async (sources, own) => {
      await follow(sources, own);
    }),
    { numRuns: 100 },
  );
});

test('so does a page of many pieces, when entities in the midst of it come, go, and change', async () => {
  const all = Array.from({ length: 4000 }, (_, i): Entity => ({ x: `${'x'.repeat(80)}${i}`, samples: [[i, '']] }));
  const with7 = all.map((entity, i): Entity => (i % 7 === 0 ? { ...entity, samples: [[-i, '']] } : entity));
  const made = await follow(
    [all, all, with7, with7.slice(1), with7.filter((_, i) => i !== 2000), all].map((one) => ({ two: [], one })),
  );
  const pieces = made[0]?.text.deflated.length ?? 0;
  assert.ok(pieces > 3, `${pieces} blocks`);
  assert.deepEqual(
    made[1]?.text.deflated.map((block, i) => block === made[0]?.text.deflated[i]),
    Array(pieces).fill(true),
  );
});

test('what is the same as before is compressed once', async () => {
  const entity = (value: number): Entity => ({ x: 'h', samples: [[value, '']] });
  const sources = [
    { two: [entity(NaN)], one: [entity(1)] },
    { two: [entity(NaN)], one: [entity(22)] },
    { two: [], one: [entity(22)] },
  ];
  // Of each second block: the others are headers.
  const [first, second, third] = (await follow(sources)).map((pages) =>
    pages.text.deflated.filter((_, i) => i % 2 === 1),
  );
  assert.deepEqual(
    first?.map((block, i) => block === second?.[i]),
    [true, true, false],
  );
  assert.equal(third?.[0], second?.[2], 'a family that is gone moves none of the others');
});

test('a sample more, another entity, and other labels are not the same', async () => {
  const entities: readonly Entity[] = [
    { x: '1', samples: [[1, '']] },
    {
      x: '2',
      samples: [
        [0, 'a'],
        [1, 'b'],
      ],
    },
  ];
  const others: readonly (readonly Partial<Entity>[])[] = [
    [
      {
        samples: [
          [1, ''],
          [0, 'a'],
        ],
      },
      { samples: [[1, 'b']] },
    ],
    [
      {},
      {
        samples: [
          [0, 'a'],
          [0, 'b'],
        ],
      },
    ],
    [
      {},
      {
        samples: [
          [0, 'a'],
          [NaN, 'b'],
        ],
      },
    ],
    [
      {},
      {
        samples: [
          [0, 'a'],
          [1, 'c'],
        ],
      },
    ],
    [{}, { x: '3' }],
    [{ samples: [] }, {}],
    [{}],
    [{}, {}, {}],
  ];
  for (const changed of others) {
    const two = changed.map((change, i): Entity => ({ x: 'new', samples: [], ...entities[i], ...change }));
    await follow([
      { two: entities, one: entities },
      { two, one: two },
      { two: entities, one: two },
    ]);
  }
});

test('a page without measure is not made, and the next one is', async () => {
  const snapshot = snapshotOf([service('h@b')], [], 0);
  await assert.rejects(
    compress(() => renderSnapshot(snapshot), undefined, 100),
    /the page is larger than 100 bytes, compressed/,
  );
  const pages = await compress(() => renderSnapshot(snapshot));
  const { gzip } = await finish(pages, '', 'text');
  assert.equal(gunzipSync(Buffer.concat(gzip)).toString(), identity(renderSnapshot(snapshot), '', 'text'));
});
