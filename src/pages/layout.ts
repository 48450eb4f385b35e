import { html, type SafeHtml } from '@remix-run/html-template';
import { VERSION } from '../version.ts';
import { link } from './address.ts';
import { assetLink } from './assets.ts';
import { moment } from './components.ts';
import type { Tone } from './headline.ts';
import type { PageInput } from './listing.ts';

/** What every page has around its own content. */
export interface Frame {
  readonly title: string;
  readonly tone: Tone;
  /** What leads from the page to the root; without it the page is at the root, and follows what happens. */
  readonly root?: '../';
  /** Where the reader is, below the overview. */
  readonly trail: readonly SafeHtml[];
  readonly body: SafeHtml;
}

/** A whole page. Inside `main` everything may change while it is looked at. */
export function layout(input: PageInput, { title, tone, trail, body, root }: Frame): string {
  const at = (path: string): string => `${root ?? ''}${path}`;
  const remark = html`<p>
    Timelines come from this process's own memory: at most 6 hours, and none of it survives a restart. Times are UTC.
    <noscript
      >Without JavaScript this page shows the state of ${moment(input.nowMs, input.nowMs)}; reload it for a newer
      one.</noscript
    >
  </p>`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} · Cinder</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <link rel="icon" type="image/svg+xml" href="${at(link('favicon.svg', { tone }))}" />
        <link rel="stylesheet" href="${at(assetLink('status.css'))}" />
        ${root === undefined ? html`<script src="${assetLink('status.js')}" defer></script>` : ''}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <nav aria-label="Where you are">
            <ol class="trail">
              <li><a class="brand" href="${root ?? './'}">Cinder backends</a></li>
              ${trail.map((step) => html`<li>${step}</li>`)}
            </ol>
          </nav>
          <div class="tools needs-js">
            <button type="button" id="zone" title="Times in UTC, or in the time of this browser">UTC</button>
            <button type="button" id="pause" aria-pressed="false">Pause</button>
            <p class="live" id="live">connecting</p>
          </div>
        </header>
        <p class="lost" id="lost" role="status"></p>
        <main id="main" data-now="${input.nowMs}">${body}</main>
        <footer>
          <ul class="links">
            <li><a href="${at('runbooks/README')}">Runbooks</a></li>
            <li><a href="${at(input.telemetryPath.replace(/^\//, ''))}">Metrics</a></li>
            <li><a href="${at('api/v1/backends')}">Backends as JSON</a></li>
            <li><a href="${at('sd')}">Targets for Prometheus</a></li>
            <li><a href="${at('-/ready')}">Ready?</a></li>
            <li><a href="${at('openapi.json')}">OpenAPI</a></li>
          </ul>
          ${root === undefined ? remark : ''}
          <p>cinder-exporter ${VERSION}</p>
        </footer>
      </body>
    </html> `;
  return String(page);
}
