import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { NoSuchList, NotWholeJson, scanRows } from '../../src/cinder/row-scanner.ts';
import { decodeBody } from '../../src/cinder/rows.ts';
import { assertLinear } from '../support/growth.ts';
import { awkwardText, byteChanges, changed } from './hostile-bodies.ts';

const KEY = 'services';

function scan(bytes: Buffer): unknown[] | 'no list' | 'not whole' {
  try {
    return [...scanRows(bytes, KEY)]
      .filter((found) => found !== undefined)
      .map(([start, end]) => JSON.parse(bytes.toString('utf8', start, end)) as unknown);
  } catch (error) {
    if (error instanceof NoSuchList) return 'no list';
    if (error instanceof NotWholeJson || error instanceof SyntaxError) return 'not whole';
    throw error;
  }
}

const value = fc.oneof(fc.jsonValue({ maxDepth: 4 }), awkwardText);
const body = fc.oneof(
  fc.dictionary(fc.oneof(fc.constant(KEY), awkwardText), fc.oneof(fc.array(value), value)),
  fc.record({ [KEY]: fc.array(value), other: value }),
);

test('any JSON: the rows that JSON.parse finds, or none where it finds none', () => {
  fc.assert(
    fc.property(fc.oneof(body, value), fc.constantFrom(undefined, 1, '\r\n\t'), (json, indent) => {
      const bytes = Buffer.from(JSON.stringify(json, undefined, indent));
      const parsed = JSON.parse(bytes.toString('utf8')) as Record<string, unknown> | null;
      const list =
        parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) && Object.hasOwn(parsed, KEY)
          ? parsed[KEY]
          : undefined;
      assert.deepEqual(scan(bytes), Array.isArray(list) ? list : 'no list');
    }),
    { numRuns: 500 },
  );
});

test('cut off anywhere, it is never whole', () => {
  fc.assert(
    fc.property(body, (json) => {
      const bytes = Buffer.from(JSON.stringify(json));
      for (let end = 0; end < bytes.length; end += 1)
        assert.equal(scan(bytes.subarray(0, end)), 'not whole', `cut at ${end}`);
    }),
    { numRuns: 60 },
  );
});

test('with some bytes changed: where both read it, they read the same', () => {
  fc.assert(
    fc.property(body, byteChanges, (json, changes) => {
      const bytes = changed(Buffer.from(JSON.stringify(json)), changes);
      const rows = scan(bytes);
      if (!Array.isArray(rows)) return;
      let parsed: Record<string, unknown>;
      try {
        parsed = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
      } catch {
        // Around the rows it may be no JSON; each row was.
        return;
      }
      assert.deepEqual(rows, parsed[KEY]);
    }),
    { numRuns: 500 },
  );
});

/** Reads each row as it is, and takes none for another. */
const everyRow = (keys = 0) => ({
  listKey: KEY,
  decode: (said: unknown) => ({ said }),
  key: () => String((keys += 1)),
  timeMs: () => undefined,
});

test('rows that begin alike, and whatever is in them: the rows that JSON.parse finds', async () => {
  const awkward = fc.oneof(
    value,
    fc.constantFrom('}, {"name": ', '{"name":', ',{"name":1}', '\\', 'ä', '💾'),
    fc.record({ name: fc.oneof(awkwardText, fc.constant('}, {"name":')) }),
    fc.array(fc.record({ name: fc.integer() }), { minLength: 2, maxLength: 3 }),
  );
  const row = fc.oneof(
    { weight: 9, arbitrary: fc.record({ name: awkward, capabilities: awkward }) },
    { weight: 1, arbitrary: awkward },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 12 }),
      fc.constantFrom(undefined, 1, '\r\n\t'),
      fc.boolean(),
      async (rows, indent, ascii) => {
        const json = JSON.stringify({ [KEY]: rows }, undefined, indent);
        const text = ascii
          ? json.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
          : json;
        const bytes = Buffer.from(text);
        const decoded = await decodeBody(bytes, everyRow(), 100);
        assert.ok(typeof decoded === 'object');
        assert.deepEqual(
          decoded.rows.map(({ said }) => said),
          (JSON.parse(bytes.toString()) as { [KEY]: unknown[] })[KEY],
        );
        for (const end of [bytes.length - 1, bytes.length >> 1])
          assert.equal(typeof (await decodeBody(bytes.subarray(0, end), everyRow(), 100)), 'string', `cut at ${end}`);
      },
    ),
    { numRuns: 500 },
  );
});

