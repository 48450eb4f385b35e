import { html, type SafeHtml } from '@remix-run/html-template';
import { CONDITION_TABLE, WORST_FIRST, type Condition } from '../cinder/conditions.ts';
import type { Pool } from '../cinder/model.ts';
import { durationWords } from '../duration.ts';
import { withoutControls } from '../text.ts';
import { backendLink, link, type Filter } from './address.ts';
import { bar, usageOf, fullestFirst, timeline } from './charts.ts';
import { age, badge, countText, links, name, numberText, sinceText, failureList } from './components.ts';
import { headlineOf, headlineTop } from './headline.ts';
import { layout } from './layout.ts';
import { countConditions, list, type CloudNow, type Entry, type Listing, type PageInput } from './listing.ts';

/** The backends of all clouds, or of the one that is named, worst first. */
export function overviewPage(input: PageInput, only: CloudNow | undefined, wanted: Filter): string {
  const clouds = only ? [only] : input.clouds;
  const several = clouds.length > 1;
  const place: ListPage =
    only && input.clouds.length > 1 ? { page: 'cloud', name: only.name } : { page: './', name: undefined };
  const listing = list(clouds, wanted);
  const headline = headlineOf(clouds);
  const empty = listing.total > 0 ? 'No backend matches this filter.' : 'There is no backend to show.';
  return layout(input, {
    title: headline.short,
    tone: headline.tone,
    trail: only && input.clouds.length > 1 ? [html`<span aria-current="page">${name(only.name)}</span>`] : [],
    body: html`${headlineTop(headline, input.nowMs)} ${several ? '' : refreshed(clouds[0], input)}
      ${clouds.map((cloud) => failureList(cloud, input.nowMs, several))} ${several ? cloudTable(input) : ''}
      <section aria-labelledby="backends" data-key="backends">
        <h2 id="backends" class="${several ? '' : 'unseen'}">Backends</h2>
        ${countLinks(listing, place, wanted)} ${listing.total > 1 ? filterForm(listing, place, wanted) : ''}
        ${listing.entries.length > 0 ? backendTable(input, listing.entries, several) : html`<p class="empty">${empty}</p>`}
        ${pageLinks(listing, place, wanted)}
      </section>`,
  });
}

function refreshed(cloud: CloudNow | undefined, { nowMs }: PageInput) {
  if (!cloud?.snapshot) return '';
  const { atMs, api, services } = cloud.snapshot;
  const schedulers = services.filter(({ binary }) => binary === 'cinder-scheduler');
  const alive = schedulers.filter(({ up, enabled }) => up === true && enabled !== false).length;
  return html`<p class="quiet facts">
    Refreshed ${age(atMs, nowMs)} ago from cloud
    ${name(cloud.name)}${schedulers.length > 0 ? html` · ${alive} of ${schedulers.length} schedulers up` : ''}${api?.max ? html` · API ${api.max}` : ''}
  </p>`;
}

/** One line for each of several clouds. */
function cloudTable({ clouds, nowMs }: PageInput): SafeHtml {
  return html`<section aria-labelledby="clouds">
    <h2 id="clouds">Clouds</h2>
    <table class="clouds" role="table">
      <caption class="unseen">
        Watched clouds
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">Cloud</th>
          <th role="columnheader" scope="col">State</th>
          <th role="columnheader" scope="col">Backends</th>
          <th role="columnheader" scope="col">Refreshed</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${clouds.map((cloud) => cloudRow(cloud, nowMs))}
      </tbody>
    </table>
  </section>`;
}

function cloudRow(cloud: CloudNow, nowMs: number): SafeHtml {
  const { sentence, tone } = headlineOf([cloud]);
  return html` <tr role="row" data-key="${cloud.name}">
    <th role="rowheader" scope="row"><a href="${link('cloud', { name: cloud.name })}">${cloud.name}</a></th>
    <td role="cell" class="t-${tone}"><span class="dot" aria-hidden="true"></span>${sentence}</td>
    <td role="cell">${countsOf(cloud)}</td>
    <td role="cell">
      ${cloud.snapshot ? html`${age(cloud.snapshot.atMs, nowMs)} ago` : html`<span class="quiet">not yet</span>`}
    </td>
  </tr>`;
}

