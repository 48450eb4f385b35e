import { html, type SafeHtml } from '@remix-run/html-template';
import { durationWords } from '../duration.ts';
import { CONDITION_TABLE, WORST_FIRST, type Condition } from '../cinder/conditions.ts';
import { HISTORY_MS, type Stretch } from './history.ts';
import { momentText } from './quantity.ts';

const WIDTH = 720;
const HEIGHT = 16;
/** A stretch is never drawn narrower than this: a short outage must be seen. */
const LEAST_WIDTH = 5;

/** Graver is taller, so that the strip can be read without its colours. */
const HEIGHTS = { critical: 16, warning: 12, unknown: 9, wanted: 6, ok: 6 } as const;

/** The last hours as a picture with a text of its own. Empty stretches draw nothing. */
export function strip(stretches: readonly Stretch[], nowMs: number): SafeHtml {
  const from = nowMs - HISTORY_MS;
  const mildFirst = stretches.toSorted((a, b) => gravity(a.condition) - gravity(b.condition));
  return html`<svg
    class="strip"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${stripText(stretches, nowMs)}"
  >
    ${mildFirst.map((stretch) => {
      const left = Math.max(0, ((stretch.fromMs - from) / HISTORY_MS) * WIDTH);
      const right = Math.min(WIDTH, ((stretch.untilMs - from) / HISTORY_MS) * WIDTH);
      const width = Math.max(LEAST_WIDTH, right - left);
      const height = stretch.condition ? HEIGHTS[CONDITION_TABLE[stretch.condition].severity] : HEIGHT;
      return html`<rect
        class="${stretch.condition ? `f-${stretch.condition}` : 'f-blind'}"
        x="${Math.min(left, WIDTH - width).toFixed(1)}"
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

/** `Last 6 h: down since 13:04 UTC, before that 2 changes; up for 5 h, down for 14 min`. */
export function stripText(stretches: readonly Stretch[], nowMs: number): string {
  const from = nowMs - HISTORY_MS;
  const known = stretches.filter((stretch) => stretch.condition !== undefined);
  const last = known.at(-1);
  if (!last) return 'Nothing remembered';
  const blindMs = stretches.reduce(
    (sum, { condition, fromMs, untilMs }) => (condition ? sum : sum + untilMs - Math.max(from, fromMs)),
    0,
  );
  const blind = blindMs > 0 ? `; nothing could be read for ${durationWords(blindMs)}` : '';
  if (known.length === 1)
    return `${wordsOf(last)} ${last.fromMs <= from ? 'for all of the last 6 h' : `since ${momentText(last.fromMs, nowMs)}, when it was first seen`}${blind}`;
  const totals = new Map<Condition, number>();
  for (const { condition, fromMs, untilMs } of known) {
    if (condition) totals.set(condition, (totals.get(condition) ?? 0) + untilMs - Math.max(from, fromMs));
  }
  const list = WORST_FIRST.flatMap((condition) => {
    const ms = totals.get(condition);
    return ms === undefined ? [] : `${CONDITION_TABLE[condition].words} for ${durationWords(ms)}`;
  });
  const changes = known.length - 1;
  return `Last 6 h: ${changes} change${changes === 1 ? '' : 's'}; ${list.join(', ')}${blind}; now ${wordsOf(last)}`;
}

function wordsOf({ condition }: Stretch): string {
  return condition ? CONDITION_TABLE[condition].words : 'not read';
}