test('rows that begin alike: one that is too deep, or no JSON, costs what it cost before', async () => {
  const deep = `{"name":${'['.repeat(100)}${']'.repeat(100)}}`;
  const shallow = `{"name":${'['.repeat(99)}${']'.repeat(99)}}`;
  const wide = `{"name":[${'[],'.repeat(200)}[]]}`;
  const decoded = await decodeBody(
    Buffer.from(`{"services":[${[deep, shallow, wide, '{"name":NaN}', '{"name":1}'].join(', ')}]}`),
    everyRow(),
    100,
  );
  assert.ok(typeof decoded === 'object');
  assert.deepEqual([decoded.rows.length, decoded.firstProblem], [4, 'a row is nested deeper than 100 levels']);
  for (const wrong of [
    '{"name":1} x, {"name":2}',
    '{"name":1}, , {"name":2}',
    '{"name":1, {"name":2}',
    '{"name":1}} , {"name":2}',
  ])
    assert.equal(typeof (await decodeBody(Buffer.from(`{"services":[${wrong}]}`), everyRow(), 100)), 'string', wrong);
});

test('a list that comes twice is refused: nobody can say which is meant', () => {
  assert.equal(scan(Buffer.from('{"services":[1],"services":[2]}')), 'not whole');
  assert.equal(scan(Buffer.from('{"services":[1],"services":{}}')), 'not whole');
  assert.deepEqual(scan(Buffer.from('{"services":7,"services":[2]}')), [2]);
});

test('shapes that are dear to a careless parser cost little', async () => {
  const reader = { listKey: KEY, decode: () => 'no row' as const, key: () => '', timeMs: () => undefined };
  const shapes = (many: number): readonly string[] => [
    `"${'a\\"'.repeat(many)}\\\n"`,
    '"a"'.repeat(many),
    `["${'\\\\'.repeat(many)}", NaN]`,
    `${'['.repeat(many)}NaN${']'.repeat(many)}`,
    `{${'"":{'.repeat(many / 2)}`,
    `"${'-'.repeat(many)}NaN" ${'- '.repeat(100)}`,
    '-'.repeat(many),
    ' '.repeat(many),
    '['.repeat(many * 13),
    `${'[],'.repeat(many)}[]`,
    `{"a":1}${',{"b":1}'.repeat(many)}`,
    `{"a":{"a":{}}}${',{"a":{"a":{}}}'.repeat(many)}`,
    `{"a":NaN}${',{"a":NaN}'.repeat(many)}`,
  ];
  for (const [i, row] of shapes(1).entries())
    await assertLinear(row, (scale) => {
      const bytes = Buffer.from(`{"services":[${shapes(75_000 * scale)[i]}]}`);
      return () => decodeBody(bytes, reader, 10);
    });
});

test('a row that is too deep or too long costs itself; what is long is looked at in slices', async () => {
  const reader = {
    listKey: KEY,
    decode: (row: unknown) => ({ row }),
    key: ({ row }: { row: unknown }) => JSON.stringify(row),
    timeMs: () => undefined,
  };
  const deep = '['.repeat(101) + ']'.repeat(101);
  const long = `"${'x'.repeat(50_000_000)}"`;
  const bytes = Buffer.from(`{"a":${long},"services":[1,${deep},${long},${deep.slice(1, -1)},2],"b":[${long}]}`);
  const decoded = await decodeBody(bytes, reader, 10);
  assert.ok(typeof decoded === 'object');
  assert.equal(decoded.rows.length, 3);
  assert.equal(decoded.rejected, 2);
  assert.equal(decoded.firstProblem, 'a row is nested deeper than 100 levels');
  assert.ok([...scanRows(bytes, KEY)].filter((found) => found === undefined).length >= 3 * 190);
  assert.equal(
    await decodeBody(Buffer.from(`{"services":[${' '.repeat(200_000)}]}`), reader, 10),
    '200015 bytes that are no whole JSON',
  );
});
