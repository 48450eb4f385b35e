import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parse } from 'yaml';
import { parseDuration } from '../../src/duration.ts';
import { defaultSettings, type SettingName } from '../../src/rules/settings.ts';
import { EXPORTER_CONFIG, SCALE, type Site } from './e2e-site.ts';
import { type Line, lineOf } from './e2e-watch.ts';

/** Where the time from a fault to its page went, in milliseconds. */
export interface Timing {
  readonly fault: string;
  readonly line: Line;
  /** Until Cinder's own answers show it; undefined where they never do. */
  readonly cinderMs: number | undefined;
  /** From then until a rule sees it: refresh, scrape, evaluation, and `stale_after` where that decides. */
  readonly exporterMs: number;
  /** The `for` of the rule. */
  readonly ruleMs: number;
  /** Grouping, and the way to the webhook. */
  readonly alertmanagerMs: number;
  readonly totalMs: number;
}

export interface Measured {
  readonly fault: string;
  readonly line: Line;
  /** When it was broken, in milliseconds since the epoch. */
  readonly since: number;
  readonly shownAt: number | undefined;
}

/** What has happened while these faults lasted, with nothing told that should not be. */
export const PLAYED: { readonly faults: readonly string[]; readonly event: string }[] = [];

/** What was measured so far. */
export const TIMINGS: Timing[] = [];

/** Waits until it is told, and reads from Prometheus and the webhook when each stage of a page was reached. */
export async function measure(site: Site, { fault, line, since, shownAt }: Measured): Promise<void> {
  // A fault that is made again, for another scene, is the same row.
  if (TIMINGS.some((known) => known.fault === fault && known.line === line)) return;
  const { atMs: toldAt } = await site.alertmanager.notified(
    ({ atMs, status, alerts }) =>
      atMs >= since && status === 'firing' && alerts.some(({ labels }) => lineOf(labels) === line),
  );
  const pendingAt = await firstSample(site, 'pending', line, since);
  const firingAt = await firstSample(site, 'firing', line, since);
  TIMINGS.push({
    fault,
    line,
    cinderMs: shownAt === undefined ? undefined : shownAt - since,
    exporterMs: pendingAt - (shownAt ?? since),
    ruleMs: firingAt - pendingAt,
    alertmanagerMs: toldAt - firingAt,
    totalMs: toldAt - since,
  });
}

interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [number, string])[];
  }[];
}

async function firstSample({ prometheus }: Site, state: string, line: Line, since: number): Promise<number> {
  const promql = `ALERTS{alertstate="${state}"}[${Date.now() - since}ms]`;
  const { result } = (await prometheus.api(`/query?query=${encodeURIComponent(promql)}`)) as Matrix;
  const first = result.find(({ metric }) => lineOf(metric) === line)?.values[0]?.[0];
  if (first === undefined) throw new Error(`${line} was never ${state}`);
  return first * 1000;
}

/** The measured times as a Markdown table, in seconds. */
export function timingTable(timings: readonly Timing[]): string {
  const rows = timings
    .toSorted(byAlert)
    .map(({ fault, line, cinderMs, exporterMs, ruleMs, alertmanagerMs, totalMs }) =>
      row(
        fault,
        `\`${line.split(' ')[0]}\``,
        ...[cinderMs, exporterMs, ruleMs, alertmanagerMs, totalMs].map((ms) => (ms === undefined ? '' : seconds(ms))),
      ),
    );
  return [
    row('fault', 'alert', 'Cinder', 'exporter, scrape, evaluation', '`for`', 'Alertmanager', 'sum'),
    row('---', '---', '--:', '--:', '--:', '--:', '--:'),
    ...rows,
  ].join('');
}

/** What Cinder, or a login that is remembered, takes at most with its own defaults, in seconds, and of which option that is. */
const CINDER: readonly (readonly [alert: string, seconds: number, by: string, waits: SettingName])[] = [
  ['CinderBackendDown', 60, '`backend_stats_polling_interval`', 'backend_down_for'],
  ['CinderPoolDown', 60, '`backend_stats_polling_interval`', 'pool_down_for'],
  ['CinderBackendCapacityVanished', 120, 'two `backend_stats_polling_interval`', 'backend_capacity_vanished_for'],
  ['CinderBackendStatsStale', 300, "the exporter's `stale_after`", 'backend_stats_stale_for'],
  ['CinderVolumeServiceDown', 60, '`service_down_time`', 'volume_service_down_for'],
  ['CinderAllBackendsDown', 60, '`service_down_time`', 'all_backends_down_for'],
  ['CinderSchedulerDown', 60, '`service_down_time`', 'scheduler_down_for'],
  ['CinderSchedulerNotAnswering', 10, "the exporter's `scheduler_patience`", 'scheduler_not_answering_for'],
  ['CinderExporterAuthFailing', 300, '`token_cache_time`', 'auth_failing_for'],
  ['CinderAPIUnreachable', 0, '', 'api_unreachable_for'],
];
/** A refresh every 30 s with a random delay of up to 3 s, a scrape and an evaluation every 15 s. */
const EXPORTER_SECONDS = 30 + 3 + 15 + 15;

