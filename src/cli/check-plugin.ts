import { CONDITION_TABLE, CONDITIONS, needsLook, runbookUrl } from '../cinder/conditions.ts';
import { onOurClock } from '../cinder/snapshot.ts';
import { whoIsHit } from '../cinder/volumes.ts';
import { explainFailures } from '../pages/failures.ts';
import {
  type Asked,
  type Checked,
  CRITICAL,
  OK,
  printable,
  type Seen,
  type SeenBackend,
  timeIn,
  verdictOf,
  VERDICTS,
  UNKNOWN,
  WARNING,
  wanted,
  worstFirst,
} from './check-verdict.ts';

/** Backends that are told one by one: Nagios keeps 8 KB of an answer. */
const TOLD = 25;

/**
 * For Icinga, Nagios and what else runs monitoring plugins: the verdict and the performance data in one line, then a line for each backend in trouble.
 * Source: the Monitoring Plugins development guidelines, 2.1 and 2.6.
 */
export function renderPlugin(checked: readonly Checked[], asked: Asked): string {
  const data = [...countsOf(checked, asked), ...checked.flatMap((one) => backendsOf(one, asked, checked.length > 1))];
  return `${plain(verdictOf(checked, asked))} | ${data.join(' ')}\n${detailsOf(checked, asked)
    .map((line) => `${plain(line)}\n`)
    .join('')}`;
}

/** What a plugin prints that cannot tell anything. */
export function renderUnknown(message: string): string {
  return `${VERDICTS[UNKNOWN]}: ${plain(message.replaceAll(/\s*\n\s*/g, '; '))}\n`;
}

/** What stands behind `|` is performance data, in every line. */
export function plain(text: string): string {
  return printable(text).replaceAll('|', '/');
}

function detailsOf(checked: readonly Checked[], asked: Asked): string[] {
  const several = checked.length > 1;
  const problems = checked.flatMap(({ name, snapshot }) =>
    (snapshot ? explainFailures(snapshot) : []).map(
      ({ collectors, reason, message }) =>
        `${several ? `cloud ${name}: ` : ''}${collectors.join(' and ')} cannot be read (${reason}): ${message}`,
    ),
  );
  const bad = worstFirst(
    checked.flatMap(({ name, snapshot }) =>
      snapshot
        ? wanted(snapshot, asked.hosts)
            .filter(({ condition }) => asked.codes[condition] !== OK)
            .map((backend) => ({ name, snapshot, backend }))
        : [],
    ),
    asked.codes,
    ({ backend }) => backend,
  );
  const lines = bad
    .slice(0, TOLD)
    .map(({ name, snapshot, backend }) => `${several ? `cloud ${name}: ` : ''}${sentenceOf(snapshot, backend)}`);
  const more = bad.length > TOLD ? [`and ${bad.length - TOLD} more`] : [];
  return [...problems, ...lines, ...more, ...runbooksOf(bad.map(({ backend }) => backend))];
}

function sentenceOf(snapshot: Seen, backend: SeenBackend): string {
  return `${backend.host}: ${CONDITION_TABLE[backend.condition].words}${sayOf(snapshot, backend)}`;
}

/** Behind the words of a condition: for how long, who is hit, and why. */
export function sayOf(snapshot: Seen, backend: SeenBackend): string {
  const time = timeIn(snapshot, backend.host);
  const hit = needsLook(backend.condition) ? whoIsHit(snapshot, backend.host) : undefined;
  return `${time === undefined ? '' : ` for ${time}`}${hit === undefined ? '' : `, ${hit}`}: ${backend.reason}`;
}

/** How many seconds ago that was, of a time by Cinder's clock. */
export function secondsAgo(snapshot: Seen, cinderMs: number | undefined): number | undefined {
  return cinderMs === undefined
    ? undefined
    : Math.max(0, Math.round((snapshot.atMs - onOurClock(snapshot, cinderMs)) / 1000));
}

function runbooksOf(bad: readonly SeenBackend[]): string[] {
  const lines = bad.flatMap((backend) => {
    const url = runbookUrl(backend);
    return url === undefined ? [] : `${CONDITION_TABLE[backend.condition].words}: ${url}`;
  });
  return [...new Set(lines)];
}

/** How many backends are in each condition, with 0 as the threshold of those that are a warning or critical. */
export function countsOf(checked: readonly Checked[], { hosts, codes }: Asked): string[] {
  const backends = checked.flatMap(({ snapshot }) => (snapshot ? wanted(snapshot, hosts) : []));
  const threshold = (code: number, of: number): string => (code === of ? '0' : '');
  return [
    datum('backends', backends.length, { min: 0 }),
    ...CONDITIONS.map((condition) =>
      datum(condition, backends.filter((one) => one.condition === condition).length, {
        warning: threshold(codes[condition], WARNING),
        critical: threshold(codes[condition], CRITICAL),
        min: 0,
        max: backends.length,
      }),
    ),
  ];
}

/** Values of each backend that was asked for by name; all of a cloud would be too many. */
function backendsOf({ name, snapshot }: Checked, { hosts }: Asked, several: boolean): string[] {
  if (!snapshot || hosts.length === 0) return [];
  const backends = wanted(snapshot, hosts);
  const alone = !several && hosts.length === 1 && backends.length === 1;
  return backends.flatMap((backend) => {
    const prefix = alone ? '' : `${several ? `${name} ` : ''}${backend.host} `;
    return [
      datum(`${prefix}usable`, backend.state, { min: 0, max: 1 }),
      datum(`${prefix}stats_age`, secondsAgo(snapshot, backend.statsAtMs), { unit: 's', min: 0 }),
      datum(`${prefix}heartbeat_age`, secondsAgo(snapshot, backend.heartbeatAtMs), { unit: 's', min: 0 }),
      datum(`${prefix}volumes_in_use`, snapshot.volumes.get(backend.host)?.inUse, { min: 0 }),
      ...backend.pools.flatMap(({ pool, totalBytes, freeBytes, allocatedBytes }) => [
        datum(`${prefix}${pool} free`, freeBytes, { unit: 'B', min: 0, max: totalBytes }),
        datum(`${prefix}${pool} allocated`, allocatedBytes, { unit: 'B', min: 0 }),
      ]),
    ].filter((one) => one !== '');
  });
}

interface DatumForm {
  readonly unit?: string;
  readonly warning?: string;
  readonly critical?: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** `'label'=value[unit];[warning];[critical];[min];[max]`, whole numbers; nothing for a value that is not known, or has no end. */
export function datum(
  label: string,
  value: number | undefined,
  { unit = '', warning = '', critical = '', min, max }: DatumForm,
): string {
  const whole = digits(value);
  if (whole === '') return '';
  const words = plain(label).replaceAll(/['=]/g, '_');
  const name = /^\w+$/.test(words) ? words : `'${words}'`;
  return `${name}=${whole}${unit};${warning};${critical};${digits(min)};${digits(max)}`.replace(/;+$/, '');
}

/** Of a larger number JavaScript has no digits that are right. */
function digits(value: number | undefined): string {
  const whole = Math.round(value ?? Number.NaN);
  return Number.isSafeInteger(whole) ? String(whole) : '';
}
