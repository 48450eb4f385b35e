import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGunzip } from 'node:zlib';
import type { PageSource } from '../refresh/page.ts';
import { CONTENT_TYPES, acceptsGzip, negotiateFormat } from './negotiate.ts';

/**
 * Sends a page in the negotiated format and coding. The page is kept compressed, as nearly every scraper asks for it;
 * the identity form is unpacked on its way out.
 */
export async function sendPage(source: PageSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const format = negotiateFormat(request.headers.accept);
  const gzip = acceptsGzip(request.headers['accept-encoding']);
  const page = await source.page(format);
  response.writeHead(200, {
    'content-type': CONTENT_TYPES[format],
    'content-length': gzip ? page.gzip.length : page.size,
    vary: 'Accept, Accept-Encoding',
    'cache-control': 'no-store',
    ...(gzip && { 'content-encoding': 'gzip' }),
  });
  if (request.method === 'HEAD' || gzip) {
    response.end(request.method === 'HEAD' ? undefined : page.gzip);
    return;
  }
  const unpack = createGunzip();
  response.on('close', () => unpack.destroy());
  unpack.pipe(response);
  unpack.end(page.gzip);
}
