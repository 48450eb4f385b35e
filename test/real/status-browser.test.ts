import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { HOSTILE, hostile, many, one, twelve } from '../pages/clouds.ts';
import { startServer } from '../pages/server.ts';
import { serve, watchedCloud } from '../pages/watched.ts';
import { accessibilityProblems, openBrowser, openPage } from '../pages/browser.ts';
import { canaryRow } from '../support/samples.ts';
import { withoutControls } from '../../src/text.ts';

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const refused = { reason: 'auth', message: 'Keystone refused the login by password: 401' };
const now = Date.now();

/** A cloud that has gone through something while it was watched. */
function eventful() {
  const cloud = watchedCloud('prod', twelve(now - 3_600_000, false));
  return { cloud, flip: (atMs = Date.now()) => cloud.become(twelve(atMs, true)) };
}

/** Resolves when the page is connected, so that nothing is missed. */
const live = (page: Page) => page.locator('#live.on').waitFor();

/** Pixels by which the page is wider than the window. */
const overflow = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** A way to the server on which nothing arrives any more once it is cut, and nothing is refused, as behind a dead switch. */
async function silentWire(t: TestContext, to: string) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(Number(new URL(to).port), '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => void (isCut || into.write(data)));
      from.on('error', () => {});
      from.on('close', () => void (isCut || into.destroy()));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = (): void => sockets.forEach((socket) => socket.destroy());
  t.after(() => {
    end();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut: () => (isCut = true),
    mend() {
      isCut = false;
      end();
    },
  };
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 320]) {
    test(`no accessibility problem, no complaint, no sideways scrolling: ${colorScheme}, ${width} pixels wide`, async (t) => {
      const { cloud, flip } = eventful();
      const strange = watchedCloud('strange', hostile(now));
      const blind = watchedCloud('blind', { failures: { services: refused, pools: refused } });
      const { url } = await startServer(
        t,
        serve([cloud, strange, blind, watchedCloud('new')], 'https://grafana.example.net'),
      );
      flip();
      const { page, complaints } = await openPage(t, browser, `${url}/`, {
        colorScheme,
        viewport: { width, height: 800 },
      });
      const paths = [
        '/',
        '/cloud?name=prod',
        '/cloud?name=blind',
        '/?q=nothing',
        '/?group=zone&in=az1&sort=fullest',
        '/?condition=healthy&past=15m',
        '/backend?cloud=prod&host=ctl1@vsp-gold',
        `/backend?cloud=strange&host=${HOSTILE[5]}`,
      ];
      for (const path of paths) {
        await page.goto(url + path);
        await live(page);
        for (const details of await page.locator('summary').all()) await details.click();
        assert.deepEqual(await accessibilityProblems(page), [], path);
        assert.equal(await overflow(page), 0, path);
      }
      assert.deepEqual(complaints, []);
    });
  }
}

test('a backend that flips is seen without a reload; scroll, focus and what is typed stay', async (t) => {
  const { cloud, flip } = eventful();
  const { url } = await startServer(t, serve([cloud]));
  const { page, complaints } = await openPage(t, browser, `${url}/?q=ctl`, { viewport: { width: 1000, height: 500 } });
  await live(page);
  await page.evaluate('window.sameDocument = true');
  const row = page.locator('tr[data-key="prod ctl1@vsp-gold"]');
  assert.match((await row.locator('.badge').textContent()) ?? '', /up$/);
  await row.locator('a.host').focus();
  const search = page.locator('input[type=search]');
  assert.equal(await search.inputValue(), 'ctl');
  await page.evaluate(
    `document.querySelector('tr[data-key="prod ctl2@solidfire"]').scrollIntoView({ block: 'center' })`,
  );
  const top = 'Math.round(document.querySelector(\'tr[data-key="prod ctl2@solidfire"]\').getBoundingClientRect().top)';
  const before = await page.evaluate<number>(top);
  assert.ok(before > 0 && before < 500, `the row is in view, at ${before}`);
  flip();
  await page.locator('tr.k-down[data-key="prod ctl1@vsp-gold"]').waitFor();
  assert.match((await page.locator('h1').textContent()) ?? '', /^5 of 12 backends need you$/);
  assert.match(await page.title(), /^1 down/);
  assert.match((await page.locator('link[rel=icon]').getAttribute('href')) ?? '', /tone=bad/);
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'ctl1@vsp-gold');
  assert.equal(await page.evaluate('window.sameDocument'), true);
  const moved = (await page.evaluate<number>(top)) - before;
  assert.ok(Math.abs(moved) <= 2, `what one reads moved by ${moved} pixels`);
  assert.equal(await page.evaluate("document.querySelector('tbody tr').dataset.key"), 'prod ctl1@vsp-gold');
  assert.match((await row.locator('svg.strip').getAttribute('aria-label')) ?? '', /1 change; .*now down$/);
  assert.deepEqual(complaints, []);
});

