import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { canServe, matchesExtraSpec, withProtocolVariants } from '../../src/cinder/capabilities-filter.ts';
import type { Json } from '../../src/cinder/wire.ts';

interface Table {
  readonly match: readonly { test: string; value: unknown; req: string | null; matches: boolean }[];
  readonly filter: readonly { test: string; ecaps: Json; especs: Record<string, string | null>; passes: boolean }[];
}

const file = new URL('./capabilities-filter-cases.json', import.meta.url);
const table = JSON.parse(readFileSync(file, 'utf8')) as Table;

describe("Cinder's own cases for its capabilities filter", () => {
  for (const { test: name, value, req, matches: wanted } of table.match) {
    test(`${name}: ${JSON.stringify(value)} for ${JSON.stringify(req)}`, () =>
      assert.equal(matchesExtraSpec(value, req), wanted));
  }
  for (const { test: name, ecaps, especs, passes } of table.filter) {
    test(`${name}: ${JSON.stringify(especs)}`, () => {
      assert.equal(canServe({ enabled: true, ...ecaps }, Object.entries(especs)), passes);
    });
  }
});

test('as Python has it, where JavaScript has it otherwise', () => {
  const rows: [unknown, string, boolean | undefined][] = [
    [5, 's!= 5', true],
    [5, 's== 5', false],
    ['', '== 0', false],
    ['0x10', '>= 1', false],
    ['1_000', '>= 1000', true],
    [' 7 ', '== 7', true],
    [true, '== 1', true],
    ['nan', '!= 1', true],
    ['infinite', '>= 1', false],
    ['Infinity', '>= 1', true],
    ['\u{1f600}', 's> \uffee', true],
    ['a', '<or>', undefined],
    ['x', 'constructor', false],
    [{ a: 1 }, '<in> a', true],
    [{ a: 1 }, '<in> toString', false],
    ['a\u001cb', '<or> a\u001cb', false],
  ];
  for (const [value, req, wanted] of rows)
    assert.equal(matchesExtraSpec(value, req), wanted, `${JSON.stringify(value)} ${req}`);
});

test('a storage protocol is known by each of its names', () => {
  // The types of a real cloud that the scheduler serves, and the pools as the API of Cinder 20 and later shows them.
  const serves = (shown: string, wanted: string): boolean =>
    canServe(withProtocolVariants({ storage_protocol: shown }), [['storage_protocol', wanted]]);
  const rows: [string, string, boolean][] = [
    ['NFS', 'nfs', true],
    ['FC', 'fibre_channel', true],
    ['FC', '<or> fc <or> iscsi', true],
    ['iSCSI', '<or> fc <or> iscsi', true],
    ['iSCSI', 'iSCSI', true],
    ['NVMe-oF', 'nvmeof', true],
    ['NVMe-TCP', 'nvmeof', false],
    ['iSCSI', 'fc', false],
  ];
  for (const [shown, wanted, expected] of rows) assert.equal(serves(shown, wanted), expected, `${shown} for ${wanted}`);
  assert.equal(canServe(withProtocolVariants({}), [['storage_protocol', 'nfs']]), false);
});
