/** A microversion, compared as two integers: 3.9 is older than 3.49. */
export interface Microversion {
  readonly major: number;
  readonly minor: number;
}

const PATTERN = /^v?(\d{1,4})\.(\d{1,6})$/;

/** Parses `3.49`; undefined for everything else. */
export function parseMicroversion(text: unknown): Microversion | undefined {
  const parts = typeof text === 'string' ? PATTERN.exec(text) : null;
  return parts ? { major: Number(parts[1]), minor: Number(parts[2]) } : undefined;
}

export function formatMicroversion({ major, minor }: Microversion): string {
  return `${major}.${minor}`;
}

/** Negative when a is older than b. */
export function compareMicroversions(a: Microversion, b: Microversion): number {
  return a.major - b.major || a.minor - b.minor;
}

/** What an endpoint supports. */
export interface VersionRange {
  readonly min: Microversion;
  readonly max: Microversion;
}

/** The highest version in the range that is not above `wanted`; undefined when all of the range is above it. */
export function highestUpTo(wanted: Microversion, range: VersionRange): Microversion | undefined {
  if (compareMicroversions(wanted, range.min) < 0) return undefined;
  return compareMicroversions(wanted, range.max) > 0 ? range.max : wanted;
}
