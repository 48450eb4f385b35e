import { html, type SafeHtml } from '@remix-run/html-template';
import type { Backend, Pool, Service } from '../cinder/model.ts';
import { alertOf, CONDITION_TABLE, needsLook } from '../cinder/conditions.ts';
import { OUTAGE_UNKNOWN, OUTAGE_WORDS, outageOf } from '../cinder/drivers.ts';
import { whoIsHit } from '../cinder/volumes.ts';
import { durationWords } from '../duration.ts';
import { onOurClock } from '../cinder/snapshot.ts';
import { bytesText, withoutControls } from '../text.ts';
import { link, runbookLink } from './address.ts';
import { bar, usageOf, fullestFirst, timeline, timelineText } from './charts.ts';
import {
  age,
  badge,
  countText,
  links,
  moment,
  name,
  numberText,
  percentText,
  sinceText,
  failureList,
  troubleOf,
} from './components.ts';
import { TONES, unservedOf } from './headline.ts';
import { inConditionSince, type Span } from './history.ts';
import { layout } from './layout.ts';
import { typesOf, type Entry, type PageInput } from './listing.ts';

/** Everything that is known of one backend. */
export function backendPage(input: PageInput, entry: Entry): string {
  const { cloud, snapshot, backend } = entry;
  const { nowMs, spanMs } = input;
  const services = backend.services.map((row) => ({ ...row, updatedAtMs: onOurClock(snapshot, row.updatedAtMs) }));
  const pools = backend.pools.map((pool) => ({ ...pool, statsAtMs: onOurClock(snapshot, pool.statsAtMs) }));
  const several = input.clouds.length > 1;
  const { severity, words } = CONDITION_TABLE[backend.condition];
  const json = link('api/v1/backend', { cloud, host: backend.host });
  const reason = withoutControls(backend.reason);
  const hit = whoIsHit(snapshot, backend.host);
  const history = input.history(cloud, backend.host);
  return layout(input, {
    title: `${words}: ${withoutControls(backend.host)}`,
    tone: TONES[severity],
    trail: several ? [html`<a href="${link('cloud', { name: cloud })}">${name(cloud)}</a>`] : [],
    body: html`<h1 class="backend">${name(backend.host)}</h1>
      <p class="verdict k-${backend.condition}">
        <span role="status" id="headline"
          >${badge(backend.condition)} <span>${reason}${hit === undefined ? '' : html`; <b>${hit}</b>`}.</span></span
        >
      </p>
      <p class="facts" data-key="facts">
        <span>For ${sinceText(entry, nowMs)}</span
        >${evidence('Heartbeat', onOurClock(snapshot, backend.heartbeatAtMs), nowMs)}${evidence('Driver stats', onOurClock(snapshot, backend.statsAtMs), nowMs)}${lastCreation(entry, nowMs)}
      </p>
      ${typeLine(entry)} ${alertLine(input, entry)} ${stuckLine(entry)} ${outageLine(pools)}
      <p class="actions" data-key="actions">
        ${links(input, entry, several)} <a class="go" href="${json}">as JSON</a>
        <button type="button" class="needs-js" data-copy-text="ticket">Copy for the ticket</button>
        <button type="button" class="needs-js" data-copy="${json}">Copy as JSON</button>
      </p>
      <details class="changes" data-key="ticket">
        <summary>For the ticket</summary>
        <pre id="ticket">${ticketText(input, entry)}</pre>
      </details>
      ${failureList({ name: cloud, snapshot }, nowMs, several)}
      <section data-key="past">
        <h2 id="past">Last ${durationWords(spanMs)}</h2>
        <div class="past-wide">
          ${timeline(history, nowMs, spanMs)}
          <div class="scale" aria-hidden="true">
            ${[1, 0.75, 0.5, 0.25].map((part) => html`<span>${moment(nowMs - part * spanMs, nowMs)}</span>`)}<span
              >now</span
            >
          </div>
        </div>
        <p class="quiet">${timelineText(history, nowMs, spanMs)}.</p>
        ${changeTable(history, nowMs)}
      </section>
      ${serviceTable(services, nowMs)} ${poolTable(pools, nowMs)}`,
  });
}

