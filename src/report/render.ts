import { visibleJson, withoutControls } from '../text.ts';
import type { Filling, Incident, AvailabilityReport, Subject } from './availability.ts';
import { cloudOf, lengthText, MEANINGS, rangeText, type Table, tablesOf } from './words.ts';

/** For a terminal. */
export function renderTable(report: AvailabilityReport): string {
  const tables = tablesOf(report).map((table) => [table.title.toUpperCase(), ...drawn(table)].join('\n'));
  const head = [`Availability, ${rangeText(report.range)} (${lengthText(report.range.toMs - report.range.fromMs)})`];
  return `${[[...head, ...report.notes.map((note) => `note: ${note}`)].join('\n'), ...tables, MEANINGS.join('\n')].join('\n\n')}\n`;
}

function drawn({ columns, rows, numbers, none }: Table): readonly string[] {
  if (rows.length === 0) return [none];
  const all = [columns.map((column) => column.toUpperCase()), ...rows];
  const widths = columns.map((_, column) => all.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0));
  return all.map((row) =>
    row
      .map((cell, i) => (numbers.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

export function renderMarkdown(report: AvailabilityReport): string {
  const parts = [`# Availability\n\n${rangeText(report.range)}`, ...report.notes.map((note) => `*${markdown(note)}*`)];
  for (const { title, columns, rows, numbers, none } of tablesOf(report)) {
    const lines = [
      columns,
      columns.map((_, i) => (numbers.includes(i) ? '--:' : '---')),
      ...rows.map((row) => row.map(markdown)),
    ].map((cells) => `| ${cells.join(' | ')} |`);
    parts.push(`## ${title}\n\n${rows.length === 0 ? none : lines.join('\n')}`);
  }
  return `${[...parts, MEANINGS.map((one) => `* ${one}`).join('\n')].join('\n\n')}\n`;
}

/** Source: CommonMark 2.4, any punctuation may be escaped; and a table knows no cell with a bare bar. HTML is punctuation as well. */
function markdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|!~&]/g, String.raw`\$&`);
}

const CSV_COLUMNS = [
  'kind',
  'cloud',
  'name',
  'from',
  'to',
  'condition',
  'reason',
  'began_before',
  'not_ended',
  'availability',
  'coverage',
  'outages',
  'usable_seconds',
  'unusable_seconds',
  'planned_seconds',
  'unobserved_seconds',
  'mean_repair_seconds',
  'longest_repair_seconds',
  'total_bytes_start',
  'free_bytes_start',
  'total_bytes_end',
  'free_bytes_end',
  'growth_bytes',
  'days_until_full',
] as const;

/** One line for each backend and volume type, and after it one for each of its outages and planned absences. `kind` says which. RFC 4180. */
export function renderCsv(report: AvailabilityReport): string {
  const lines = [
    ...report.backends.flatMap((one) => csvOf('backend', one, report)),
    ...report.volumeTypes.flatMap((one) => csvOf('volume_type', one, report)),
  ];
  const rows = lines.map((line) => CSV_COLUMNS.map((column) => csvCell(line[column])).join(','));
  return [CSV_COLUMNS.join(','), ...rows, ''].join('\r\n');
}

type CsvLine = Partial<Readonly<Record<(typeof CSV_COLUMNS)[number], string | number | boolean | undefined>>>;

function csvOf(kind: string, one: Subject, { range }: AvailabilityReport): readonly CsvLine[] {
  const head = { cloud: cloudOf(one.target), name: one.name };
  const { capacity } = one;
  const incident = (kind: string, incident: Incident): CsvLine => ({
    kind,
    ...head,
    from: iso(incident.fromMs),
    to: iso(incident.toMs),
    condition: incident.conditions.join(' '),
    reason: incident.reason,
    began_before: incident.before,
    not_ended: incident.after,
    unobserved_seconds: seconds(incident.unobservedMs),
  });
  return [
    {
      kind,
      ...head,
      from: iso(range.fromMs),
      to: iso(range.toMs),
      availability: one.availability,
      coverage: one.coverage,
      outages: one.outages.length,
      usable_seconds: seconds(one.usableMs),
      unusable_seconds: seconds(one.unusableMs),
      planned_seconds: seconds(one.plannedMs),
      unobserved_seconds: seconds(one.unobservedMs),
      mean_repair_seconds: seconds(one.meanRepairMs),
      longest_repair_seconds: seconds(one.longestRepairMs),
      total_bytes_start: capacity?.start.totalBytes,
      free_bytes_start: capacity?.start.freeBytes,
      total_bytes_end: capacity?.end.totalBytes,
      free_bytes_end: capacity?.end.freeBytes,
      growth_bytes: capacity?.growthBytes,
      days_until_full: capacity?.daysUntilFull,
    },
    ...one.outages.map((outage) => incident(`${kind}_outage`, outage)),
    ...one.planned.map((planned) => incident(`${kind}_planned`, planned)),
  ];
}

/** A text that a spreadsheet would take for a formula gets an apostrophe. Source: OWASP, CSV injection. */
function csvCell(value: string | number | boolean | undefined): string {
  if (value === undefined) return '';
  const bare = withoutControls(String(value), '\ufffd');
  const text = typeof value === 'string' && /^[=+\-@]/.test(bare) ? `'${bare}` : bare;
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The whole report. Times are ISO 8601 in UTC, lengths are seconds; null is "not known". */
export function renderJson(report: AvailabilityReport): string {
  const subject = (one: Subject) => ({
    cloud: cloudOf(one.target),
    name: one.name,
    labels: one.target,
    availability: one.availability ?? null,
    coverage: one.coverage,
    usable_seconds: seconds(one.usableMs),
    unusable_seconds: seconds(one.unusableMs),
    planned_seconds: seconds(one.plannedMs),
    unobserved_seconds: seconds(one.unobservedMs),
    seconds_by_condition: Object.fromEntries([...one.msByCondition].map(([condition, ms]) => [condition, seconds(ms)])),
    outages: one.outages.length,
    mean_repair_seconds: seconds(one.meanRepairMs) ?? null,
    longest_repair_seconds: seconds(one.longestRepairMs) ?? null,
    incidents: one.outages.map(incidentJson),
    planned: one.planned.map(incidentJson),
    capacity: one.capacity
      ? {
          start: fillingJson(one.capacity.start),
          end: fillingJson(one.capacity.end),
          growth_bytes: one.capacity.growthBytes,
          days_until_full: one.capacity.daysUntilFull ?? null,
        }
      : null,
  });
  const whole = {
    from: iso(report.range.fromMs),
    to: iso(report.range.toMs),
    notes: report.notes,
    backends: report.backends.map(subject),
    volume_types: report.volumeTypes.map((one) => ({ ...subject(one), backends: one.members })),
  };
  return `${visibleJson(whole, 2)}\n`;
}

function incidentJson(one: Incident) {
  return {
    from: iso(one.fromMs),
    to: iso(one.toMs),
    seconds: seconds(one.toMs - one.fromMs),
    conditions: one.conditions,
    reason: one.reason ?? null,
    began_before: one.before,
    not_ended: one.after,
    unobserved_seconds: seconds(one.unobservedMs),
  };
}

function fillingJson({ atMs, totalBytes, freeBytes }: Filling) {
  return { at: iso(atMs), total_bytes: totalBytes, free_bytes: freeBytes };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function seconds(ms: number): number;
function seconds(ms: number | undefined): number | undefined;
function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms) / 1000;
}
