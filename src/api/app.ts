import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import type { Log } from '../log.ts';
import { type StatusOptions, statusRoutes } from '../pages/routes.ts';
import { visibleJson } from '../text.ts';
import { createBackendsSource, type Served, type ServedCloud } from './backends.ts';
import { sendPacked, sendPage } from './negotiate.ts';

export interface AppOptions {
  readonly served: Served;
  readonly telemetryPath: string;
  /** Reloads the configuration, with the error when it is bad; undefined when `--web.enable-lifecycle` is not set. */
  readonly reload: (() => Promise<Error | undefined>) | undefined;
  readonly memory?: StatusOptions['memory'];
  /** Ends the live connections of status pages, which would keep the server from closing. */
  readonly stopping?: AbortSignal | undefined;
  readonly log: Log;
}

/** The routes beside what `createMetricsHandler` answers. Reads only what is in memory: no request here ever reaches a cloud. */
export function createApp({ served, telemetryPath, reload, memory, stopping, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  // Hashing a page of 40 MB for every scrape would cost more than sending it.
  app.set('etag', false);
  app.set('query parser', 'simple');

  app.get('/probe', async (request, response) => {
    const cloud = pick(served, request, response);
    if (cloud) await sendPage(cloud.page, request, response);
  });
  app.get('/sd', (request, response) => {
    const host = request.headers.host ?? '';
    const target = /^[\w.:[\]-]{1,255}$/.test(host) ? host : `127.0.0.1:${request.socket.localPort}`;
    response.json(
      served.clouds().map(({ name }) => ({
        targets: [target],
        labels: { __scheme__: request.protocol, __metrics_path__: '/probe', __param_cloud: name, cloud: name },
      })),
    );
  });
  const backends = createBackendsSource();
  app.get('/api/v1/backends', async (request, response) => {
    const clouds =
      request.query['cloud'] === undefined
        ? served.clouds()
        : [pick(served, request, response)].filter((cloud) => cloud !== undefined);
    if (response.headersSent) return;
    const { etag, ...body } = await backends(clouds);
    const headers = { etag, vary: 'Accept-Encoding', 'cache-control': 'no-cache' };
    if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
    else sendPacked(request, response, body, { ...headers, 'content-type': 'application/json; charset=utf-8' });
  });
  app.all('/-/reload', async (request, response) => {
    if (request.method !== 'POST' && request.method !== 'PUT')
      return void response.status(405).set('allow', 'POST').type('text').end('Only POST reloads.\n');
    if (!reload)
      return void response
        .status(403)
        .type('text')
        .end('Lifecycle API is not enabled; start with --web.enable-lifecycle.\n');
    if (isFromPage(request))
      return void response.status(403).type('text').end('A page in a browser may not reload; curl -X POST may.\n');
    const error = await reload();
    return void response
      .status(error ? 500 : 200)
      .type('text')
      .end(error ? `The old configuration stays: ${error.message}\n` : 'Reloaded.\n');
  });
  app.use(statusRoutes(served, { telemetryPath, memory, stopping }));
  app.use((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.status(405).set('allow', 'GET, HEAD').type('text').end('Everything here is only read.\n');
    return void response.status(404).type('text').end('404: not here. Try / for the list of pages.\n');
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const status = (error as { status?: unknown }).status;
    if (typeof status !== 'number' || status >= 500)
      log('error', 'A request failed', { error: error instanceof Error ? error.message : String(error) });
    if (response.headersSent) return next(error);
    return void response
      .status(typeof status === 'number' ? status : 500)
      .type('text')
      .end('The request could not be answered.\n');
  });
  return app;
}

/**
 * Whether a page in a browser sends this: with POST and PUT, browsers always send `Origin` (https://fetch.spec.whatwg.org/#origin-header), newer ones
 * `Sec-Fetch-Site` too. No page of ours reloads. A comparison with `Host` would let a page in whose name was bound to our address anew.
 */
function isFromPage({ headers }: Request): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
}

/** The configured cloud that the request names; otherwise the answer is a 404 that lists the known names. */
function pick(served: Served, request: Request, response: Response): ServedCloud | undefined {
  const name = request.query['cloud'];
  const clouds = served.clouds();
  const cloud = clouds.find((one) => one.name === name);
  if (!cloud) {
    const said =
      typeof name === 'string'
        ? `no cloud ${visibleJson(name.slice(0, 100))}`
        : 'exactly one parameter "cloud" is needed';
    response
      .status(404)
      .type('text')
      .end(`${said}; known: ${clouds.map((one) => one.name).join(', ')}\n`);
  }
  return cloud;
}