test('a backend page follows its backend, and what was opened stays open', async (t) => {
  const { cloud, flip } = eventful();
  const { url } = await startServer(t, serve([cloud]));
  flip(now - 600_000);
  cloud.become(twelve(now - 300_000, false));
  const { page, complaints } = await openPage(t, browser, `${url}/backend?cloud=prod&host=ctl1%40vsp-gold`);
  await live(page);
  await page.getByText('As a table').click();
  const before = await page.locator('details tbody tr').count();
  flip();
  await page.locator('.verdict.k-down').waitFor();
  assert.equal(await page.locator('details[data-key=changes]').getAttribute('open'), '');
  assert.equal(await page.locator('details tbody tr').count(), before + 1);
  assert.deepEqual(complaints, []);
});

test('the filter works while one types, has an address of its own, and survives news', async (t) => {
  const cloud = watchedCloud('prod', many(5000, now));
  const { url } = await startServer(t, serve([cloud]));
  const { page, complaints } = await openPage(t, browser, `${url}/`);
  await live(page);
  assert.equal(await page.locator('tbody tr').count(), 100);
  assert.ok((await page.evaluate<number>('document.querySelectorAll("*").length')) < 4000);
  await page.locator('input[type=search]').fill('backend-4999');
  await page.getByText('1 of 5,000 backends').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
  assert.equal(new URL(page.url()).search, '?q=backend-4999');
  cloud.become(many(5000, Date.now(), 1));
  await page.locator('tr.k-down').waitFor();
  assert.equal(await page.locator('input[type=search]').inputValue(), 'backend-4999');
  await page.locator('input[type=search]').fill('');
  await page.goto(`${url}/?condition=up`);
  await page.getByText('No backend matches this filter.').waitFor();
  assert.deepEqual(complaints, []);
});

test('without JavaScript: everything is there, and the filter is a form', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', many(500, now))]));
  const { page, requests } = await openPage(t, browser, `${url}/`, { javaScriptEnabled: false });
  assert.match((await page.locator('h1').textContent()) ?? '', /^10 of 500 backends need you$/);
  assert.equal(await page.locator('#live').isVisible(), false);
  await page.locator('input[type=search]').fill('backend-03');
  await page.getByRole('button', { name: 'Filter' }).click();
  assert.equal(await page.locator('#shown').textContent(), '100 of 500 backends');
  await page.getByRole('link', { name: '2 down', exact: true }).click();
  assert.equal(await page.locator('#shown').textContent(), '2 of 500 backends');
  await page.getByRole('link', { name: 'ctl0@backend-0350', exact: true }).click();
  assert.equal(await page.locator('.verdict').innerText(), '✕ down its driver reports all 2 pools down.');
  assert.equal(await page.getByRole('button', { name: 'Copy as JSON' }).isVisible(), false);
  assert.ok(requests.every((request) => !request.includes('/events')));
});

