import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { NOW, pool, volume } from './cinder.ts';
import { many, HOSTILE, hostile, one, twelve } from './clouds.ts';
import { startServer } from './server.ts';
import { serve, watchedCloud, type WatchedCloud } from './watched.ts';
import { nextEvent } from './event-reader.ts';

test('a page has a strict policy, may not be kept, and loads only from its own origin', async (t) => {
  const { get } = await startServer(t, serve([watchedCloud('prod', twelve())], 'https://grafana.example.net'));
  const { status, headers, text } = await get('/');
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(
    headers.get('content-security-policy'),
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  );
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.doesNotMatch(text, / style=|<style| on[a-z]+=|<script>|javascript:/i);
  const loads = [...text.matchAll(/<(?:link|script|img)\b[^>]*(?:href|src)="([^"]+)"/g)].map(([, url]) => url ?? '');
  assert.deepEqual(
    loads.map((url) => url.replace(/[?].*/, '')),
    ['favicon.svg', 'status.css', 'status.js'],
  );
  for (const url of loads) {
    const asset = await get(`/${url}`);
    assert.equal(asset.status, 200);
    assert.match(asset.headers.get('cache-control') ?? '', /immutable/);
  }
});

test('every link of the page leads somewhere, and to the runbook and the dashboard that fit', async (t) => {
  const { get, url } = await startServer(t, serve([watchedCloud('prod', twelve())], 'https://grafana.example.net/'));
  const { text } = await get('/');
  const links = [
    ...new Set(
      [...text.matchAll(/<a\b[^>]*href="([^"#]+)"/g)].map(([, href]) => (href ?? '').replaceAll('&amp;', '&')),
    ),
  ];
  const own = links.filter((href) => !href.startsWith('https:'));
  assert.ok(own.length > 20);
  for (const href of own) {
    const answer = await fetch(new URL(href, `${url}/`));
    await answer.text();
    assert.equal(answer.status, 200, href);
  }
  assert.ok(links.includes('runbooks/CinderBackendDown'));
  assert.ok(links.includes('https://grafana.example.net/d/cinder-backend?var-host=ctl1%40vsp-gold'));
});

test('runbooks that are kept elsewhere are linked there, as the rules do', async (t) => {
  const { get } = await startServer(
    t,
    serve([watchedCloud('prod', twelve())], undefined, 'https://wiki.example.net/books'),
  );
  assert.match((await get('/')).text, /href="https:\/\/wiki\.example\.net\/books\/CinderBackendDown\.md"/);
});

test('hostile names are text in the list and on their own pages, and nowhere markup', async (t) => {
  const { get } = await startServer(t, serve([watchedCloud('prod', hostile())]));
  const pages = [await get('/'), await get(`/?q=${encodeURIComponent('"><script>alert(9)</script>')}`)];
  for (const host of HOSTILE) pages.push(await get(`/backend?host=${encodeURIComponent(host)}`));
  for (const { status, text } of pages) {
    assert.equal(status, 200);
    assert.equal([...text.matchAll(/<script/g)].length, 1);
    assert.doesNotMatch(text, /<img|<b>zone|<i>pool|<u>odd|\u202e|"onmouseover/i);
  }
  const { text } = await get('/api/v1/backends');
  const { backends } = JSON.parse(text) as { backends: { host: string }[] };
  assert.deepEqual(backends.map(({ host }) => host).toSorted(), [...HOSTILE].toSorted());
  assert.doesNotMatch(text, /[\p{Cc}\u202e]/u);
  const missing = await get('/backend?cloud=%3Cscript%3E&host=%3Cscript%3Ealert(1)%3C/script%3E');
  assert.equal(missing.status, 404);
  assert.equal([...missing.text.matchAll(/<script/g)].length, 1);
});

test('the filter works without a script', async (t) => {
  const { get } = await startServer(t, serve([watchedCloud('prod', many(250))]));
  assert.match((await get('/?q=backend-0100&condition=down')).text, /id="shown"\s*>1 of 250 backends</);
  assert.match((await get('/?condition=frozen')).text, /No backend matches this filter/);
  assert.equal([...(await get('/?condition=healthy&page=3')).text.matchAll(/<tr role="row" class="k-/g)].length, 45);
});

test('several clouds: an overview, a page each, and the same host twice', async (t) => {
  const forbidden = { reason: 'forbidden', message: 'GET https://c/v3/scheduler-stats/get_pools: 403' };
  const clouds = [
    watchedCloud('prod', one()),
    watchedCloud('edge', { ...one(), pools: undefined, failures: { pools: forbidden } }),
    watchedCloud('new'),
  ];
  const { get } = await startServer(t, serve(clouds));
  const overview = (await get('/')).text;
  assert.match(overview, /edge: Cinder forbids this user to read the driver stats/);
  assert.match(overview, /new: Waiting for the first answer/);
  assert.match(overview, /<code class="rule">scheduler_extension:scheduler_stats:get_pools</);
  assert.equal(
    [...overview.matchAll(/<a class="(?:host|k-\w+)" href="backend\?cloud=(?:prod|edge)&amp;host=ctl1%40lvm"/g)].length,
    2,
  );
  assert.doesNotMatch((await get('/cloud?name=prod')).text, /edge/);
  assert.equal((await get('/cloud?name=nope')).status, 404);
  assert.doesNotMatch((await get('/?cloud=prod')).text, /edge/);
  const nope = await get('/?cloud=nope');
  assert.equal(nope.status, 404);
  assert.match(nope.text, /There is no cloud/);
  assert.equal((await get('/backend?host=ctl1@lvm')).status, 404);
  assert.equal(JSON.parse((await get('/api/v1/backend?cloud=edge&host=ctl1@lvm')).text).cloud, 'edge');
});

test('who asks in the same second may share a page, but not with another address, nor past a change', async (t) => {
  const cloud = watchedCloud('prod', one());
  const { get } = await startServer(t, serve([cloud]));
  const words = async (path = '/'): Promise<boolean[]> => {
    const { text } = await get(path);
    return [/"c@new"|c@new/.test(text), /xyz/.test(text)];
  };
  for (let i = 0; i < 20; i += 1) {
    cloud.become(one());
    assert.deepEqual(await Promise.all([words(), words(), words('/?q=xyz'), words()]), [
      [false, false],
      [false, false],
      [false, true],
      [false, false],
    ]);
    cloud.become({ services: [volume('c@new')], pools: [] });
    assert.deepEqual(await Promise.all([words(), words()]), [
      [true, false],
      [true, false],
    ]);
  }
});

test('a page of many backends is bounded and packed', async (t) => {
  const { url } = await startServer(t, serve([watchedCloud('prod', many(5000))]));
  const request = httpGet(`${url}/`, { headers: { 'accept-encoding': 'gzip' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const packed = Buffer.concat((await response.toArray()) as Buffer[]);
  const plain = gunzipSync(packed);
  assert.ok(packed.length < 20_000, `${packed.length} bytes packed`);
  assert.ok(plain.length < 250_000, `${plain.length} bytes`);
});

test('thousands of backends that are up are a line for each hundred, and each line leads to its hundred', async (t) => {
  const { get, url } = await startServer(t, serve([watchedCloud('prod', many(5000, NOW, 5001))]));
  const { text } = await get('/');
  const lines = [...text.matchAll(/<a\s+href="([^"]+)"\s+title="(\S+) to (\S+)"/g)];
  assert.equal(lines.length, 50);
  for (const i of [0, 1, 49]) {
    const [, href = '', first = '', last = ''] = lines[i] ?? [];
    const page = await (await fetch(new URL(href.replaceAll('&amp;', '&'), `${url}/`))).text();
    const hosts = [...page.matchAll(/<a class="host"[^>]*><bdi class="name">(.+?)<\/bdi>/g)].map(([, host = '']) =>
      host.replace(/<wbr ?\/?>/, ''),
    );
    assert.deepEqual([hosts.length, hosts[0], hosts.at(-1)], [i === 49 ? 99 : 100, first, last]);
  }
  assert.ok(text.length < 40_000, `${text.length} bytes`);
});

test('a row names the pools in trouble, says what is new, and who is hit', async (t) => {
  const cloud = watchedCloud('prod', twelve(NOW - 3_600_000, false));
  const { get } = await startServer(t, serve([cloud]));
  const at = Date.now();
  const volumes = new Map([['ctl1@vsp-gold', { inUse: 412, available: 3, ageMs: 0 }]]);
  const row = async (host: string): Promise<string> => {
    const { text } = await get('/');
    const found = text.split('<tr ').find((one) => one.includes(`data-key="prod ${host}"`)) ?? '';
    return found
      .replace(/<svg.*?<\/svg>/gs, '')
      .replace(/<wbr ?\/?>/g, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
  };
  cloud.become({ ...twelve(at - 120_000), volumes });
  assert.match(
    await row('ctl1@vsp-gold'),
    /ctl1@vsp-gold new az1 its driver reports down 412 volumes in use .* DP-1 down /,
  );
  assert.match(await row('ctl1@svc-pools'), /ctl1@svc-pools az1 .* mdiskgrp1 down 99 % /);
  // What a silent driver said last is not believed.
  assert.match(await row('ctl1@rbd-ssd'), / none of 1 97 % /);
  cloud.become(twelve(at - 60_000, false));
  cloud.become(twelve(at - 1000));
  assert.match(await row('ctl1@vsp-gold'), /ctl1@vsp-gold again, 2 times az1/);
});

test('a change is announced at once, also of clouds that come later, and to nobody after the end', async (t) => {
  const prod = watchedCloud('prod', one());
  let clouds: WatchedCloud[] = [prod];
  let told = (): void => {};
  const onClouds = (listener: () => void) => {
    told = listener;
    return () => (told = () => {});
  };
  const site = await startServer(t, { ...serve([]), clouds: () => clouds, onClouds });
  const stream = await fetch(`${site.url}/events`);
  assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = nextEvent(stream);
  prod.become(twelve());
  assert.equal(await events(), 'swap');
  const edge = watchedCloud('edge', one());
  clouds = [edge];
  told();
  assert.equal(await events(), 'swap');
  assert.deepEqual([prod.listeners(), edge.listeners()], [0, 1]);
  site.stop();
  assert.equal(await events(), undefined);
  told();
  assert.equal(edge.listeners(), 0);
  assert.equal((await site.get('/events')).status, 503);
});

test('an open live page does not keep the server from closing', { timeout: 60_000 }, async (t) => {
  const site = await startServer(t, serve([watchedCloud('prod', one())]));
  const stream = await fetch(`${site.url}/events`);
  site.stop();
  await site.close(3_600_000);
  await stream.text();
});

test('the page of a backend says what its driver shows in an outage of its array, or that nobody knows', async (t) => {
  const silent = { backendState: undefined, storageProtocol: 'NVMe-TCP', totalBytes: undefined };
  const { get } = await startServer(
    t,
    serve([
      watchedCloud('prod', {
        services: [volume('c1@fungible'), volume('c1@odd'), volume('c1@new')],
        pools: [
          pool('c1@fungible', 'p', { vendorName: 'Fungible Inc.', ...silent }),
          pool('c1@odd', 'p', { vendorName: 'Odd' }),
        ],
      }),
    ]),
  );
  assert.match(
    (await get('/backend?host=c1@fungible')).text,
    /This driver never asks its array: only a canary can tell\./,
  );
  assert.match(
    (await get('/backend?host=c1@odd')).text,
    /What this driver does when its array does not answer is not known\./,
  );
  assert.doesNotMatch((await get('/backend?host=c1@new')).text, /its array/);
});

test('the first line of a backend says how many volumes are in use there', async (t) => {
  const volumes = new Map([['c1@gold', { inUse: 412, available: 3, ageMs: 0 }]]);
  const state = { services: [volume('c1@gold')], pools: [pool('c1@gold', 'p')], volumes };
  const { get } = await startServer(t, serve([watchedCloud('prod', state)]));
  assert.match((await get('/backend?host=c1@gold')).text, /its driver reports up; <b>412 volumes in use<\/b>\./);
});

test('the page of a backend says when a volume was last made on it, and what has been under way for too long', async (t) => {
  const operations = {
    lastCreations: new Map([['c1@gold', NOW - 180_000]]),
    creations: [],
    failures: [],
    stuck: [
      { host: 'c1@gold', operation: 'creating', count: 2 },
      { host: 'c1@gold', operation: 'deleting', count: 1 },
      { host: 'c1@iron', operation: 'deleting', count: 7 },
    ] as const,
    looks: [],
    weighed: undefined,
    failing: new Map(),
  };
  const forbidden = { reason: 'forbidden', message: 'GET http://x/v3/messages: 403' };
  const state = {
    services: [volume('c1@gold')],
    pools: [pool('c1@gold', 'p')],
    operations,
    failures: { operations: forbidden },
  };
  const { get } = await startServer(t, serve([watchedCloud('prod', state)]));
  const { text } = await get('/backend?host=c1@gold');
  assert.match(text, /Last volume made /);
  assert.match(text, /under way for too long: 2 creating, 1 deleting\./);
  assert.match(text, /Operations on volumes are not seen, or not all of them/);
  assert.match(text, /message:get_all/);
});

test('the page of a backend: pools in trouble first, the alert it will be, its types, and all of it as text for a ticket', async (t) => {
  const cloud = watchedCloud('prod', twelve(NOW - 3_600_000, false));
  const { get } = await startServer(t, serve([cloud]));
  const volumeTypes = [
    { volumeType: 'gold', host: 'ctl1@vsp-gold' },
    { volumeType: 'any', host: 'ctl1@vsp-gold' },
    { volumeType: 'any', host: 'ctl1@svc-pools' },
  ];
  const typesAlone = new Map([['ctl1@vsp-gold', 1]]);
  const volumes = new Map([['ctl1@vsp-gold', { inUse: 412, available: 3, ageMs: 0 }]]);
  cloud.become({ ...twelve(Date.now() - 120_000), volumes, volumeTypes, typesAlone });
  const { text } = await get('/backend?host=ctl1@vsp-gold');
  const ticket = /<pre id="ticket">(.*?)<\/pre>/s.exec(text)?.[1] ?? '';
  assert.match(
    ticket,
    /^ctl1@vsp-gold \(cloud prod\): down\nWhy: its driver reports down\nSince: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(2 min\)\nWho is hit: 412 volumes in use, 1 volume type without another backend\nPools in trouble: DP-1 down\nVolume types: gold, any\nLast heartbeat: .* UTC\nLast driver stats: .* UTC\n.*now down\nAlert: CinderBackendDown\nAs of: .* UTC$/,
  );
  const words = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  assert.match(
    words,
    /With the shipped rules this fires CinderBackendDown and CinderVolumeTypeDown for 1 volume type when it lasts/,
  );
  assert.match(words, /Volume types gold any 1 without another backend/);
  const pools = (await get('/backend?host=ctl1@svc-pools')).text;
  assert.deepEqual(
    [...pools.matchAll(/<tr data-key="(mdiskgrp\d)"/g)].map(([, pool]) => pool),
    ['mdiskgrp1', 'mdiskgrp3', 'mdiskgrp0', 'mdiskgrp2'],
  );
  assert.match(pools.replace(/\s+/g, ' '), /mdiskgrp1<.{0,60}<td> ?<span class="badge c-down" ?>/);
  assert.match(pools, /this fires\s+<a href="runbooks\/CinderPoolDown"/);
  assert.doesNotMatch((await get('/backend?host=ctl1@lvm')).text, /this fires/);
});
