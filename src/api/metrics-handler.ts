import type { RequestListener, ServerResponse } from 'node:http';
import { quoted } from '../config/tree.ts';
import type { Log } from '../log.ts';
import type { Served } from './backends.ts';
import { sendPage } from './negotiate.ts';
import { UserError } from '../user-error.ts';

/** Every other path that is served, without regard to case as the router has none. A test holds them against the routes and the OpenAPI description. */
export const TAKEN_PATHS: readonly string[] = [
  '/probe',
  '/sd',
  '/api/v1/backends',
  '/api/v1/backend',
  '/cloud',
  '/backend',
  '/events',
  '/runbooks',
  '/status.css',
  '/status.js',
  '/favicon.svg',
  '/openapi.json',
];

/** Segments that every client, proxy and router sends on and reads as they are; RFC 3986's unreserved characters. */
const PLAIN_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/;

/** The path of the metrics page, when it can be one. Throws a UserError that says what was expected. */
export function checkTelemetryPath(path: string): string {
  const refuse = (expected: string): UserError =>
    new UserError(`--web.telemetry-path: expected ${expected}, got ${quoted(path)}`);
  if (!PLAIN_PATH.test(path) || path.length > 200)
    throw refuse('a path such as /metrics (at most 200 letters, digits, "-", ".", "_", "~" and "/")');
  if (path.startsWith('/-/') || path.toLowerCase().startsWith('/runbooks/') || TAKEN_PATHS.includes(path.toLowerCase()))
    throw refuse('a path at which nothing else is served');
  return path;
}

export interface MetricsHandlerOptions {
  readonly served: Served;
  readonly telemetryPath: string;
  /** The routes, loaded when somebody asks for them: neither a scrape nor a health check needs express. */
  readonly routes: () => Promise<RequestListener>;
  readonly log: Log;
}

/**
 * Answers the metrics page and the health checks, which are nearly every request, and hands all else to the routes. Finding a way through express
 * costs four times as much as sending a page of 70 KB does (bench/, row "scrape").
 */
export function createMetricsHandler({ served, telemetryPath, routes, log }: MetricsHandlerOptions): RequestListener {
  const page = at(telemetryPath);
  let loaded: RequestListener | undefined;
  const failed = (response: ServerResponse, error: unknown): void => {
    log('error', 'A request failed', { error: error instanceof Error ? error.message : String(error) });
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('The request could not be answered.\n');
  };
  return (request, response) => {
    const { method, url = '' } = request;
    const reads = method === 'GET' || method === 'HEAD';
    if (reads && page.test(url)) {
      sendPage(served.metrics(), request, response).catch((error: unknown) => failed(response, error));
    } else if (reads && HEALTHY.test(url)) {
      sendText(response, 200, 'cinder-exporter is healthy.\n');
    } else if (reads && READY.test(url)) {
      sendReady(served, response);
    } else if (loaded) {
      loaded(request, response);
    } else {
      routes()
        .then((listener) => {
          loaded = listener;
          listener(request, response);
        })
        .catch((error: unknown) => failed(response, error));
    }
  };
}

/** A path, as the router has every other: without regard to case, with or without a slash at the end, behind a host when a proxy asks (RFC 9112, 3.2.2). */
function at(path: string): RegExp {
  return new RegExp(`^(?:https?://[^/?#]*)?${path.replaceAll('.', '\\.')}/?(?:[?#]|$)`, 'i');
}

const HEALTHY = at('/-/healthy');
const READY = at('/-/ready');

function sendReady(served: Served, response: ServerResponse): void {
  const clouds = served.clouds();
  const waiting = clouds.filter(({ watcher }) => !watcher.snapshot());
  if (clouds.length === 0) sendText(response, 503, 'Starting\n');
  else if (waiting.length === 0) sendText(response, 200, 'cinder-exporter is ready.\n');
  else sendText(response, 503, `Waiting for the first refresh of: ${waiting.map(({ name }) => name).join(', ')}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(text);
}
