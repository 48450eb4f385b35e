import { type WireAnswer, json } from './server.ts';

const FAULT_NAMES: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** An error of the API itself: `{"<faultName>": {"code", "message"}}`. */
export class Fault extends Error {
  override name = 'Fault';
  readonly code: number;
  /** `Retry-After`, in seconds, of a fault that has one. */
  readonly retryAfter: number | undefined;

  constructor(code: number, message: string, retryAfter?: number) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const NOT_FOUND = 'The resource could not be found.';
export const MALFORMED =
  'The server could not comply with the request since it is either malformed or otherwise incorrect.';
export const INCAPABLE = 'The server has either erred or is incapable of performing the requested operation.';

/** The body of a fault; a code without a name of its own, 406 among them, is a `computeFault`. */
export function faultAnswer(fault: Fault, headers: WireAnswer['headers']): WireAnswer {
  const { code, message, retryAfter } = fault;
  const told = retryAfter === undefined ? { code, message } : { code, message, retryAfter: String(retryAfter) };
  const { status, headers: own, body } = json(code, { [FAULT_NAMES[code] ?? 'computeFault']: told });
  const retry = retryAfter === undefined ? [] : ([['Retry-After', String(retryAfter)]] as const);
  return { status, headers: [...retry, ...headers, ...own], body };
}

/** Title, explanation and detail. */
const PAGES: Readonly<Record<number, readonly [title: string, explanation: string, detail: string]>> = {
  404: ['Not Found', 'The resource could not be found.', ''],
  413: ['Request Entity Too Large', 'Request is too large. Larger than max_request_body_size (114688).', ''],
  503: [
    'Service Unavailable',
    'The server is currently unavailable. Please try again at a later time.',
    'The Keystone service is temporarily unavailable.',
  ],
};

/**
 * WebOb's page of an error that never reaches the API: a path that no route takes, a body too large, Keystone out of reach. As `accept` has it: HTML,
 * JSON, or plain text for those who want neither. Source: webob/exc.py, generate_response.
 */
export function errorPage(status: 404 | 413 | 503, accept: string | undefined): WireAnswer {
  const [title, explanation, detail] = PAGES[status] ?? ['', '', ''];
  const heading = `${status} ${title}`;
  const message = `${explanation}<br /><br />\n${detail}\n\n`;
  switch (wanted(accept)) {
    case 'text/html':
      return {
        status,
        headers: [['Content-Type', 'text/html; charset=UTF-8']],
        body: `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${message}\n </body>\n</html>`,
      };
    case 'application/json':
      return json(status, { message, code: heading, title });
    default:
      return {
        status,
        headers: [['Content-Type', 'text/plain; charset=UTF-8']],
        body: `${heading}\n\n${explanation}\n${detail === '' ? '' : `${detail}\n`}\n   `,
      };
  }
}

/** Which of the two a client likes more; HTML when it likes both as well. */
function wanted(accept = '*/*'): 'text/html' | 'application/json' | undefined {
  const ranges = (accept.includes('/') ? accept : '*/*').split(',').map((part) => {
    const [range = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    const quality = parameters.find((each) => each.startsWith('q='))?.slice(2);
    return { range, quality: quality === undefined ? 1 : Number(quality) };
  });
  const likes = (type: string): number => {
    const exact = ranges.find(({ range }) => range === type);
    const kind = ranges.find(({ range }) => range === `${type.split('/')[0]}/*`);
    return (exact ?? kind ?? ranges.find(({ range }) => range === '*/*'))?.quality ?? 0;
  };
  const [html, jsonToo] = [likes('text/html'), likes('application/json')];
  if (html === 0 && jsonToo === 0) return undefined;
  return html >= jsonToo ? 'text/html' : 'application/json';
}
