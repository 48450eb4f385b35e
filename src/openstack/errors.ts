import { withoutControls } from '../text.ts';

/** Why a request failed: the words of `cinder_exporter_errors_total{reason}`. */
export type FailureReason = 'auth' | 'forbidden' | 'timeout' | 'connect' | 'http' | 'decode';

export interface FailureDetails {
  readonly reason: FailureReason;
  readonly operation: string;
  /** Without query and credentials. */
  readonly url: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** What the server asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Nothing was sent: a pause, or an open question, stands in the way. */
  readonly notAsked?: boolean;
  readonly cause?: unknown;
}

/** A failed request to Keystone or Cinder. The message is for people, on one line, and holds no secret. */
export class OpenStackError extends Error {
  readonly details: FailureDetails;

  constructor(message: string, details: FailureDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'OpenStackError';
    this.details = details;
  }

  get reason(): FailureReason {
    return this.details.reason;
  }
}

/** Text that came from elsewhere, on one line, without control characters, cut at 200 characters. */
export function oneLine(text: string): string {
  const line = withoutControls(text, ' ').replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199).toWellFormed()}…` : line;
}
