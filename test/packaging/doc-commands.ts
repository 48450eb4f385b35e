import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** The commands of a page of the repository, in its order: each fenced block marked `sh`, as a person copies it. */
export function commandBlocks(page: string): string[] {
  const text = readFileSync(new URL(page, root), 'utf8');
  return [...text.matchAll(/^( *)```sh\n([^]*?)^ *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** The blocks of a page of docs/install, as many as a test follows: one more or less on the page fails. */
export function countedBlocks(page: string, count: number): string[] {
  const found = commandBlocks(`docs/install/${page}.md`);
  assert.equal(found.length, count, `blocks of commands in ${page}.md`);
  return found;
}