test('hostile names are text, each leads to its own page, and nothing runs', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', hostile(now))]));
  const { page, complaints } = await openPage(t, browser, `${url}/`);
  await live(page);
  const shown = await page.locator('a.host, .squares a').allTextContents();
  assert.deepEqual(shown.toSorted(), HOSTILE.map((host) => withoutControls(host)).toSorted());
  assert.equal(await page.locator('main script, main img, main i, main u').count(), 0);
  for (const host of HOSTILE) {
    await page.goto(`${url}/`);
    await page.locator('a.host, .squares a').getByText(withoutControls(host), { exact: true }).click();
    assert.equal(await page.locator('h1').textContent(), withoutControls(host));
    assert.equal(new URL(page.url()).searchParams.get('host'), host);
  }
  assert.deepEqual(complaints, []);
});

test('by keyboard: the first stop skips to the content; a backend is copied as JSON', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', one(now))]));
  const { page, complaints } = await openPage(t, browser, `${url}/backend?host=ctl1%40lvm`, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await live(page);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copy as JSON' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = JSON.parse(await page.evaluate<string>('navigator.clipboard.readText()'));
  assert.deepEqual([copied.host, copied.condition, copied.pools.length], ['ctl1@lvm', 'up', 1]);
  await page.getByRole('button', { name: 'Copy for the ticket' }).click();
  await page.locator('button[data-copy-text]').getByText('Copied').waitFor();
  const ticket = await page.evaluate<string>('navigator.clipboard.readText()');
  assert.ok(ticket.startsWith('ctl1@lvm (cloud prod): up\n') && ticket.endsWith(`Page: ${page.url()}\n`), ticket);
  assert.deepEqual(complaints, []);
});

/** Nobody takes the old verdict for the present one. */
async function looksLost(page: Page): Promise<void> {
  assert.equal(await page.locator('#live').textContent(), 'not connected');
  assert.equal(await page.title(), 'not connected · Cinder');
  assert.equal(await page.locator('link[rel=icon]').getAttribute('href'), 'favicon.svg?tone=lost');
  assert.match(await page.evaluate<string>("getComputedStyle(document.querySelector('main')).filter"), /grayscale/);
  assert.match((await page.locator('#lost').textContent()) ?? '', /What you see is from \d\d:\d\d:\d\d UTC\.$/);
}

test('an exporter that goes away is noticed, and so is its return', async (t) => {
  const site = await startServer(t, serve([watchedCloud('prod', one(now))]));
  const { page } = await openPage(t, browser, `${site.url}/`);
  await live(page);
  const icon = await page.locator('link[rel=icon]').getAttribute('href');
  let away = true;
  await page.route('**/*', (route) => (away ? route.abort() : route.continue()));
  site.stop();
  await page.getByText('The exporter does not answer. What you see is from').waitFor();
  await looksLost(page);
  assert.deepEqual(await accessibilityProblems(page), []);
  away = false;
  await page.locator('#lost').filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
  assert.match(await page.title(), /^all right/);
  assert.equal(await page.locator('link[rel=icon]').getAttribute('href'), icon);
  assert.equal(await page.locator('html.lost').count(), 0);
});

test('a network that goes silent is noticed within 15 s, its ages stand still, and its return is noticed', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', one(now))]));
  const wire = await silentWire(t, url);
  const { page } = await openPage(t, browser, `${wire.url}/`);
  await live(page);
  wire.cut();
  const from = Date.now();
  await page.locator('html.lost').waitFor();
  t.diagnostic(`noticed after ${Date.now() - from} ms`);
  assert.ok(Date.now() - from < 15_000, `${Date.now() - from} ms`);
  await looksLost(page);
  const ages = "[...document.querySelectorAll('main time[data-age]')].map((time) => time.textContent).join()";
  const before = await page.evaluate(ages);
  await page.waitForTimeout(2500);
  assert.equal(await page.evaluate(ages), before);
  wire.mend();
  await page.locator('html:not(.lost)').waitFor();
  await live(page);
});

test('a stream that is held back on the way is no live page, and no lost one', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', one(now))]));
  const { page } = await openPage(t, browser, 'about:blank');
  await page.route('**/events', (route) =>
    route.fulfill({ status: 200, contentType: 'text/event-stream', body: ': ' }),
  );
  await page.goto(`${url}/`);
  await page.getByText('asks every 30 s').waitFor();
  await page.waitForTimeout(10_000);
  assert.equal(await page.locator('#lost').textContent(), '');
  assert.equal(await page.locator('#live').textContent(), 'asks every 30 s');
});

