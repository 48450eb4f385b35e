import type { CanaryConfig, CloudConfig, Config, OperationLimits, Schedule } from './config.ts';
import { periodMs } from './cron.ts';
import { ConfigError } from './error.ts';
import { problem, problemAt, type Problem, problemLines, schemaProblems, treeAt } from './problems.ts';
import {
  CLOUD_NAME,
  CLOUD_NAME_TEXT,
  type FileCloud,
  fileSchema,
  type FileSettings,
  MAX_CLOUDS,
  SEVERAL_BACKENDS,
  type FileDefaults,
} from './schema.ts';
import { child, type MapTree, plainValue, quoted, quotedText, type Tree } from './tree.ts';
import { DAY, formatDuration, HOUR, MINUTE, SECOND } from '../duration.ts';
import { readTree } from './yaml.ts';

/** The configuration of a file. Throws `ConfigError` with every problem. */
export function loadConfig(file: string, env: Readonly<Record<string, string | undefined>>): Config {
  const root = withEmptyClouds(readTree(file, '1.2'));
  const { success, data, error } = fileSchema.safeParse(plainValue(root, ({ value }) => value));
  const problems = [...cloudProblems(root), ...(success ? [] : schemaProblems(root, error.issues))];
  if (!success || problems.length > 0) throw new ConfigError(problemLines(problems));
  const config = completeConfig(data, env);
  const clashes = config.clouds.flatMap((cloud) => clashProblems(root, cloud));
  if (clashes.length > 0) throw new ConfigError(problemLines(clashes));
  return { ...config, file };
}

/** A cloud with nothing below its name is one with every default. */
function withEmptyClouds(root: MapTree): MapTree {
  const clouds = root.entries.get('clouds');
  if (clouds?.value.kind !== 'map') return root;
  const entries = new Map(clouds.value.entries);
  for (const [name, entry] of entries) {
    const { value } = entry;
    if (value.kind !== 'leaf' || value.value !== null) continue;
    entries.set(name, { ...entry, value: { kind: 'map', at: value.at, entries: new Map() } });
  }
  return { ...root, entries: new Map(root.entries).set('clouds', { ...clouds, value: { ...clouds.value, entries } }) };
}

/** What the schema cannot say: names, their number, and a mapping with both ways to say when. */
function cloudProblems(root: MapTree): readonly Problem[] {
  const problems: Problem[] = [];
  const clouds = child(root, 'clouds');
  problems.push(...bothSchedules(child(root, 'defaults'), ['defaults']));
  if (clouds?.kind !== 'map') return problems;
  const { size } = clouds.entries;
  if (size === 0) problems.push(problem(clouds.at, ['clouds'], 'at least one cloud', quotedText(clouds)));
  if (size > MAX_CLOUDS) problems.push(problem(clouds.at, ['clouds'], `at most ${MAX_CLOUDS} clouds`, String(size)));
  for (const [name, { keyAt, value }] of clouds.entries) {
    if (!CLOUD_NAME.test(name)) problems.push(problem(keyAt, ['clouds', name], CLOUD_NAME_TEXT, quoted(name)));
    problems.push(...bothSchedules(value, ['clouds', name]));
  }
  return problems;
}

function bothSchedules(tree: Tree | undefined, path: readonly string[]): readonly Problem[] {
  const schedule = tree?.kind === 'map' && tree.entries.has('interval') ? tree.entries.get('schedule') : undefined;
  return schedule ? [problem(schedule.keyAt, [...path, 'schedule'], 'interval or schedule', 'both')] : [];
}

/** Where the cause of a contradiction is written: in the cloud itself, or else in `defaults`. */
function clashProblems(root: MapTree, cloud: CloudConfig): readonly Problem[] {
  return contradictions(cloud).map(({ keys, expected, got }) => {
    const paths = [...keys.map((key) => ['clouds', cloud.name, ...key]), ...keys.map((key) => ['defaults', ...key])];
    const path = paths.find((path) => treeAt(root, path)) ?? [];
    return problemAt(root, path, expected, got);
  });
}

const MIB = 1024 * 1024;
/** However much memory there is. */
const MOST_BODY_BYTES = 256 * MIB;
const MOST_ROWS = 200_000;
/** Memory for each row of a list. */
const ROW_BYTES = 10 * 1024;

