import { readFileSync } from 'node:fs';

/** The block of YAML in a page of docs/install whose first line is the comment with the name of a file; empty when there is none. */
export function pageBlock(page: string, file: string): string {
  const text = readFileSync(new URL(`../../docs/install/${page}.md`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.find((block) => block.startsWith(`# ${file}\n`)) ?? '';
}
