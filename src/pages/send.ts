import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { acceptsGzip } from '../api/negotiate.ts';
import { setPagePolicy } from '../web/guard.ts';

const compress = promisify(gzip);

/** Nothing from elsewhere, nothing inline, no frame around it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** What an answer is, and how long it may be kept: undefined is not at all. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly keep: string | undefined;
}

/** Sends a text, compressed for those who ask for it, with the policy that a page of ours needs, unless the web configuration has another. */
export async function send(request: Request, response: Response, { status, type, body, keep }: Reply): Promise<void> {
  const packed = acceptsGzip(request.headers['accept-encoding']);
  const bytes = packed ? await compress(body, { level: 4 }) : Buffer.from(body);
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

export function sendHtml(request: Request, response: Response, status: number, body: string): Promise<void> {
  return send(request, response, { status, type: 'text/html; charset=utf-8', body, keep: undefined });
}
