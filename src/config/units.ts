const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Largest first, each at most once: Prometheus' duration syntax. */
const DURATION_UNITS = [
  ['y', 365 * DAY_MS],
  ['w', 7 * DAY_MS],
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
] as const;

const DURATION =
  /^(?:(\d{1,9})y)?(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;

/** Milliseconds of a duration as Prometheus writes it (`30s`, `1h30m`, `500ms`, `0`); undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = text === '' ? null : DURATION.exec(text);
  if (!parts) return undefined;
  return DURATION_UNITS.reduce((sum, [, unitMs], index) => sum + Number(parts[index + 1] ?? 0) * unitMs, 0);
}

/** The shortest way to write that many milliseconds: `90000` is `1m30s`. Years and weeks are written as days. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const [unit, unitMs] of DURATION_UNITS.slice(2)) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

const SIZE_UNITS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
] as const;

const SIZE = /^(\d{1,12})(B|KiB|MiB|GiB)$/;

/** Bytes of a size such as `64MiB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const parts = SIZE.exec(text);
  const unit = SIZE_UNITS.find(([name]) => name === parts?.[2]);
  return parts && unit ? Number(parts[1]) * unit[1] : undefined;
}

/** The shortest whole number with a unit: `268435456` is `256MiB`. */
export function formatSize(bytes: number): string {
  const [unit, factor] = SIZE_UNITS.find(([, factor]) => bytes % factor === 0 && bytes >= factor) ?? ['B', 1];
  return `${bytes / factor}${unit}`;
}
