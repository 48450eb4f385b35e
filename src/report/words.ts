import { CONDITION_TABLE } from '../cinder/conditions.ts';
import { bytesText, withoutControls } from '../text.ts';
import type { Filling, Incident, AvailabilityReport, Subject, AvailabilityTarget } from './availability.ts';
import type { Stretch } from './stretch.ts';

/** A table of a report, ready to be drawn: in a terminal, in Markdown or on a page. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns that hold numbers, by index. */
  readonly numbers: readonly number[];
  /** What stands in place of no row. */
  readonly none: string;
}

/** The words and tables of a report that every form for people has. */
export function tablesOf(report: AvailabilityReport): readonly Table[] {
  const several = new Set([...report.backends, ...report.volumeTypes].map(({ target }) => cloudOf(target))).size > 1;
  return [
    subjectTable('Backends', 'Backend', report.backends, several, 'No backend was seen.'),
    capacityTable(report.backends, several),
    subjectTable('Volume types', 'Volume type', report.volumeTypes, several, 'No volume type was seen.'),
    incidentTable('Outages', report.backends, several, ({ outages }) => outages, 'There was no outage.'),
    incidentTable('Outages of volume types', report.volumeTypes, several, ({ outages }) => outages, 'There was none.'),
    incidentTable('Planned', report.backends, several, ({ planned }) => planned, 'No backend was disabled or frozen.'),
  ];
}

/** The cloud of a target, by the label that `/sd` sets; else all that tells it from others. */
export function cloudOf(target: AvailabilityTarget): string {
  const others = Object.entries(target).filter(([name]) => name !== 'job');
  return target['cloud'] ?? others.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** What the report is about: `2026-10-01 00:00:00 to 2026-11-01 00:00:00 UTC`. */
export function rangeText({ fromMs, toMs }: Stretch): string {
  return `${momentText(fromMs)} to ${momentText(toMs)} UTC`;
}

function momentText(ms: number): string {
  return new Date(Math.round(ms / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** How the figures are meant, one sentence each, for who reads nothing else. */
export const MEANINGS = [
  'Availability is the share of the observed time in which it was usable. Planned time (disabled, frozen) does not count.',
  'Coverage is the share of the time that was observed. What was not observed counts neither as up nor as down.',
  'An outage begins when the condition was seen to change, and ends when its end was seen.',
] as const;

function withCloud(several: boolean, target: AvailabilityTarget, rest: readonly string[]): string[] {
  return several ? [plain(cloudOf(target)), ...rest] : [...rest];
}

function subjectTable(title: string, column: string, all: readonly Subject[], several: boolean, none: string): Table {
  const columns = [column, 'Availability', 'Coverage', 'Outages', 'Down', 'Mean repair', 'Longest', 'Planned'];
  return {
    title,
    none,
    columns: several ? ['Cloud', ...columns] : columns,
    numbers: columns.slice(1).map((_, i) => i + (several ? 2 : 1)),
    rows: all.map((one) =>
      withCloud(several, one.target, [
        plain(one.name),
        shareText(one.availability),
        shareText(one.coverage),
        String(one.outages.length),
        lengthText(one.unusableMs),
        one.meanRepairMs === undefined
          ? '-'
          : atLeast(
              lengthText(one.meanRepairMs),
              one.outages.some(({ before, after }) => before && !after),
            ),
        longestText(one.outages),
        lengthText(one.plannedMs),
      ]),
    ),
  };
}

function longestText(outages: readonly Incident[]): string {
  const [longest] = outages.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs));
  return longest ? atLeast(lengthText(longest.toMs - longest.fromMs), longest.before || longest.after) : '-';
}

function atLeast(text: string, least: boolean): string {
  return least ? `>= ${text}` : text;
}

function capacityTable(all: readonly Subject[], several: boolean): Table {
  const columns = ['Backend', 'Size', 'Used at start', 'Used at end', 'Growth', 'Days until full'];
  return {
    title: 'Capacity',
    none: 'No capacity was seen.',
    columns: several ? ['Cloud', ...columns] : columns,
    numbers: columns.slice(1).map((_, i) => i + (several ? 2 : 1)),
    rows: all.flatMap(({ capacity, name, target }) =>
      capacity === undefined
        ? []
        : [
            withCloud(several, target, [
              plain(name),
              bytesText(capacity.end.totalBytes),
              usedText(capacity.start),
              usedText(capacity.end),
              `${capacity.growthBytes > 0 ? '+' : ''}${bytesText(capacity.growthBytes)}`,
              capacity.daysUntilFull === undefined ? '-' : daysText(capacity.daysUntilFull),
            ]),
          ],
    ),
  };
}

function usedText({ totalBytes, freeBytes }: Filling): string {
  return `${bytesText(totalBytes - freeBytes)} (${(((totalBytes - freeBytes) / totalBytes) * 100).toFixed(1)} %)`;
}

function daysText(days: number): string {
  return days > 3650 ? 'over 10 years' : String(Math.floor(days));
}

function incidentTable(
  title: string,
  all: readonly Subject[],
  several: boolean,
  incidentsOf: (one: Subject) => readonly Incident[],
  none: string,
): Table {
  const columns = ['From (UTC)', 'To (UTC)', 'Length', 'What', 'Condition', 'Reason'];
  const rows = all.flatMap((one) => incidentsOf(one).map((incident) => ({ one, incident })));
  return {
    title,
    none,
    columns: several ? ['Cloud', ...columns] : columns,
    numbers: [several ? 3 : 2],
    rows: rows
      .toSorted((a, b) => a.incident.fromMs - b.incident.fromMs)
      .map(({ one, incident }) =>
        withCloud(several, one.target, [
          `${incident.before ? 'before ' : ''}${momentText(incident.fromMs)}`,
          incident.after ? `not seen by ${momentText(incident.toMs)}` : momentText(incident.toMs),
          atLeast(lengthText(incident.toMs - incident.fromMs), incident.before || incident.after),
          plain(one.name),
          incident.conditions.map((condition) => CONDITION_TABLE[condition].words).join(', then '),
          plain(incident.reason ?? '') + unobservedText(incident),
        ]),
      ),
  };
}

function unobservedText({ unobservedMs, reason }: Incident): string {
  const text = unobservedMs > 0 ? `not observed for ${lengthText(unobservedMs)} of it` : '';
  return text !== '' && reason !== undefined ? `; ${text}` : text;
}

/** Never rounded up: 100 % means all of it. */
export function shareText(share: number | undefined): string {
  return share === undefined ? '-' : `${(Math.floor(share * 100_000 + 1e-6) / 1000).toFixed(3)} %`;
}

/** Whole seconds, in the two largest units that are not enough alone: `1 d 2 h`, `14 min 30 s`. */
export function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const told = units.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return told.length === 0 ? '0 s' : told.join(' ');
}

/** A name from elsewhere, in which nothing steers a terminal or hides. */
function plain(text: string): string {
  return withoutControls(text, '\ufffd');
}
