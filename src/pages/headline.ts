import { html, type SafeHtml } from '@remix-run/html-template';
import { CONDITION_TABLE, needsLook, type Condition, type Severity } from '../cinder/conditions.ts';
import { newest } from '../cinder/evidence.ts';
import { blinds, onOurClock, type Snapshot } from '../cinder/snapshot.ts';
import { age, countText, numberText } from './components.ts';
import { countConditions, type CloudNow } from './listing.ts';

/** The colour of a page: its icon, its headline and the marks in it. */
export type Tone = 'good' | 'warn' | 'unsure' | 'bad';

export const TONES: Readonly<Record<Severity, Tone>> = {
  critical: 'bad',
  warning: 'warn',
  unknown: 'unsure',
  wanted: 'good',
  ok: 'good',
};

/** Is everything all right? In one sentence. */
export interface Headline {
  readonly tone: Tone;
  /** Changes only when something has happened, so that a screen reader says nothing new for nothing. Without a full stop. */
  readonly sentence: string;
  /** A few words for the title of the browser's tab. */
  readonly short: string;
  /** The newest driver stats of the cloud that is furthest behind; undefined when none are known. */
  readonly statsAtMs: number | undefined;
}

type Counts = ReadonlyMap<Condition, number>;

export function headlineOf(clouds: readonly CloudNow[]): Headline {
  const counts = countConditions(clouds);
  const read = clouds.flatMap(({ snapshot }) => snapshot ?? []);
  const troubled = [...counts].filter(([condition]) => needsLook(condition));
  const clauses = [
    backendsClause(clouds, counts),
    cloudsClause(clouds, read),
    schedulerClause(read),
    typesClause(read),
  ].filter((clause) => clause !== undefined);
  return {
    tone: toneOf(read, troubled, clouds.length),
    sentence: clauses.join('; '),
    short:
      troubled.length > 0
        ? troubled.map(([condition, count]) => `${numberText(count)} ${CONDITION_TABLE[condition].words}`).join(', ')
        : shortOf(read, clouds.length),
    statsAtMs: least(read.map(newestStats)),
  };
}

function backendsClause(clouds: readonly CloudNow[], counts: Counts): string {
  const total = sum([...counts.values()]);
  const where = clouds.length > 1 ? ` in ${countText(clouds.length, 'cloud')}` : '';
  if (total === 0) return nothingClause(clouds);
  const troubled = [...counts].filter(([condition]) => needsLook(condition));
  if (troubled.length > 0)
    return troubled
      .map(
        ([condition, count], i) =>
          `${i === 0 ? first(count, total, where) : numberText(count)} ${verb(condition, count)}`,
      )
      .join(', ');
  const wished = [...counts].filter(([condition]) => CONDITION_TABLE[condition].severity === 'wanted');
  const assumed = counts.get('up_assumed') ?? 0;
  const up = total - sum(wished.map(([, count]) => count));
  const rest = wished.map(([condition, count]) => `${numberText(count)} ${verb(condition, count)}`).join(', ');
  if (up === 0) return `No backend${where} is in use: ${rest}`;
  const all =
    total === 1
      ? `The backend${where} is`
      : up === total
        ? `All ${numberText(total)} backends${where} are`
        : `${first(up, total, where)} ${up === 1 ? 'is' : 'are'}`;
  const how = assumed === up ? 'assumed up' : `up${assumed > 0 ? ` (${numberText(assumed)} only assumed)` : ''}`;
  return `${all} ${how}${rest && `, ${rest}`}`;
}

function first(count: number, total: number, where: string): string {
  return total === 1 ? `The only backend${where}` : `${numberText(count)} of ${numberText(total)} backends${where}`;
}

function verb(condition: Condition, count: number): string {
  return count === 1 ? CONDITION_TABLE[condition].one : CONDITION_TABLE[condition].many;
}

