import { html, type SafeHtml } from '@remix-run/html-template';
import type { Headline } from './headline.ts';
import { age } from './parts.ts';

const SYMBOLS: Readonly<Record<Headline['tone'], string>> = { good: '✓', warn: '!', unsure: '?', bad: '✕' };

/** The sentence on top. Only what happened is a live region; what merely grows older is beside it. */
export function headlinePart({ tone, sentence, statsAtMs }: Headline, nowMs: number): SafeHtml {
  return html`<h1 class="headline t-${tone}">
    <span class="mark" aria-hidden="true">${SYMBOLS[tone]}</span
    ><span
      ><span role="status" id="headline">${sentence}</span
      >${statsAtMs === undefined ? '.' : html`<span class="quiet">; stats are ${age(statsAtMs, nowMs)} old.</span>`}</span
    >
  </h1>`;
}
