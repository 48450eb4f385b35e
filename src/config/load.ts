import { completeConfig, contradictions } from './complete.ts';
import type { CloudConfig, Config } from './config.ts';
import { ConfigError } from './error.ts';
import { problem, problemLines, schemaProblems, treeAt } from './problems.ts';
import type { Problem } from './problems.ts';
import { FileError, readRegularFile } from './regular-file.ts';
import { CLOUD_NAME, CLOUD_NAME_TEXT, MAX_CLOUDS, fileSchema, keysAt } from './schema.ts';
import { child, quoted, quotedText } from './tree.ts';
import type { MapTree, Tree } from './tree.ts';
import { parseTree } from './yaml-tree.ts';

/** The configuration of a file. Throws `ConfigError` with every problem. */
export function loadConfig(file: string, env: Readonly<Record<string, string | undefined>>): Config {
  const root = withEmptyClouds(parseTree(readText(file), file, '1.2'));
  const { success, data, error } = fileSchema.safeParse(plainValue(root));
  const problems = [...cloudProblems(root), ...(success ? [] : schemaProblems(root, error.issues, keysAt))];
  if (!success || problems.length > 0) throw new ConfigError(problemLines(problems));
  const config = completeConfig(data, env);
  const clashes = config.clouds.flatMap((cloud) => clashProblems(root, cloud));
  if (clashes.length > 0) throw new ConfigError(problemLines(clashes));
  return { ...config, file };
}

function readText(file: string): string {
  try {
    return readRegularFile(file);
  } catch (error) {
    throw error instanceof FileError ? new ConfigError([error.message]) : error;
  }
}

/** Plain data for the schema. What aliases share stays shared, or a few lines could grow without end. Objects without a prototype: `__proto__` is a key like any other. */
function plainValue(tree: Tree, known = new Map<Tree, unknown>()): unknown {
  if (tree.kind === 'leaf') return tree.value;
  const before = known.get(tree);
  if (before !== undefined) return before;
  if (tree.kind === 'list') {
    const list = tree.items.map((item) => plainValue(item, known));
    known.set(tree, list);
    return list;
  }
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of tree.entries) object[key] = plainValue(value, known);
  known.set(tree, object);
  return object;
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
    return problem(treeAt(root, path)?.at ?? root.at, path, expected, got);
  });
}
