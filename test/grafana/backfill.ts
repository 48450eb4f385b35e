import { escapeLabel } from '../../src/metrics/exposition.ts';

export type Labels = Readonly<Record<string, string>>;

/** Puts target labels on every sample of a page, and the time behind it, as if it had been scraped then. Comments are left out. */
export function scraped(page: string, target: Labels, atMs: number): string {
  const labels = Object.entries(target)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
  let lines = '';
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) throw new Error(`not a sample: ${line}`);
    const [, name, own = '', value] = match;
    lines += `${name}{${own === '' ? labels : `${own},${labels}`}} ${value} ${atMs / 1000}\n`;
  }
  return lines;
}

/** A sample of a series that no exporter made. */
export function sample(name: string, labels: Labels, value: number, atMs: number): string {
  return scraped(`${name} ${value}`, labels, atMs);
}
