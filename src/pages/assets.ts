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

const ICON_COLOURS = { good: '#2e8b57', warn: '#c98a00', unsure: '#7a58b0', bad: '#c5352b', lost: '#6b747d' } as const;
const ICON_MARKS = {
  good: 'M9 17l5 5 9-11',
  warn: 'M16 8v10M16 23v.5',
  unsure: 'M12 12a4 4 0 1 1 5 4q-1 .5-1 2.5M16 23v.5',
  bad: 'M10 10l12 12M22 10L10 22',
  /** Not connected: nobody knows. */
  lost: 'M7 16h5M20 16h5M14 10l4 12',
} as const;

/** The icon of the tab, which tells the state at a glance among many tabs. Anything unknown is `unsure`. */
export function iconSvg(tone: string): string {
  const known = Object.hasOwn(ICON_COLOURS, tone) ? (tone as keyof typeof ICON_COLOURS) : 'unsure';
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
    `<circle cx="16" cy="16" r="15" fill="${ICON_COLOURS[known]}"/>`,
    `<path d="${ICON_MARKS[known]}" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/>`,
    '</svg>',
  ].join('');
}