/**
 * A whole configuration from what a file says, or from nothing: then the cloud is the one named by `OS_CLOUD`, or else `default` until it is found.
 * The longest answer, and its most rows, go by the memory that a control group gives this process.
 */
export function completeConfig(
  { grafana_url: grafanaUrl, runbook_url: runbookUrl, clouds: named, defaults = {} }: FileSettings,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const fitting = fittingLimits(process.constrainedMemory());
  const clouds = named
    ? Object.entries(named).map(([name, own]) => completeCloud(name, own.os_cloud ?? name, own, defaults, fitting))
    : [completeCloud(env['OS_CLOUD'] || 'default', undefined, {}, defaults, fitting)];
  return {
    clouds,
    ...(grafanaUrl === undefined ? {} : { grafanaUrl: grafanaUrl.replace(/\/+$/, '') }),
    ...(runbookUrl === undefined ? {} : { runbookUrl: runbookUrl.replace(/\/+$/, '') }),
  };
}

/** The settings of one cloud with what `defaults` says and our own defaults filled in. Its own `interval` replaces a default `schedule`, and the other way round. */
function completeCloud(
  name: string,
  osCloud: string | undefined,
  own: FileCloud,
  defaults: FileDefaults,
  fitting: FittingLimits,
): CloudConfig {
  const schedule: Schedule = scheduleOf(own) ?? scheduleOf(defaults) ?? { kind: 'interval', everyMs: 30 * SECOND };
  const staleAfterMs = own.stale_after ?? defaults.stale_after;
  const timeouts = { ...defaults.timeouts, ...own.timeouts };
  const collectors = { ...defaults.collectors, ...own.collectors };
  const limits = { ...defaults.limits, ...own.limits };
  return {
    name,
    ...(osCloud === undefined ? {} : { osCloud }),
    schedule,
    maxRandomDelayMs:
      own.max_random_delay ?? defaults.max_random_delay ?? Math.min(5 * SECOND, Math.floor(periodMs(schedule) / 10)),
    requestTimeoutMs: timeouts.request ?? 10 * SECOND,
    schedulerPatienceMs: timeouts.scheduler_patience ?? 10 * SECOND,
    schedulerTimeoutMs: timeouts.scheduler ?? 3 * MINUTE,
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    collectors: {
      pools: collectors.pools ?? true,
      volumeTypes: collectors.volume_types ?? true,
      volumes: collectors.volumes ?? true,
      capabilities: collectors.capabilities ?? true,
      operations: collectors.operations ?? false,
    },
    operationLimits: limitsOf({ ...defaults.operation_limits, ...own.operation_limits }),
    volumeTypesEveryMs: own.volume_types_interval ?? defaults.volume_types_interval ?? 10 * MINUTE,
    limits: {
      maxBodyBytes: limits.max_body ?? fitting.maxBodyBytes,
      maxRows: limits.max_rows ?? fitting.maxRows,
      maxLabelLength: limits.max_label_length ?? 1024,
    },
    ...(own.canary && { canary: completeCanary(own.canary) }),
  };
}

/** Between two rounds in one cloud: 30 an hour. */
export const CANARY_GAP_MS = 2 * MINUTE;

function completeCanary(own: NonNullable<FileCloud['canary']>): CanaryConfig {
  const types = Object.entries(own.volume_types).map(([volumeType, backend]) => ({
    volumeType,
    ...(backend !== SEVERAL_BACKENDS && { backend }),
  }));
  return {
    osCloud: own.os_cloud,
    types,
    everyMs: Math.max(own.interval ?? 30 * MINUTE, types.length * CANARY_GAP_MS),
    ...(own.pause_file !== undefined && { pauseFile: own.pause_file }),
    ...(own.snapshot === true && { snapshot: true }),
    ...(own.image !== undefined && { image: own.image }),
    ...(own.attach && { connector: own.attach.connector }),
  };
}

/** How long each operation may last, unless the file says otherwise. */
export const OPERATION_LIMITS: OperationLimits = {
  creating: 30 * MINUTE,
  creatingFrom: 4 * HOUR,
  deleting: 4 * HOUR,
  extending: 30 * MINUTE,
  attaching: 30 * MINUTE,
  detaching: 30 * MINUTE,
  managing: 30 * MINUTE,
  downloading: 4 * HOUR,
  uploading: 12 * HOUR,
  'backing-up': DAY,
  'restoring-backup': DAY,
  retyping: 3 * DAY,
  maintenance: 3 * DAY,
};

