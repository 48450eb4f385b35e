import type { Condition } from '../cinder/model.ts';
import { WORST_FIRST } from './signs.ts';

/** A condition's colours: words on their wash, in the light and in the dark theme, and the solid colour of timelines, which is the dashboards' in both. */
interface Colours {
  readonly light: readonly [fore: string, wash: string];
  readonly dark: readonly [fore: string, wash: string];
  readonly solid: string;
}

const COLOURS: Readonly<Record<Condition, Colours>> = {
  down: { light: ['#ffffff', '#8b0a1a'], dark: ['#ffffff', '#a3182a'], solid: '#8b0a1a' },
  service_down: { light: ['#a31616', '#fbdcda'], dark: ['#ffb0ab', '#531a1a'], solid: '#e03131' },
  stale: { light: ['#8f351d', '#ffe3da'], dark: ['#ffb7a6', '#472519'], solid: '#ff9080' },
  degraded: { light: ['#715300', '#f9ecc0'], dark: ['#f0ce6a', '#3d3210'], solid: '#f2b01e' },
  unknown: { light: ['#5b3a93', '#ece4f8'], dark: ['#cdb5f5', '#33264a'], solid: '#8e44ad' },
  frozen: { light: ['#1d5586', '#dfecf8'], dark: ['#a3cdf2', '#1b3045'], solid: '#5dade2' },
  disabled: { light: ['#4a525b', '#e8eaec'], dark: ['#bcc4cc', '#2b3036'], solid: '#8c8c8c' },
  up_assumed: { light: ['#2c6455', '#e2f0ea'], dark: ['#a5d3c3', '#1d322b'], solid: '#9fd8b0' },
  up: { light: ['#1f6338', '#dff2e4'], dark: ['#92d7aa', '#18341f'], solid: '#1e9455' },
};

const vars = (condition: Condition, [fore, wash]: readonly [string, string]): string =>
  `.c-${condition} { --fore: ${fore}; --wash: ${wash}; }`;

/** The same nine colours wherever a condition is shown. */
export const CONDITION_STYLE = `
${WORST_FIRST.map((condition) => `${vars(condition, COLOURS[condition].light)} .f-${condition} { fill: ${COLOURS[condition].solid}; } .k-${condition} { --solid: ${COLOURS[condition].solid}; }`).join('\n')}
.f-blind { fill: var(--room); }
@media (prefers-color-scheme: dark) {
.f-down { stroke: #f2897f; stroke-width: 1.5px; vector-effect: non-scaling-stroke; }
${WORST_FIRST.map((condition) => vars(condition, COLOURS[condition].dark)).join('\n')}
}
`;