/** Rows that are seen whole without scrolling. */
const rowsInView = (page: Page) =>
  page.evaluate<number>(
    "[...document.querySelectorAll('.backends tbody tr')].filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length",
  );

test('many rows are seen without scrolling; all that is healthy fits on a screen', async (t) => {
  const cloud = watchedCloud('prod', many(500, now - 900_000, 5000));
  cloud.become(many(500, Date.now(), 20));
  const { url } = await startServer(t, serve([cloud], 'https://grafana.example.net'));
  for (const [width, height, least] of [
    [1440, 900, 12],
    [390, 844, 5],
    [720, 450, 2],
  ] as const) {
    const { page } = await openPage(t, browser, `${url}/`, { viewport: { width, height } });
    await live(page);
    const rows = await rowsInView(page);
    t.diagnostic(`${rows} rows at ${width} x ${height}`);
    assert.ok(rows >= least, `${rows} rows at ${width} x ${height}`);
  }
  const long = watchedCloud('prod', many(500, now - 900_000, 5000, '.rack-7.az2.example.org'));
  long.become(many(500, Date.now(), 20, '.rack-7.az2.example.org'));
  const named = await startServer(t, serve([long]));
  for (const [width, height, least] of [
    [1440, 900, 12],
    [390, 844, 5],
  ] as const) {
    const { page } = await openPage(t, browser, `${named.url}/`, { viewport: { width, height } });
    const rows = await rowsInView(page);
    assert.ok(rows >= least, `${rows} rows with long names at ${width} x ${height}`);
  }
  const huge = await startServer(t, serve([watchedCloud('prod', many(5000, now, 5001))]));
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    const { page } = await openPage(t, browser, `${huge.url}/`, { viewport });
    const box = await page.locator('.hundreds').boundingBox();
    assert.ok(box && box.height > 100 && box.height < viewport.height, `${box?.height} pixels for 5,000 squares`);
  }
});

test('the canary: names on one line, figures that say what they are, and room for the longest name', async (t) => {
  const run = { atMs: now - 60_000, success: true, tookMs: { look: 90, create: 500, delete: 700 }, failure: undefined };
  const message = 'Driver failed to create the volume: no aggregate has room. '.repeat(4);
  const failure = { phase: 'create' as const, reason: 'driver' as const, message, storage: true };
  const canary = [
    canaryRow('canary-netapp', { backend: 'controller-2@netapp-ontap', last: run, runs: [run] }),
    canaryRow('canary-lvm', { backend: 'controller-1@lvm-1', last: { ...run, success: false, failure } }),
    canaryRow('t'.repeat(255), { backend: `c@${'b'.repeat(250)}`, last: run }),
  ];
  const { url } = await startServer(t, serve([watchedCloud('prod', { ...twelve(), canary })]));
  const { page, complaints } = await openPage(t, browser, `${url}/`, { viewport: { width: 1440, height: 900 } });
  await live(page);
  for (const width of [1440, 1100, 960]) {
    await page.setViewportSize({ width, height: 900 });
    for (const backend of ['controller-2@netapp-ontap', 'controller-1@lvm-1']) {
      const box = await page.locator('.rounds a.host', { hasText: backend }).boundingBox();
      assert.ok(box && box.height < 24, `${backend}, ${width} pixels wide: ${String(box?.height)} high`);
    }
  }
  for (const width of [1440, 1000, 960, 390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    assert.equal(await overflow(page), 0, `${width} pixels`);
  }
  const label = `getComputedStyle(document.querySelector('.rounds .took'), '::before').content`;
  assert.match(await page.evaluate<string>(label), /made in/, 'the heads of the columns are not seen here');
  assert.deepEqual(complaints, []);
});

test('the search stays the same field while the page around it changes: no letter and no place in it is lost', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', twelve(Date.now(), true))]));
  const { page, complaints } = await openPage(t, browser, `${url}/`);
  await live(page);
  const search = page.locator('input[type=search]');
  const same = () => page.evaluate<boolean>('document.activeElement === window.before && window.before.isConnected');
  await page.evaluate(`window.before = document.querySelector('input[type=search]'); void 0`);
  await page.keyboard.press('/');
  const marks: boolean[] = [];
  for (const [keys, shown] of [
    ['vsp', '1 of 12 backends'],
    ['/', '0 of 12 backends'],
    ['b', '0 of 12 backends'],
  ] as const) {
    await page.keyboard.type(keys);
    await page.getByText(shown).waitFor();
    await page.waitForURL((to) => to.searchParams.get('q')?.endsWith(keys) === true);
    marks.push(await same());
  }
  assert.equal(await search.inputValue(), 'vsp/b');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Backspace');
  await page.waitForURL((to) => to.searchParams.get('q') === 'vspb');
  marks.push(await same());
  await page.keyboard.press('Delete');
  await page.getByText('1 of 12 backends').waitFor();
  marks.push(await same());
  assert.equal(await search.inputValue(), 'vsp');
  assert.deepEqual(marks, Array(5).fill(true));
  assert.deepEqual(complaints, []);
});