/** The volume types that it serves; those that nobody else serves at present are hit with it. */
function typeLine(entry: Entry): SafeHtml {
  const types = typesOf(entry);
  if (types.length === 0) return html``;
  const shown = types.slice(0, MAX_TYPES).map((type) => html`<li>${name(type)}</li>`);
  const more = types.length - MAX_TYPES;
  const alone = entry.snapshot.typesAlone.get(entry.backend.host) ?? 0;
  return html`<div class="types">
    <span class="quiet">Volume types</span>
    <ul>
      ${shown}${more > 0 ? html`<li class="quiet">and ${numberText(more)} more</li>` : ''}
    </ul>
    ${alone > 0 ? html`<b>${numberText(alone)} without another backend</b>` : ''}
  </div>`;
}

/** Volume types that are named; the JSON of the cloud has all. */
const MAX_TYPES = 12;

/** The alert of the shipped rules that a condition ends in, unless it ends before. A pool that is down is told by its own. */
function firesOn(backend: Backend): string | undefined {
  const { condition, pools } = backend;
  if (condition === 'degraded' && pools.some((pool) => troubleOf(pool) === 'down')) return 'CinderPoolDown';
  return needsLook(condition) ? alertOf(backend) : undefined;
}

function alertLine({ runbookUrl }: PageInput, { snapshot, backend }: Entry): SafeHtml {
  const named = (alert: string): SafeHtml => html`<a href="${runbookLink(runbookUrl, alert)}">${alert}</a>`;
  const alert = firesOn(backend);
  if (alert === undefined) return html``;
  const lost = typesOf({ snapshot, backend }).filter((type) => unservedOf(snapshot).includes(type));
  return html`<p class="quiet">
    With the shipped rules this fires
    ${named(alert)}${lost.length === 0 ? '' : html` and ${named('CinderVolumeTypeDown')} for ${countText(lost.length, 'volume type')}`}
    when it lasts.
  </p>`;
}

/** What a ticket needs, as plain text. The script adds the address of the page. */
function ticketText(input: PageInput, entry: Entry): string {
  const { cloud, snapshot, backend } = entry;
  const { nowMs, spanMs } = input;
  const { host, condition } = backend;
  const sinceMs = inConditionSince(snapshot, backend);
  const seen = snapshot.histories.get(host)?.lastChangeMs !== undefined;
  const at = (ms: number | undefined): string =>
    ms === undefined ? 'never seen' : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const hit = whoIsHit(snapshot, host);
  const bad = backend.pools.flatMap((pool) => {
    const trouble = troubleOf(pool);
    return trouble === undefined ? [] : `${pool.pool} ${trouble}`;
  });
  const some = (words: readonly string[]): string =>
    words.length > MAX_TYPES
      ? `${words.slice(0, MAX_TYPES).join(', ')} and ${words.length - MAX_TYPES} more`
      : words.join(', ');
  const types = typesOf(entry);
  const alert = firesOn(backend);
  const lines = [
    `${host} (cloud ${cloud}): ${CONDITION_TABLE[condition].words}`,
    `Why: ${backend.reason}`,
    ...(sinceMs === undefined
      ? []
      : [
          `Since: ${at(sinceMs)}${seen ? '' : ' or before'} (${seen ? '' : 'at least '}${durationWords(nowMs - sinceMs)})`,
        ]),
    ...(hit === undefined ? [] : [`Who is hit: ${hit}`]),
    ...(bad.length === 0 ? [] : [`Pools in trouble: ${some(bad)}`]),
    ...(types.length === 0 ? [] : [`Volume types: ${some(types)}`]),
    `Last heartbeat: ${at(onOurClock(snapshot, backend.heartbeatAtMs))}`,
    `Last driver stats: ${at(onOurClock(snapshot, backend.statsAtMs))}`,
    timelineText(input.history(cloud, host), nowMs, spanMs),
    ...(alert === undefined ? [] : [`Alert: ${alert}`]),
    `As of: ${at(nowMs)}`,
  ];
  return lines.map((line) => withoutControls(line)).join('\n');
}

