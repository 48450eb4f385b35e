import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { html } from '@remix-run/html-template';
import { Marked, Renderer, type RendererObject } from 'marked';
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
    body: html`<article class="runbook">${html.raw`${articleOf(markdown)}`}</article>`,
  });
}

/** The HTML of a runbook, in the shapes of the other pages: what is wide can be scrolled by keyboard, and pictures are left out. */
export function articleOf(markdown: string): string {
  let tables = 0;
  const renderer: RendererObject = {
    heading({ depth, tokens }) {
      return `<h${depth}${depth === 1 ? ' class="backend"' : ''}>${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    code(token) {
      return USUAL.code(token).replace('<pre>', '<pre tabindex="0">');
    },
    table(token) {
      const table = Renderer.prototype.table.call(this, token);
      const titled = token.header.some(({ text }) => text !== '');
      const shown = titled
        ? table.replaceAll('<th></th>', '<td></td>').replaceAll('<th>', '<th scope="col">')
        : table.replace(/<thead>.*?<\/thead>/s, '');
      return `<div class="wide" tabindex="0" role="region" aria-label="Table ${(tables += 1)}">${shown}</div>\n`;
    },
    link({ href, tokens }) {
      return `<a href="${addressOf(href)}">${this.parser.parseInline(tokens)}</a>`;
    },
    image: () => '',
  };
  return new Marked({ renderer }).parse(markdown, { async: false });
}

const USUAL = new Renderer();

/** A runbook is linked as its page here, any other page where the documentation is. */
function addressOf(to: string): string {
  const runbook = /^(\w+)\.md$/.exec(to)?.[1];
  if (runbook !== undefined) return runbook;
  return to.startsWith('../') ? `${DOCS_URL}/${to.slice(3)}` : to;
}
