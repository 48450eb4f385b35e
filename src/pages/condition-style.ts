import { CONDITION_TABLE, WORST_FIRST, type Condition } from '../cinder/conditions.ts';

const vars = (condition: Condition, [fore, wash]: readonly [string, string]): string =>
  `.c-${condition} { --fore: ${fore}; --wash: ${wash}; }`;

/** The same nine colours wherever a condition is shown. */
export const CONDITION_STYLE = `
${WORST_FIRST.map((condition) => `${vars(condition, CONDITION_TABLE[condition].light)} .f-${condition} { fill: ${CONDITION_TABLE[condition].area}; } .k-${condition} { --solid: ${CONDITION_TABLE[condition].area}; }`).join('\n')}
.f-blind { fill: var(--room); }
@media (prefers-color-scheme: dark) {
.f-down { stroke: #f2897f; stroke-width: 1.5px; vector-effect: non-scaling-stroke; }
${WORST_FIRST.map((condition) => vars(condition, CONDITION_TABLE[condition].dark)).join('\n')}
}
`;