function evidence(what: string, atMs: number | undefined, nowMs: number): SafeHtml {
  return html`<span>${what} ${atMs === undefined ? 'never seen' : html`${age(atMs, nowMs)} ago`}</span>`;
}

/** Proof that it works, as far as operations are looked at. */
function lastCreation({ snapshot, backend }: Entry, nowMs: number): SafeHtml {
  const atMs = snapshot.operations?.lastCreations.get(backend.host);
  return atMs === undefined ? html`` : evidence('Last volume made', onOurClock(snapshot, atMs), nowMs);
}

/** What is under way for longer than it may last. */
function stuckLine({ snapshot, backend }: Entry): SafeHtml {
  const stuck = (snapshot.operations?.stuck ?? []).filter(({ host }) => host === backend.host);
  if (stuck.length === 0) return html``;
  const counts = stuck.map(({ operation, count }) => `${numberText(count)} ${operation}`).join(', ');
  return html`<p class="quiet">Volumes that have been under way for too long: ${counts}.</p>`;
}

/** What the driver shows in an outage of its array; nothing without driver stats. */
function outageLine(pools: readonly Pool[]): SafeHtml {
  if (pools.length === 0) return html``;
  const outage = outageOf(pools);
  return html`<p class="quiet">${outage === undefined ? OUTAGE_UNKNOWN : OUTAGE_WORDS[outage]}.</p>`;
}

