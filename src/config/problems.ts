import type { z } from 'zod';
import { cronProblem } from './cron.ts';
import { nearest } from './nearest.ts';
import { child, placeText, quoted, quotedText } from './tree.ts';
import type { MapTree, Place, Tree } from './tree.ts';
import { keyText } from './yaml.ts';

/** One thing wrong in a file, before it becomes a line of `ConfigError`. */
export interface Problem {
  readonly at: Place;
  readonly text: string;
}

export function problem(at: Place, path: readonly string[], expected: string, got: string): Problem {
  return { at, text: `${placeText(at)}: ${keyText(path)}: expected ${expected}, got ${got}` };
}

/** One line each, in the order of the file, without repetition. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  const sorted = [...problems].sort((a, b) => byPlace(a.at, b.at));
  return [...new Set(sorted.map(({ text }) => text))];
}

function byPlace(a: Place, b: Place): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** What zod found, put back where it was written. `keysAt` lists the keys that a mapping knows. */
export function schemaProblems(
  root: MapTree,
  issues: readonly z.core.$ZodIssue[],
  keysAt: (path: readonly string[]) => readonly string[],
): readonly Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    const tree = treeAt(root, path) ?? root;
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey(tree, path, key, keysAt(path)));
    }
    return [wrongValue(tree, path, issue.message)];
  });
}

/** The value at a path, or undefined when nothing is written there. */
export function treeAt(root: Tree, path: readonly string[]): Tree | undefined {
  return path.reduce<Tree | undefined>((tree, key) => child(tree, key), root);
}

/** A key that the mapping at `path` does not know, with the one it may have meant. */
export function unknownKey(tree: Tree, path: readonly string[], key: string, known: readonly string[]): Problem {
  const at = (tree.kind === 'map' ? tree.entries.get(key)?.keyAt : undefined) ?? tree.at;
  const meant = nearest(key, known);
  const expected = meant === undefined ? `one of ${known.join(', ')}` : `a known key (did you mean ${meant}?)`;
  return problem(at, [...path, key], expected, quoted(key));
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
