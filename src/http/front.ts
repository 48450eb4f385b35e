import type { RequestListener, ServerResponse } from 'node:http';
import type { Log } from '../log/log.ts';
import type { Served } from './clouds.ts';
import { sendPage } from './metrics.ts';

export interface FrontOptions {
  readonly served: Served;
  readonly telemetryPath: string;
  /** The routes, which may still be loading: express is a third of the start, and the port listens before it is there. */
  readonly routes: Promise<RequestListener>;
  readonly log: Log;
}

/**
 * What stands before the routes: a scrape, which is nearly every request, needs nothing of them. Finding its way through express costs
 * four times as much as sending a page of 70 KB does (bench/, row "scrape").
 */
export function createFront({ served, telemetryPath, routes, log }: FrontOptions): RequestListener {
  let loaded: RequestListener | undefined;
  const loading = routes.then((listener) => {
    loaded = listener;
    return listener;
  });
  const failed = (response: ServerResponse, error: unknown): void => {
    log('error', 'A request failed', { error: error instanceof Error ? error.message : String(error) });
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('The request could not be answered.\n');
  };
  loading.catch(() => undefined);
  return (request, response) => {
    const { method, url = '' } = request;
    if ((method === 'GET' || method === 'HEAD') && pathOf(url) === telemetryPath) {
      sendPage(served.metrics(), request, response).catch((error: unknown) => failed(response, error));
    } else if (loaded) {
      loaded(request, response);
    } else {
      loading.then((listener) => listener(request, response)).catch((error: unknown) => failed(response, error));
    }
  };
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
