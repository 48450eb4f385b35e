import { html, type SafeHtml } from '@remix-run/html-template';
import { age, moment } from './parts.ts';
import type { CloudNow } from './listing.ts';
import { troublesOf } from './trouble.ts';
import { withoutControls } from '../text.ts';

/** Why parts of a cloud cannot be read; nothing when all is well. */
export function troublePart({ name: cloud, snapshot }: CloudNow, nowMs: number, several: boolean): SafeHtml {
  if (!snapshot) {
    return html`<section class="trouble t-unsure" data-key="trouble ${cloud}">
      <h2>${several ? `${cloud}: ` : ''}Waiting for the first answer</h2>
      <p>The first refresh is under way. If this stays, the log of the exporter says why.</p>
    </section>`;
  }
  return html`${troublesOf(snapshot).map(
    ({ what, help, rule, message, sinceMs, collectors }) =>
      html`<section
        class="trouble ${collectors.includes('services') ? 't-bad' : 't-warn'}"
        data-key="trouble ${cloud} ${collectors.join(' ')}"
      >
        <h2>${several ? `${cloud}: ` : ''}${what}</h2>
        <p>${help}${rule === undefined ? '' : html` <code class="rule">${rule}</code>`}</p>
        <p class="quiet">
          For ${age(sinceMs, nowMs)}, since ${moment(sinceMs, nowMs)}. <code>${withoutControls(message)}</code>
        </p>
      </section>`,
  )}`;
}
