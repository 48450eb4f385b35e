import { viewBackend, viewCloud } from '../api/view.ts';
import type { Condition } from '../cinder/conditions.ts';
import { quoted } from '../config/tree.ts';
import { durationWords } from '../duration.ts';
import { createLog } from '../log.ts';
import type { Target } from '../watch/fleet.ts';
import { untilDueMs } from '../watch/schedule.ts';
import { createWatcher, type Watcher } from '../watch/watcher.ts';
import { type Checked, conditionsOf, exitCodeOf, renderCheck, wanted } from './check-table.ts';
import { FlagError, FLAGS, type FlagValues, help, parseFlags } from './flags.ts';
import { load } from './serve.ts';
import type { Surroundings } from './targets.ts';

const USAGE = `Usage: cinder-exporter check [flags] [HOST...]

Refreshes once and prints the backends: all, or those that are given. HOST is a host@backend (or cluster@backend), the name of
a backend alone, or one of these with * and ?: '*@lvm-*'.
Exit code as monitoring plugins have it: 0 ok; 1 warning (degraded, disabled, frozen); 2 critical (down, stale, failing, service_down);
3 unknown (unknown; a cloud that cannot be read, or only in part; a service list without backends; a HOST that is not there).
The first line has the verdict, the backends in trouble, and what could not be read.

Flags:
`;

export const CHECK_FLAGS = [
  FLAGS[0],
  { name: 'cloud', type: 'string', value: '<name>', help: 'Only this one of the configured clouds.' },
  {
    name: 'output',
    type: 'string',
    value: '<format>',
    default: 'table',
    choices: ['table', 'json'],
    help: 'table or json.',
  },
  { name: 'watch', type: 'boolean', help: 'Refresh and print again on the schedule, until interrupted.' },
  { name: 'help', type: 'boolean', help: 'Print this help and exit.' },
] as const;

/** One refresh, a table for people or JSON, and an exit code as monitoring plugins have it. */
export async function check(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals: hosts } = parseFlags(args, CHECK_FLAGS);
  if (values.help) {
    process.stdout.write(help(CHECK_FLAGS, USAGE));
    return 0;
  }
  const targets = choose((await load(values, surroundings)).targets, values.cloud);
  const log = createLog({ level: 'error', format: 'logfmt', write: () => {} });
  const watchers = targets.map((target) => createWatcher({ ...target, log }));
  try {
    let before: ReadonlyMap<string, Condition> | undefined;
    for (;;) {
      const checked = await readAll(watchers);
      if (values.watch && process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
      print(checked, hosts, values, before);
      if (!values.watch) return exitCodeOf(checked, hosts);
      const waitMs = Math.max(...targets.map(({ config }) => untilDueMs(config.schedule)));
      process.stderr.write(`${new Date().toISOString().slice(0, 19)}Z, again in ${durationWords(waitMs)}\n`);
      before = conditionsOf(checked);
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

async function readAll(watchers: readonly Watcher[]): Promise<readonly Checked[]> {
  if (process.stderr.isTTY) process.stderr.write('reading the cloud …');
  await Promise.all(watchers.map((watcher) => watcher.refresh()));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return watchers.map((watcher) => ({ name: watcher.name, snapshot: watcher.snapshot() }));
}

function print(
  checked: readonly Checked[],
  hosts: readonly string[],
  { output }: FlagValues<typeof CHECK_FLAGS>,
  before: ReadonlyMap<string, Condition> | undefined,
): void {
  const terminal = process.stdout.isTTY;
  process.stdout.write(
    output === 'json'
      ? `${JSON.stringify(jsonOf(checked, hosts), undefined, terminal ? 2 : undefined)}\n`
      : renderCheck(checked, hosts, {
          colour: terminal && !process.env['NO_COLOR'],
          width: terminal ? process.stdout.columns : undefined,
          ...(before && { before }),
        }),
  );
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

/** The same shape as `/api/v1/backends`. */
function jsonOf(checked: readonly Checked[], hosts: readonly string[]) {
  return {
    clouds: checked.map(({ name, snapshot }) => viewCloud(name, snapshot)),
    backends: checked.flatMap(({ name, snapshot }) =>
      snapshot ? wanted(snapshot, hosts).map((backend) => viewBackend(name, snapshot, backend)) : [],
    ),
  };
}
