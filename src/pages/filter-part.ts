import { html, type SafeHtml } from '@remix-run/html-template';
import { link, type Wanted } from './address.ts';
import type { Listing } from './listing.ts';
import { countText, numberText } from './quantity.ts';
import { CONDITION_TABLE, WORST_FIRST } from '../cinder/conditions.ts';

/** A page with a list: its path, and the name of the cloud when it is of one of several. */
export interface Place {
  readonly page: string;
  readonly name: string | undefined;
}

/** How many are in each condition, each a link to them. */
export function countsPart({ counts, total }: Listing, place: Place, wanted: Wanted): SafeHtml {
  if (total === 0) return html``;
  return html`<nav aria-label="Conditions">
    <ul class="counts">
      ${[...counts].map(([condition, count]) => {
        const { symbol, words } = CONDITION_TABLE[condition];
        const chosen = wanted.condition === condition;
        const href = link(place.page, { name: place.name, q: wanted.q, condition: chosen ? undefined : condition });
        return html`<li data-key="${condition}">
          <a class="count c-${condition}" href="${href}" ${chosen ? html`aria-current="true"` : ''}
            ><b>${numberText(count)}</b> <span aria-hidden="true">${symbol}</span> ${words}</a
          >
        </li>`;
      })}
    </ul>
  </nav>`;
}

/** The filter; it works by itself, and the script sends it while one types. */
export function filterPart({ matching, total }: Listing, place: Place, wanted: Wanted): SafeHtml {
  const filtered = wanted.q !== '' || wanted.condition !== undefined;
  const option = (value: string, words: string): SafeHtml =>
    html`<option value="${value}" ${(wanted.condition ?? '') === value ? html`selected` : ''}>${words}</option>`;
  return html`<form class="filter" role="search" action="${place.page}" method="get" aria-label="Filter backends">
    ${place.name === undefined ? '' : html`<input type="hidden" name="name" value="${place.name}" />`}
    <label
      >Name
      <input
        type="search"
        name="q"
        value="${wanted.q}"
        maxlength="1024"
        autocomplete="off"
        spellcheck="false"
        placeholder="host, pool, zone, vendor"
    /></label>
    <label
      >Condition
      <select name="condition">
        ${option('', 'any')}${option('trouble', 'needs a look')}${WORST_FIRST.map((condition) => option(condition, CONDITION_TABLE[condition].words))}
      </select></label
    >
    <button type="submit">Filter</button>
    <p class="shown">
      <span role="status" id="shown"
        >${filtered ? `${numberText(matching)} of ${countText(total, 'backend')}` : countText(total, 'backend')}</span
      >${filtered ? html` <a href="${link(place.page, { name: place.name })}">show all</a>` : ''}
    </p>
  </form>`;
}

/** Links to the pages before and after; nothing when there is only one. */
export function pagesPart({ page, pages }: Listing, place: Place, wanted: Wanted): SafeHtml {
  if (pages === 1) return html``;
  const to = (target: number, words: string, rel: string): SafeHtml =>
    target < 1 || target > pages
      ? html`<span class="quiet">${words}</span>`
      : html`<a
          rel="${rel}"
          href="${link(place.page, { name: place.name, q: wanted.q, condition: wanted.condition, page: target === 1 ? undefined : target })}"
          >${words}</a
        >`;
  return html`<nav class="pages" aria-label="Pages">
    ${to(page - 1, '← Worse', 'prev')} <span>Page ${page} of ${pages}</span> ${to(page + 1, 'Better →', 'next')}
  </nav>`;
}
