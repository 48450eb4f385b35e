import { type Answer, json } from './answer.ts';

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

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const NOT_FOUND = 'The resource could not be found.';
export const MALFORMED =
  'The server could not comply with the request since it is either malformed or otherwise incorrect.';
export const INCAPABLE = 'The server has either erred or is incapable of performing the requested operation.';

/** The body of a fault; a code without a name of its own, 406 among them, is a `computeFault`. */
export function faultAnswer(fault: Fault, headers: Answer['headers']): Answer {
  const body = { [FAULT_NAMES[fault.code] ?? 'computeFault']: { code: fault.code, message: fault.message } };
  const { status, headers: own, body: text } = json(fault.code, body);
  return { status, headers: [...headers, ...own], body: text };
}
