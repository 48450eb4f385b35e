import { html, type SafeHtml } from '@remix-run/html-template';
import { CONDITION_TABLE, needsLook, type Condition, type Severity } from '../cinder/conditions.ts';
import { newest } from '../cinder/evidence.ts';
import { blinds, onOurClock, type Snapshot } from '../cinder/snapshot.ts';
import { typesWithoutUsable } from '../cinder/volumes.ts';
import { withoutControls } from '../text.ts';
import { countText, numberText } from './components.ts';
import { countConditions, firstInTrouble, type CloudNow } from './listing.ts';

/** The colour of a page: its icon, its headline and the marks in it. */
export type Tone = 'good' | 'warn' | 'unsure' | 'bad';

export const TONES: Readonly<Record<Severity, Tone>> = {
  critical: 'bad',
  warning: 'warn',
  unknown: 'unsure',
  wanted: 'good',
  ok: 'good',
};

/** Is everything all right? */
export interface Headline {
  readonly tone: Tone;
  /** In one short sentence, without a full stop. */
  readonly title: string;
  /** What stands below it. Like the title it changes only when something has happened, so that a screen reader says nothing new for nothing. */
  readonly line: string;
  /** A few words for the title of the browser's tab. */
  readonly short: string;
  /** When the last backend got into trouble before our eyes; undefined: none did. */
  readonly newestMs: number | undefined;
  /** The newest driver stats of the cloud that is furthest behind; undefined when none are known. */
  readonly statsAtMs: number | undefined;
}

type Counts = ReadonlyMap<Condition, number>;

export function headlineOf(clouds: readonly CloudNow[]): Headline {
  const counts = countConditions(clouds);
  const read = clouds.flatMap(({ snapshot }) => snapshot ?? []);
  const troubled = [...counts].filter(([condition]) => needsLook(condition));
  const words = troubled.map(([condition, count]) => `${numberText(count)} ${CONDITION_TABLE[condition].words}`);
  const scheduler = schedulerClause(clouds, read);
  const isSaid = (clause: string | undefined): clause is string => clause !== undefined && clause !== '';
  return {
    tone: toneOf(read, troubled, clouds.length),
    title: [
      backendsClause(clouds, counts),
      cloudsClause(clouds, read),
      scheduler?.fails ? scheduler.words : undefined,
      typesClause(read),
    ]
      .filter(isSaid)
      .join('; '),
    line: [words.join(', '), unservedClause(read), scheduler?.fails ? undefined : scheduler?.words]
      .filter(isSaid)
      .join(' · '),
    short: words.length > 0 ? words.join(', ') : shortOf(read, clouds.length),
    newestMs: newest(read.map(newestTrouble)),
    statsAtMs: least(read.map(newestStats)),
  };
}

/** When the newest trouble of a snapshot began. Newest comes first among the backends of a condition. */
function newestTrouble(snapshot: Snapshot): number | undefined {
  return newest(firstInTrouble(snapshot).map(({ host }) => snapshot.histories.get(host)?.lastChangeMs));
}

function backendsClause(clouds: readonly CloudNow[], counts: Counts): string {
  const total = sum([...counts.values()]);
  const where = clouds.length > 1 ? ` in ${countText(clouds.length, 'cloud')}` : '';
  if (total === 0) return nothingClause(clouds);
  const troubled = sum([...counts].flatMap(([condition, count]) => (needsLook(condition) ? count : [])));
  if (troubled > 0) return `${first(troubled, total, where)} ${troubled === 1 ? 'needs' : 'need'} you`;
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

/** Only for the clouds whose service list could be read: of the others nobody knows. */
function schedulerClause(
  clouds: readonly CloudNow[],
  read: readonly Snapshot[],
): { readonly fails: boolean; readonly words: string } | undefined {
  const asked = read.flatMap(({ up, collectors }) =>
    up ? (collectors.find(({ collector }) => collector === 'pools') ?? []) : [],
  );
  const failing = asked.filter(({ success }) => !success);
  if (asked.length === 0) return undefined;
  if (clouds.length > 1)
    return failing.length === 0
      ? {
          fails: false,
          words:
            asked.length === clouds.length
              ? 'all schedulers answer'
              : `the ${asked.length === 1 ? 'scheduler' : 'schedulers'} of ${numberText(asked.length)} of ${numberText(clouds.length)} clouds ${asked.length === 1 ? 'answers' : 'answer'}`,
        }
      : {
          fails: true,
          words: `${countText(failing.length, 'cloud')} ${failing.length === 1 ? 'gives' : 'give'} no driver stats`,
        };
  if (failing.length === 0) return { fails: false, words: 'Cinder API and scheduler answer' };
  return {
    fails: true,
    words: failing[0]?.failure?.reason === 'timeout' ? 'no scheduler answers' : 'driver stats cannot be read',
  };
}

/** Found once for each snapshot, as a snapshot never changes. */
const unserved = new WeakMap<Snapshot, readonly string[]>();

/** The volume types of a cloud that no backend serves at present. */
export function unservedOf(snapshot: Snapshot): readonly string[] {
  const known = unserved.get(snapshot) ?? typesWithoutUsable(snapshot);
  unserved.set(snapshot, known);
  return known;
}

/** Volume types that users cannot get at present. */
function unservedClause(read: readonly Snapshot[]): string | undefined {
  const types = [...new Set(read.flatMap(unservedOf))];
  if (types.length === 0) return undefined;
  const names = types.slice(0, 2).map((type) => withoutControls(type));
  const more = types.length > 2 ? ` and ${numberText(types.length - 2)} more` : '';
  return `volume ${types.length === 1 ? 'type' : 'types'} ${names.join(', ')}${more} ${types.length === 1 ? 'has' : 'have'} no usable backend`;
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

/**
 * What stands on top. What happened is a live region; what merely grows older, and what else there is to say, follows it.
 */
export function headlineTop(
  { tone, title, line }: Pick<Headline, 'tone' | 'title' | 'line'>,
  more: readonly SafeHtml[],
): SafeHtml {
  return html`<div class="headline t-${tone}">
    <span class="mark" aria-hidden="true">${SYMBOLS[tone]}</span>
    <div class="says">
      <div role="status" id="headline">
        <h1>${title}</h1>
        ${line === '' ? '' : html`<p>${line}</p>`}
      </div>
      ${more.map((one) => html`<p class="also">${one}</p>`)}
    </div>
  </div>`;
}
