import { html, type SafeHtml } from '@remix-run/html-template';
import { alertOf, CONDITION_TABLE, type Condition } from '../cinder/conditions.ts';
import { isVanished } from '../cinder/evidence.ts';
import type { Pool } from '../cinder/model.ts';
import { durationWords } from '../duration.ts';
import { withoutControls } from '../text.ts';
import { grafanaLink, runbookLink } from './address.ts';
import { explainFailures } from './failures.ts';
import { inConditionSince } from './history.ts';
import type { CloudNow, Entry, PageInput } from './listing.ts';

/** A ratio as whole percent, never rounded to `100 %` or `0 %` when it is not that. */
export function percentText(ratio: number): string {
  const percent = Math.round(ratio * 100);
  if (percent === 100 && ratio < 1) return '> 99 %';
  if (percent === 0 && ratio > 0) return '< 1 %';
  return `${percent} %`;
}

/** `1 backend`, `2 backends`; thousands are grouped. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** A whole number with its thousands grouped: `5,000`. */
export function numberText(count: number): string {
  return count.toLocaleString('en-US');
}

/** A moment in UTC: `13:04 UTC` within twelve hours of now, else with its date. Milliseconds since the epoch. */
export function momentText(ms: number, nowMs: number): string {
  const iso = new Date(ms).toISOString();
  const time = `${iso.slice(11, 16)} UTC`;
  return Math.abs(nowMs - ms) < 12 * 3_600_000 ? time : `${iso.slice(0, 10)} ${time}`;
}

/** The condition as a badge: symbol, words and colour. */
export function badge(condition: Condition): SafeHtml {
  const { symbol, words } = CONDITION_TABLE[condition];
  return html`<span class="badge c-${condition}"><span aria-hidden="true">${symbol}</span> ${words}</span>`;
}

/** How long ago something was, which the browser keeps counting. Milliseconds since the epoch. */
export function age(atMs: number, nowMs: number): SafeHtml {
  const iso = new Date(atMs).toISOString();
  return html`<time datetime="${iso}" title="${iso}" data-age>${durationWords(nowMs - atMs)}</time>`;
}

/** A moment in UTC. */
export function moment(atMs: number, nowMs: number): SafeHtml {
  const iso = new Date(atMs).toISOString();
  return html`<time datetime="${iso}" title="${iso}" data-moment>${momentText(atMs, nowMs)}</time>`;
}

/** A name that came from elsewhere: its direction of writing stays its own, and nothing in it hides. */
export function name(text: string): SafeHtml {
  return html`<bdi class="name">${withoutControls(text)}</bdi>`;
}

/** Since when, as far as this process has seen it, or Cinder's own times tell. */
export function sinceText({ snapshot, backend }: Entry, nowMs: number): SafeHtml {
  const sinceMs = inConditionSince(snapshot, backend);
  const history = snapshot.histories.get(backend.host);
  if (!history || sinceMs === undefined) return html`–`;
  const seen = history.lastChangeMs !== undefined;
  const when = html`<span class="quiet when">since ${moment(sinceMs, nowMs)}</span>`;
  return html`${seen ? '' : html`<span class="quiet">at least </span>`}${age(sinceMs, nowMs)}${seen || sinceMs < history.sinceMs ? when : ''}`;
}

/** Where to go from a backend that needs a look. */
export function links({ grafanaUrl, runbookUrl }: PageInput, { cloud, backend }: Entry, several: boolean): SafeHtml {
  const { condition, host } = backend;
  const alert = condition === 'up_assumed' ? undefined : alertOf(backend);
  const runbook = alert && runbookLink(runbookUrl, alert);
  const dashboard = grafanaUrl && grafanaLink(grafanaUrl, host, several ? cloud : undefined);
  const forHost = html`<span class="unseen"> for ${withoutControls(host)}</span>`;
  const to = (href: string, words: string): SafeHtml => html` <a class="go" href="${href}">${words}${forHost}</a>`;
  return html`${runbook ? to(runbook, 'runbook') : ''}${dashboard ? to(dashboard, 'Grafana') : ''}`;
}

/** Why parts of a cloud cannot be read; nothing when all is well. */
export function failureList({ name: cloud, snapshot }: CloudNow, nowMs: number, several: boolean): SafeHtml {
  if (!snapshot) {
    return html`<section class="trouble t-unsure" data-key="trouble ${cloud}">
      <h2>${several ? `${cloud}: ` : ''}Waiting for the first answer</h2>
      <p>The first refresh is under way. If this stays, the log of the exporter says why.</p>
    </section>`;
  }
  return html`${explainFailures(snapshot).map(
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

/** What is wrong with a pool, in a word or two; undefined: nothing that its driver tells. What it said when it was last heard of is not believed. */
export function troubleOf(pool: Pool): string | undefined {
  if (pool.outdated) return undefined;
  if (isVanished(pool)) return 'without capacity';
  const state = pool.backendState;
  return state === undefined || state === 'up' ? undefined : withoutControls(state);
}
