import { beginning, withoutControls } from '../text.ts';
import { UserError } from '../user-error.ts';

/** Why a request failed: the words of `cinder_exporter_errors_total{reason}`. */
export type FailureReason = 'auth' | 'forbidden' | 'timeout' | 'connect' | 'http' | 'decode';

export interface FailureDetails {
  readonly reason: FailureReason;
  readonly operation: string;
  /** Without query and credentials. */
  readonly url: string;
  readonly status?: number | undefined;
  /** Cinder's own name for what is wrong, such as `itemNotFound`: whoever stands before it has none. Never shown. */
  readonly fault?: string | undefined;
  readonly requestId?: string | undefined;
  /** What the server asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Nothing was sent: a pause, or an open question, stands in the way. */
  readonly notAsked?: boolean;
  readonly cause?: unknown;
}

/** A failed request to Keystone or Cinder. The message is for people, on one line, and holds no secret. */
export class OpenStackError extends UserError {
  override readonly name = 'OpenStackError';
  readonly details: FailureDetails;

  constructor(message: string, details: FailureDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.details = details;
  }

  get reason(): FailureReason {
    return this.details.reason;
  }
}

/** Text that came from elsewhere, on one line, without control characters, cut at 200 characters. */
export function oneLine(text: string): string {
  const line = withoutControls(text, ' ').replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${beginning(line, 199).toWellFormed()}…` : line;
}

/** By the codes of Node.js, OpenSSL and its HTTP parser. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection could not be made in time',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ENOTFOUND: 'the name has no address',
  EAI_AGAIN: 'the name could not be looked up',
  HPE_HEADER_OVERFLOW: 'the answer has more headers than we read',
  CERT_HAS_EXPIRED: 'the certificate is too old',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is not trusted',
};

/**
 * What happened to a connection: first in our words, then in the words of Node.js. `shown` takes what Node.js says and returns what may be shown of it.
 * A certificate's names are in it, and by chance a part of a password. Our own words are always shown: they are what helps.
 */
export function connectionTrouble(error: unknown, shown: (text: string) => string): string {
  // A happy-eyeballs failure has no message of its own.
  if (error instanceof AggregateError && error.errors.length > 0) return connectionTrouble(error.errors[0], shown);
  if (!(error instanceof Error)) return shown(String(error));
  const said = error.message || error.name;
  const words = wordsFor(said, 'code' in error ? String(error.code) : '');
  if (words === undefined) return shown(said);
  return shown(said) === said ? `${words} (${said})` : words;
}

function wordsFor(said: string, code: string): string | undefined {
  if (said === 'aborted') return 'the connection broke in the middle of the answer';
  if (said === 'socket hang up') return 'the connection was closed without an answer';
  return WORDS[code] ?? (code.startsWith('HPE_') ? 'what came is no HTTP' : undefined);
}
