import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import express from 'express';
import { listen } from '../../src/web/listen.ts';
import { takePlace } from '../../src/api/negotiate.ts';
import { statusRoutes } from '../../src/pages/routes.ts';
import { one } from './clouds.ts';
import { startServer } from './server.ts';
import { serve, watchedCloud } from './watched.ts';

test('live clients are bounded; quiet streams carry heartbeats; a client that leaves makes room', async (t) => {
  const stopping = new AbortController();
  const app = express();
  app.use(
    statusRoutes(serve([watchedCloud('prod', one())]), {
      telemetryPath: '/metrics',
      stopping: stopping.signal,
      maxLiveClients: 2,
      beatMs: 10,
    }),
  );
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  t.after(async () => {
    stopping.abort();
    await listening.close(100);
  });
  const url = `http://${listening.address}/events`;
  const leaving = new AbortController();
  const first = await fetch(url, { signal: leaving.signal });
  const second = await fetch(url);
  const third = await fetch(url);
  assert.deepEqual([first.status, second.status, third.status], [200, 200, 503]);
  assert.equal(third.headers.get('retry-after'), '30');
  await third.text();
  const reader = second.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: beat\n')) text += (await reader?.read())?.value ?? assert.fail('the stream ended');
  assert.match(
    text,
    /^retry: 5000\nevent: beat\ndata: {}\n\n/,
    'a browser knows at once that nothing holds the stream back',
  );
  leaving.abort();
  for (;;) {
    const next = await fetch(url);
    await next.body?.cancel();
    if (next.status === 200) break;
  }
});

test('with every place taken, what is text of its own is refused, however its path is spelled', async (t) => {
  const site = await startServer(t, serve([watchedCloud('prod', one())]));
  const spellings = ['/', '/cloud?name=prod', '/Cloud/?name=prod', '/BACKEND', '/Status.css', '/openapi.json/'];
  for (const path of spellings) assert.notEqual((await site.get(path)).status, 503, path);
  const waiting = Array.from({ length: 64 }, () => new ServerResponse(new IncomingMessage(new Socket())));
  t.after(() => waiting.forEach((response) => response.emit('close')));
  for (const response of waiting) assert.ok(takePlace(response));
  for (const path of spellings) assert.equal((await site.get(path)).status, 503, path);
});
