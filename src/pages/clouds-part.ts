import { html, type SafeHtml } from '@remix-run/html-template';
import { link } from './address.ts';
import { headlineOf } from './headline.ts';
import { countConditions, type CloudNow } from './listing.ts';
import { age } from './parts.ts';
import { numberText } from './quantity.ts';
import type { Scene } from './scene.ts';
import { CONDITION_TABLE } from '../cinder/conditions.ts';

/** One line for each of several clouds. */
export function cloudsPart({ clouds, nowMs }: Scene): SafeHtml {
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
        ${clouds.map((cloud) => row(cloud, nowMs))}
      </tbody>
    </table>
  </section>`;
}

function row(cloud: CloudNow, nowMs: number): SafeHtml {
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
  return html`<ul class="minis">
    ${counts.map(([condition, count]) => html`<li class="mini c-${condition}">${numberText(count)} <span aria-hidden="true">${CONDITION_TABLE[condition].symbol}</span><span class="unseen"> ${CONDITION_TABLE[condition].words}</span></li>`)}
  </ul>`;
}
