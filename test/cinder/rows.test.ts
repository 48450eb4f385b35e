import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Pool, Service } from '../../src/cinder/model.ts';
import { poolReader } from '../../src/cinder/pools.ts';
import { decodeBody, decodeRows, type ReadRows, type RowReader } from '../../src/cinder/rows.ts';
import { createKept } from '../../src/kept.ts';
import { serviceReader } from '../../src/cinder/services.ts';
import { createCutter } from '../../src/cinder/wire.ts';
import { recording } from '../support/recording.ts';

const MANY = 1000;
const services = (text: string | Uint8Array, max = MANY) =>
  decodeBody(typeof text === 'string' ? Buffer.from(text) : text, serviceReader(createCutter(64)), max);
const pools = (text: string) => decodeBody(Buffer.from(text), poolReader(createCutter(64)), MANY);
const ROW = '{"binary":"cinder-volume","host":"h@b"}';

test('recorded bodies, row by row, are the same as parsed whole', async () => {
  for (const name of ['os-services-3.49-admin', 'os-services-3.49-clustered']) {
    const body = recording(name);
    const whole = decodeRows(body, serviceReader(createCutter(64)), MANY);
    for (const text of [JSON.stringify(body), JSON.stringify(body, undefined, 2)]) {
      assert.deepEqual(await services(text), whole);
    }
  }
});

test('what was there instead of a list is said', async () => {
  const said: Record<string, string> = {
    '': 'an empty body',
    ' ': '1 bytes that are no whole JSON',
    '<html>nginx</html>': '18 bytes that are no whole JSON',
    '[]': 'JSON without a list of services',
    null: 'JSON without a list of services',
    '"services"': 'JSON without a list of services',
    '{}': 'JSON without a list of services',
    '{"services":{}}': 'JSON without a list of services',
    '{"pools":[]}': 'JSON without a list of services',
    '{"x":{"services":[]}}': 'JSON without a list of services',
    '{"services":[]': '14 bytes that are no whole JSON',
    '{"services":[]}x': '16 bytes that are no whole JSON',
    '{"services":[}': '14 bytes that are no whole JSON',
    '{"services":[,]}': '16 bytes that are no whole JSON',
    '{"services":[{]}': '16 bytes that are no whole JSON',
    '{"services': '10 bytes that are no whole JSON',
    '{"services\\': '11 bytes that are no whole JSON',
  };
  for (const [text, problem] of Object.entries(said)) assert.equal(await services(text), problem, text);
});

test('a body cut off anywhere is never a shorter list', async () => {
  const body = Buffer.from(
    JSON.stringify({ x: ['}]"\\'], services: [JSON.parse(ROW), { binary: 'ä"\\', host: '}]' }] }),
  );
  const whole = await services(body);
  assert.ok(typeof whole === 'object' && whole.rows.length === 2);
  for (let end = 0; end < body.length; end += 1) {
    assert.equal(typeof (await services(body.subarray(0, end))), 'string', `cut at ${end}`);
  }
});

test('whatever JSON is in the body: the same rows as parsed whole', async () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const row = fc.record({ binary: fc.oneof(fc.constant('cinder-volume'), value), host: value }, { requiredKeys: [] });
  const body = fc.record(
    { services: fc.oneof(fc.array(fc.oneof(row, value)), value), other: value, 'a"b\\': value },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(body, value), fc.constantFrom(undefined, 1, '\t'), async (json, indent) => {
      const whole = decodeRows(json, serviceReader(createCutter(64)), MANY);
      const decoded = await services(JSON.stringify(json, undefined, indent));
      if (whole === undefined) assert.equal(decoded, 'JSON without a list of services');
      else assert.deepEqual(decoded, whole);
    }),
    { numRuns: 300 },
  );
});

test('arbitrary bytes never throw', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom('', '{"services":[', '{"'),
      async (bytes, start) => {
        await services(Buffer.concat([Buffer.from(start), bytes]));
      },
    ),
    { numRuns: 300 },
  );
});

test('deep nesting costs one row', async () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const decoded = await services(`{"deep":${deep},"services":[${deep},${ROW},{"binary":${deep}}]}`);
  assert.ok(typeof decoded === 'object');
  assert.deepEqual([decoded.rows.length, decoded.rejected], [1, 2]);
});

