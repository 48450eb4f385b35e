import { stripVTControlCharacters } from 'node:util';
import { type Condition, CONDITION_TABLE, CONDITIONS, type Severity, WORST_FIRST } from '../cinder/conditions.ts';
import type { Backend, Pool } from '../cinder/model.ts';
import { backendOf } from '../cinder/pools.ts';
import { blinds, type CollectorStatus, type Snapshot } from '../cinder/snapshot.ts';
import { quoted } from '../config/tree.ts';
import { nearest } from '../config/nearest.ts';
import { durationWords, SECOND } from '../duration.ts';
import { explainFailures } from '../pages/failures.ts';
import { withoutControls } from '../text.ts';
import { FlagError } from './flags.ts';

type SeenPool = Pick<Pool, 'pool' | 'totalBytes' | 'freeBytes' | 'allocatedBytes'>;

export type SeenBackend = Pick<
  Backend,
  'host' | 'condition' | 'failingBy' | 'reason' | 'state' | 'statsAtMs' | 'heartbeatAtMs'
> & {
  readonly pools: readonly SeenPool[];
};

/** What is said of a cloud: of its snapshot, or of what a running exporter answers. */
export interface Seen extends Pick<
  Snapshot,
  'atMs' | 'clockOffsetMs' | 'up' | 'collectors' | 'volumes' | 'typesAlone' | 'histories'
> {
  readonly backends: readonly SeenBackend[];
}

/** What `check` found out about one cloud. */
export interface Checked {
  readonly name: string;
  readonly snapshot: Seen | undefined;
  /** Why it says nothing of the present, as a sentence; undefined: it does. */
  readonly old?: string | undefined;
}

/** What `check` was asked: which backends (all without any), and what is made of each condition. */
export interface Asked {
  readonly hosts: readonly string[];
  readonly codes: Codes;
}

/** Exit codes. Source: the Monitoring Plugins development guidelines, 2.4. */
export const OK = 0;
export const WARNING = 1;
export const CRITICAL = 2;
export const UNKNOWN = 3;

export const VERDICTS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'];

/** From worst to best: what is broken for certain goes before what cannot be told. */
const CODES_WORST_FIRST: readonly number[] = [CRITICAL, UNKNOWN, WARNING, OK];

/** The exit code that each condition stands for. */
export type Codes = Readonly<Record<Condition, number>>;

const CODE_OF_SEVERITY: Readonly<Record<Severity, number>> = {
  critical: CRITICAL,
  unknown: UNKNOWN,
  warning: WARNING,
  wanted: WARNING,
  ok: OK,
};

/**
 * The codes when `--warning` and `--critical` name conditions, with commas, or `none`. Each flag replaces its own list of the default, and takes
 * what it names from the other. A condition that no list names is OK; `unknown` stays UNKNOWN until it is named. Throws a FlagError.
 */
export function codesOf(flags: {
  readonly warning?: string | undefined;
  readonly critical?: string | undefined;
}): Codes {
  const named = {
    [WARNING]: conditionsIn('warning', flags.warning),
    [CRITICAL]: conditionsIn('critical', flags.critical),
  };
  const twice = named[WARNING]?.find((condition) => named[CRITICAL]?.includes(condition));
  if (twice) throw new FlagError(`--critical: expected no condition of --warning, got ${twice} in both`);
  const codeOf = (condition: Condition): number => {
    if (named[CRITICAL]?.includes(condition)) return CRITICAL;
    if (named[WARNING]?.includes(condition)) return WARNING;
    const usual = CODE_OF_SEVERITY[CONDITION_TABLE[condition].severity];
    return (usual === WARNING || usual === CRITICAL) && named[usual] ? OK : usual;
  };
  return Object.fromEntries(CONDITIONS.map((condition) => [condition, codeOf(condition)])) as Codes;
}

function conditionsIn(flag: string, text: string | undefined): readonly Condition[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return [];
  return text.split(',').map((written) => {
    const word = written.trim();
    const condition = CONDITIONS.find((one) => one === word);
    if (condition) return condition;
    const meant = nearest(word, CONDITIONS);
    const hint = meant === undefined ? '' : `, did you mean ${meant}?`;
    throw new FlagError(`--${flag}: expected none, or some of ${CONDITIONS.join(',')}, got ${quoted(word)}${hint}`);
  });
}

/** `CRITICAL: 1 down of 13 backends: a@b`: the verdict and what stands in the way of a better one, in one line. */
export function verdictOf(checked: readonly Checked[], asked: Asked): string {
  const seen = checked.flatMap(({ snapshot }) =>
    snapshot ? wanted(snapshot, asked.hosts).map((backend) => ({ backend, snapshot })) : [],
  );
  const causes = causesOf(checked, asked);
  if (checked.length === 0) return `${VERDICTS[UNKNOWN]}: no cloud is watched`;
  const counts = seen.length > 0 || causes.length === 0 ? [countsOf(seen, asked)] : [];
  const first = checked.some(({ old }) => old !== undefined) ? [...causes, ...counts] : [...counts, ...causes];
  return `${VERDICTS[exitCodeOf(checked, asked)]}: ${first.join('; ')}`;
}

/** How many first names of backends stand in the first line: it may have to fit a text message. */
const NAMED = 3;

