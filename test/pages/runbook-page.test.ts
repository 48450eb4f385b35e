import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { articleOf } from '../../src/pages/runbook-page.ts';
import { SETTINGS } from '../../src/rules/settings.ts';
import { one } from './clouds.ts';
import { startServer } from './server.ts';
import { serve, watchedCloud } from './watched.ts';

const folder = new URL('../../docs/runbooks/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.md$/, ''));
const made = (markdown: string): string => articleOf(markdown).replaceAll(/\s+/g, ' ').replaceAll('> <', '><').trim();

test('a runbook has the shapes of the other pages', () => {
  assert.equal(made('# A `b`'), '<h1 class="backend">A <code>b</code></h1>');
  assert.equal(made('one\ntwo\n\nthree'), '<p>one two</p><p>three</p>');
  assert.equal(made('* a\n  more\n* b\n\n1. c'), '<ul><li>a more</li><li>b</li></ul><ol><li>c</li></ol>');
  assert.equal(
    made('[a `b`](CinderX.md), [c](../drivers.md#d)'),
    '<p><a href="CinderX">a <code>b</code></a>, <a href="https://github.com/cinder-exporter/cinder-exporter/blob/main/docs/drivers.md#d">c</a></p>',
  );
  assert.equal(
    made('```sh\na | b <c>\n# no heading\n```'),
    '<pre tabindex="0"><code class="language-sh">a | b &lt;c&gt; # no heading </code></pre>',
  );
  assert.equal(
    made('| | |\n|---|---|\n| `A` | b |'),
    '<div class="wide" tabindex="0" role="region" aria-label="Table 1"><table><tbody><tr><td><code>A</code></td><td>b</td></tr></tbody></table></div>',
  );
  assert.match(made('| | A |\n|---|---|\n| b | c |'), /<thead><tr><td><\/td><th scope="col">A<\/th><\/tr><\/thead>/);
});

test('every runbook is served whole, by its name and as the rules name it, and its links lead somewhere', async (t) => {
  const { get, url } = await startServer(t, serve([watchedCloud('prod', one())]));
  assert.ok(names.length > 30);
  for (const name of names) {
    const { status, text, headers } = await get(`/runbooks/${name}`);
    assert.equal(status, 200, name);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const source = readFileSync(new URL(`${name}.md`, folder), 'utf8');
    const words = (text.split('<article')[1]?.split('</article>')[0] ?? '')
      .replace(/<pre.*?<\/pre>/gs, '')
      .replace(/<code>.*?<\/code>/gs, '');
    assert.doesNotMatch(
      words.replace(/<[^>]*>/g, ''),
      /`|\]\(|^\s*[#|*]|\*\*/m,
      `${name}: Markdown that is not rendered`,
    );
    for (const [, code = ''] of source.matchAll(/```sh\n(.*?)\n```/gs))
      assert.ok(
        text.includes(
          code
            .replaceAll('&', '&amp;')
            .replaceAll('<', '&lt;')
            .replaceAll('>', '&gt;')
            .replaceAll('"', '&quot;')
            .replaceAll("'", '&#39;'),
        ),
        `${name}: ${code}`,
      );
    for (const [, href = ''] of text.matchAll(/(?:href|src)="([^"]+)"/g)) {
      if (href.startsWith('https:')) continue;
      const answer = await fetch(new URL(href.replaceAll('&amp;', '&'), `${url}/runbooks/${name}`));
      await answer.text();
      assert.equal(answer.status, 200, `${name}: ${href}`);
    }
  }
  assert.equal(
    (await get('/runbooks/CinderBackendDown.md')).text.includes('<h1 class="backend">CinderBackendDown'),
    true,
  );
  assert.match(SETTINGS.runbook_url.help, /`\/ALERT\.md` is appended/);
  for (const path of ['/runbooks', '/runbooks/']) assert.match((await get(path)).text, /<h1 class="backend">Runbooks/);
});

test('nothing but a runbook is read', async (t) => {
  const { get } = await startServer(t, serve([watchedCloud('prod', one())]));
  for (const name of ['nope', '..%2Fdrivers', '..%2f..%2fREADME', 'README.md.md', '__proto__', 'a'.repeat(65), '%00'])
    assert.equal((await get(`/runbooks/${name}`)).status, 404, name);
});
