const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const SYNTAX = /^(?:(\d{1,12})d)?(?:(\d{1,12})h)?(?:(\d{1,12})m)?(?:(\d{1,12})s)?(?:(\d{1,12})ms)?$/;

/** Milliseconds of a duration as rule files write it (`90s`, `1h30m`); undefined when it is none. */
export function millisecondsOf(text: string): number | undefined {
  const parts = text === '' ? null : SYNTAX.exec(text);
  if (!parts) return undefined;
  return UNITS.reduce((sum, [, unitMs], index) => sum + Number(parts[index + 1] ?? 0) * unitMs, 0);
}

/** The same duration times `factor`, to the millisecond; never rounded down to nothing. */
export function scaled(text: string, factor: number): string {
  const ms = millisecondsOf(text);
  if (ms === undefined) throw new RangeError(`${text} is no duration`);
  if (ms === 0) return text;
  const rounded = Math.max(1, Math.round(ms * factor));
  const [unit, unitMs] = UNITS.find(([, candidateMs]) => rounded % candidateMs === 0) ?? ['ms', 1];
  return `${rounded / unitMs}${unit}`;
}

/** A duration as a number of seconds, for comparing with `time() - ...` in an expression. */
export function secondsOf(text: string): string {
  const ms = millisecondsOf(text);
  if (ms === undefined) throw new RangeError(`${text} is no duration`);
  return String(ms / 1000);
}
