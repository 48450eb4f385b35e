import type { IncomingHttpHeaders } from 'node:http';

/** A request as the services see it. */
export interface WireRequest {
  readonly method: string;
  /** Below the service's own prefix, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** `req-` and a UUID. */
  readonly requestId: string;
}
