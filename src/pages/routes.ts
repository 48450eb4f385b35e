import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Router, type Request, type Response } from 'express';
import type { Served } from '../api/backends.ts';
import { acceptsGzip, sendPacked, takePlace } from '../api/negotiate.ts';
import { backendJson } from '../api/view.ts';
import { pack } from '../metrics/page.ts';
import { setPagePolicy } from '../web/guard.ts';
import { parameter, readFilter } from './address.ts';
import { createEventStreams, createMemory, type Memory } from './events.ts';
import type { Entry, PageInput } from './listing.ts';

export interface StatusOptions {
  readonly telemetryPath: string;
  /** What was seen before these routes were loaded. Default: nothing. */
  readonly memory?: Memory | undefined;
  /** Ends the live connections, so that the server can close. */
  readonly stopping?: AbortSignal | undefined;
  /** Most browsers that are told of news at the same time; the others ask now and then. */
  readonly maxLiveClients?: number;
  /** The page in the browser misses two of them before it doubts: `SILENT_MS` in client.js. */
  readonly beatMs?: number;
  readonly nowMs?: () => number;
}

/** What is text of its own for each reader, and what must be loaded to make it. */
const TEXTS = new Map<string, () => Promise<unknown>>([
  ['', () => import('./overview-page.ts')],
  ['/cloud', () => import('./overview-page.ts')],
  ['/backend', () => import('./backend-page.ts')],
  ['/runbooks', () => import('./runbook-page.ts')],
  ['/status.css', () => import('./assets.ts')],
  ['/status.js', () => import('./assets.ts')],
  ['/favicon.svg', () => import('./assets.ts')],
  ['/openapi.json', () => import('../api/openapi.ts')],
]);

const HTML = 'text/html; charset=utf-8';
const FOR_EVER = 'public, max-age=31536000, immutable';

/** The status page and what belongs to it. Templates and the style sheet are loaded when somebody looks for the first time. */
export function statusRoutes(served: Served, options: StatusOptions): Router {
  const { telemetryPath, stopping, maxLiveClients = 200, beatMs = 3000, nowMs = Date.now } = options;
  const { memory = createMemory(served) } = options;
  const live = createEventStreams(maxLiveClients, beatMs);
  let due = false;
  // Many clouds may change in the same turn: one word is enough.
  const announce = (): void => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      live.announce();
    });
  };
  memory.onNews(announce);
  const stop = (): void => {
    memory.stop();
    live.close();
  };
  if (stopping?.aborted) stop();
  else stopping?.addEventListener('abort', stop, { once: true });

  function input(): PageInput {
    if (!stopping?.aborted) memory.follow();
    const at = nowMs();
    return {
      nowMs: at,
      clouds: served.clouds().map(({ name, watcher }) => ({ name, snapshot: watcher.snapshot() })),
      grafanaUrl: served.grafanaUrl(),
      runbookUrl: served.runbookUrl(),
      telemetryPath,
      spanMs: memory.history.spanMs(at),
      history: (cloud, host) => memory.history.of(cloud, host, at),
    };
  }

  const pages = createLastPage();
  async function sendHtml(
    request: Request,
    response: Response,
    status: number,
    here: PageInput,
    make: () => string,
  ): Promise<void> {
    const { body, gzipped } = pages(request.url, here, make);
    await send(request, response, { status, type: HTML, body, keep: undefined }, gzipped);
  }
  async function sendMissing(
    request: Request,
    response: Response,
    here: PageInput,
    what: string,
    who: string,
  ): Promise<void> {
    const { missingPage } = await import('./missing-page.ts');
    const cloud = parameter(request.query, 'cloud') || undefined;
    await sendHtml(request, response, 404, here, () => missingPage(here, what, who, cloud));
  }
  async function sendCloud(request: Request, response: Response, here: PageInput, asked: string): Promise<void> {
    const { overviewPage } = await import('./overview-page.ts');
    const cloud = here.clouds.find(({ name }) => name === asked);
    if (!cloud) return sendMissing(request, response, here, 'cloud', asked);
    return sendHtml(request, response, 200, here, () => overviewPage(here, cloud, readFilter(request.query)));
  }

  const router = Router();
  // A page is text of its own for each reader. They are made one a turn of the event loop, so that scrapes come in between.
  let turn: Promise<void> = Promise.resolve();
  router.use(async (request, response, next) => {
    // As the routes below are found: in any case, with or without a slash at the end.
    const path = request.path.toLowerCase().replace(/\/$/, '');
    const load = TEXTS.get(path.startsWith('/runbooks/') ? '/runbooks' : path);
    if (!load) return next();
    if (!takePlace(response)) return;
    // Before the turn: else all wait for the first load, and are then made in one turn.
    await load();
    turn = turn.then(() => nextTurn());
    await turn;
    if (!response.destroyed) next();
  });
  router.get('/', async (request, response) => {
    const here = input();
    const asked = parameter(request.query, 'cloud');
    if (asked !== '') return sendCloud(request, response, here, asked);
    const { overviewPage } = await import('./overview-page.ts');
    return sendHtml(request, response, 200, here, () => overviewPage(here, onlyOf(here), readFilter(request.query)));
  });
  router.get('/cloud', (request, response) => sendCloud(request, response, input(), parameter(request.query, 'name')));
  router.get('/backend', async (request, response) => {
    const here = input();
    const entry = find(here, request);
    if (!entry) return sendMissing(request, response, here, 'backend', parameter(request.query, 'host'));
    const { backendPage } = await import('./backend-page.ts');
    return sendHtml(request, response, 200, here, () => backendPage(here, entry));
  });
  router.get('/api/v1/backend', async (request, response) => {
    const entry = find(input(), request);
    if (!entry)
      return void response
        .status(404)
        .type('text')
        .end('No such backend: the parameters are "host" and, with several clouds, "cloud".\n');
    const body = await pack(backendJson(entry.cloud, entry.snapshot, entry.backend));
    return sendPacked(request, response, body, {
      'content-type': 'application/json; charset=utf-8',
      vary: 'Accept-Encoding',
      'cache-control': 'no-store',
    });
  });
  router.get('/runbooks', (request, response) => {
    response.redirect(302, request.path.endsWith('/') ? 'README' : 'runbooks/README');
  });
  router.get('/runbooks/:name', async (request, response) => {
    const { readRunbook, runbookPage } = await import('./runbook-page.ts');
    // The rules append `.md`, as for the files themselves.
    const name = request.params.name.replace(/\.md$/, '');
    const text = await readRunbook(name);
    if (text === undefined)
      return void response.status(404).type('text').end('No such runbook: /runbooks/README lists them.\n');
    const here = input();
    return sendHtml(request, response, 200, here, () => runbookPage(here, name, text));
  });
  router.get('/events', live.attach);
  router.get(['/status.css', '/status.js'], async (request, response) => {
    const { ASSETS } = await import('./assets.ts');
    const { type, body } = ASSETS[request.path.slice(1) as keyof typeof ASSETS];
    await send(request, response, { status: 200, type, body, keep: FOR_EVER });
  });
  router.get('/favicon.svg', async (request, response) => {
    const { iconSvg } = await import('./assets.ts');
    await send(request, response, {
      status: 200,
      type: 'image/svg+xml',
      body: iconSvg(parameter(request.query, 'tone')),
      keep: FOR_EVER,
    });
  });
  router.get('/openapi.json', async (request, response) => {
    const { describeApi } = await import('../api/openapi.ts');
    const body = JSON.stringify(describeApi(telemetryPath), undefined, 2);
    await send(request, response, { status: 200, type: 'application/json; charset=utf-8', body, keep: undefined });
  });
  return router;
}

