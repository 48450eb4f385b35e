import { viewBackend, viewCloud } from '../api/view.ts';
import { type Condition, CONDITIONS } from '../cinder/conditions.ts';
import { quoted } from '../config/tree.ts';
import { durationWords, parseDuration, SECOND } from '../duration.ts';
import { createLog } from '../log.ts';
import { visibleJson } from '../text.ts';
import { UserError } from '../user-error.ts';
import type { Target } from '../watch/fleet.ts';
import { untilDueMs } from '../watch/schedule.ts';
import { createWatcher } from '../watch/watcher.ts';
import type { Reading } from './check-exporter.ts';
import { renderCheckmk, renderCheckmkUnknown } from './check-checkmk.ts';
import { renderPlugin, renderUnknown } from './check-plugin.ts';
import { conditionsOf, renderCheck } from './check-table.ts';
import { type Asked, codesOf, CRITICAL, exitCodeOf, UNKNOWN, wanted, WARNING } from './check-verdict.ts';
import { FlagError, FLAGS, type FlagValues, help, parseFlags, written } from './flags.ts';
import { load } from './serve.ts';
import type { Surroundings } from './targets.ts';

const USUAL_CODES = codesOf({});

function withCode(code: number): string {
  return CONDITIONS.filter((condition) => USUAL_CODES[condition] === code).join(', ');
}

/** Before its flags in its help. */
export const CHECK_USAGE = `Usage: cinder-exporter check [flags] [HOST...]

Refreshes once, or asks a running exporter, and prints the backends: all, or those that are given. HOST is a host@backend (or cluster@backend),
the name of a backend alone, or one of these with * and ?: '*@lvm-*'.
Exit code as monitoring plugins have it:
  0 ok
  1 warning: ${withCode(WARNING)}
  2 critical: ${withCode(CRITICAL)}
  3 unknown: a backend's condition is unknown, or its HOST is not there. A cloud cannot be read, or only in part, or has no backends.
    The exporter does not answer, or what it knows is too old.
--warning and --critical make other lists of conditions; what is in none is ok.
The first line has the verdict, the backends in trouble, and what could not be read.
This command does not ask whether each cinder-volume answers: that takes minutes. The running exporter asks it.

Flags:
`;

/** How often a running exporter is asked with --watch. Its own interval is 30 s by default. */
const WATCH_EXPORTER_MS = 10 * SECOND;

export const CHECK_FLAGS = [
  FLAGS[0],
  { name: 'cloud', type: 'string', value: '<name>', help: 'Only this one of the configured clouds.' },
  {
    name: 'output',
    type: 'string',
    value: '<format>',
    default: 'table',
    choices: ['table', 'json', 'plugin', 'checkmk'],
    help: 'table, json, plugin: one line with performance data, then details, for Icinga and Nagios, or checkmk: a line for each backend, for its local checks.',
  },
  {
    name: 'from',
    type: 'string',
    value: '<url>',
    help: 'Ask this running exporter, such as http://exporter:10776, and no cloud.',
  },
  {
    name: 'http.config.file',
    type: 'string',
    value: '<file>',
    help: "With --from: credentials, TLS and headers, in the format of Prometheus' own http_config.",
  },
  {
    name: 'max-age',
    type: 'string',
    value: '<duration>',
    help: 'With --from: what the exporter knows is unknown when it is older. Default: 5m.',
  },
  {
    name: 'warning',
    type: 'string',
    value: '<conditions>',
    help: 'The conditions that are a warning, with commas, or none.',
  },
  {
    name: 'critical',
    type: 'string',
    value: '<conditions>',
    help: 'The conditions that are critical, with commas, or none.',
  },
  { name: 'watch', type: 'boolean', help: 'Refresh and print again on the schedule, until interrupted.' },
  { name: 'help', type: 'boolean', help: 'Print this help and exit.' },
] as const;

type Flags = FlagValues<typeof CHECK_FLAGS>;

/** What is checked: the clouds themselves, or what an exporter knows of them. */
interface Source {
  readonly read: () => Promise<Reading>;
  /** How long to wait before the next look, in milliseconds. */
  readonly waitMs: () => number;
  readonly close: () => void;
}

/** One look, a table for people, JSON, or what other monitoring reads, and an exit code as monitoring plugins have it. */
export async function check(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    return await checkOrThrow(args, surroundings);
  } catch (error) {
    // Who runs plugins reads standard output alone.
    const render = error instanceof UserError ? UNKNOWN_FORMS.find(([output]) => wants(output, args))?.[1] : undefined;
    if (!render) throw error;
    process.stdout.write(render((error as UserError).message));
    return UNKNOWN;
  }
}

