/** The known word that a misspelt one most likely means, by edit distance or as its beginning; undefined when none is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const limit = Math.max(1, Math.floor(word.length / 3));
  const wanted = word.toLowerCase().replaceAll('-', '_');
  let best = known.find((candidate) => wanted.length >= 4 && candidate.startsWith(wanted));
  let least = best === undefined ? limit + 1 : 0;
  for (const candidate of known) {
    const edits = distance(wanted, candidate.toLowerCase().replaceAll('-', '_'));
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

/** The edit distance: insertions, deletions and replacements of one character, and two neighbours that changed places. */
function distance(from: string, to: string): number {
  const [before, after] = [Array.from(from), Array.from(to)];
  let above: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: after.length + 1 }, (_, index) => index);
  for (const [i, a] of before.entries()) {
    const next = [i + 1];
    for (const [j, b] of after.entries()) {
      const swapped = i > 0 && j > 0 && a === after[j - 1] && b === before[i - 1];
      next.push(
        Math.min(
          (next[j] ?? 0) + 1,
          (row[j + 1] ?? 0) + 1,
          (row[j] ?? 0) + (a === b ? 0 : 1),
          swapped ? (above[j - 1] ?? 0) + 1 : Infinity,
        ),
      );
    }
    above = row;
    row = next;
  }
  return row.at(-1) ?? 0;
}