/** A page, and the same compressed, once somebody asks for that. */
interface MadePage {
  readonly body: string;
  readonly gzipped: () => Promise<Buffer>;
}

/** Makes a page once for all who ask for the same address, of the same snapshots, in the same second: ages are told in seconds. Keeps the last one. */
function createLastPage(): (url: string, input: PageInput, make: () => string) => MadePage {
  let last: { readonly of: readonly unknown[]; readonly page: MadePage } | undefined;
  return (url, { nowMs, clouds, grafanaUrl, runbookUrl }, make) => {
    const of = [
      url,
      Math.floor(nowMs / 1000),
      grafanaUrl,
      runbookUrl,
      ...clouds.flatMap(({ name, snapshot }) => [name, snapshot]),
    ];
    if (last?.of.length === of.length && last.of.every((part, i) => part === of[i])) return last.page;
    const body = make();
    let compressed: Promise<Buffer> | undefined;
    const page = { body, gzipped: () => (compressed ??= compress(body, { level: 4 })) };
    last = { of, page };
    return page;
  };
}

/** With one cloud the overview is its page. */
function onlyOf({ clouds }: PageInput) {
  return clouds.length === 1 ? clouds[0] : undefined;
}

/** The backend that a request names; the cloud may be left out when there is only one. */
function find({ clouds }: PageInput, { query }: Request): Entry | undefined {
  const asked = parameter(query, 'cloud') || (clouds.length === 1 ? clouds[0]?.name : undefined);
  const snapshot = clouds.find(({ name }) => name === asked)?.snapshot;
  const backend = snapshot?.backends.find(({ host }) => host === parameter(query, 'host'));
  return asked !== undefined && snapshot && backend ? { cloud: asked, snapshot, backend } : undefined;
}

const compress = promisify(gzip);

/** Nothing from elsewhere, nothing inline, no frame around it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** What an answer is, and how long it may be kept: undefined is not at all. */
interface TextAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly keep: string | undefined;
}

/** Sends a text, compressed for those who ask for it, with the policy that a page of ours needs, unless the web configuration has another. */
async function send(
  request: Request,
  response: Response,
  { status, type, body, keep }: TextAnswer,
  gzipped: () => Promise<Buffer> = () => compress(body, { level: 4 }),
): Promise<void> {
  const packed = acceptsGzip(request.headers['accept-encoding']);
  const bytes = packed ? await gzipped() : Buffer.from(body);
  setPagePolicy(response, POLICY);
  response.writeHead(status, {
    'content-type': type,
    'content-length': bytes.length,
    ...(packed && { 'content-encoding': 'gzip' }),
    vary: 'Accept-Encoding',
    'cache-control': keep ?? 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
