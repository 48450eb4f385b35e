import { rmSync, writeFileSync } from 'node:fs';
import { freshMs } from '../canary/round.ts';
import { type CanaryRow, CANARY_PHASES } from '../cinder/canary.ts';
import { CANARY_GAP_MS } from '../config/load.ts';
import type { CanaryConfig } from '../config/config.ts';
import { quoted } from '../config/tree.ts';
import { durationWords } from '../duration.ts';
import { createLog } from '../log.ts';
import { UserError } from '../user-error.ts';
import type { Target } from '../watch/fleet.ts';
import { createWatcher, type Watcher } from '../watch/watcher.ts';
import { FlagError, FLAGS, type FlagValues, help, parseFlags, written } from './flags.ts';
import { load } from './serve.ts';
import type { Surroundings } from './targets.ts';

export const CANARY_USAGE = `Usage: cinder-exporter canary --setup | --once | --clean | --pause | --resume [flags] [TYPE...]

Prepares, tries, cleans up or pauses the canary: a volume that the exporter makes now and then, looks at, and deletes. Give exactly one of the first five flags.
--once and --clean log in as the canary does. Exit code as monitoring plugins have it:
--once   0 made and taken away, 1 no verdict (paused, or a full quota), 2 failed, 3 the canary cannot run or cannot be reached
--clean  0 nothing is left, 2 something is left, 3 it cannot be reached, or must not touch anything

Flags:
`;

export const CANARY_FLAGS = [
  FLAGS[0],
  {
    name: 'cloud',
    type: 'string',
    value: '<name>',
    help: 'Which of the configured clouds, when several have a canary.',
  },
  {
    name: 'setup',
    type: 'boolean',
    help: 'Print the openstack commands that make project, quota, volume types, user and application credential. Nothing is sent.',
  },
  {
    name: 'once',
    type: 'boolean',
    help: 'One round now, of each type or of those given, with a table of its phases.',
  },
  {
    name: 'clean',
    type: 'boolean',
    help: 'Delete what rounds have left behind: volumes with the mark of the canary, in its project.',
  },
  { name: 'pause', type: 'boolean', help: 'Make pause_file: no round begins until --resume.' },
  { name: 'resume', type: 'boolean', help: 'Remove pause_file.' },
  { name: 'help', type: 'boolean', help: 'Print this help and exit.' },
] as const;

type Flags = FlagValues<typeof CANARY_FLAGS>;

const MODES = ['setup', 'once', 'clean', 'pause', 'resume'] as const;

const OK = 0;
const NO_VERDICT = 1;
const FAILED = 2;
const UNKNOWN = 3;

/** A cloud that has a canary. */
type CanaryTarget = Target & { readonly canary: CanaryConfig };

/** Sets up, tries, cleans up after, pauses the canary of a cloud. Resolves with the exit code. */
export async function canary(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = parseFlags(args, CANARY_FLAGS);
  if (values.help) {
    process.stdout.write(help(CANARY_FLAGS, CANARY_USAGE));
    return OK;
  }
  const modes = MODES.filter((mode) => values[mode]);
  const [mode, another] = modes;
  const all = MODES.map((each) => `--${each}`).join(', ');
  if (mode === undefined) throw new FlagError(`canary: expected one of ${all}, got none`);
  if (another !== undefined) throw new FlagError(`canary: expected one of ${all}, got --${mode} and --${another}`);
  if (mode !== 'once' && positionals[0] !== undefined)
    throw new FlagError(`--${mode}: expected no volume type, got ${quoted(positionals[0])}`);
  const target = await chosen(values, surroundings, mode !== 'once' && mode !== 'clean');
  switch (mode) {
    case 'setup':
      await written(setup(target.canary));
      return OK;
    case 'pause':
    case 'resume':
      return switchPause(target.canary, mode);
    case 'clean':
      return withWatcher(target, (watcher) => clean(watcher, target.canary));
    case 'once':
      return withWatcher(target, (watcher) => once(watcher, target.canary, positionals));
  }
}

/** The cloud that is meant. Where nothing is asked its logins need not be there yet. */
async function chosen(values: Flags, surroundings: Surroundings, offline: boolean): Promise<CanaryTarget> {
  const targets = offline ? await configured(values, surroundings) : (await load(values, surroundings)).targets;
  const withCanary = targets.flatMap((target): CanaryTarget[] => {
    const { canary } = target.config;
    return canary ? [{ ...target, canary }] : [];
  });
  if (withCanary.length === 0)
    throw new FlagError(
      'canary: expected a cloud with the key canary in the configuration file (--config.file), got none',
    );
  const names = withCanary.map(({ config }) => config.name);
  const named = withCanary.filter(({ config }) => values.cloud === undefined || config.name === values.cloud);
  const [first, second] = named;
  if (first === undefined)
    throw new FlagError(`--cloud: expected one of ${names.join(', ')}, got ${quoted(values.cloud ?? '')}`);
  if (second !== undefined) throw new FlagError(`--cloud: expected one of ${names.join(', ')}, got none`);
  return first;
}

