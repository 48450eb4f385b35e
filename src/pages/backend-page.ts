import { html, type SafeHtml } from '@remix-run/html-template';
import { durationWords } from '../duration.ts';
import { onOurClock } from '../cinder/snapshot.ts';
import { link } from './address.ts';
import { servicesPart, poolsPart } from './backend-tables.ts';
import type { Stretch } from './history.ts';
import { TONES } from './headline.ts';
import { layout } from './layout.ts';
import type { Entry } from './listing.ts';
import { age, badge, moment, name } from './parts.ts';
import type { Scene } from './scene.ts';
import { CONDITION_TABLE } from '../cinder/conditions.ts';
import { strip, stripText } from './strip.ts';
import { links, sincePart } from './table-part.ts';
import { troublePart } from './trouble-part.ts';
import { withoutControls } from '../text.ts';

/** Everything that is known of one backend. */
export function backendPage(scene: Scene, entry: Entry): string {
  const { cloud, snapshot, backend } = entry;
  const { nowMs } = scene;
  const services = backend.services.map((row) => ({ ...row, updatedAtMs: onOurClock(snapshot, row.updatedAtMs) }));
  const pools = backend.pools.map((pool) => ({ ...pool, statsAtMs: onOurClock(snapshot, pool.statsAtMs) }));
  const several = scene.clouds.length > 1;
  const { severity, words } = CONDITION_TABLE[backend.condition];
  const json = link('api/v1/backend', { cloud, host: backend.host });
  const reason = withoutControls(backend.reason);
  const history = scene.history(cloud, backend.host);
  return layout(scene, {
    title: `${words}: ${withoutControls(backend.host)}`,
    tone: TONES[severity],
    trail: several ? [html`<a href="${link('cloud', { name: cloud })}">${name(cloud)}</a>`] : [],
    body: html`<h1 class="backend">${name(backend.host)}</h1>
      <p class="verdict k-${backend.condition}">
        <span role="status" id="headline">${badge(backend.condition)} <span>${reason}.</span></span>
      </p>
      <p class="facts">
        <span>For ${sincePart(entry, nowMs)}</span
        >${evidence('Heartbeat', onOurClock(snapshot, backend.heartbeatAtMs), nowMs)}${evidence('Driver stats', onOurClock(snapshot, backend.statsAtMs), nowMs)}
      </p>
      <p class="actions">
        ${links(scene, entry, several)} <a class="go" href="${json}">as JSON</a>
        <button type="button" class="needs-js" data-copy="${json}">Copy as JSON</button>
      </p>
      ${troublePart({ name: cloud, snapshot }, nowMs, several)}
      <section>
        <h2 id="past">Last 6 hours</h2>
        <div class="past-wide">
          ${strip(history, nowMs)}
          <div class="scale" aria-hidden="true">
            ${[6, 5, 4, 3, 2, 1].map((hours) => html`<span>−${hours} h</span>`)}<span>now</span>
          </div>
        </div>
        <p class="quiet">${stripText(history, nowMs)}.</p>
        ${changesPart(history, nowMs)}
      </section>
      ${servicesPart(services, nowMs)} ${poolsPart(pools, nowMs)}`,
  });
}

function evidence(what: string, atMs: number | undefined, nowMs: number): SafeHtml {
  return html`<span>${what} ${atMs === undefined ? 'never seen' : html`${age(atMs, nowMs)} ago`}</span>`;
}

function changesPart(history: readonly Stretch[], nowMs: number): SafeHtml {
  if (history.length < 2) return html``;
  const newest = history.toSorted((a, b) => b.fromMs - a.fromMs);
  return html`<details class="changes" data-key="changes">
    <summary>As a table</summary>
    <div class="wide" tabindex="0" role="region" aria-label="Conditions over time">
      <table>
        <caption class="unseen">
          Conditions in the last 6 hours, newest first
        </caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Condition</th>
            <th scope="col">For</th>
          </tr>
        </thead>
        <tbody>
          ${newest.map(
            ({ condition, fromMs, untilMs }) =>
              html`<tr>
                <td>${moment(fromMs, nowMs)}</td>
                <td>${condition ? badge(condition) : 'nothing could be read'}</td>
                <td>${durationWords(untilMs - fromMs)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
