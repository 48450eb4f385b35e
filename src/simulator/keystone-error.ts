import { type Answer, json } from './answer.ts';
import type { JsonObject } from './definition.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
};

const MESSAGES: Readonly<Record<number, string>> = {
  401: 'The request you have made requires authentication.',
  403: 'You are not authorized to perform the requested action.',
};

const BLAME =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.';

/** An error of Keystone: `{"error": {"code", "message", "title"}}`. */
export class KeystoneError extends Error {
  override name = 'KeystoneError';
  readonly code: number;
  readonly extra: JsonObject;

  constructor(code: number, message = MESSAGES[code] ?? '', extra: JsonObject = {}) {
    super(message);
    this.code = code;
    this.extra = extra;
  }

  static expecting(what: string, where: string): KeystoneError {
    return new KeystoneError(400, `Expecting to find ${what} in ${where}. ${BLAME}`);
  }
}

/** The answer to an error; a 401 names the way to Keystone. */
export function keystoneErrorAnswer(error: KeystoneError, wwwAuthenticate: readonly [string, string]): Answer {
  const title = TITLES[error.code] ?? 'Error';
  return json(
    error.code,
    { error: { code: error.code, ...error.extra, message: error.message, title } },
    error.code === 401 ? [wwwAuthenticate] : [],
  );
}
