import { styleText } from 'node:util';
import { type Condition, CONDITIONS, needsLook } from '../cinder/conditions.ts';
import { onOurClock } from '../cinder/snapshot.ts';
import { whoIsHit } from '../cinder/volumes.ts';
import { durationWords } from '../duration.ts';
import { explainFailures } from '../pages/failures.ts';
import {
  type Asked,
  type Checked,
  type Codes,
  CRITICAL,
  exitCodeOf,
  printable,
  type Seen,
  type SeenBackend,
  verdictOf,
  wanted,
  worstFirst,
} from './check-verdict.ts';

export interface TableStyle {
  readonly colour: boolean;
  /** Columns of the terminal; undefined: no reason is wrapped. */
  readonly width: number | undefined;
  /** What the last table said of each backend, `cloud host` to condition: whoever has changed since is marked. */
  readonly before?: ReadonlyMap<string, Condition>;
}

const COLOUR = ['green', 'yellow', 'red', 'magenta'] as const;

/** The first line is the verdict and what stands in the way of a better one, as monitoring plugins have it; then a table for each cloud, the worst backends first. */
export function renderCheck(checked: readonly Checked[], asked: Asked, style: TableStyle): string {
  const [first = '', ...more] = wrapped(verdictOf(checked, asked), (style.width ?? Infinity) - INDENT.length);
  const lines = [
    ...[first, ...more.map((line) => INDENT + line)].map((line) => paint(line, exitCodeOf(checked, asked), style)),
    ...checked.flatMap((one) => renderCloud(one, asked, checked.length > 1, style)),
  ];
  return `${lines.join('\n')}\n`;
}

function renderCloud(
  { name, snapshot }: Checked,
  { hosts, codes }: Asked,
  several: boolean,
  style: TableStyle,
): string[] {
  const title = several ? ['', `cloud ${printable(name)}`] : [''];
  const problems = (snapshot ? explainFailures(snapshot) : []).map(({ collectors, reason, message }) =>
    paint(`${collectors.join(' and ')} cannot be read (${printable(reason)}): ${printable(message)}`, CRITICAL, style),
  );
  const isNew = ({ host, condition }: SeenBackend): boolean => {
    const was = style.before?.get(placeOf(name, host));
    return style.before !== undefined && was !== condition;
  };
  const rows = snapshot
    ? worstFirst(wanted(snapshot, hosts), codes, (backend) => backend).map((backend) =>
        rowOf(backend, snapshot, isNew(backend)),
      )
    : [];
  return [
    ...title,
    ...problems,
    ...(rows.length > 0 ? align([['BACKEND', 'CONDITION', 'STATE', 'STATS', 'REASON'], ...rows], codes, style) : []),
  ];
}

/** Of what `TableStyle.before` remembers the condition. */
function placeOf(cloud: string, host: string): string {
  return `${cloud} ${host}`;
}

/** What the table says of each backend, for the next one. */
export function conditionsOf(checked: readonly Checked[]): ReadonlyMap<string, Condition> {
  return new Map(
    checked.flatMap(({ name, snapshot }) =>
      (snapshot?.backends ?? []).map(({ host, condition }) => [placeOf(name, host), condition] as const),
    ),
  );
}

function rowOf(backend: SeenBackend, snapshot: Seen, isNew: boolean): string[] {
  const state = backend.state === undefined ? '-' : backend.state === 1 ? 'up' : 'down';
  const stats =
    backend.statsAtMs === undefined ? '-' : durationWords(snapshot.atMs - onOurClock(snapshot, backend.statsAtMs));
  const hit = needsLook(backend.condition) ? whoIsHit(snapshot, backend.host) : undefined;
  const why = hit === undefined ? backend.reason : `${hit}: ${backend.reason}`;
  const reason = `${isNew ? 'CHANGED: ' : ''}${printable(why)}`;
  return [printable(backend.host), backend.condition, state, stats, reason];
}

const GAP = '  ';
const CONDITION_COLUMN = 1;

/** What a reason that does not fit stands below its row with, and how narrow a column for it may be. */
const INDENT = '    ';
const LEAST_ROOM = 40;

/** The last column is wrapped below its row where it does not fit; the others are never. */
function align(rows: readonly (readonly string[])[], codes: Codes, style: TableStyle): string[] {
  const widths = (rows[0] ?? [])
    .slice(0, -1)
    .map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const { width = Infinity } = style;
  const room = width - widths.reduce((sum, column) => sum + column + GAP.length, 0);
  return rows.flatMap((row) => {
    const condition = CONDITIONS.find((one) => one === row[CONDITION_COLUMN]);
    const cells = widths.map((size, column) => {
      const cell = (row[column] ?? '').padEnd(size);
      return column === CONDITION_COLUMN && condition ? paint(cell, codes[condition], style) : cell;
    });
    const last = row.at(-1) ?? '';
    if (last.length <= room) return [[...cells, last].join(GAP)];
    return [
      cells.join(GAP).trimEnd(),
      ...wrapped(last, Math.max(LEAST_ROOM, width - INDENT.length)).map((line) => INDENT + line),
    ];
  });
}

/** Lines of whole words; a word that is longer has a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function paint(text: string, code: number, { colour }: TableStyle): string {
  return colour ? styleText(COLOUR[code] ?? 'red', text) : text;
}