function nothingClause(clouds: readonly CloudNow[]): string {
  if (clouds.length === 0) return 'No cloud is watched';
  if (clouds.every(({ snapshot }) => snapshot === undefined)) return 'Waiting for the first answer of the cloud';
  return clouds.some(({ snapshot }) => snapshot?.up) ? 'Cinder lists no backend' : 'Nothing is known of the backends';
}

/** The list was read and has no backend. That is an answer, but it does not say that all is well. */
function listsNone({ up, backends }: Snapshot): boolean {
  return up && backends.length === 0;
}

/** Clouds whose service list cannot be read, or is empty beside others that are not. */
function cloudsClause(clouds: readonly CloudNow[], read: readonly Snapshot[]): string | undefined {
  const unread = read.filter(({ up }) => !up).length;
  if (unread > 0) return clouds.length === 1 ? 'Cinder cannot be read' : `${countText(unread, 'cloud')} cannot be read`;
  const empty = read.filter(listsNone).length;
  if (empty === 0 || empty === clouds.length) return undefined;
  return `${countText(empty, 'cloud')} ${empty === 1 ? 'lists' : 'list'} no backend`;
}

function schedulerClause(read: readonly Snapshot[]): string | undefined {
  const asked = read.flatMap(({ up, collectors }) =>
    up ? (collectors.find(({ collector }) => collector === 'pools') ?? []) : [],
  );
  const failing = asked.filter(({ success }) => !success);
  if (asked.length === 0) return undefined;
  if (read.length > 1)
    return failing.length === 0
      ? 'all schedulers answer'
      : `${countText(failing.length, 'cloud')} ${failing.length === 1 ? 'gives' : 'give'} no driver stats`;
  if (failing.length === 0) return 'the scheduler answers';
  return failing[0]?.failure?.reason === 'timeout' ? 'no scheduler answers' : 'driver stats cannot be read';
}

/** Without the volume types nothing is missing from the backends, but a type that nobody serves goes unseen. */
function typesClause(read: readonly Snapshot[]): string | undefined {
  const failing = read.filter(
    ({ up, collectors }) => up && collectors.some(({ collector, success }) => collector === 'volume_types' && !success),
  ).length;
  if (failing === 0) return undefined;
  return `volume types cannot be judged${read.length > 1 ? ` in ${countText(failing, 'cloud')}` : ''}`;
}

function toneOf(read: readonly Snapshot[], troubled: readonly (readonly [Condition, number])[], clouds: number): Tone {
  const tones = new Set<Tone>(troubled.map(([condition]) => TONES[CONDITION_TABLE[condition].severity]));
  if (tones.has('bad') || read.some(({ up }) => !up)) return 'bad';
  if (tones.has('warn')) return 'warn';
  if (tones.has('unsure') || read.length < clouds || clouds === 0 || read.some(listsNone)) return 'unsure';
  return read.some(({ collectors }) => collectors.some(blinds)) ? 'warn' : 'good';
}

function shortOf(read: readonly Snapshot[], clouds: number): string {
  if (read.some(({ up }) => !up)) return 'unreadable';
  if (read.length < clouds) return 'waiting';
  if (read.some(listsNone)) return 'no backend';
  return read.some(({ collectors }) => collectors.some(blinds)) ? 'partly unread' : 'all right';
}

function newestStats(snapshot: Snapshot): number | undefined {
  return onOurClock(snapshot, newest(snapshot.backends.map(({ statsAtMs }) => statsAtMs)));
}

function least(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}

const SYMBOLS: Readonly<Record<Headline['tone'], string>> = { good: '✓', warn: '!', unsure: '?', bad: '✕' };

/** The sentence on top. Only what happened is a live region; what merely grows older is beside it. */
export function headlineTop({ tone, sentence, statsAtMs }: Headline, nowMs: number): SafeHtml {
  return html`<h1 class="headline t-${tone}">
    <span class="mark" aria-hidden="true">${SYMBOLS[tone]}</span
    ><span
      ><span role="status" id="headline">${sentence}</span
      >${statsAtMs === undefined ? '.' : html`<span class="quiet">; stats are ${age(statsAtMs, nowMs)} old.</span>`}</span
    >
  </h1>`;
}