test("Python's NaN and Infinity cost nothing but their value", async () => {
  const stats = '"total_capacity_gb":Infinity,"free_capacity_gb":NaN,"reserved_percentage":-Infinity';
  const decoded = await pools(
    `{"pools":[{"name":"h@b#p","capabilities":{${stats},"vendor_name":"NaN \\"Infinity\\""}},{"name":"h@c#p","capabilities":{}}]}`,
  );
  assert.ok(typeof decoded === 'object');
  const [first, second] = decoded.rows;
  assert.deepEqual(
    [first?.totalBytes, first?.freeBytes, first?.reservedRatio, first?.vendorName, second?.host],
    [Infinity, undefined, undefined, 'NaN "Infinity"', 'h@c'],
  );
});

test('rows beyond the limit are counted, not kept', async () => {
  const decoded = await services(`{"services":[${Array.from({ length: 9 }, () => ROW).join(',')}]}`, 4);
  assert.deepEqual(typeof decoded === 'object' && [decoded.rows.length, decoded.rejected], [1, 5]);
});

test('a long list lets others have their turn', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `{"binary":"cinder-volume","host":"h@${i}"}`);
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const decoded = await services(`{"services":[${rows.join(',')}]}`, 100_000);
  clearImmediate(next);
  assert.equal(typeof decoded === 'object' && decoded.rows.length, 20_000);
  assert.ok(turns > 2, `${turns} turns`);
});

test('a row is decoded again when its bytes are others than those at its place before, and not when they are the same', async () => {
  const reader = poolReader(createCutter(64));
  let decodes = 0;
  const counting = {
    ...reader,
    decode(row: unknown) {
      decodes += 1;
      return reader.decode(row);
    },
  };
  const memory = createKept<ReadRows<Pool>>();
  const body = (...rows: readonly (readonly [name: string, gb: unknown])[]): Buffer =>
    Buffer.from(
      JSON.stringify({ pools: rows.map(([name, gb]) => ({ name, capabilities: { total_capacity_gb: gb } })) }),
    );
  const reads = async (bytes: Buffer): Promise<number> => {
    decodes = 0;
    assert.deepEqual(await decodeBody(bytes, counting, MANY, memory), await decodeBody(bytes, reader, MANY));
    return decodes;
  };
  assert.equal(await reads(body(['a', 1], ['b', 2], ['c', 3])), 3);
  assert.equal(await reads(body(['a', 1], ['b', 2], ['c', 3])), 0);
  assert.equal(await reads(body(['a', 1], ['b', 9], ['c', 3])), 1);
  assert.equal(await reads(body(['a', 10], ['b', 9], ['c', 3], ['d', 1])), 2, 'a longer row moves the others');
  assert.equal(await reads(body(['a', 10], ['b', 9])), 0);
  assert.equal(await reads(body(['', 10], ['b', 9])), 1);
  assert.equal(await reads(body(['', 10], ['b', 9])), 1, 'one that was rejected has its say each time');
  const whole = body(['', 10], ['b', 9]);
  assert.equal(
    await decodeBody(whole.subarray(0, -1), counting, MANY, memory),
    `${whole.length - 1} bytes that are no whole JSON`,
  );
  assert.equal(await reads(Buffer.from(JSON.stringify(JSON.parse(whole.toString()), undefined, 2))), 2);
  assert.deepEqual(
    await decodeBody(whole, { ...counting, lasts: () => false }, MANY, memory),
    await decodeBody(whole, reader, MANY),
  );
});

