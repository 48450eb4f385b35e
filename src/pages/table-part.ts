import { html, type SafeHtml } from '@remix-run/html-template';
import type { Pool } from '../cinder/model.ts';
import { backendLink, grafanaLink } from './address.ts';
import { bar } from './bar.ts';
import { fillOf, fullestFirst } from './fill.ts';
import type { Entry } from './listing.ts';
import { age, badge, moment, name } from './parts.ts';
import type { Scene } from './scene.ts';
import { runbookUrl } from '../cinder/conditions.ts';
import { strip } from './strip.ts';
import { withoutControls } from '../text.ts';

/** Pools that a row of the list shows; the backend's own page has all. */
const POOLS_IN_ROW = 3;

/** The backends as a table; `several`: with the name of the cloud. */
export function tablePart(scene: Scene, entries: readonly Entry[], several: boolean): SafeHtml {
  return html`<table class="backends" role="table">
    <caption class="unseen">
      Backends, worst first
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">Condition</th>
        <th role="columnheader" scope="col">Backend</th>
        <th role="columnheader" scope="col">For</th>
        <th role="columnheader" scope="col">Last 6 hours</th>
        <th role="columnheader" scope="col">Pools</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${entries.map((entry) => row(scene, entry, several))}
    </tbody>
  </table>`;
}

function row(scene: Scene, entry: Entry, several: boolean): SafeHtml {
  const { cloud, backend } = entry;
  const { host, condition, reason, pools } = backend;
  const key = `${cloud} ${withoutControls(host)}`;
  return html` <tr role="row" class="k-${condition}" data-key="${key}" data-condition="${condition}">
    <td role="cell" class="is">${badge(condition)}</td>
    <th role="rowheader" scope="row">
      <a class="host" href="${backendLink(cloud, host)}">${name(host)}</a>
      <p class="reason">${withoutControls(reason)}</p>
      ${tags(scene, entry, several)}
    </th>
    <td role="cell" class="for">${sincePart(entry, scene.nowMs)}</td>
    <td role="cell" class="past">${strip(scene.history(cloud, host), scene.nowMs)}</td>
    <td role="cell" class="pools">${poolLines(pools)}</td>
  </tr>`;
}

/** Since when, as far as this process has seen it. */
export function sincePart({ snapshot, backend }: Entry, nowMs: number): SafeHtml {
  const history = snapshot.histories.get(backend.host);
  if (!history) return html`–`;
  const seen = history.lastChangeMs !== undefined;
  return html`${seen ? '' : html`<span class="quiet">at least </span>`}${age(history.sinceMs, nowMs)}${seen ? html`<span class="quiet when">since ${moment(history.sinceMs, nowMs)}</span>` : ''}`;
}

/** Where to go from a backend that needs a look. */
export function links(scene: Scene, { cloud, backend }: Entry, several: boolean): SafeHtml {
  const runbook = backend.condition === 'up_assumed' ? undefined : runbookUrl(backend.condition);
  const { grafanaUrl } = scene;
  return html`${runbook ? html` <a class="go" href="${runbook}">runbook<span class="unseen"> for ${withoutControls(backend.host)}</span></a>` : ''}${grafanaUrl ? html` <a class="go" href="${grafanaLink(grafanaUrl, backend.host, several ? cloud : undefined)}">Grafana<span class="unseen"> for ${withoutControls(backend.host)}</span></a>` : ''}`;
}

function tags(scene: Scene, entry: Entry, several: boolean): SafeHtml {
  const { cloud, backend } = entry;
  const zones = [...new Set(backend.services.map(({ zone }) => zone))].filter((zone) => zone !== '');
  const clustered = backend.services.find((service) => service.cluster !== undefined);
  const tag = (key: string, value: string): SafeHtml => html`<li>${key} ${name(value)}</li>`;
  return html`<ul class="tags">
    ${several ? tag('cloud', cloud) : ''}${zones.slice(0, 3).map((zone) => tag('zone', zone))}${clustered ? html`<li>cluster of ${backend.services.length}</li>` : ''}
    <li>${links(scene, entry, several)}</li>
  </ul>`;
}

function poolLines(pools: readonly Pool[]): SafeHtml {
  if (pools.length === 0) return html`<span class="quiet">no driver stats</span>`;
  const shown = fullestFirst(pools).slice(0, POOLS_IN_ROW);
  const more = pools.length - shown.length;
  return html`<ul class="fills">
    ${shown.map((pool) => html`<li>${bar(pool)}${name(pool.pool)}<span class="quiet fill">${fillOf(pool).words}</span></li>`)}${more > 0 ? html`<li class="quiet">and ${more} more, less full</li>` : ''}
  </ul>`;
}
