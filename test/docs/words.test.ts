import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { parseSync } from 'oxc-parser';
import { ALERTS } from '../alerts/shipped.ts';

const root = new URL('../../', import.meta.url).pathname;
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
});
const pages = listed.split('\n').filter((page) => page && existsSync(join(root, page)));
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Longest sentence, in words. A part that ends with `:` or `;` counts as one. */
const MOST_WORDS = 30;

/** Words that make a reader read twice, or say nothing. */
const AVOIDED =
  /\b(?:(?:that|those) of|in order to|of course|in earnest|as it were|note that|simply|obviously|basically|actually|utili[sz]e|leverage|seamless\w*)\b/i;

/** Written by a run: the names of tests, which are no prose. */
const NIGHT = 'docs/night.md';
/** Not pages that somebody reads from top to bottom: these, and what changed. */
const LISTS = [NIGHT, 'CHANGELOG.md'];

/** The text of a page without its code, its links' targets, and the summaries of alerts, which the rules have. */
function textOf(page: string): string {
  const text = read(page)
    .replaceAll(/^ *(`{3,})[^]*?^ *\1$/gm, '\n')
    .replaceAll(/<!--[^]*?-->/g, '')
    .replaceAll(/`[^`\n]*`/g, 'CODE')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1');
  return ALERTS.reduce((left, { annotations }) => left.replaceAll(annotations['summary'] ?? '', ''), text);
}

/** Paragraphs, items of lists, headings, and cells of tables. */
function blocksOf(text: string): string[] {
  return text
    .split(/\n\s*\n|\n(?= *(?:[*-] |\d+\. |#|\|))|(?<=^#.*)\n/gm)
    .flatMap((block) => (/^\s*\|/.test(block) ? block.split('|') : [block]));
}

function longSentences(text: string): string[] {
  return text
    .replaceAll(/\s+/g, ' ')
    .split(/(?<=[.!?:;])\s/)
    .filter((sentence) => sentence.split(' ').filter((word) => /\w/.test(word)).length > MOST_WORDS);
}

test('no sentence of a page is longer than 30 words', () => {
  const long = pages
    .filter((page) => !LISTS.includes(page))
    .flatMap((page) =>
      blocksOf(textOf(page))
        .flatMap(longSentences)
        .map((sentence) => `${page}: ${sentence}`),
    );
  assert.deepEqual(long, []);
});

test('no sentence that an alert sends is longer, or has words that make it so', () => {
  const texts = ALERTS.flatMap(({ alert, annotations }) =>
    Object.values(annotations).map((text) => ({ alert, text: text.replaceAll(/\{\{[^]*?\}\}/g, 'X') })),
  );
  assert.deepEqual(
    texts.filter(({ text }) => longSentences(text).length > 0 || AVOIDED.test(text)),
    [],
  );
});

interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly operator?: string;
  readonly left?: Node;
  readonly right?: Node;
  readonly quasis?: readonly { readonly value: { readonly cooked: string } }[];
}

/** What a literal, a template or a sum of them says, with X for what is put in; undefined for all else. */
function saidBy(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'TemplateLiteral') return node.quasis?.map(({ value }) => value.cooked).join('X');
  if (node.type !== 'BinaryExpression' || node.operator !== '+' || !node.left || !node.right) return undefined;
  const parts = [saidBy(node.left), saidBy(node.right)];
  return parts.every((part) => part === undefined) ? undefined : parts.map((part) => part ?? 'X').join('');
}

/** All texts below a node of a syntax tree. */
function textsBelow(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const text = 'type' in node ? saidBy(node as Node) : undefined;
  const within = text !== undefined && (node as Node).type === 'BinaryExpression' ? [] : Object.values(node);
  return [...(text === undefined ? [] : [text]), ...within.flatMap(textsBelow)];
}

/** Words of a language, and not of an expression or of code: nine in ten of its words. */
function isProse(sentence: string): boolean {
  const words = sentence.split(' ').filter((word) => /\w/.test(word));
  return (
    words.filter((word) => word !== 'X' && /^["'(]*[a-z][a-z'-]*[.,:;!?)"']*$/i.test(word)).length > words.length * 0.9
  );
}

const NOTES = 'deploy/helm/cinder-exporter/templates/NOTES.txt';
const VALUES = 'deploy/helm/cinder-exporter/values.yaml';
/** Messages, help texts and pages in the source of the program and of the dashboards; and what the Helm chart says. */
const SOURCES = execFileSync('git', ['ls-files', 'src', 'grafana/src', NOTES, VALUES], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(?:ts|js|yaml|txt)$/i.test(file) && existsSync(join(root, file)));

/** A file's texts, without markup; of other files than programs their comments and lines. */
function textsOf(file: string): string[] {
  const source = read(file);
  if (!/\.(?:ts|js)$/.test(file)) return [source.replaceAll(/\{\{[^]*?\}\}/g, 'X').replaceAll(/\n *# */g, ' ')];
  const { program, errors } = parseSync(file, source);
  assert.deepEqual(errors, [], file);
  return textsBelow(program).map((text) => text.replaceAll(/<[^<>]*>/g, '\n\n'));
}

test('no message, help text or page of the program has a long sentence, or such a word', () => {
  assert.ok(SOURCES.length > 150, `${SOURCES.length} files`);
  const found = SOURCES.flatMap((file) =>
    textsOf(file).flatMap((text) => [
      ...text
        .split(/\n\s*\n|\n(?= *(?:[*-] |\d+ ))/)
        .flatMap(longSentences)
        .filter(isProse)
        .map((sentence) => `${file}: ${sentence}`),
      ...(AVOIDED.exec(text) ?? []).map((word) => `${file}: ${word}: ${text.slice(0, 200)}`),
    ]),
  );
  assert.deepEqual(found, []);
});

test('no page has words that make it longer and not clearer', () => {
  const prose = pages.filter((page) => page !== NIGHT);
  const found = prose.flatMap((page) =>
    blocksOf(textOf(page)).flatMap((block) => {
      const [word] = AVOIDED.exec(block.replaceAll(/\s+/g, ' ')) ?? [];
      return word === undefined ? [] : [`${page}: ${word}: ${block.trim()}`];
    }),
  );
  assert.deepEqual(found, []);
});

/** As GitHub makes the anchor of a heading. */
function anchorsOf(page: string): string[] {
  const headings = read(page)
    .replaceAll(/^ *(`{3,})[^]*?^ *\1$/gm, '')
    .matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Where the links and pictures of a page lead, below the root. */
function targetsOf(
  page: string,
): { readonly link: string; readonly path: string; readonly anchor: string | undefined }[] {
  const text = read(page).replaceAll(/^ *(`{3,})[^]*?^ *\1$/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].flatMap(([, inline, attribute]) => {
    const link = inline ?? attribute ?? '';
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    return [{ link, path: path === '' ? page : relative(root, join(root, dirname(page), path)), anchor }];
  });
}

test('every link within the repository leads somewhere, its heading too', () => {
  const dead = pages.flatMap((page) =>
    targetsOf(page)
      .filter(({ path, anchor }) => {
        if (!existsSync(join(root, path))) return true;
        if (anchor === undefined) return false;
        return statSync(join(root, path)).isDirectory() || !anchorsOf(path).includes(anchor);
      })
      .map(({ link }) => `${page}: ${link}`),
  );
  assert.deepEqual(dead, []);
});

test('every picture is on a page, and every page of docs/ is linked', () => {
  const linked = new Set(pages.flatMap((page) => targetsOf(page).map(({ path }) => path)));
  const pictures = readdirSync(join(root, 'docs/pictures')).map((name) => `docs/pictures/${name}`);
  const wanted = [...pictures, ...pages.filter((page) => page.startsWith('docs/'))];
  assert.deepEqual(
    wanted.filter((path) => !linked.has(path) && !linked.has(dirname(path)) && path !== 'docs/README.md'),
    [],
  );
});
