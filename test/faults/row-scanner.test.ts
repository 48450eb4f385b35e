import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeBody, NoSuchList, NotWholeJson, scanRows } from '../../src/cinder/rows.ts';
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
