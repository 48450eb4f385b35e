/** One line of the table: a figure, and what it must reach. */
export interface Row {
  /** The row that it belongs to. */
  readonly about: string;
  readonly what: string;
  readonly value: number;
  /** The value as people read it, with what it was compared with. */
  readonly measured: string;
  /** undefined: told for information. */
  readonly target?: Target;
}

export interface Target {
  /** `exactly` has no tolerance in the short form. */
  readonly sense: 'at most' | 'at least' | 'exactly';
  readonly limit: number;
  readonly unit?: string;
}

/** The short form runs on any machine, beside other work: a ratio may be twice as bad there. */
const SHORT_TOLERANCE = 2;

/** Is the figure within its target, or with `short` within twice that? */
export function reaches({ value, target }: Row, short: boolean): boolean {
  if (!target) return true;
  const tolerance = short ? SHORT_TOLERANCE : 1;
  switch (target.sense) {
    case 'at most':
      return value <= target.limit * tolerance;
    case 'at least':
      return value >= target.limit / tolerance;
    case 'exactly':
      return value === target.limit;
  }
}

function targetText({ target }: Row): string {
  return target ? `${target.sense} ${target.limit}${target.unit ?? ''}` : '';
}

/** The rows as a table of Markdown, which is as readable on a terminal. */
export function table(rows: readonly Row[]): string {
  const cells = [
    ['', 'figure', 'measured', 'target', ''],
    ...rows.map((row, i) => [
      row.about === rows[i - 1]?.about ? '' : row.about,
      row.what,
      row.measured,
      targetText(row),
      row.target ? (reaches(row, false) ? 'ok' : '**missed**') : '',
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`);
  return [lines[0], `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.slice(1)].join('\n');
}
