import { html, type SafeHtml } from '@remix-run/html-template';
import { CONDITION_TABLE, needsLook, type Condition } from '../cinder/conditions.ts';
import type { Pool } from '../cinder/model.ts';
import { whoIsHit } from '../cinder/volumes.ts';
import { durationWords, MINUTE } from '../duration.ts';
import { withoutControls } from '../text.ts';
import { backendLink, GROUPS, link, listLink, PASTS, SORTS, type Filter, type ListPage, type Sort } from './address.ts';
import { canaryTable } from './canary.ts';
import { fullestFirst, timeline, usageOf } from './charts.ts';
import {
  age,
  badge,
  countText,
  failureList,
  links,
  moment,
  name,
  numberText,
  percentText,
  sinceText,
  troubleOf,
} from './components.ts';
import { headlineOf, headlineTop, type Headline } from './headline.ts';
import { layout } from './layout.ts';
import {
  countConditions,
  groupBackends,
  list,
  type CloudNow,
  type Entry,
  type GroupNow,
  type Listing,
  type PageInput,
} from './listing.ts';
import { healthySquares } from './squares.ts';

/** The backends of all clouds, or of the one that is named: those that need somebody one line each, the others folded. */
export function overviewPage(all: PageInput, only: CloudNow | undefined, wanted: Filter): string {
  const input = { ...all, spanMs: Math.min(all.spanMs, PASTS[wanted.past]) };
  const clouds = only ? [only] : input.clouds;
  const several = clouds.length > 1;
  const place: ListPage =
    only && input.clouds.length > 1 ? { page: 'cloud', name: only.name } : { page: './', name: undefined };
  const listing = list(clouds, wanted);
  const headline = headlineOf(clouds);
  const { entries, folded, total, matching } = listing;
  const empty = total > 0 ? 'No backend matches this filter.' : 'There is no backend to show.';
  return layout(input, {
    title: headline.short,
    tone: headline.tone,
    trail: only && input.clouds.length > 1 ? [html`<span aria-current="page">${name(only.name)}</span>`] : [],
    body: html`${headlineTop(headline, alsoKnown(headline, clouds, input.nowMs))}
      ${clouds.map((cloud) => failureList(cloud, input.nowMs, several))}
      <section aria-labelledby="backends" data-key="backends">
        <h2 id="backends" class="unseen">Backends</h2>
        <div class="controls">
          ${countLinks(listing, place, wanted)}
          ${total > 1 || matching < total ? filterForm(listing, place, wanted) : ''}
        </div>
        ${wanted.group === undefined ? '' : groupTable(groupBackends(clouds, wanted.group), place, wanted)}
        ${entries.length > 0 ? backendTable(input, entries, several, place, wanted) : ''}
        ${matching === 0 ? html`<p class="empty">${empty}</p>` : ''} ${pageLinks(listing, place, wanted)}
        ${folded.length > 0 ? healthySquares(input, folded, place, wanted) : ''}
      </section>
      ${canaryTable(clouds, input.nowMs, several)} ${several ? cloudTable(input) : ''}`,
  });
}

/** What grows older by itself, and so is no part of what is told when it changes. */
function alsoKnown(
  { newestMs, statsAtMs, tone }: Headline,
  clouds: readonly CloudNow[],
  nowMs: number,
): readonly SafeHtml[] {
  const [one, ...others] = clouds;
  const ago = (words: string, ms: number): SafeHtml => html`${words} ${age(ms, nowMs)} ago`;
  const parts: SafeHtml[] = [];
  if (newestMs !== undefined && tone !== 'good') parts.push(ago('newest', newestMs));
  if (statsAtMs !== undefined) parts.push(html`stats are ${age(statsAtMs, nowMs)} old`);
  if (one?.snapshot && others.length === 0) {
    const { atMs, services } = one.snapshot;
    const schedulers = services.filter(({ binary }) => binary === 'cinder-scheduler');
    const alive = schedulers.filter(({ up, enabled }) => up === true && enabled !== false).length;
    parts.push(html`cloud ${name(one.name)} asked ${age(atMs, nowMs)} ago`);
    if (schedulers.length > 0) parts.push(html`${alive} of ${countText(schedulers.length, 'scheduler')} up`);
  }
  return parts;
}

