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
export function htmlError(status: 404 | 413 | 503): WireAnswer {
  const [title, text] = TITLES[status] ?? ['', ''];
  const heading = `${status} ${title}`;
  return {
    status,
    headers: [['Content-Type', 'text/html; charset=UTF-8']],
    body: `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${text}\n\n </body>\n</html>`,
  };
}
