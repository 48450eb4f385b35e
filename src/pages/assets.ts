import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CONDITION_TABLE, WORST_FIRST, type Condition } from '../cinder/conditions.ts';

/** A file that the pages load from our own origin. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** They stand beside this file, also in `dist`, where the build puts them. */
function browserFile(name: string): string {
  return readFileSync(new URL(`browser/${name}`, import.meta.url), 'utf8');
}

/** The colours of a condition wherever it is shown: `c-` badges, `f-` timelines, `k-` rows. */
function conditionStyle(): string {
  const words = (condition: Condition, [text, wash]: readonly [string, string]): string =>
    `.c-${condition} { --fore: ${text}; --wash: ${wash}; }\n`;
  const light = WORST_FIRST.map((condition) => {
    const { light, area } = CONDITION_TABLE[condition];
    return `${words(condition, light)}.f-${condition} { fill: ${area}; }\n.k-${condition} { --solid: ${area}; }\n`;
  });
  const dark = WORST_FIRST.map((condition) => words(condition, CONDITION_TABLE[condition].dark));
  return `${light.join('')}@media (prefers-color-scheme: dark) {\n${dark.join('')}}\n`;
}

export const ASSETS = {
  'status.css': { type: 'text/css; charset=utf-8', body: `${browserFile('style.css')}\n${conditionStyle()}` },
  'status.js': { type: 'text/javascript; charset=utf-8', body: browserFile('client.js') },
} as const satisfies Readonly<Record<string, Asset>>;

const LINKS = Object.fromEntries(
  Object.entries(ASSETS).map(([file, { body }]) => [
    file,
    `${file}?v=${createHash('sha256').update(body).digest('hex').slice(0, 12)}`,
  ]),
);

/** A file's address, which changes with what is in it: browsers may keep it for ever. */
export function assetLink(file: keyof typeof ASSETS): string {
  return LINKS[file] ?? file;
}