const UNKNOWN_FORMS = [
  ['plugin', renderUnknown],
  ['checkmk', renderCheckmkUnknown],
] as const;

/** As far as a command line says it that may not be understood. */
function wants(output: string, args: readonly string[]): boolean {
  return args.some((arg, i) => arg === `--output=${output}` || (arg === output && args[i - 1] === '--output'));
}

async function checkOrThrow(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals: hosts } = parseFlags(args, CHECK_FLAGS);
  if (values.help) {
    process.stdout.write(help(CHECK_FLAGS, CHECK_USAGE));
    return 0;
  }
  const asked = { hosts, codes: codesOf(values) };
  const source = await (values.from === undefined ? cloudSource(values, surroundings) : exporterSource(values));
  try {
    let before: ReadonlyMap<string, Condition> | undefined;
    for (;;) {
      if (process.stderr.isTTY) process.stderr.write('reading …');
      const reading = await source.read().finally(() => {
        if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      });
      if (values.watch && process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
      await print(reading, asked, values, before);
      if (!values.watch) return exitCodeOf(reading.checked, asked);
      const waitMs = source.waitMs();
      process.stderr.write(`${new Date().toISOString().slice(0, 19)}Z, again in ${durationWords(waitMs)}\n`);
      before = conditionsOf(reading.checked);
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
  } finally {
    source.close();
  }
}

async function cloudSource(values: Flags, surroundings: Surroundings): Promise<Source> {
  for (const name of ['http.config.file', 'max-age'] as const)
    if (values[name] !== undefined) throw new FlagError(`--${name}: expected beside --from, got it without`);
  const targets = choose((await load(values, surroundings)).targets, values.cloud);
  const log = createLog({ level: 'error', format: 'logfmt', write: () => {} });
  const watchers = targets.map((target) => createWatcher({ ...target, log }));
  return {
    async read() {
      await Promise.all(watchers.map((watcher) => watcher.refresh()));
      const checked = watchers.map((watcher) => ({ name: watcher.name, snapshot: watcher.snapshot() }));
      const json = (hosts: readonly string[]): unknown => ({
        clouds: checked.map(({ name, snapshot }) => viewCloud(name, snapshot)),
        backends: checked.flatMap(({ name, snapshot }) =>
          snapshot ? wanted(snapshot, hosts).map((backend) => viewBackend(name, snapshot, backend)) : [],
        ),
      });
      return { checked, json };
    },
    waitMs: () => Math.max(...targets.map(({ config }) => untilDueMs(config.schedule))),
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function exporterSource({ from = '', cloud, ...values }: Flags): Promise<Source> {
  if (values['config.file'] !== undefined) throw new FlagError('--config.file: expected no --from beside it, got both');
  const maxAge = values['max-age'] ?? '5m';
  const maxAgeMs = parseDuration(maxAge);
  if (!maxAgeMs) throw new FlagError(`--max-age: expected a duration, such as 5m, got ${quoted(maxAge)}`);
  const { createExporterReader } = await import('./check-exporter.ts');
  const reader = createExporterReader({ url: from, file: values['http.config.file'], cloud, maxAgeMs });
  return { ...reader, waitMs: () => WATCH_EXPORTER_MS };
}

/** Resolves when it is on its way: the process ends right after, and a pipe would lose the rest. */
function print(
  { checked, json }: Reading,
  asked: Asked,
  { output }: Flags,
  before: ReadonlyMap<string, Condition> | undefined,
): Promise<void> {
  const terminal = process.stdout.isTTY;
  const forms: Readonly<Record<string, () => string>> = {
    json: () => `${visibleJson(json(asked.hosts), terminal ? 2 : undefined)}\n`,
    plugin: () => renderPlugin(checked, asked),
    checkmk: () => renderCheckmk(checked, asked),
    table: () =>
      renderCheck(checked, asked, {
        colour: terminal && !process.env['NO_COLOR'],
        width: terminal ? process.stdout.columns : undefined,
        ...(before && { before }),
      }),
  };
  return written(forms[output]?.() ?? '');
}

function choose(targets: readonly Target[], name: string | undefined): readonly Target[] {
  if (name === undefined) return targets;
  const chosen = targets.filter(({ config }) => config.name === name);
  if (chosen.length === 0)
    throw new FlagError(
      `--cloud: expected one of ${targets.map(({ config }) => config.name).join(', ')}, got ${quoted(name)}`,
    );
  return chosen;
}
