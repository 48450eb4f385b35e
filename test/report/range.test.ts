import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rangeOf } from '../../src/report/range.ts';

const NOW = Date.UTC(2026, 10, 26, 6, 30);

function range(flags: { readonly month?: string; readonly from?: string; readonly to?: string }): string {
  const { fromMs, toMs } = rangeOf({ month: undefined, from: undefined, to: undefined, ...flags }, NOW);
  return `${new Date(fromMs).toISOString()} ${new Date(toMs).toISOString()}`;
}

for (const [flags, expected] of [
  [{}, '2026-10-01T00:00:00.000Z 2026-11-01T00:00:00.000Z'],
  [{ month: '2026-02' }, '2026-02-01T00:00:00.000Z 2026-03-01T00:00:00.000Z'],
  [{ month: '2025-12' }, '2025-12-01T00:00:00.000Z 2026-01-01T00:00:00.000Z'],
  [{ month: '2026-11' }, '2026-11-01T00:00:00.000Z 2026-11-26T06:30:00.000Z'],
  [{ from: '2026-10-05' }, '2026-10-05T00:00:00.000Z 2026-11-26T06:30:00.000Z'],
  [{ from: '2026-10-05', to: '2026-10-06T12:00:00+02:00' }, '2026-10-05T00:00:00.000Z 2026-10-06T10:00:00.000Z'],
  [{ from: '1790000000', to: '1790000060' }, '2026-09-21T14:13:20.000Z 2026-09-21T14:14:20.000Z'],
] as const) {
  test(`in UTC: ${JSON.stringify(flags)}`, () => assert.equal(range(flags), expected));
}

for (const [flags, message] of [
  [{ month: '2026-13' }, /^--month: expected a month such as 2026-10, got "2026-13"$/],
  [{ month: 'October' }, /^--month: expected a month/],
  [{ month: '2026-12' }, /^--month: expected a time in the past, got "2026-12"$/],
  [{ month: '2026-10', from: '2026-10-01' }, /^--month: expected alone/],
  [{ to: '2026-10-01' }, /^--to: expected --from beside it$/],
  [{ from: '2026-10-02', to: '2026-10-01' }, /^--to: expected a time after --from/],
  [{ from: '2026-02-30' }, /^--from: expected a date such as/],
  [{ from: '2026-10-01T12:00:00' }, /^--from: expected a date such as/],
  [{ from: '2026-10-01', to: 'now' }, /^--to: expected a date such as .*, got "now"$/],
  [{ from: '1999-01-01' }, /^--from: expected five years at most$/],
  [{ from: '2027-01-01', to: '2027-02-01' }, /^--from: expected a time in the past/],
] as const) {
  test(`refused: ${JSON.stringify(flags)}`, () => assert.throws(() => range(flags), { message }));
}