function countsOf(cloud: CloudNow): SafeHtml {
  const counts = [...countConditions([cloud])];
  if (counts.length === 0) return html`<span class="quiet">none</span>`;
  const item = ([condition, count]: readonly [Condition, number]): SafeHtml => {
    const { symbol, words } = CONDITION_TABLE[condition];
    const sign = html`<span aria-hidden="true">${symbol}</span><span class="unseen"> ${words}</span>`;
    return html`<li class="mini c-${condition}">${numberText(count)} ${sign}</li>`;
  };
  return html`<ul class="minis">
    ${counts.map(item)}
  </ul>`;
}

/** A page with a list: its path, and the name of the cloud when it is of one of several. */
interface ListPage {
  readonly page: string;
  readonly name: string | undefined;
}

/** How many are in each condition, each a link to them. */
function countLinks({ counts, total }: Listing, place: ListPage, wanted: Filter): SafeHtml {
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
function filterForm({ matching, total }: Listing, place: ListPage, wanted: Filter): SafeHtml {
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
function pageLinks({ page, pages }: Listing, place: ListPage, wanted: Filter): SafeHtml {
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

/** Pools that a row of the list shows; the backend's own page has all. */
const POOLS_IN_ROW = 3;

/** The backends as a table; `several`: with the name of the cloud. */
function backendTable(input: PageInput, entries: readonly Entry[], several: boolean): SafeHtml {
  return html`<table class="backends" role="table">
    <caption class="unseen">
      Backends, worst first
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">Condition</th>
        <th role="columnheader" scope="col">Backend</th>
        <th role="columnheader" scope="col">For</th>
        <th role="columnheader" scope="col">Last ${durationWords(input.spanMs)}</th>
        <th role="columnheader" scope="col">Pools</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${entries.map((entry) => backendRow(input, entry, several))}
    </tbody>
  </table>`;
}

function backendRow(input: PageInput, entry: Entry, several: boolean): SafeHtml {
  const { cloud, backend } = entry;
  const { host, condition, reason, pools } = backend;
  const key = `${cloud} ${withoutControls(host)}`;
  return html` <tr role="row" class="k-${condition}" data-key="${key}" data-condition="${condition}">
    <td role="cell" class="is">${badge(condition)}</td>
    <th role="rowheader" scope="row">
      <a class="host" href="${backendLink(cloud, host)}">${name(host)}</a>
      <p class="reason">${withoutControls(reason)}</p>
      ${tags(input, entry, several)}
    </th>
    <td role="cell" class="for">${sinceText(entry, input.nowMs)}</td>
    <td role="cell" class="past">${timeline(input.history(cloud, host), input.nowMs, input.spanMs)}</td>
    <td role="cell" class="pools">${poolList(pools)}</td>
  </tr>`;
}

function tags(input: PageInput, entry: Entry, several: boolean): SafeHtml {
  const { cloud, backend } = entry;
  const zones = [...new Set(backend.services.map(({ zone }) => zone))].filter((zone) => zone !== '');
  const clustered = backend.services.some((service) => service.cluster !== undefined);
  const tag = (key: string, value: string): SafeHtml => html`<li>${key} ${name(value)}</li>`;
  const all = [
    ...(several ? [tag('cloud', cloud)] : []),
    ...zones.slice(0, 3).map((zone) => tag('zone', zone)),
    ...(clustered ? [html`<li>cluster of ${backend.services.length}</li>`] : []),
  ];
  return html`<ul class="tags">
    ${all}
    <li>${links(input, entry, several)}</li>
  </ul>`;
}

function poolList(pools: readonly Pool[]): SafeHtml {
  if (pools.length === 0) return html`<span class="quiet">no driver stats</span>`;
  const shown = fullestFirst(pools).slice(0, POOLS_IN_ROW);
  const more = pools.length - shown.length;
  const item = (pool: Pool): SafeHtml => {
    const words = html`<span class="quiet fill">${usageOf(pool).words}</span>`;
    return html`<li>${bar(pool)}${name(pool.pool)}${words}</li>`;
  };
  return html`<ul class="fills">
    ${shown.map(item)}${more > 0 ? html`<li class="quiet">and ${more} more, less full</li>` : ''}
  </ul>`;
}