/** The clouds of the file alone. `access` is never used. */
async function configured({ 'config.file': file }: Flags, { env }: Surroundings): Promise<readonly Target[]> {
  if (file === undefined) return [];
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig(file, env).clouds.map((config) => ({ config }) as Target);
}

async function withWatcher(target: CanaryTarget, work: (watcher: Watcher) => Promise<number>): Promise<number> {
  const log = createLog({ level: 'error', format: 'logfmt', write: () => {} });
  const watcher = createWatcher({ ...target, log });
  try {
    return await work(watcher);
  } finally {
    watcher.close();
  }
}

async function once(watcher: Watcher, config: CanaryConfig, given: readonly string[]): Promise<number> {
  const known = config.types.map(({ volumeType }) => volumeType);
  const unknown = given.find((type) => !known.includes(type));
  if (unknown !== undefined)
    throw new FlagError(
      `canary: expected a volume type of its configuration (${known.join(', ')}), got ${quoted(unknown)}`,
    );
  // What stands in the way of a round shows in the service list and the pools.
  await watcher.refresh();
  const rows: CanaryRow[] = [];
  for (const type of given.length > 0 ? given : known) {
    const row = await watcher.canary?.once(type);
    if (row) rows.push(row);
  }
  await written(table(rows, config));
  return Math.max(OK, ...rows.map(codeOf));
}

function codeOf({ runs, paused }: CanaryRow): number {
  const run = runs.at(-1);
  if (!run) return paused?.why === 'refused' ? UNKNOWN : NO_VERDICT;
  if (run.success !== undefined) return run.success ? OK : FAILED;
  const { reason } = run.failure ?? {};
  return reason === 'quota' || reason === 'volume_type' ? NO_VERDICT : UNKNOWN;
}

const WORDS = ['ok', 'no verdict', 'failed', 'unknown'] as const;

/** A line for each type, and one for what went wrong with it. */
function table(rows: readonly CanaryRow[], { snapshot, connector }: CanaryConfig): string {
  const left = [...(snapshot ? [] : ['snapshot']), ...(connector ? [] : ['attach'])];
  const shown = CANARY_PHASES.filter((phase) => !left.includes(phase));
  const head = ['VOLUME TYPE', 'BACKEND', 'RESULT', ...shown.map((phase) => phase.toUpperCase())];
  const lines = rows.map((row) => {
    const run = row.runs.at(-1);
    const phases = shown.map((phase) => {
      const ms = run?.tookMs[phase];
      if (ms !== undefined) return `${(ms / 1000).toFixed(1)} s`;
      return run?.failure?.phase === phase ? 'failed' : '-';
    });
    return [row.volumeType, row.backend ?? '(several)', WORDS[codeOf(row)] ?? '', ...phases];
  });
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i]?.length ?? 0)));
  const text = [head, ...lines].map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const why = rows.flatMap((row) => {
    const failure = row.runs.at(-1)?.failure;
    const said = failure ? `${failure.phase}: ${failure.reason}: ${failure.message}` : row.paused?.message;
    return said === undefined ? [] : [`${row.volumeType}: ${said}`];
  });
  return `${[...text, ...why].join('\n')}\n`;
}

async function clean(watcher: Watcher, config: CanaryConfig): Promise<number> {
  const cleaned = await watcher.canary?.clean();
  if (cleaned === undefined) return UNKNOWN;
  const { left, otherIsAtIt, refusal } = cleaned;
  if (refusal !== undefined) {
    await written(`nothing was touched: ${refusal}\n`);
    return UNKNOWN;
  }
  const said = [
    ...(left > 0 ? [`${left === 1 ? '1 volume is' : `${left} volumes are`} left, and cannot be deleted now`] : []),
    ...(otherIsAtIt
      ? [`a volume is left that may be of a round of another process: in ${durationWords(freshMs(config))} it is none`]
      : []),
  ];
  await written(`${said.length > 0 ? said.join('; ') : 'nothing is left'}\n`);
  return said.length > 0 ? FAILED : OK;
}

