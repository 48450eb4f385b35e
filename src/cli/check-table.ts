import { stripVTControlCharacters, styleText } from 'node:util';
import { CONDITIONS } from '../cinder/conditions.ts';
import type { Backend } from '../cinder/model.ts';
import { duration } from '../cinder/reason.ts';
import { troublesOf } from '../pages/trouble.ts';
import { withoutControls } from '../text.ts';
import { onOurClock, type Snapshot } from '../cinder/snapshot.ts';
import { missing, wanted, type Checked } from './checked.ts';
import { blindSpots, CODES_WORST_FIRST, codeOf, CRITICAL, exitCodeOf, listsNone, OK } from './exit-code.ts';

export interface TableStyle {
  readonly colour: boolean;
  /** Columns of the terminal; undefined: lines are not cut. */
  readonly width: number | undefined;
}

const VERDICT = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'];
const COLOUR = ['green', 'yellow', 'red', 'magenta'] as const;

/** The first line is the verdict and what stands in the way of a better one, as monitoring plugins have it; then a table for each cloud, the worst backends first. */
export function renderCheck(checked: readonly Checked[], hosts: readonly string[], style: TableStyle): string {
  const code = exitCodeOf(checked, hosts);
  const backends = checked.flatMap(({ snapshot }) => (snapshot ? wanted(snapshot, hosts) : []));
  const bad = backends.filter((backend) => codeOf(backend.condition) === CRITICAL).length;
  const fine = backends.filter((backend) => codeOf(backend.condition) === OK).length;
  const counts = `${backends.length} ${backends.length === 1 ? 'backend' : 'backends'}, ${fine} up, ${bad} down, stale or without service, ${backends.length - fine - bad} other`;
  const causes = causesOf(checked, hosts);
  const told = backends.length > 0 || causes.length === 0 ? [counts, ...causes] : causes;
  const verdict = `${VERDICT[code]}: ${told.join('; ')}`;
  const lines = [
    paint(verdict, code, style),
    ...checked.flatMap((one) => renderCloud(one, hosts, checked.length > 1, style)),
  ];
  for (const host of missing(checked, hosts)) lines.push(`no backend ${printable(host)} is in the service list`);
  return `${lines.join('\n')}\n`;
}

/** What cannot be told, and why, each in a few words. */
function causesOf(checked: readonly Checked[], hosts: readonly string[]): string[] {
  const causes = checked.flatMap(({ name, snapshot }) => {
    const of = checked.length > 1 ? `cloud ${printable(name)}: ` : '';
    if (!snapshot) return [`${of}nothing could be read`];
    const troubles = troublesOf({ ...snapshot, collectors: blindSpots(snapshot, hosts) }).map(({ what }) => what);
    return [...troubles, ...(listsNone(snapshot, hosts) ? ['Cinder lists no backend'] : [])].map((cause) => of + cause);
  });
  const absent = missing(checked, hosts).map(printable);
  return absent.length > 0 ? [...causes, `not in the service list: ${absent.join(', ')}`] : causes;
}

function renderCloud(
  { name, snapshot }: Checked,
  hosts: readonly string[],
  several: boolean,
  style: TableStyle,
): string[] {
  const title = several ? ['', `cloud ${printable(name)}`] : [''];
  const problems = (snapshot ? troublesOf(snapshot) : []).map(({ collectors, reason, message }) =>
    paint(`${collectors.join(' and ')} cannot be read (${reason}): ${printable(message)}`, CRITICAL, style),
  );
  const rows = snapshot ? worstFirst(wanted(snapshot, hosts)).map((backend) => rowOf(backend, snapshot)) : [];
  return [
    ...title,
    ...problems,
    ...(rows.length > 0 ? align([['BACKEND', 'CONDITION', 'STATE', 'STATS', 'REASON'], ...rows], style) : []),
  ];
}

function rowOf(backend: Backend, snapshot: Snapshot): string[] {
  const state = backend.state === undefined ? '-' : backend.state === 1 ? 'up' : 'down';
  const stats =
    backend.statsAtMs === undefined ? '-' : duration(snapshot.atMs - onOurClock(snapshot, backend.statsAtMs));
  return [printable(backend.host), backend.condition, state, stats, printable(backend.reason)];
}

function rank(backend: Backend): number {
  return CODES_WORST_FIRST.indexOf(codeOf(backend.condition));
}

function worstFirst(backends: readonly Backend[]): readonly Backend[] {
  return backends.toSorted((a, b) => rank(a) - rank(b));
}

const GAP = '  ';
const CONDITION_COLUMN = 1;

/** The last column is cut at the terminal's edge; the others are never. */
function align(rows: readonly (readonly string[])[], style: TableStyle): string[] {
  const widths = (rows[0] ?? [])
    .slice(0, -1)
    .map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const room =
    style.width === undefined ? Infinity : style.width - widths.reduce((sum, width) => sum + width + GAP.length, 0);
  return rows.map((row) => {
    const condition = CONDITIONS.find((one) => one === row[CONDITION_COLUMN]);
    const cells = widths.map((width, column) => {
      const cell = (row[column] ?? '').padEnd(width);
      return column === CONDITION_COLUMN && condition ? paint(cell, codeOf(condition), style) : cell;
    });
    const last = row.at(-1) ?? '';
    return [...cells, last.length <= room ? last : `${last.slice(0, Math.max(0, room - 1)).toWellFormed()}…`].join(GAP);
  });
}

function paint(text: string, code: number, { colour }: TableStyle): string {
  return colour ? styleText(COLOUR[code] ?? 'red', text) : text;
}

/** Names and free text of a cloud must not steer a terminal. */
function printable(text: string): string {
  return withoutControls(stripVTControlCharacters(text), '\ufffd');
}