function limitsOf(said: NonNullable<FileDefaults['operation_limits']>): OperationLimits {
  const { creating_from: creatingFrom, backing_up: backingUp, restoring, migration, ...same } = said;
  const named = {
    ...same,
    creatingFrom,
    'backing-up': backingUp,
    'restoring-backup': restoring,
    maintenance: migration,
  };
  const given = Object.entries(named).filter(([, ms]) => ms !== undefined);
  return { ...OPERATION_LIMITS, ...(Object.fromEntries(given) as Partial<OperationLimits>) };
}

type FittingLimits = Pick<CloudConfig['limits'], 'maxBodyBytes' | 'maxRows'>;

/**
 * An eighth for a body: it, what is made of it, and what was made of the one before are held at the same time. Of small rows a body holds more than
 * the heap that V8 takes of so much memory: with 256 MiB it ended at 60,000 backends, and 26,000 were read (2026-11-27, Node.js 20).
 * 0 is no limit, a number beyond all memory as well.
 */
function fittingLimits(memoryBytes = 0): FittingLimits {
  if (memoryBytes <= 0) return { maxBodyBytes: MOST_BODY_BYTES, maxRows: MOST_ROWS };
  return {
    maxBodyBytes: Math.min(MOST_BODY_BYTES, Math.max(MIB, Math.floor(memoryBytes / 8))),
    maxRows: Math.min(MOST_ROWS, Math.max(100, Math.floor(memoryBytes / ROW_BYTES))),
  };
}

function scheduleOf(settings: FileDefaults): Schedule | undefined {
  if (settings.interval !== undefined) return { kind: 'interval', everyMs: settings.interval };
  return settings.schedule === undefined ? undefined : { kind: 'cron', expression: settings.schedule };
}

/** Two settings of one cloud that do not go together; `keys` are where to look for the cause, the likeliest first. */
export interface Contradiction {
  readonly keys: readonly (readonly string[])[];
  readonly expected: string;
  readonly got: string;
}

function contradictions(cloud: CloudConfig): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const period = periodMs(cloud.schedule);
  if (cloud.maxRandomDelayMs > period / 2) {
    found.push({
      keys: [['max_random_delay']],
      expected: `at most half the interval of cloud ${cloud.name} (${formatDuration(period)})`,
      got: formatDuration(cloud.maxRandomDelayMs),
    });
  }
  if (cloud.staleAfterMs !== undefined && cloud.staleAfterMs < period) {
    found.push({
      keys: [['stale_after']],
      expected: `at least the interval of cloud ${cloud.name} (${formatDuration(period)})`,
      got: formatDuration(cloud.staleAfterMs),
    });
  }
  if (cloud.canary && cloud.canary.osCloud === cloud.osCloud) {
    found.push({
      keys: [['canary', 'os_cloud']],
      expected: `another entry of clouds.yaml than cloud ${cloud.name} has: the canary has a login of its own`,
      got: quoted(cloud.canary.osCloud),
    });
  }
  const judging = cloud.canary?.types.filter(({ backend }) => backend !== undefined) ?? [];
  const twice = judging.find(({ backend }, i) => judging.findIndex((type) => type.backend === backend) < i);
  const first = judging.find(({ backend }) => backend === twice?.backend);
  if (twice !== undefined && first !== undefined) {
    found.push({
      keys: [['canary', 'volume_types']],
      expected: `one volume type for each backend of cloud ${cloud.name}`,
      got: `${quoted(first.volumeType)} and ${quoted(twice.volumeType)} for the same`,
    });
  }
  if (cloud.schedulerTimeoutMs < cloud.schedulerPatienceMs) {
    found.push({
      keys: [
        ['timeouts', 'scheduler'],
        ['timeouts', 'scheduler_patience'],
      ],
      expected: `scheduler at least as long as scheduler_patience (${formatDuration(cloud.schedulerPatienceMs)})`,
      got: formatDuration(cloud.schedulerTimeoutMs),
    });
  }
  return found;
}
