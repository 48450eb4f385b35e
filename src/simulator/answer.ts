import type { JsonObject } from './definition.ts';

/** What a service answers, before the web server in front adds its own headers. */
export interface Answer {
  readonly status: number;
  /** In the order in which they are sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** A Buffer when the same bytes are served many times. */
  readonly body: string | Buffer;
}

/** A body of JSON, as the API writes it. */
export function json(status: number, body: JsonObject | Buffer, headers: Answer['headers'] = []): Answer {
  return {
    status,
    headers: [['Content-Type', 'application/json'], ...headers],
    body: Buffer.isBuffer(body) ? body : JSON.stringify(body),
  };
}

const TITLES: Readonly<Record<number, readonly [title: string, text: string]>> = {
  404: ['Not Found', 'The resource could not be found.<br /><br />\n\n'],
  413: [
    'Request Entity Too Large',
    'Request is too large. Larger than max_request_body_size (114688).<br /><br />\n\n',
  ],
  503: [
    'Service Unavailable',
    'The server is currently unavailable. Please try again at a later time.<br /><br />\nThe Keystone service is temporarily unavailable.\n',
  ],
};

/** WebOb's page of an error that never reaches the API: a path that no route takes, a body too large, Keystone out of reach. */
export function htmlError(status: 404 | 413 | 503): Answer {
  const [title, text] = TITLES[status] ?? ['', ''];
  const heading = `${status} ${title}`;
  return {
    status,
    headers: [['Content-Type', 'text/html; charset=UTF-8']],
    body: `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${text}\n\n </body>\n</html>`,
  };
}
