export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Largest first, each at most once: Prometheus' duration syntax. */
const UNITS = [
  ['y', 365 * DAY],
  ['w', 7 * DAY],
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
  ['ms', 1],
] as const;

const SYNTAX =
  /^(?:(\d{1,12})y)?(?:(\d{1,12})w)?(?:(\d{1,12})d)?(?:(\d{1,12})h)?(?:(\d{1,12})m)?(?:(\d{1,12})s)?(?:(\d{1,12})ms)?$/;

/** Milliseconds of a duration as Prometheus writes it (`30s`, `1h30m`, `500ms`, `0`); undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = text === '' ? null : SYNTAX.exec(text);
  if (!parts) return undefined;
  return UNITS.reduce((sum, [, unitMs], index) => sum + Number(parts[index + 1] ?? 0) * unitMs, 0);
}

/** The shortest way to write that many milliseconds: `90000` is `1m30s`. Years and weeks are written as days. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const [unit, unitMs] of UNITS.slice(2)) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

/** The same duration times `factor`, to the millisecond and in one unit; never rounded down to nothing. */
export function scaled(text: string, factor: number): string {
  const ms = milliseconds(text);
  if (ms === 0) return text;
  const rounded = Math.max(1, Math.round(ms * factor));
  const [unit, unitMs] = UNITS.slice(2).find(([, candidateMs]) => rounded % candidateMs === 0) ?? ['ms', 1];
  return `${rounded / unitMs}${unit}`;
}

/** A duration as a number of seconds, for comparing with `time() - ...` in an expression. */
export function secondsOf(text: string): string {
  return String(milliseconds(text) / SECOND);
}

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new RangeError(`${text} is no duration`);
  return ms;
}

const GO_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
};

/** Milliseconds of a duration as Go writes it (`1.5s`, `1m30s`, `0`); undefined when it is none. */
export function parseGoDuration(written: string): number | undefined {
  if (written === '0') return 0;
  if (!/^(?:\d{1,12}(?:\.\d{1,12})?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(written)) return undefined;
  let sum = 0;
  for (const [, count, unit] of written.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    sum += Number(count) * (GO_UNITS[unit ?? ''] ?? Number.NaN);
  }
  return sum;
}

/** A length of time for people: `12 s`, `14 min`, `3 h`, `5 d`. Takes milliseconds; a negative one counts as 0. */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
