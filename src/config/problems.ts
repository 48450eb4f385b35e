import * as z from 'zod';
import { cronProblem } from './cron.ts';
import { nearest } from './nearest.ts';
import { child, kindText, placeText, quotedKey, quotedText } from './tree.ts';
import type { MapTree, SourcePlace, Tree } from './tree.ts';
import { keyText } from './yaml.ts';

/** One thing wrong in a file, before it becomes a line of `ConfigError`. */
export interface Problem {
  readonly at: SourcePlace;
  readonly text: string;
}

export function problem(at: SourcePlace, path: readonly string[], expected: string, got: string): Problem {
  return { at, text: `${placeText(at)}: ${keyText(path)}: expected ${expected}, got ${got}` };
}

/** One line each, in the order of the file, without repetition. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  const sorted = [...problems].sort((a, b) => byPlace(a.at, b.at));
  return [...new Set(sorted.map(({ text }) => text))];
}

function byPlace(a: SourcePlace, b: SourcePlace): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** A schema of a mapping that knows all its keys. In every schema an issue's message is what was expected; of an unknown key it is the list of the known ones. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : 'a mapping') });
}

/** For the transformations of a schema: notes what was expected instead. Without `got` the message shows what is written there. */
export function refuse(context: z.RefinementCtx, expected: string, { path = [], got }: RefusalDetails = {}): never {
  context.addIssue({ code: 'custom', message: expected, path: [...path], params: { got } });
  return z.NEVER;
}

interface RefusalDetails {
  /** Within the value that is transformed. */
  readonly path?: readonly string[];
  readonly got?: string;
}

/** What a schema found, put back where it was written. `values` hidden: of what is written there only its kind is said. */
export function schemaProblems(
  root: MapTree,
  issues: readonly z.core.$ZodIssue[],
  values: 'shown' | 'hidden' = 'shown',
): readonly Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(root, path, key, issue.message));
    const got: unknown = issue.code === 'custom' ? issue.params?.['got'] : undefined;
    const tree = values === 'hidden' ? treeAt(root, path) : undefined;
    return [problemAt(root, path, issue.message, typeof got === 'string' ? got : tree && kindText(tree))];
  });
}

/** The value at a path, or undefined when nothing is written there. */
export function treeAt(root: Tree, path: readonly string[]): Tree | undefined {
  return path.reduce<Tree | undefined>((tree, key) => child(tree, key), root);
}

/** What is wrong with the value at a path, at its place, or else at the key of the mapping that lacks it. Without `got` it shows what is written there. */
export function problemAt(root: Tree, path: readonly string[], expected: string, got?: string): Problem {
  const tree = treeAt(root, path);
  if (tree && got === undefined) return wrongValue(tree, path, expected);
  return problem(tree?.at ?? keyPlace(root, path), path, expected, got ?? 'nothing');
}

/** Where the last key of a path that is written stands. */
function keyPlace(root: Tree, path: readonly string[]): SourcePlace {
  let place = root.at;
  for (const [index, key] of path.entries()) {
    const parent = treeAt(root, path.slice(0, index));
    place = (parent?.kind === 'map' ? parent.entries.get(key)?.keyAt : undefined) ?? place;
  }
  return place;
}

/** A key that the mapping at `path` does not know, with the one it may have meant. */
function unknownKey(root: Tree, path: readonly string[], key: string, known: string): Problem {
  const meant = nearest(key, known.split(', '));
  const expected = meant === undefined ? `one of ${known}` : `a known key (did you mean ${meant}?)`;
  return problem(keyPlace(root, [...path, key]), [...path, key], expected, quotedKey(key));
}

function wrongValue(tree: Tree, path: readonly string[], expected: string): Problem {
  if (tree.kind !== 'leaf') return problem(tree.at, path, expected, quotedText(tree));
  const cron =
    expected.startsWith('a node-cron') && typeof tree.value === 'string' ? cronProblem(tree.value) : undefined;
  if (cron) {
    const column = (tree.at.column ?? 1) + (tree.quoted ? 1 : 0) + cron.offset;
    return problem({ ...tree.at, column }, path, cron.expected, cron.got);
  }
  const unitless = typeof tree.value === 'number' && /^a (?:duration|size)/.test(expected);
  return problem(tree.at, path, expected, `${quotedText(tree)}${unitless ? ' without a unit' : ''}`);
}