/** One line for each of several clouds. */
function cloudTable({ clouds, nowMs }: PageInput): SafeHtml {
  return html`<section aria-labelledby="clouds" data-key="clouds">
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
  const { title, tone } = headlineOf([cloud]);
  return html` <tr role="row" data-key="${cloud.name}">
    <th role="rowheader" scope="row"><a href="${link('cloud', { name: cloud.name })}">${cloud.name}</a></th>
    <td role="cell" class="t-${tone}"><span class="dot" aria-hidden="true"></span>${title}</td>
    <td role="cell">${minis(countConditions([cloud]))}</td>
    <td role="cell">
      ${cloud.snapshot ? html`${age(cloud.snapshot.atMs, nowMs)} ago` : html`<span class="quiet">not yet</span>`}
    </td>
  </tr>`;
}

/** Counts by condition, as small as they may be. */
function minis(counts: ReadonlyMap<Condition, number>): SafeHtml {
  if (counts.size === 0) return html`<span class="quiet">none</span>`;
  const item = ([condition, count]: readonly [Condition, number]): SafeHtml => {
    const { symbol, words } = CONDITION_TABLE[condition];
    const sign = html`<span aria-hidden="true">${symbol}</span><span class="unseen"> ${words}</span>`;
    return html`<li class="mini c-${condition}">${numberText(count)} ${sign}</li>`;
  };
  return html`<ul class="minis">
    ${[...counts].map(item)}
  </ul>`;
}

/** Groups that are shown; the search finds the others. */
const MOST_GROUPS = 100;

/** One line for each group: how many of it need somebody. */
function groupTable(groups: readonly GroupNow[], place: ListPage, wanted: Filter): SafeHtml {
  const { group = 'zone', within } = wanted;
  const what = GROUPS[group];
  const chosen = within === '' ? groups : groups.filter((one) => one.name === within);
  const row = (one: GroupNow): SafeHtml =>
    html` <tr role="row" data-key="${group} ${one.name}">
      <th role="rowheader" scope="row">
        <a href="${listLink(place, wanted, { within: one.name, condition: undefined })}">${name(one.name)}</a>
      </th>
      <td role="cell">
        ${one.troubled === 0 ? html`<span class="quiet">none of ${numberText(one.total)}</span>` : html`<b>${numberText(one.troubled)} of ${numberText(one.total)}</b> ${one.troubled === 1 ? 'needs' : 'need'} you`}
      </td>
      <td role="cell">${minis(one.counts)}</td>
    </tr>`;
  if (groups.length === 0) return html`<p class="empty">Nothing is known of any ${what}.</p>`;
  const more = chosen.length - MOST_GROUPS;
  return html`<table class="groups" role="table" data-key="groups">
      <caption class="unseen">
        Backends by ${what}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">By ${what}</th>
          <th role="columnheader" scope="col">In trouble</th>
          <th role="columnheader" scope="col">Backends</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${chosen.slice(0, MOST_GROUPS).map(row)}
      </tbody>
    </table>
    ${within === '' ? '' : html`<p class="quiet"><a href="${listLink(place, wanted, { within: '' })}">every ${what}</a></p>`}
    ${more > 0 ? html`<p class="quiet">and ${numberText(more)} more</p>` : ''}`;
}

/** How many are in each condition, each a link to them. */
function countLinks({ counts }: Listing, place: ListPage, wanted: Filter): SafeHtml {
  if (counts.size === 0) return html``;
  return html`<nav aria-label="Conditions" data-key="counts">
    <ul class="counts">
      ${[...counts].map(([condition, count]) => {
        const { symbol, words } = CONDITION_TABLE[condition];
        const chosen = wanted.condition === condition;
        const href = listLink(place, wanted, { condition: chosen ? undefined : condition });
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
  const filtered = wanted.q !== '' || wanted.condition !== undefined || wanted.within !== '';
  const hidden = (key: string, value: string | undefined): SafeHtml =>
    value === undefined || value === ''
      ? html``
      : html`<input type="hidden" name="${key}" value="${value}" data-key="${key}" />`;
  const choice = (
    key: string,
    label: string,
    chosen: string,
    options: readonly (readonly [string, string])[],
  ): SafeHtml =>
    html`<label data-key="${key}"
      ><span class="unseen">${label}</span>
      <select name="${key}">
        ${options.map(([value, words]) => html`<option value="${value}" ${value === chosen ? html`selected` : ''}>${words}</option>`)}
      </select></label
    >`;
  return html`<form
    class="filter"
    role="search"
    action="${place.page}"
    method="get"
    aria-label="Filter backends"
    data-key="filter"
  >
    ${hidden('name', place.name)}${hidden('condition', wanted.condition)}${hidden('in', wanted.within)}
    <label data-key="q"
      ><span class="unseen">Name</span>
      <input
        type="search"
        name="q"
        value="${wanted.q}"
        maxlength="1024"
        autocomplete="off"
        spellcheck="false"
        aria-keyshortcuts="/"
        placeholder="/  host, pool, zone, vendor"
    /></label>
    ${choice('group', 'Group by', wanted.group ?? '', [['', 'group by: none'], ...Object.entries(GROUPS).map(([key, words]) => [key, `by ${words}`] as const)])}
    ${choice(
      'sort',
      'Sort',
      wanted.sort === 'worst' ? '' : wanted.sort,
      Object.entries(SORTS).map(([key, words]) => [key === 'worst' ? '' : key, `sort: ${words}`] as const),
    )}
    ${choice(
      'past',
      'Timelines',
      wanted.past === 'all' ? '' : wanted.past,
      Object.entries(PASTS).map(([key, ms]) => [key === 'all' ? '' : key, `last ${durationWords(ms)}`] as const),
    )}
    <button type="submit">Filter</button>
    <p class="${filtered ? 'shown' : 'unseen'}">
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
      : html`<a rel="${rel}" href="${listLink(place, wanted, { page: target })}">${words}</a>`;
  return html`<nav class="pages" aria-label="Pages" data-key="pages">
    ${to(page - 1, '← Before', 'prev')} <span>Page ${page} of ${pages}</span> ${to(page + 1, 'After →', 'next')}
  </nav>`;
}

/** The backends as a table; `several`: with the name of the cloud. */
function backendTable(
  input: PageInput,
  entries: readonly Entry[],
  several: boolean,
  place: ListPage,
  wanted: Filter,
): SafeHtml {
  const { nowMs, spanMs } = input;
  const column = (sort: Sort, words: string, extra: SafeHtml | string = ''): SafeHtml => {
    const chosen = wanted.sort === sort;
    return html`<th
      role="columnheader"
      scope="col"
      ${chosen ? html`aria-sort="${sort === 'host' ? 'ascending' : 'descending'}"` : ''}
    >
      <a href="${listLink(place, wanted, { sort: chosen ? 'worst' : sort })}"
        >${words}${chosen ? html` <span aria-hidden="true">▾</span>` : ''}</a
      >${extra}
    </th>`;
  };
  return html`<table class="backends" role="table" data-key="table">
    <caption class="unseen">
      Backends, sort: ${SORTS[wanted.sort]}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${column('worst', 'Condition')}${column('host', 'Backend')}
        <th role="columnheader" scope="col">Why</th>
        ${column('since', 'For')}
        <th role="columnheader" scope="col">
          Last ${durationWords(spanMs)}
          <div class="scale" aria-hidden="true"><span>${moment(nowMs - spanMs, nowMs)}</span><span>now</span></div>
        </th>
        <th role="columnheader" scope="col">Pools in trouble</th>
        ${column('fullest', 'Fullest')}
        <th role="columnheader" scope="col">What to do</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${entries.map((entry) => backendRow(input, entry, several))}
    </tbody>
  </table>`;
}

function backendRow(input: PageInput, entry: Entry, several: boolean): SafeHtml {
  const { cloud, snapshot, backend } = entry;
  const { nowMs, spanMs } = input;
  const { host, condition, pools } = backend;
  const key = `${cloud} ${withoutControls(host)}`;
  const reason = withoutControls(backend.reason);
  const hit = needsLook(condition) ? whoIsHit(snapshot, host) : undefined;
  const past = input.history(cloud, host);
  const fullest = fullestFirst(pools)[0];
  const used = fullest && usageOf(fullest).used;
  return html` <tr role="row" class="k-${condition}" data-key="${key}" data-condition="${condition}">
    <td role="cell" class="is">${badge(condition)}</td>
    <th role="rowheader" scope="row">
      <a class="host" href="${backendLink(cloud, host)}">${hostName(host)}</a>${newMark(entry, past, nowMs)}
      ${tags(entry, several)}
    </th>
    <td role="cell" class="why">
      <p class="reason" title="${reason}">${reason}</p>
      ${hit === undefined ? '' : html`<p class="hit">${hit}</p>`}
    </td>
    <td role="cell" class="for">${sinceText(entry, nowMs)}</td>
    <td role="cell" class="past">${timeline(past, nowMs, spanMs)}</td>
    <td role="cell" class="pools">${poolsInTrouble(pools)}</td>
    <td role="cell" class="full">${used === undefined ? html`<span class="quiet">–</span>` : percentText(used)}</td>
    <td role="cell" class="act">${links(input, entry, several)}</td>
  </tr>`;
}

/** A name that breaks behind its `@` sooner than at a hyphen. */
function hostName(host: string): SafeHtml {
  const [, before = host, after] = /^([^@]*@)(.+)$/.exec(withoutControls(host)) ?? [];
  return after === undefined ? name(host) : html`<bdi class="name">${before}<wbr />${after}</bdi>`;
}

/** A trouble is new for so long. */
const NEW_MS = 15 * MINUTE;

/** Is it new, or has it been so before? */
function newMark({ snapshot, backend }: Entry, past: ReturnType<PageInput['history']>, nowMs: number): SafeHtml {
  const at = snapshot.histories.get(backend.host)?.lastChangeMs;
  if (at === undefined || nowMs - at > NEW_MS || !needsLook(backend.condition)) return html``;
  const before = past.filter(({ condition, untilMs }) => condition === backend.condition && untilMs <= at).length;
  return before === 0
    ? html` <span class="new">new</span>`
    : html` <span class="new again">again, ${before + 1} times</span>`;
}

function tags({ cloud, backend }: Entry, several: boolean): SafeHtml {
  const zones = [...new Set(backend.services.map(({ zone }) => zone))].filter((zone) => zone !== '');
  const clustered = backend.services.some((service) => service.cluster !== undefined);
  const all = [
    ...(several ? [html`cloud ${name(cloud)}`] : []),
    ...zones.slice(0, 3).map((zone) => name(zone)),
    ...(clustered ? [html`cluster of ${backend.services.length}`] : []),
  ];
  return html`<ul class="tags">
    ${all.map((tag) => html`<li>${tag}</li>`)}
  </ul>`;
}

/** Pools in trouble that a row names; the backend's own page has all. */
const POOLS_IN_ROW = 2;

/** The pools that are not as they should be, by what their driver says now. */
function poolsInTrouble(pools: readonly Pool[]): SafeHtml {
  if (pools.length === 0) return html`<span class="quiet">no driver stats</span>`;
  const bad = pools.flatMap((pool) => {
    const trouble = troubleOf(pool);
    return trouble === undefined ? [] : { pool, trouble };
  });
  if (bad.length === 0) return html`<span class="quiet">none of ${numberText(pools.length)}</span>`;
  const [first] = bad;
  if (
    bad.length === pools.length &&
    bad.length > POOLS_IN_ROW &&
    bad.every(({ trouble }) => trouble === first?.trouble)
  )
    return html`all ${countText(pools.length, 'pool')} ${first?.trouble}`;
  const more = bad.length - POOLS_IN_ROW;
  return html`<ul>
    ${bad.slice(0, POOLS_IN_ROW).map(({ pool, trouble }) => html`<li>${name(pool.pool)} ${trouble}</li>`)}
    ${more > 0 ? html`<li class="quiet">and ${numberText(more)} more of ${numberText(pools.length)}</li>` : ''}
  </ul>`;
}
