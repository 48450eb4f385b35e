import { quoted } from '../config/tree.ts';
import { UserError } from '../user-error.ts';
import type { Stretch } from './stretch.ts';

/** What a report is about, as it was asked for. */
export interface RangeFlags {
  readonly month: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

const MOMENT = 'a date such as 2026-10-01, a time such as 2026-10-01T12:00:00Z, or seconds since 1970';
const LONGEST_MS = 5 * 366 * 86_400_000;

/** The time that a report is about, in UTC; without flags the last whole month. It never goes beyond now. Throws a UserError. */
export function rangeOf({ month, from, to }: RangeFlags, nowMs: number): Stretch {
  if (month !== undefined && (from !== undefined || to !== undefined)) {
    throw new UserError('--month: expected alone, got --from or --to beside it');
  }
  if (to !== undefined && from === undefined) throw new UserError('--to: expected --from beside it');
  const asked = from === undefined ? monthOf(month, nowMs) : { fromMs: momentOf('--from', from), toMs: nowMs };
  const { fromMs, toMs } = to === undefined ? asked : { ...asked, toMs: momentOf('--to', to) };
  const flag = month === undefined ? '--from' : '--month';
  if (toMs <= fromMs) throw new UserError(`--to: expected a time after --from, got ${new Date(toMs).toISOString()}`);
  if (fromMs >= nowMs) throw new UserError(`${flag}: expected a time in the past, got ${quoted(month ?? from ?? '')}`);
  if (toMs - fromMs > LONGEST_MS) throw new UserError(`${flag}: expected five years at most`);
  return { fromMs, toMs: Math.min(toMs, nowMs) };
}

function monthOf(text: string | undefined, nowMs: number): Stretch {
  const now = new Date(nowMs);
  if (text === undefined) return wholeMonth(now.getUTCFullYear(), now.getUTCMonth() - 1);
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (!match) throw new UserError(`--month: expected a month such as 2026-10, got ${quoted(text)}`);
  return wholeMonth(Number(match[1]), Number(match[2]) - 1);
}

function wholeMonth(year: number, month: number): Stretch {
  return { fromMs: Date.UTC(year, month), toMs: Date.UTC(year, month + 1) };
}

function momentOf(flag: string, text: string): number {
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000;
  // A time without a zone would be this machine's local time. The reader does not know its zone.
  const whole = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = whole ? Date.parse(text) : Number.NaN;
  // JavaScript takes the 31st of February for the 3rd of March.
  const day = Number(text.slice(8, 10));
  const real = day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  if (Number.isNaN(ms) || !real) throw new UserError(`${flag}: expected ${MOMENT}, got ${quoted(text)}`);
  return ms;
}