function changeTable(history: readonly Span[], nowMs: number): SafeHtml {
  if (history.length < 2) return html``;
  const newest = history.toSorted((a, b) => b.fromMs - a.fromMs);
  return html`<details class="changes" data-key="changes">
    <summary>As a table</summary>
    <div class="wide" tabindex="0" role="region" aria-label="Conditions over time">
      <table>
        <caption class="unseen">
          Conditions remembered, newest first
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

/** Pools that are drawn; a backend with more is known by its fullest. */
const MAX_POOLS = 500;

/** The service rows behind a backend. */
function serviceTable(services: readonly Service[], nowMs: number): SafeHtml {
  return html`<section>
    <h2 id="services">Services</h2>
    <div class="wide" tabindex="0" role="region" aria-labelledby="services">
      <table>
        <caption class="unseen">
          Service rows of cinder-volume
        </caption>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Heartbeat, last change</th>
            <th scope="col">Status</th>
            <th scope="col">backend_state</th>
            <th scope="col">Zone</th>
            <th scope="col">Cluster</th>
            <th scope="col">Replication</th>
          </tr>
        </thead>
        <tbody>
          ${services.map(
            (service) =>
              html`<tr>
                <th scope="row">${name(service.host)}</th>
                <td>
                  ${word(service.up, 'up', 'down')}${service.updatedAtMs === undefined ? '' : html`, ${age(service.updatedAtMs, nowMs)} ago`}
                </td>
                <td>${status(service)}</td>
                <td>${listed(service)}</td>
                <td>${name(service.zone)}</td>
                <td>${service.cluster === undefined ? '–' : name(service.cluster)}</td>
                <td>${replication(service)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function status({ enabled, frozen, disabledReason }: Service): SafeHtml {
  return html`${word(enabled, 'enabled', 'disabled')}${frozen ? ', frozen' : ''}${disabledReason === undefined ? '' : html`: “${name(disabledReason)}”`}`;
}

function listed({ backendState }: Service): SafeHtml {
  return backendState === undefined
    ? html`<span class="quiet">not told</span>`
    : html`<code>${backendState ?? 'null'}</code>`;
}

function replication({ replicationStatus, activeBackendId }: Service): SafeHtml {
  if (replicationStatus === undefined) return html`–`;
  return html`${name(replicationStatus)}${activeBackendId === undefined ? '' : html`, active: ${name(activeBackendId)}`}`;
}

/** The pools with all that their driver tells of capacity. */
function poolTable(pools: readonly Pool[], nowMs: number): SafeHtml {
  if (pools.length === 0)
    return html`<section>
      <h2 id="pools">Pools</h2>
      <p class="empty">The scheduler holds no driver stats for this backend.</p>
    </section>`;
  const more = pools.length - MAX_POOLS;
  return html`<section>
    <h2 id="pools">Pools</h2>
    <div class="wide" tabindex="0" role="region" aria-labelledby="pools">
      <table class="pool-table">
        <caption class="unseen">
          Pools, those in trouble first, then the fullest
        </caption>
        <thead>
          <tr>
            <th scope="col">Pool</th>
            <th scope="col">backend_state</th>
            <th scope="col">Used</th>
            <th scope="col">Total</th>
            <th scope="col">Free</th>
            <th scope="col">Allocated</th>
            <th scope="col">Provisioned</th>
            <th scope="col">Scheduler's free</th>
            <th scope="col">Reserved</th>
            <th scope="col">Stats</th>
            <th scope="col">Driver</th>
          </tr>
        </thead>
        <tbody>
          ${troubledFirst(pools)
            .slice(0, MAX_POOLS)
            .map((pool) => poolRow(pool, nowMs))}
        </tbody>
      </table>
    </div>
    ${more > 0 ? html`<p class="quiet">and ${numberText(more)} more, less full; the JSON has all of them</p>` : ''}
  </section>`;
}

function troubledFirst(pools: readonly Pool[]): Pool[] {
  const all = fullestFirst(pools);
  return [
    ...all.filter((pool) => troubleOf(pool) !== undefined),
    ...all.filter((pool) => troubleOf(pool) === undefined),
  ];
}

function poolRow(pool: Pool, nowMs: number): SafeHtml {
  const ratio = pool.maxOverSubscriptionRatio;
  const driver = [pool.vendorName, pool.storageProtocol, pool.driverVersion].filter((part) => part !== '');
  return html`<tr data-key="${pool.pool}">
    <th scope="row">${name(pool.pool)}</th>
    <td>${poolState(pool)}</td>
    <td class="fills">${bar(pool)}<span class="quiet fill">${usageOf(pool).words}</span></td>
    <td>${bytesText(pool.totalBytes)}</td>
    <td>${bytesText(pool.freeBytes)}</td>
    <td>${bytesText(pool.allocatedBytes)}</td>
    <td>
      ${bytesText(pool.provisionedBytes)}${pool.thinProvisioning && ratio !== undefined ? html`<span class="quiet">, up to ×${ratio}</span>` : ''}
    </td>
    <td>${bytesText(pool.virtualFreeBytes)}</td>
    <td>${pool.reservedRatio === undefined ? '–' : percentText(pool.reservedRatio)}</td>
    <td>${pool.statsAtMs === undefined ? '–' : html`${age(pool.statsAtMs, nowMs)} ago`}</td>
    <td>${driver.length === 0 ? '–' : name(driver.join(' '))}</td>
  </tr>`;
}

function poolState(pool: Pool): SafeHtml {
  const trouble = troubleOf(pool);
  if (trouble !== undefined)
    return html`<span class="badge c-${trouble === 'down' ? 'down' : 'degraded'}"
      ><span aria-hidden="true">${CONDITION_TABLE[trouble === 'down' ? 'down' : 'degraded'].symbol}</span>
      ${trouble}</span
    >`;
  return pool.backendState === undefined
    ? html`<span class="quiet">not told</span>`
    : html`<code>${pool.backendState}</code
        >${pool.outdated ? html`<span class="quiet">, when it was last heard of</span>` : ''}`;
}

function word(value: boolean | undefined, yes: string, no: string): string {
  if (value === undefined) return 'not told';
  return value ? yes : no;
}
