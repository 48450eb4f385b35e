import { html, type SafeHtml } from '@remix-run/html-template';
import { CONDITION_TABLE, type Condition } from '../cinder/conditions.ts';
import type { Snapshot } from '../cinder/snapshot.ts';
import { durationWords } from '../duration.ts';
import { withoutControls } from '../text.ts';
import { backendLink, listLink, type Filter, type ListPage } from './address.ts';
import { usageOf } from './charts.ts';
import { name, numberText, percentText } from './components.ts';
import { PAGE_SIZE, type Entry, type PageInput } from './listing.ts';

/** So few have their names beside them. */
const NAMED = 40;

/** So many are a link each. More are a link for each hundred, as a page would grow with every one. */
const LINKED = 600;

/** Backends that need nobody: a square for each, so that 5,000 fit on a screen. */
export function healthySquares(input: PageInput, entries: readonly Entry[], place: ListPage, wanted: Filter): SafeHtml {
  const counts = new Map<Condition, number>();
  let changes = 0;
  for (const { snapshot, backend } of entries) {
    counts.set(backend.condition, (counts.get(backend.condition) ?? 0) + 1);
    const at = snapshot.histories.get(backend.host)?.lastChangeMs;
    if (at !== undefined && at > input.nowMs - input.spanMs) changes += 1;
  }
  const healthy = sum(counts, 'ok');
  const wished = sum(counts, 'wanted');
  const parts = [...counts].map(([condition, count]) => `${numberText(count)} ${CONDITION_TABLE[condition].words}`);
  const fullest = fullestOf(entries);
  return html`<details class="healthy" open data-key="healthy">
    <summary>
      <h3>${numberText(healthy)} healthy${wished > 0 ? html`, ${numberText(wished)} out of use as wanted` : ''}</h3>
      <span class="quiet">
        · ${parts.join(', ')} · ${numberText(changes)} changed in
        ${durationWords(input.spanMs)}${fullest ? html` · fullest pool ${name(fullest.pool)} ${percentText(fullest.used)}` : ''}</span
      >
    </summary>
    ${entries.length > LINKED ? hundreds(entries, place, wanted) : html`<p class="${entries.length > NAMED ? 'squares' : 'squares named'}">${entries.map((entry) => square(entry, entries.length <= NAMED))}</p>`}
    <p class="quiet"><a href="${listLink(place, wanted, { condition: 'healthy' })}">as a list</a></p>
  </details>`;
}

function sum(counts: ReadonlyMap<Condition, number>, severity: 'ok' | 'wanted'): number {
  let total = 0;
  for (const [condition, count] of counts) if (CONDITION_TABLE[condition].severity === severity) total += count;
  return total;
}

function square({ cloud, backend: { host, condition } }: Entry, named: boolean): SafeHtml {
  const { words } = CONDITION_TABLE[condition];
  return named
    ? html`<a class="k-${condition}" href="${backendLink(cloud, host)}" title="${words}"
        ><span></span>${name(host)}</a
      > `
    : html`<a
        class="k-${condition}"
        href="${backendLink(cloud, host)}"
        title="${withoutControls(host)}: ${words}"
      ></a> `;
}

/** A line for each hundred, as the list has a page for each hundred in the same order. */
function hundreds(entries: readonly Entry[], place: ListPage, wanted: Filter): SafeHtml {
  const lines = Array.from({ length: Math.ceil(entries.length / PAGE_SIZE) }, (_, i) =>
    entries.slice(i * PAGE_SIZE, (i + 1) * PAGE_SIZE),
  );
  return html`<p class="hundreds">
    ${lines.map((line, i) => {
      const ends = [line[0], line.at(-1)].map((entry) => withoutControls(entry?.backend.host ?? ''));
      return html`<a
        href="${listLink(place, wanted, { condition: 'healthy', page: i + 1 })}"
        title="${ends.join(' to ')}"
        ><svg viewBox="0 0 ${PAGE_SIZE} 1" preserveAspectRatio="none" aria-hidden="true">${runs(line)}</svg></a
      >`;
    })}
  </p>`;
}

function runs(line: readonly Entry[]): SafeHtml[] {
  const drawn: SafeHtml[] = [];
  let from = 0;
  for (let at = 1; at <= line.length; at += 1) {
    const condition = line[from]?.backend.condition;
    if (condition === undefined || line[at]?.backend.condition === condition) continue;
    drawn.push(html`<rect class="f-${condition}" x="${from}" width="${at - from}" height="1" />`);
    from = at;
  }
  return drawn;
}

interface Fullest {
  readonly pool: string;
  readonly used: number;
}

/** Found once for each snapshot, as a snapshot never changes. */
const found = new WeakMap<Snapshot, Fullest | undefined>();

/** The fullest pool of the clouds that these are from. */
function fullestOf(entries: readonly Entry[]): Fullest | undefined {
  let best: Fullest | undefined;
  let last: Snapshot | undefined;
  for (const { snapshot } of entries) {
    if (snapshot === last) continue;
    last = snapshot;
    if (!found.has(snapshot)) found.set(snapshot, fullestIn(snapshot));
    const one = found.get(snapshot);
    if (one && one.used > (best?.used ?? -1)) best = one;
  }
  return best;
}

function fullestIn({ pools }: Snapshot): Fullest | undefined {
  let best: Fullest | undefined;
  for (const pool of pools) {
    const { used } = usageOf(pool);
    if (used !== undefined && used > (best?.used ?? -1)) best = { pool: pool.pool, used };
  }
  return best;
}
