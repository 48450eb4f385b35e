import { html, type SafeHtml } from '@remix-run/html-template';
import { CONDITION_TABLE, WORST_FIRST, type Condition } from '../cinder/conditions.ts';
import type { Pool } from '../cinder/model.ts';
import { durationWords } from '../duration.ts';
import { momentText, percentText } from './components.ts';
import { bytesText } from '../text.ts';
import type { Span } from './history.ts';

/** How full a pool is, for a bar and in words. Ratios are of the total, from 0 to 1. */
export interface Usage {
  /** undefined: there is nothing to draw. */
  readonly used: number | undefined;
  readonly reserved: number;
  readonly words: string;
}

/** A pool this full is drawn as nearly full. */
const NEARLY_FULL = 0.9;

export function usageOf({ totalBytes: total, freeBytes: free, reservedRatio }: Pool): Usage {
  const reserved = clamp(reservedRatio ?? 0);
  if (total === Infinity || free === Infinity) return { used: undefined, reserved: 0, words: 'infinite' };
  if (total === undefined && free === undefined) return { used: undefined, reserved: 0, words: 'capacity not told' };
  if (total === undefined) return { used: undefined, reserved: 0, words: `${bytesText(free)} free` };
  if (free === undefined) return { used: undefined, reserved: 0, words: `${bytesText(total)}, free not told` };
  if (total <= 0) return { used: undefined, reserved: 0, words: 'no capacity' };
  const used = clamp((total - free) / total);
  return { used, reserved, words: `${percentText(used)} of ${bytesText(total)}` };
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, ratio));
}

/** Fullest first; those that cannot be drawn last. */
export function fullestFirst(pools: readonly Pool[]): Pool[] {
  return pools.toSorted((a, b) => (usageOf(b).used ?? -1) - (usageOf(a).used ?? -1) || (a.pool < b.pool ? -1 : 1));
}

/** A pool's usage as a bar, which says nothing that the text beside it does not say. */
export function bar(pool: Pool): SafeHtml {
  const { used, reserved } = usageOf(pool);
  if (used === undefined)
    return html`<svg class="bar bar-none" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-room" width="100" height="8" />
    </svg>`;
  const width = (used * 100).toFixed(1);
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="bar-room" width="100" height="8" />
    <rect
      class="bar-reserved"
      x="${(100 - reserved * 100).toFixed(1)}"
      width="${(reserved * 100).toFixed(1)}"
      height="8"
    />
    <rect class="${used >= NEARLY_FULL ? 'bar-used bar-full' : 'bar-used'}" width="${width}" height="8" />
  </svg>`;
}

const WIDTH = 720;
const HEIGHT = 16;
/** A stretch is never drawn narrower than this: a short outage must be seen. */
const LEAST_WIDTH = 5;

/** Graver is taller, so that the timeline can be read without its colours. */
const HEIGHTS = { critical: 16, warning: 12, unknown: 9, wanted: 6, ok: 6 } as const;

/**
 * The time before now as a picture with a text of its own, `spanMs` long. Empty stretches draw nothing. The last of it is always as it is now: what has
 * ended ends before.
 */
export function timeline(stretches: readonly Span[], nowMs: number, spanMs: number): SafeHtml {
  const from = nowMs - spanMs;
  const drawn = stretches
    .filter(({ untilMs }) => untilMs > from)
    .toSorted(
      (a, b) => Number(a.untilMs >= nowMs) - Number(b.untilMs >= nowMs) || gravity(a.condition) - gravity(b.condition),
    );
  return html`<svg
    class="strip"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${timelineText(stretches, nowMs, spanMs)}"
  >
    ${drawn.map((stretch) => {
      const edge = stretch.untilMs >= nowMs ? WIDTH : WIDTH - LEAST_WIDTH;
      const left = Math.max(0, ((stretch.fromMs - from) / spanMs) * WIDTH);
      const right = Math.min(edge, ((stretch.untilMs - from) / spanMs) * WIDTH);
      const width = Math.max(LEAST_WIDTH, right - left);
      const height = stretch.condition ? HEIGHTS[CONDITION_TABLE[stretch.condition].severity] : HEIGHT;
      return html`<rect
        class="${stretch.condition ? `f-${stretch.condition}` : 'f-blind'}"
        x="${Math.min(left, edge - width).toFixed(1)}"
        y="${HEIGHT - height}"
        width="${width.toFixed(1)}"
        height="${height}"
      />`;
    })}
  </svg>`;
}

function gravity(condition: Condition | undefined): number {
  return condition ? WORST_FIRST.length - WORST_FIRST.indexOf(condition) : WORST_FIRST.length + 1;
}

/** `Last 6 h: 2 changes; down for 14 min, up for 5 h; now up` */
export function timelineText(all: readonly Span[], nowMs: number, spanMs: number): string {
  const from = nowMs - spanMs;
  const last = durationWords(spanMs);
  const stretches = all.filter(({ untilMs }) => untilMs > from);
  const known = stretches.filter((stretch) => stretch.condition !== undefined);
  const now = known.at(-1);
  if (!now) return 'Nothing remembered';
  const blindMs = stretches.reduce(
    (sum, { condition, fromMs, untilMs }) => (condition ? sum : sum + untilMs - Math.max(from, fromMs)),
    0,
  );
  const blind = blindMs > 0 ? `; nothing could be read for ${durationWords(blindMs)}` : '';
  if (known.length === 1)
    return `${wordsOf(now)} ${now.fromMs <= from ? `for all of the last ${last}` : `since ${momentText(now.fromMs, nowMs)}, when it was first seen`}${blind}`;
  const totals = new Map<Condition, number>();
  for (const { condition, fromMs, untilMs } of known) {
    if (condition) totals.set(condition, (totals.get(condition) ?? 0) + untilMs - Math.max(from, fromMs));
  }
  const list = WORST_FIRST.flatMap((condition) => {
    const ms = totals.get(condition);
    return ms === undefined ? [] : `${CONDITION_TABLE[condition].words} for ${durationWords(ms)}`;
  });
  const changes = known.length - 1;
  return `Last ${last}: ${changes} change${changes === 1 ? '' : 's'}; ${list.join(', ')}${blind}; now ${wordsOf(now)}`;
}

function wordsOf({ condition }: Span): string {
  return condition ? CONDITION_TABLE[condition].words : 'not read';
}
