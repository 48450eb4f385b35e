import { html, type SafeHtml } from '@remix-run/html-template';
import { durationWords } from '../duration.ts';
import { CONDITION_TABLE, type Condition } from '../cinder/conditions.ts';
import { momentText } from './quantity.ts';
import { withoutControls } from '../text.ts';

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
  return html`<time datetime="${iso}" title="${iso}">${momentText(atMs, nowMs)}</time>`;
}

/** A name that came from elsewhere: its direction of writing stays its own, and nothing in it hides. */
export function name(text: string): SafeHtml {
  return html`<bdi class="name">${withoutControls(text)}</bdi>`;
}
