import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { type Piece, type RenderedFamily, renderPiece } from '../../src/metrics/exposition.ts';
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
  const pages = await compress(renderSnapshot(snapshot));
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
  const pages = await compress(renderSnapshot(snapshotOf([service('h@b')], [], 0)));
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

test('whatever the families hold, and whatever was there before, gzip and identity are the same page', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  const entity = fc.record({
    identity: text,
    samples: fc.array(fc.tuple(fc.double(), text), { minLength: 1, maxLength: 3 }),
  });
  const piece = fc
    .record({ name: fc.constantFrom('a', 'b'), entities: fc.array(entity, { minLength: 1, maxLength: 3 }) })
    .map(({ name, entities }): Piece => ({
      name,
      identities: entities.map(({ identity }) => identity),
      counts: entities.map(({ samples }) => samples.length),
      values: entities.flatMap(({ samples }) => samples.map(([value]) => value)),
      labels: entities.flatMap(({ samples }) => samples.map(([, labels]) => labels)),
    }));
  const family = fc.record({
    header: fc.record({ text, openmetrics: text }),
    samples: fc.array(piece, { minLength: 1, maxLength: 3 }),
  });
  const several = fc.array(family, { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(several, several, text, async (earlier, others, own) => {
      const known = createKept<KnownPieces>();
      for (const families of [earlier, others, others, earlier]) {
        const pages = await compress(families, known);
        for (const format of FORMATS) {
          const { gzip, size } = await finish(pages, own, format);
          const packed = Buffer.concat(gzip);
          const body = gunzipSync(packed);
          assert.equal(body.toString('utf8'), identity(families, own, format));
          assert.deepEqual(trailerOf(packed), { crc: crc32(body), size });
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('what is the same as before is compressed once, and the page is the same as without', async () => {
  const header = { text: '# T\n', openmetrics: '# O\n' };
  const family = (name: string, ...values: readonly number[]): RenderedFamily => ({
    header,
    samples: values.map((value) => ({ name, identities: ['h="é"'], counts: [1], values: [value], labels: [''] })),
  });
  /** Of each second piece: the others are headers. */
  const deflatedOf = (pages: OpenPages): readonly Buffer[] => pages.text.deflated.filter((_, i) => i % 2 === 1);
  const known = createKept<KnownPieces>();
  const first = await compress([family('a', NaN), family('b', 1), family('c', 1)], known);
  const families = [family('a', NaN), family('b', 22), family('c', 1), family('d', 1)];
  const second = await compress(families, known);
  assert.deepEqual(
    deflatedOf(first).map((piece, i) => piece === deflatedOf(second)[i]),
    [true, false, true],
  );
  const shorter = await compress(families.slice(2), known);
  assert.deepEqual(deflatedOf(shorter), deflatedOf(second).slice(2));
  assert.equal(deflatedOf(shorter)[0], deflatedOf(second)[2], 'a family that is gone moves none of the others');
  await compress([family('b', 22)], known);
  for (const pages of [second, await compress(families, known)]) {
    for (const format of FORMATS) {
      const gzip = Buffer.concat((await finish(pages, 'own 1\n', format)).gzip);
      assert.equal(gunzipSync(gzip).toString(), identity(families, 'own 1\n', format));
    }
  }
});

test('a sample more, another entity, and other labels are not the same', async () => {
  const header = { text: '', openmetrics: '' };
  const piece: Piece = {
    name: 'a',
    identities: ['x="1"', 'x="2"'],
    counts: [1, 2],
    values: [1, 0, 1],
    labels: ['', ',l="a"', ',l="b"'],
  };
  const others: readonly Partial<Piece>[] = [
    { counts: [2, 1] },
    { values: [1, 0, 0] },
    { values: [1, 0, NaN] },
    { labels: ['', ',l="a"', ',l="c"'] },
    { identities: ['x="1"', 'x="3"'] },
    { identities: ['x="1"'], counts: [1], values: [1], labels: [''] },
  ];
  for (const other of others) {
    const known = createKept<KnownPieces>();
    await compress([{ header, samples: [piece] }], known);
    const families = [{ header, samples: [{ ...piece, ...other }] }];
    const { gzip } = await finish(await compress(families, known), '', 'text');
    assert.equal(gunzipSync(Buffer.concat(gzip)).toString(), identity(families, '', 'text'));
  }
});

test('a page without measure is not made, and the next one is', async () => {
  const snapshot = snapshotOf([service('h@b')], [], 0);
  await assert.rejects(
    compress(renderSnapshot(snapshot), undefined, 100),
    /the page is larger than 100 bytes, compressed/,
  );
  const pages = await compress(renderSnapshot(snapshot));
  const { gzip } = await finish(pages, '', 'text');
  assert.equal(gunzipSync(Buffer.concat(gzip)).toString(), identity(renderSnapshot(snapshot), '', 'text'));
});