async function switchPause({ pauseFile }: CanaryConfig, mode: 'pause' | 'resume'): Promise<number> {
  if (pauseFile === undefined)
    throw new FlagError(`--${mode}: expected canary.pause_file in the configuration file, got none`);
  try {
    if (mode === 'pause') writeFileSync(pauseFile, `${new Date().toISOString()} cinder-exporter canary --pause\n`);
    else rmSync(pauseFile, { force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`canary.pause_file: expected a file that can be made and removed, got ${pauseFile}: ${code}`);
  }
  await written(mode === 'pause' ? `paused: ${pauseFile} exists\n` : `resumed: ${pauseFile} does not exist\n`);
  return OK;
}

/** Left-overs of a type at which it makes no more, and the one that is being made. */
const VOLUMES_OF_TYPE = 4;

/** What an administrator types once. */
function setup({ osCloud, types, everyMs, snapshot, image, connector }: CanaryConfig): string {
  const most = types.length * VOLUMES_OF_TYPE;
  // Each is a copy of its volume: it counts as many gigabytes.
  const snapshots = snapshot ? most : 0;
  const rules = rulesFor(snapshot === true, connector !== undefined);
  const share =
    image === undefined
      ? ''
      : `
# 2a. The image must be for that project: a public one, or one that is shared with it, of 1 GiB at most.
openstack image add project ${image} cinder-canary
`;
  const aYear = Math.round((365 * 86_400_000 * types.length) / everyMs);
  const lines = types.flatMap(({ volumeType, backend }) => {
    if (backend === undefined)
      return [
        `# ${volumeType} has several backends: it must exist. When it is private, give the project access:`,
        `#   openstack volume type set --project cinder-canary ${shell(volumeType)}`,
      ];
    const name = backend.slice(backend.indexOf('@') + 1);
    return [
      `# ${volumeType}, for ${backend} alone: volume_backend_name of its section in cinder.conf, and no other backend may have the same.`,
      `openstack volume type create --private --property volume_backend_name=${shell(name)} ${shell(volumeType)}`,
      `openstack volume type set --project cinder-canary ${shell(volumeType)}`,
    ];
  });
  return `# Run as an administrator, once. Look at each line before.
# A round every ${durationWords(everyMs)} for each volume type (${types.length}), with ${durationWords(CANARY_GAP_MS)} between two at least: about ${aYear} volumes a year.
# Each leaves a soft-deleted row in Cinder's database until cinder-manage db purge.

# 1. A project of its own. The quota is the hard stop: however wrong anything goes, there are no more volumes than these.
openstack project create --domain default --description 'Volumes of the canary of cinder-exporter' cinder-canary
openstack quota set --volumes ${most} --gigabytes ${most + snapshots} --per-volume-gigabytes 1 --snapshots ${snapshots} --backups 0 cinder-canary

# 2. The volume types: private, and each for one backend alone.
${lines.join('\n')}
# A backend in another availability zone than Cinder's default: its type needs --property RESKEY:availability_zones=ZONE as well.
${share}
# 3. A user who is a plain member of that project.
openstack user create --domain default --password-prompt cinder-canary
openstack role add --project cinder-canary --user cinder-canary member

# 4. As that user (OS_USERNAME, OS_PROJECT_NAME, ... of cinder-canary): an application credential that can do what the canary does, and nothing else.
# The access rules need service_type = block-storage in [keystone_authtoken] of cinder.conf; without it leave --access-rules out.
openstack application credential create cinder-canary --role member --access-rules '${JSON.stringify(rules)}'

# 5. Its id and secret in clouds.yaml:
# clouds:
#   ${osCloud}:
#     auth_type: v3applicationcredential
#     auth: {auth_url: 'https://KEYSTONE/v3', application_credential_id: ID, application_credential_secret: SECRET}

# 6. Try it:
# cinder-exporter canary --once --config.file=FILE
`;
}

/** Where the API has a project id in its path, each path is there a second time. What a round no longer does may still have to be cleaned up. */
function rulesFor(snapshot: boolean, attach: boolean): readonly object[] {
  const requests = [
    ['GET', '/volumes/detail'],
    ['GET', '/volumes/*'],
    ['GET', '/types'],
    ['GET', '/messages'],
    ['POST', '/volumes'],
    ['DELETE', '/volumes/*'],
    ['GET', '/snapshots/detail'],
    ['GET', '/snapshots/*'],
    ['DELETE', '/snapshots/*'],
    ...(snapshot ? [['POST', '/snapshots']] : []),
    ['GET', '/attachments'],
    ['DELETE', '/attachments/*'],
    ...(attach ? [['POST', '/attachments']] : []),
  ];
  return ['/v3', '/v3/*'].flatMap((base) =>
    requests.map(([method, path]) => ({ service: 'block-storage', method, path: `${base}${path}` })),
  );
}

/** A word for a shell. */
function shell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
