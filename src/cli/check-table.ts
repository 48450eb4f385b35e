import { stripVTControlCharacters, styleText } from 'node:util';
import { type Condition, CONDITION_TABLE, CONDITIONS, needsLook, type Severity } from '../cinder/conditions.ts';
import type { Backend } from '../cinder/model.ts';
import { backendOf } from '../cinder/pools.ts';
import { whoIsHit } from '../cinder/volumes.ts';
import { durationWords } from '../duration.ts';
import { blinds, type CollectorStatus, onOurClock, type Snapshot } from '../cinder/snapshot.ts';
import { explainFailures } from '../pages/failures.ts';
import { withoutControls } from '../text.ts';

export interface TableStyle {
  readonly colour: boolean;
  /** Columns of the terminal; undefined: no reason is wrapped. */
  readonly width: number | undefined;
  /** What the last table said of each backend, `cloud host` to condition: whoever has changed since is marked. */
  readonly before?: ReadonlyMap<string, Condition>;
}

const VERDICT = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'];
const COLOUR = ['green', 'yellow', 'red', 'magenta'] as const;

/** The first line is the verdict and what stands in the way of a better one, as monitoring plugins have it; then a table for each cloud, the worst backends first. */
export function renderCheck(checked: readonly Checked[], hosts: readonly string[], style: TableStyle): string {
  const code = exitCodeOf(checked, hosts);
  const backends = checked.flatMap(({ snapshot }) => (snapshot ? wanted(snapshot, hosts) : []));
  const counts = countsOf(backends);
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

/** How many first names of backends stand in the first line: it may have to fit a text message. */
const NAMED = 3;

/** `1 down, 4 stale of 13 backends: a@b, c@d, e@f and 2 more`, the worst first; of healthy ones only their number. */
function countsOf(backends: readonly Backend[]): string {
  const all = `${backends.length} ${backends.length === 1 ? 'backend' : 'backends'}`;
  const bad = worstFirst(backends.filter((backend) => codeOf(backend.condition) !== OK));
  if (bad.length === 0) return `${all}, ${backends.length === 1 ? 'it is' : 'all'} up`;
  const words = new Map<string, number>();
  for (const { condition } of bad) {
    const word = CONDITION_TABLE[condition].words;
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  const names = bad.slice(0, NAMED).map(({ host }) => printable(host));
  const more = bad.length > NAMED ? ` and ${bad.length - NAMED} more` : '';
  return `${[...words].map(([word, count]) => `${count} ${word}`).join(', ')} of ${all}: ${names.join(', ')}${more}`;
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
  const isNew = ({ host, condition }: Backend): boolean => {
    const was = style.before?.get(placeOf(name, host));
    return style.before !== undefined && was !== condition;
  };
  const rows = snapshot
    ? worstFirst(wanted(snapshot, hosts)).map((backend) => rowOf(backend, snapshot, isNew(backend)))
    : [];
  return [
    ...title,
    ...problems,
    ...(rows.length > 0 ? align([['BACKEND', 'CONDITION', 'STATE', 'STATS', 'REASON'], ...rows], style) : []),
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

function rowOf(backend: Backend, snapshot: Snapshot, isNew: boolean): string[] {
  const state = backend.state === undefined ? '-' : backend.state === 1 ? 'up' : 'down';
  const stats =
    backend.statsAtMs === undefined ? '-' : durationWords(snapshot.atMs - onOurClock(snapshot, backend.statsAtMs));
  const hit = needsLook(backend.condition) ? whoIsHit(snapshot, backend.host) : undefined;
  const why = hit === undefined ? backend.reason : `${hit}: ${backend.reason}`;
  const reason = `${isNew ? 'CHANGED: ' : ''}${printable(why)}`;
  return [printable(backend.host), backend.condition, state, stats, reason];
}

function rank(backend: Backend): number {
  return CODES_WORST_FIRST.indexOf(codeOf(backend.condition));
}

function worstFirst(backends: readonly Backend[]): readonly Backend[] {
  return backends.toSorted((a, b) => rank(a) - rank(b));
}

const GAP = '  ';
const CONDITION_COLUMN = 1;

/** What a reason that does not fit stands below its row with, and how narrow a column for it may be. */
const INDENT = '    ';
const LEAST_ROOM = 40;

/** The last column is wrapped below its row where it does not fit; the others are never. */
function align(rows: readonly (readonly string[])[], style: TableStyle): string[] {
  const widths = (rows[0] ?? [])
    .slice(0, -1)
    .map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const { width = Infinity } = style;
  const room = width - widths.reduce((sum, column) => sum + column + GAP.length, 0);
  return rows.flatMap((row) => {
    const condition = CONDITIONS.find((one) => one === row[CONDITION_COLUMN]);
    const cells = widths.map((size, column) => {
      const cell = (row[column] ?? '').padEnd(size);
      return column === CONDITION_COLUMN && condition ? paint(cell, codeOf(condition), style) : cell;
    });
    const last = row.at(-1) ?? '';
    if (last.length <= room) return [[...cells, last].join(GAP)];
    return [cells.join(GAP).trimEnd(), ...wrapped(last, Math.max(LEAST_ROOM, width - INDENT.length))];
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
  return [...lines, line].map((one) => INDENT + one);
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
  // The counts say who is hit, and nothing of whether a backend is well.
  const failing = snapshot.collectors.filter(blinds);
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
  if (hosts.length === 0) return snapshot.backends;
  return snapshot.backends.filter((backend) => hosts.some((host) => isMeant(backend.host, host)));
}

/** HOST is a `host@backend`, the backend's name alone, or one of both with `*` and `?`. */
function isMeant(host: string, asked: string): boolean {
  return matchesGlob(host, asked) || matchesGlob(backendOf(host), asked);
}

/** Whether a name matches a pattern in which `*` is any text and `?` any character. Takes linear time for each star, whatever the pattern. */
function matchesGlob(name: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let from = 0;
  while (at < name.length) {
    if (pattern[next] === '*') {
      star = next;
      next += 1;
      from = at;
    } else if (pattern[next] === '?' || pattern[next] === name[at]) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      from += 1;
      at = from;
      next = star + 1;
    } else return false;
  }
  while (pattern[next] === '*') next += 1;
  return next === pattern.length;
}

/** What was asked for and fits no backend of any cloud. */
function missing(checked: readonly Checked[], hosts: readonly string[]): readonly string[] {
  return hosts.filter(
    (host) => !checked.some(({ snapshot }) => snapshot?.backends.some((backend) => isMeant(backend.host, host))),
  );
}