/** Writes docs/alert-latency.md from a run. */
export async function writeLatencyPage(timings: readonly Timing[]): Promise<void> {
  const example = parse(await readFile(new URL('../../alerts/alertmanager.example.yml', import.meta.url), 'utf8')) as {
    readonly route: {
      readonly routes: readonly [{ readonly routes: readonly { matchers: string[]; group_wait?: string }[] }];
    };
  };
  // By severity, and not by place: there are several routes for pages.
  const waitOf = (severity: string): string =>
    example.route.routes[0].routes.find(({ matchers }) => matchers.includes(`severity = ${severity}`))?.group_wait ??
    '';
  const settings = defaultSettings();
  const bounds = CINDER.map(([alert, cinder, by, waits]) => {
    const rule = (parseDuration(settings[waits]) ?? 0) / 1000;
    const wait = (parseDuration(waitOf(alert === 'CinderPoolDown' ? 'warning' : 'critical')) ?? 0) / 1000;
    return row(
      `\`${alert}\``,
      `${cinder}${by === '' ? '' : `, ${by}`}`,
      String(EXPORTER_SECONDS),
      String(rule),
      String(wait),
      String(cinder + EXPORTER_SECONDS + rule + wait),
    );
  });
  const page = `# How long until somebody is told

From the moment something breaks to the webhook, in seconds.

## Measured

On real parts (Keystone 22 and Cinder 21.3 of Debian 12, Prometheus 2.42, Alertmanager 0.25) by \`test/real/alerts-end-to-end.test.ts\`,
on ${new Date().toISOString().slice(0, 10)}, on ${availableParallelism()} cores that ran two such clouds at once. \`UPDATE_DOCS=1\` with that test writes this page.

${timingTable(timings)}
Column *Cinder*: time until Cinder's API shows the fault, for driver stats by their \`timestamp\` in \`get_pools\`, for a service by its \`state\`. Empty: the API never shows it.
*exporter, scrape, evaluation* ends when the alert is pending, \`for\` when it fires, *Alertmanager* when the webhook is called.
The clock starts with the command that breaks it; a service that is told to stop takes some seconds to end, and sends heartbeats until then.
Below zero: the exporter saw the fault before the test itself saw it in Cinder's API.

Everything was faster than in production, so that nobody has to wait:

* the rules are printed by \`cinder-exporter rules --scale ${SCALE}\`, the waits of Alertmanager are scaled alike;
* the exporter: ${exporterSettings()}; Prometheus scraped every second;
* Cinder: \`backend_stats_polling_interval\` 3 s, \`report_interval\` 2 s, \`service_down_time\` 6 s, \`rpc_response_timeout\` 5 s, \`token_cache_time\` 10 s.

## With a second event

All faults of a line were there and told. Then one after the other happened what stands below it: nothing ended, nothing was told again, and nothing false.

${playedLines()}
## With everything as shipped, at most

Arithmetic, not measurement: each part at its longest, with Cinder's own defaults and a scrape every 15 s. On average Cinder's and the exporter's parts are half of it.

${row('alert', 'Cinder, by', 'exporter, scrape, evaluation', '`for`', 'group_wait', 'sum')}${row('---', '---', '--:', '--:', '--:', '--:')}${bounds.join('')}`;
  await writeFile(new URL('../../docs/alert-latency.md', import.meta.url), page);
}

function playedLines(): string {
  const lines = new Map<string, string[]>();
  for (const { faults, event } of PLAYED) {
    const line = `* ${faults.join('; ')}\n`;
    lines.set(line, [...(lines.get(line) ?? []), `  * ${event}\n`]);
  }
  return [...lines].map(([line, events]) => line + events.join('')).join('');
}

function exporterSettings(): string {
  const lines = EXPORTER_CONFIG.split('\n').filter((text) => /: \S/.test(text));
  return lines.map((text) => `\`${text.trim()}\``).join(', ');
}

function byAlert(a: Timing, b: Timing): number {
  return a.line < b.line ? -1 : 1;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
