import { stripVTControlCharacters, styleText } from 'node:util';
import { type Condition, CONDITION_TABLE, CONDITIONS, type Severity } from '../cinder/conditions.ts';
import type { Backend } from '../cinder/model.ts';
import { durationWords } from '../duration.ts';
import { type CollectorStatus, onOurClock, type Snapshot } from '../cinder/snapshot.ts';
import { explainFailures } from '../pages/failures.ts';
import { withoutControls } from '../text.ts';

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
    const troubles = explainFailures({ ...snapshot, collectors: blindSpots(snapshot, hosts) }).map(({ what }) => what);
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
  const problems = (snapshot ? explainFailures(snapshot) : []).map(({ collectors, reason, message }) =>
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
    backend.statsAtMs === undefined ? '-' : durationWords(snapshot.atMs - onOurClock(snapshot, backend.statsAtMs));
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

const OK = 0;
const WARNING = 1;
const CRITICAL = 2;
const UNKNOWN = 3;

/** Source: the Monitoring Plugins development guidelines. */
const CODES: Readonly<Record<Severity, number>> = {
  critical: CRITICAL,
  unknown: UNKNOWN,
  warning: WARNING,
  wanted: WARNING,
  ok: OK,
};

function codeOf(condition: Condition): number {
  return CODES[CONDITION_TABLE[condition].severity];
}

/** From worst to best: what is broken for certain goes before what cannot be told. */
const CODES_WORST_FIRST: readonly number[] = [CRITICAL, UNKNOWN, WARNING, OK];

/**
 * The worst of all clouds and backends. Unknown are: a cloud that cannot be read, or only in part; a cloud without any backend; a host that is
 * not there; no cloud at all.
 */
export function exitCodeOf(checked: readonly Checked[], hosts: readonly string[]): number {
  const codes = checked.flatMap(({ snapshot }) => {
    if (!snapshot?.up || listsNone(snapshot, hosts)) return [UNKNOWN];
    const backends = wanted(snapshot, hosts).map((backend) => codeOf(backend.condition));
    return blindSpots(snapshot, hosts).length > 0 ? [...backends, UNKNOWN] : backends;
  });
  if (missing(checked, hosts).length > 0 || codes.length === 0) codes.push(UNKNOWN);
  return CODES_WORST_FIRST.find((code) => codes.includes(code)) ?? UNKNOWN;
}

/** The collectors that fail and without which the answer is not whole. Who asks for single backends does not ask for volume types, nor for the pools of another cloud. */
function blindSpots(snapshot: Snapshot, hosts: readonly string[]): readonly CollectorStatus[] {
  const failing = snapshot.collectors.filter(({ success }) => !success);
  if (hosts.length === 0 || !snapshot.up) return failing;
  return wanted(snapshot, hosts).length > 0 ? failing.filter(({ collector }) => collector !== 'volume_types') : [];
}

/** The service list was read, and has no cinder-volume at all: an answer, but none that says that all is well. */
function listsNone(snapshot: Snapshot, hosts: readonly string[]): boolean {
  return snapshot.up && hosts.length === 0 && snapshot.backends.length === 0;
}

/** What `check` found out about one cloud. */
export interface Checked {
  readonly name: string;
  readonly snapshot: Snapshot | undefined;
}

/** The backends that were asked for: all without HOST arguments. */
export function wanted(snapshot: Snapshot, hosts: readonly string[]): Snapshot['backends'] {
  return hosts.length === 0 ? snapshot.backends : snapshot.backends.filter((backend) => hosts.includes(backend.host));
}

/** Hosts that were asked for and are in no cloud. */
function missing(checked: readonly Checked[], hosts: readonly string[]): readonly string[] {
  return hosts.filter(
    (host) => !checked.some(({ snapshot }) => snapshot?.backends.some((backend) => backend.host === host)),
  );
}
