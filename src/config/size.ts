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
