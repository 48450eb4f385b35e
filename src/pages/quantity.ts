const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB'] as const;

/** Bytes for people: `1.5 TiB`, three digits at most after rounding; `infinite`; `not told`. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return 'not told';
  if (!Number.isFinite(bytes)) return bytes > 0 ? 'infinite' : '-infinite';
  const size = Math.abs(bytes);
  const power = size < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(size) / Math.log(1024) + 1e-9));
  const value = bytes / 1024 ** power;
  const text = Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${UNITS[power]}`;
}

/** A ratio as whole percent, never rounded to `100 %` or `0 %` when it is not that. */
export function percentText(ratio: number): string {
  const percent = Math.round(ratio * 100);
  if (percent === 100 && ratio < 1) return '> 99 %';
  if (percent === 0 && ratio > 0) return '< 1 %';
  return `${percent} %`;
}

/** `1 backend`, `2 backends`; thousands are grouped. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** A whole number with its thousands grouped: `5,000`. */
export function numberText(count: number): string {
  return count.toLocaleString('en-US');
}

/** A moment in UTC: `13:04 UTC` within twelve hours of now, else with its date. Milliseconds since the epoch. */
export function momentText(ms: number, nowMs: number): string {
  const iso = new Date(ms).toISOString();
  const time = `${iso.slice(11, 16)} UTC`;
  return Math.abs(nowMs - ms) < 12 * 3_600_000 ? time : `${iso.slice(0, 10)} ${time}`;
}