/** `1 down, 4 stale of 13 backends: a@b, c@d, e@f and 2 more`, the worst first; of healthy ones only their number. */
function countsOf(
  seen: readonly { readonly backend: SeenBackend; readonly snapshot: Seen }[],
  { codes }: Asked,
): string {
  const all = `${seen.length} ${seen.length === 1 ? 'backend' : 'backends'}`;
  const bad = worstFirst(
    seen.filter(({ backend }) => codes[backend.condition] !== OK),
    codes,
    ({ backend }) => backend,
  );
  if (bad.length === 0) {
    const allowed = seen.filter(({ backend }) => CONDITION_TABLE[backend.condition].severity !== 'ok');
    if (allowed.length > 0) return `${all}: ${inWords(allowed.map(({ backend }) => backend))}`;
    return `${all}, ${seen.length === 1 ? 'it is' : 'all'} up`;
  }
  const names = bad.slice(0, NAMED).map(({ backend: { host }, snapshot }) => {
    const time = timeIn(snapshot, host);
    return time === undefined ? printable(host) : `${printable(host)} (${time})`;
  });
  const more = bad.length > NAMED ? ` and ${bad.length - NAMED} more` : '';
  return `${inWords(bad.map(({ backend }) => backend))} of ${all}: ${names.join(', ')}${more}`;
}

/** `1 down, 4 stale`, in this order. */
function inWords(backends: readonly SeenBackend[]): string {
  const words = new Map<string, number>();
  for (const { condition } of backends) {
    const word = CONDITION_TABLE[condition].words;
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  return [...words].map(([word, count]) => `${count} ${word}`).join(', ');
}

/** How long a backend is in its condition, as far as it was watched; undefined when it was not watched before, but for the moment that a look takes. */
export function timeIn({ atMs, histories }: Pick<Seen, 'atMs' | 'histories'>, host: string): string | undefined {
  const history = histories.get(host);
  if (!history || atMs - history.sinceMs < SECOND) return undefined;
  return `${history.changes === 0 ? 'at least ' : ''}${durationWords(atMs - history.sinceMs)}`;
}

/** What cannot be told, and why, each in a few words. */
function causesOf(checked: readonly Checked[], { hosts }: Asked): string[] {
  const causes = checked.flatMap(({ name, snapshot, old }) => {
    const of = checked.length > 1 ? `cloud ${printable(name)}: ` : '';
    if (!snapshot) return [`${of}nothing could be read`];
    const troubles = explainFailures({ collectors: blindSpots(snapshot, hosts) }).map(({ what }) => what);
    return [
      ...(old === undefined ? [] : [old]),
      ...troubles,
      ...(listsNone(snapshot, hosts) ? ['Cinder lists no backend'] : []),
    ].map((cause) => of + cause);
  });
  const absent = missing(checked, hosts).map(printable);
  return absent.length > 0 ? [...causes, `not in the service list: ${absent.join(', ')}`] : causes;
}

/** The worst exit code first, then the worst condition, else in the order that they had. */
export function worstFirst<T>(items: readonly T[], codes: Codes, of: (item: T) => SeenBackend): readonly T[] {
  const rank = (item: T): number => {
    const { condition } = of(item);
    return CODES_WORST_FIRST.indexOf(codes[condition]) * WORST_FIRST.length + WORST_FIRST.indexOf(condition);
  };
  return items.toSorted((a, b) => rank(a) - rank(b));
}

/** Names and free text of a cloud must not steer a terminal. */
export function printable(text: string): string {
  return withoutControls(stripVTControlCharacters(text), '\ufffd');
}

/**
 * The worst of all clouds and backends. Unknown are: a cloud that cannot be read, or only in part; a cloud without any backend; a cloud of
 * which only old things are known; a host that is not there; no cloud at all.
 */
export function exitCodeOf(checked: readonly Checked[], { hosts, codes: of }: Asked): number {
  const codes = checked.flatMap(({ snapshot, old }) => {
    if (!snapshot?.up || old !== undefined || listsNone(snapshot, hosts)) return [UNKNOWN];
    const backends = wanted(snapshot, hosts).map((backend) => of[backend.condition]);
    return blindSpots(snapshot, hosts).length > 0 ? [...backends, UNKNOWN] : backends;
  });
  if (missing(checked, hosts).length > 0 || codes.length === 0) codes.push(UNKNOWN);
  return CODES_WORST_FIRST.find((code) => codes.includes(code)) ?? UNKNOWN;
}

/** The collectors that fail and without which the answer is not whole. Who asks for single backends does not ask for volume types, nor for the pools of another cloud. */
function blindSpots(snapshot: Seen, hosts: readonly string[]): readonly CollectorStatus[] {
  const failing = snapshot.collectors.filter(blinds);
  if (hosts.length === 0 || !snapshot.up) return failing;
  return wanted(snapshot, hosts).length > 0 ? failing.filter(({ collector }) => collector !== 'volume_types') : [];
}

/** The service list was read, and has no cinder-volume at all: an answer, but none that says that all is well. */
function listsNone(snapshot: Seen, hosts: readonly string[]): boolean {
  return snapshot.up && hosts.length === 0 && snapshot.backends.length === 0;
}

/** The backends that were asked for: all without HOST arguments. */
export function wanted<T extends { readonly host: string }>(
  { backends }: { readonly backends: readonly T[] },
  hosts: readonly string[],
): readonly T[] {
  return hosts.length === 0 ? backends : backends.filter(({ host }) => hosts.some((asked) => isMeant(host, asked)));
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
