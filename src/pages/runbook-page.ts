import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { html, type SafeHtml } from '@remix-run/html-template';
import { layout } from './layout.ts';
import type { PageInput } from './listing.ts';

/** The shipped runbooks: beside this file in `dist`, where the build puts them, else in the sources. */
const BUILT = new URL('runbooks/', import.meta.url);
const FOLDER = existsSync(BUILT) ? BUILT : new URL('../../docs/runbooks/', import.meta.url);

/** Where the other pages of the documentation are. */
const DOCS_URL = 'https://github.com/cinder-exporter/cinder-exporter/blob/main/docs';

/** The text of a shipped runbook, by the name of its alert; also of `README`, which is about all of them. undefined: there is none. */
export async function readRunbook(name: string): Promise<string | undefined> {
  if (!/^[A-Za-z]{1,64}$/.test(name)) return undefined;
  return readFile(new URL(`${name}.md`, FOLDER), 'utf8').catch(() => undefined);
}

/** A runbook as a page, so that it can be read where there is no way out to the internet. */
export function runbookPage(input: PageInput, name: string, markdown: string): string {
  return layout(input, {
    title: name === 'README' ? 'Runbooks' : name,
    tone: 'good',
    root: '../',
    trail: [html`<a href="README">Runbooks</a>`],
    body: html`<article class="runbook">${blocks(markdown.split('\n'))}</article>`,
  });
}

/** The blocks of Markdown that the runbooks use: headings, fences, tables, lists and paragraphs. A test holds that nothing else is in them. */
export function blocks(lines: readonly string[]): SafeHtml[] {
  const made: SafeHtml[] = [];
  let at = 0;
  const take = (fits: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && fits(lines[at] ?? '')) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const heading = /^(#{1,3}) (.*)/.exec(line);
    if (line.trim() === '' || line.startsWith('![')) {
      at += 1;
    } else if (heading) {
      at += 1;
      made.push(headingOf(heading[1]?.length ?? 1, heading[2] ?? ''));
    } else if (line.startsWith('```')) {
      at += 1;
      const code = take((one) => !one.startsWith('```'));
      at += 1;
      made.push(html`<pre tabindex="0"><code>${code.join('\n')}</code></pre>`);
    } else if (line.startsWith('|')) {
      made.push(
        tableOf(
          take((one) => one.startsWith('|')),
          at,
        ),
      );
    } else if (/^(?:\*|\d+\.) /.test(line)) {
      const items = listItems(take((one) => /^(?:\*|\d+\.) /.test(one) || /^ +\S/.test(one)));
      const rows = items.map((item) => html`<li>${inline(item)}</li>`);
      made.push(
        line.startsWith('*')
          ? html`<ul>
              ${rows}
            </ul>`
          : html`<ol>
              ${rows}
            </ol>`,
      );
    } else {
      const words = take((one) => one.trim() !== '' && !/^(?:#|```|\||\* |\d+\. )/.test(one));
      // Never none, so that a line of a kind that is not known cannot stop all.
      if (words.length === 0) words.push(lines[at++] ?? '');
      made.push(html`<p>${inline(words.join(' '))}</p>`);
    }
  }
  return made;
}

function headingOf(level: number, words: string): SafeHtml {
  if (level === 1) return html`<h1 class="backend">${inline(words)}</h1>`;
  return level === 2 ? html`<h2>${inline(words)}</h2>` : html`<h3>${inline(words)}</h3>`;
}

/** A line that is indented belongs to the item above it. */
function listItems(lines: readonly string[]): string[] {
  const items: string[] = [];
  for (const line of lines)
    if (line.startsWith(' ')) items.push(`${items.pop() ?? ''} ${line.trim()}`);
    else items.push(line.replace(/^(?:\*|\d+\.) +/, ''));
  return items;
}

/** `at`: what tells it from the other tables of the page. */
function tableOf(lines: readonly string[], at: number): SafeHtml {
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => cell.trim()),
  );
  const titled = head.some((cell) => cell !== '');
  return html`<div class="wide" tabindex="0" role="region" aria-label="Table, line ${at}">
    <table>
      ${
        titled
          ? html`<thead>
              <tr>
                ${head.map((cell) => (cell === '' ? html`<td></td>` : html`<th scope="col">${inline(cell)}</th>`))}
              </tr>
            </thead>`
          : ''
      }
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell) => html`<td>${inline(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Code and links within a line; a runbook is linked as its page here, any other page where the documentation is. */
function inline(text: string): SafeHtml[] {
  return text
    .split(/(`[^`]+`|\[[^\]]+\]\([^)]+\))/)
    .filter((part) => part !== '')
    .map((part) => {
      if (part.startsWith('`')) return html`<code>${part.slice(1, -1)}</code>`;
      const [, words, to] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part) ?? [];
      return words === undefined || to === undefined
        ? html`${part}`
        : html`<a href="${addressOf(to)}">${inline(words)}</a>`;
    });
}

function addressOf(to: string): string {
  const runbook = /^(\w+)\.md$/.exec(to)?.[1];
  if (runbook !== undefined) return runbook;
  return to.startsWith('../') ? `${DOCS_URL}/${to.slice(3)}` : to;
}