test('a button that has the focus keeps it when the backend gets into trouble', async (t) => {
  const { cloud, flip } = eventful();
  const { url } = await startServer(t, serve([cloud]));
  const { page } = await openPage(t, browser, `${url}/backend?cloud=prod&host=ctl1%40vsp-gold`);
  await live(page);
  const button = page.getByRole('button', { name: 'Copy for the ticket' });
  await button.focus();
  await page.evaluate('window.before = document.activeElement; void 0');
  flip();
  await page.locator('.verdict.k-down').waitFor();
  await page.getByText('With the shipped rules this fires').waitFor();
  assert.equal(await page.evaluate<boolean>('document.activeElement === window.before'), true);
  assert.equal(await button.count(), 1);
});

test('"/" leads to the search; times are told in the zone of the reader; a page that is paused stands still', async (t) => {
  const { cloud, flip } = eventful();
  const { url } = await startServer(t, serve([cloud]));
  flip();
  const { page, complaints } = await openPage(t, browser, `${url}/`, { timezoneId: 'Asia/Kolkata' });
  await live(page);
  await page.keyboard.press('/');
  assert.equal(await page.evaluate('document.activeElement.name'), 'q');
  await page.keyboard.type('a/b');
  assert.equal(await page.locator('input[type=search]').inputValue(), 'a/b');
  await page.locator('input[type=search]').fill('');
  const time = page.locator('tr[data-key="prod ctl1@vsp-gold"] time[data-moment]');
  await time.waitFor();
  const utc = (await time.textContent()) ?? '';
  assert.match(utc, /^\d\d:\d\d UTC$/);
  await page.getByRole('button', { name: 'UTC' }).click();
  assert.match((await time.textContent()) ?? '', /^\d\d:\d\d GMT\+5:30$/);
  await page.reload();
  await live(page);
  assert.match((await time.textContent()) ?? '', /GMT\+5:30$/);
  await page.getByRole('button', { name: 'local time' }).click();
  assert.equal(await time.textContent(), utc);
  await page.getByRole('button', { name: 'Pause' }).click();
  assert.match((await page.locator('#live').textContent()) ?? '', /^paused at \d\d:\d\d:\d\d UTC$/);
  assert.match(await page.title(), /^paused/);
  cloud.become(twelve(Date.now(), false));
  await page.waitForTimeout(9000);
  assert.equal(await page.locator('tr.k-down').count(), 1);
  assert.equal(await page.locator('html.lost').count(), 0);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.locator('tr.k-down').waitFor({ state: 'detached' });
  await live(page);
  assert.deepEqual(complaints, []);
});