test('a row with another time and else the same bytes is not decoded again, and has that time', async () => {
  const [poolsBefore, servicesBefore] = [createKept<ReadRows<Pool>>(), createKept<ReadRows<Service>>()];
  let decodes = 0;
  const counting = <T>(reader: RowReader<T>): RowReader<T> => ({
    ...reader,
    decode(row) {
      decodes += 1;
      return reader.decode(row);
    },
  });
  const poolsAgain = async (capabilities: string): Promise<number> => {
    decodes = 0;
    const bytes = Buffer.from(`{"pools": [{"name": "ä@b#1", "capabilities": {${capabilities}}}]}`);
    const reader = poolReader(createCutter(64));
    assert.deepEqual(
      await decodeBody(bytes, counting(reader), MANY, poolsBefore),
      await decodeBody(bytes, reader, MANY),
    );
    return decodes;
  };
  const plain = (time: string): string =>
    `"description": "é \\"timestamp\\" x", "timestamp": "${time}", "total_capacity_gb": 7`;
  assert.equal(await poolsAgain(plain('2026-11-28T01:02:03.000004')), 1);
  assert.equal(await poolsAgain(plain('2026-11-28T01:03:03.000004')), 0);
  assert.equal(await poolsAgain(plain('2026-11-28T01:04:03.000004')), 0);
  assert.equal(await poolsAgain(plain('2026-11-28T01:05:03')), 1, 'without its microseconds it is shorter');
  assert.equal(await poolsAgain(plain('2026-11-28T01:06:03').replace('7', '8')), 1);
  assert.equal(await poolsAgain(plain('2026-11-28T0\\u0031:6').replace('7', '8')), 1, 'no time at all');
  assert.equal(await poolsAgain(plain('2026-11-28T01:07:03').replace('7', '8')), 1);
  // The key twice, in another spelling, or of another object only: which one is meant shows when it is parsed.
  for (const awkward of [
    '"timestamp":"2026-11-28T01:02:03","other":{"timestamp":"2026-11-28T09:09:09"}',
    '"other":{"timestamp":"2026-11-28T09:09:09"}',
    '"time\\u0073tamp":"2026-11-28T01:02:03","timestamp":"2026-11-28T09:09:09","\\u0074imestamp":"2026-11-28T01:02:03"',
    '"timestamp":"2026-11-28T09:09:09","\\u0074imestamp":"2026-11-28T09:09:09"',
    '"timestamp"  :  "2026-11-28T09:09:09"',
    '"timestamp":"2026-11-28 09:09:09.1"',
  ]) {
    await poolsAgain(awkward);
    assert.ok((await poolsAgain(awkward.replace('T09:09:09', 'T09:09:10'))) <= 1);
  }
  const servicesAgain = async (time: string): Promise<number> => {
    decodes = 0;
    const row = { binary: 'cinder-volume', host: 'h@b', state: 'up', updated_at: time, backend_state: null };
    const bytes = Buffer.from(JSON.stringify({ services: [row] }));
    const reader = serviceReader(createCutter(64));
    assert.deepEqual(
      await decodeBody(bytes, counting(reader), MANY, servicesBefore),
      await decodeBody(bytes, reader, MANY),
    );
    return decodes;
  };
  assert.equal(await servicesAgain('2026-11-28T01:02:03.000000'), 1);
  assert.equal(await servicesAgain('2026-11-28T01:02:13.000000'), 0);
});

test('whatever answers follow one another, each is read as if it were the first', async () => {
  const stamp = fc.constantFrom('2026-11-28T01:02:03', '2026-11-28T01:02:04', '2026-11-28T01:02:03.5', 'never', 3);
  const row = fc.record({
    name: fc.constantFrom('a', 'b#p', 'b#q', '', 7),
    capabilities: fc.record(
      {
        v: fc.constantFrom('', 'timestamp', '\\"timestamp\\"'),
        timestamp: stamp,
        other: fc.record({ timestamp: stamp }),
      },
      { requiredKeys: [] },
    ),
  });
  const answers = fc.array(fc.record({ rows: fc.array(row, { maxLength: 4 }), cut: fc.nat(3), spaced: fc.boolean() }), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(answers, async (all) => {
      const memory = createKept<ReadRows<Pool>>();
      const reader = poolReader(createCutter(64));
      for (const { rows, cut, spaced } of all) {
        const text = JSON.stringify({ pools: rows }).replaceAll('":', spaced ? '": ' : '":');
        const bytes = Buffer.from(cut === 1 ? text.slice(0, -2) : text);
        assert.deepEqual(await decodeBody(bytes, reader, 3, memory), await decodeBody(bytes, reader, 3));
      }
    }),
  );
});

test('rows beyond max_rows cost no memory: a list of `0,` has one in every two bytes', async () => {
  const memory = createKept<ReadRows<Pool>>();
  const bytes = Buffer.from(`{"pools":[${'0,'.repeat(1_000_000)}0]}`);
  const decoded = await decodeBody(bytes, poolReader(createCutter(64)), MANY, memory);
  assert.equal(typeof decoded === 'object' && decoded.rejected, 1_000_001);
  assert.equal(memory.value()?.rows.length, MANY);
});
