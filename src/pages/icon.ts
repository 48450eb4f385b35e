const COLOURS = { good: '#2e8b57', warn: '#c98a00', unsure: '#7a58b0', bad: '#c5352b' } as const;
const MARKS = {
  good: 'M9 17l5 5 9-11',
  warn: 'M16 8v10M16 23v.5',
  unsure: 'M12 12a4 4 0 1 1 5 4q-1 .5-1 2.5M16 23v.5',
  bad: 'M10 10l12 12M22 10L10 22',
} as const;

/** The icon of the tab, which tells the state at a glance among many tabs. Anything unknown is `unsure`. */
export function iconSvg(tone: string): string {
  const known = Object.hasOwn(COLOURS, tone) ? (tone as keyof typeof COLOURS) : 'unsure';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${COLOURS[known]}"/><path d="${MARKS[known]}" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
}
