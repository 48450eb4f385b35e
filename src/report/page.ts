import { html, type SafeHtml } from '@remix-run/html-template';
import { VERSION } from '../version.ts';
import type { AvailabilityReport } from './availability.ts';
import { MEANINGS, rangeText, type Table, tablesOf } from './words.ts';

/** Nothing is loaded: the page can be sent by mail, and printed. */
const STYLE = `
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; color: #1c2126; background: #fff; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; break-after: avoid; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d5dade; vertical-align: top; overflow-wrap: anywhere; }
th { border-bottom: 2px solid #5d666f; font-weight: 600; overflow-wrap: normal; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.note { background: #f9ecc0; padding: .4rem .7rem; }
footer, .range { color: #4a525b; }
@page { margin: 14mm; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 9pt; } .scroll { overflow: visible; } .note { border: 1px solid #715300; } }
`;

/** One page that needs nothing else. */
export function renderPage(report: AvailabilityReport): string {
  const range = rangeText(report.range);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Availability of Cinder, ${range}</title>
        <style>
          ${html.raw`${STYLE}`}
        </style>
      </head>
      <body>
        <h1>Availability of Cinder</h1>
        <p class="range">${range}</p>
        ${report.notes.map((note) => html`<p class="note">${note}</p>`)} ${tablesOf(report).map(section)}
        <footer>
          <ul>
            ${MEANINGS.map((one) => html`<li>${one}</li>`)}
          </ul>
          <p>cinder-exporter ${VERSION}</p>
        </footer>
      </body>
    </html> `;
  return String(page);
}

function section({ title, columns, rows, numbers, none }: Table): SafeHtml {
  const kind = (i: number): string => (numbers.includes(i) ? 'n' : '');
  if (rows.length === 0)
    return html`<section>
      <h2>${title}</h2>
      <p>${none}</p>
    </section>`;
  return html`<section>
    <h2>${title}</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="${title}">
      <table>
        <thead>
          <tr>
            ${columns.map((column, i) => html`<th scope="col" class="${kind(i)}">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map((cell, i) => html`<td class="${kind(i)}"><bdi>${cell}</bdi></td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