test('on paper nothing is cut off', async (t) => {
  const long = watchedCloud('prod', many(60, Date.now(), 20, '.rack-7.az2.example.org'));
  const { url } = await startServer(t, serve([long]));
  for (const path of ['/', `/backend?host=${encodeURIComponent('ctl0.rack-7.az2.example.org@backend-0000')}`]) {
    // A4 at 96 dots an inch.
    const { page } = await openPage(t, browser, `${url}${path}`, { viewport: { width: 794, height: 1123 } });
    await page.emulateMedia({ media: 'print' });
    assert.deepEqual(
      await page.evaluate<string[]>(
        `[...document.querySelectorAll('main *')].filter((one) => one.checkVisibility() && getComputedStyle(one).overflow !== 'visible' && !one.matches('svg, svg *, .heard, select, option') && one.clientWidth > 1 && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)).map((one) => one.tagName + '.' + one.className)`,
      ),
      [],
      path,
    );
    assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'), `${path}: too wide`);
  }
});

test('what a reader has closed stays closed', async (t) => {
  const { cloud, flip } = eventful();
  const { url } = await startServer(t, serve([cloud]));
  const { page } = await openPage(t, browser, `${url}/`);
  await live(page);
  await page.locator('.healthy summary').click();
  flip();
  await page.locator('tr.k-down').waitFor();
  assert.equal(await page.locator('.healthy').getAttribute('open'), null);
});

test('a screen reader hears the headline as a heading, and ages are no news', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', one(now))]));
  const { page } = await openPage(t, browser, `${url}/`);
  await page.getByRole('heading', { level: 1, name: 'The backend is up', exact: true }).waitFor();
  const status = page.locator('#headline');
  assert.equal(await status.getAttribute('role'), 'status');
  assert.equal(await status.locator('time').count(), 0);
});

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 320],
] as const)
  test(`a runbook is read beside the page: ${colorScheme}, ${width} pixels wide`, async (t) => {
    const { url } = await startServer(t, serve([watchedCloud('prod', twelve(now))]));
    const { page, complaints } = await openPage(t, browser, `${url}/`, {
      colorScheme,
      viewport: { width, height: 800 },
    });
    await page.locator('tr.k-down').getByRole('link', { name: 'runbook' }).click();
    await page.getByRole('heading', { level: 1, name: 'CinderBackendDown' }).waitFor();
    for (const name of ['CinderBackendDown', 'README']) {
      await page.goto(`${url}/runbooks/${name}`);
      assert.deepEqual(await accessibilityProblems(page), [], name);
      assert.equal(await overflow(page), 0, name);
    }
    await page.getByRole('link', { name: 'Cinder backends' }).click();
    await page.getByRole('heading', { level: 1, name: '5 of 12 backends need you' }).waitFor();
    assert.deepEqual(complaints, []);
  });

test('a page of 500 backends: few requests, few bytes', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', many(500, now))], 'https://grafana.example.net'));
  const { page, requests, complaints } = await openPage(t, browser, `${url}/`);
  await live(page);
  const bytes = await page.evaluate<number>(
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, { transferSize }) => sum + transferSize, 0)",
  );
  const paths = [...new Set(requests.map((request) => new URL(request).pathname))].toSorted();
  t.diagnostic(
    `${bytes} bytes in ${requests.length} requests; content after ${await page.evaluate<number>("Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1)")} ms`,
  );
  assert.deepEqual(
    paths.filter((path) => path !== '/favicon.svg'),
    ['/', '/events', '/status.css', '/status.js'],
  );
  assert.ok(requests.length <= 6, requests.join(' '));
  assert.ok(bytes > 0 && bytes < 40_000, `${bytes} bytes`);
  assert.deepEqual(complaints, []);
});

test('who wants no motion gets none', async (t) => {
  const { cloud, flip } = eventful();
  const { url } = await startServer(t, serve([cloud]));
  const { page } = await openPage(t, browser, `${url}/`, { reducedMotion: 'reduce' });
  await live(page);
  flip();
  await page.locator('tr[data-flash][data-key="prod ctl1@vsp-gold"]').waitFor();
  assert.equal(await page.evaluate("getComputedStyle(document.querySelector('tr[data-flash]')).animationName"), 'none');
});
