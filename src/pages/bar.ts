import { html, type SafeHtml } from '@remix-run/html-template';
import type { Pool } from '../cinder/model.ts';
import { fillOf, NEARLY_FULL } from './fill.ts';

/** A pool's fill as a bar, which says nothing that the text beside it does not say. */
export function bar(pool: Pool): SafeHtml {
  const { used, reserved } = fillOf(pool);
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
