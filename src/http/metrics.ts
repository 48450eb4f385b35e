import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageSource } from '../refresh/page.ts';
import { CONTENT_TYPES, negotiateFormat } from './negotiate.ts';
import { sendPacked } from './packed.ts';

/** Sends a page in the negotiated format and coding. */
export async function sendPage(source: PageSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const format = negotiateFormat(request.headers.accept);
  const page = await source.page(format);
  sendPacked(request, response, page, {
    'content-type': CONTENT_TYPES[format],
    vary: 'Accept, Accept-Encoding',
    'cache-control': 'no-store',
  });
}
