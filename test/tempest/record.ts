import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type TempestResult, testList } from './tempest.ts';

const PAGE = new URL('../../docs/tempest.md', import.meta.url);

/** Writes the result on a cloud into docs/tempest.md; what stands there of other clouds stays. */
export function record(cloud: string, { passed, skipped, failed, seconds }: TempestResult): void {
  const date = new Date().toISOString().slice(0, 10);
  const old = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const others = [...old.matchAll(/^\| (?:a real|the simulated) .*$/gm)].map(([row]) => row);
  const rows = [
    ...others.filter((row) => !row.startsWith(`| ${cloud} |`)),
    `| ${cloud} | ${date} | ${passed} | ${skipped} | ${failed} | ${seconds} |`,
  ];
  const text = `# Tempest

Written by \`UPDATE_DOCS=1 npm run tempest -- simulated\` and \`LAB_RELEASE=29 UPDATE_DOCS=1 npm run tempest -- real\`; do not edit.

Tempest is OpenStack's own suite; this is release 47.0.0 of it. \`.ci/run\` runs it against the simulated cloud, with no failure allowed. Skipped is what
Tempest itself skips.

| cloud | date | passed | skipped | failed | seconds |
| --- | --- | --: | --: | --: | --: |
${rows.toSorted().join('\n')}

## What is asked

\`\`\`text
${withoutComments(testList('asked.txt'))}
\`\`\`

## What is left out

${reasons(testList('left-out.txt'))}

Against the simulated cloud also:

${reasons(testList('not-built.txt'))}
`;
  writeFileSync(PAGE, text);
}

function withoutComments(list: string): string {
  return list
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n');
}

/** Each group of tests with the comment before it; the first comment tells what the file is. */
function reasons(list: string): string {
  const [, ...groups] = list
    .split(/^#$\n/m)
    .join('')
    .split(/(?=^# )/m);
  return groups
    .map((group) => {
      const lines = group.trim().split('\n');
      const why = lines.filter((line) => line.startsWith('# ')).map((line) => line.slice(2));
      const tests = lines.filter((line) => !line.startsWith('#')).map((line) => `\`${line}\``);
      return `* ${why.join(' ')}${tests.length === 0 ? '' : ` ${tests.join(', ')}`}`;
    })
    .join('\n');
}
