import { withoutEcho, withoutSecrets } from './echo.ts';
import { OpenStackError, oneLine, type FailureReason } from './errors.ts';
import type { Answer, Request } from './request.ts';

/** The request id that both services send, for the operator to look up in their logs. */
export function requestId(answer: Answer): string | undefined {
  const id = answer.headers['x-openstack-request-id'] ?? answer.headers['x-compute-request-id'];
  return typeof id === 'string' ? oneLine(id).slice(0, 64) : undefined;
}

/** The server's clock in milliseconds since the epoch, by the answer's `Date`. */
export function serverTime(answer: Answer): number | undefined {
  const parsed = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Most that is parsed at once: parsed, a body can need forty times its size. A catalog, or a page of volume types, is far smaller. */
const MAX_PARSED_BYTES = 8 * 1024 * 1024;

/** Parses the body as JSON; an OpenStackError of reason `decode` says what was there instead. */
export function parseJson(request: Request, answer: Answer): unknown {
  if (answer.body.length > MAX_PARSED_BYTES) {
    const what = `${answer.status} with ${answer.body.length} bytes, larger than the ${MAX_PARSED_BYTES} that are parsed at once`;
    throw httpError(request, answer, what, 'decode');
  }
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch {
    // Node's own message would quote the body.
    const type = oneLine(withoutEcho(request, answer).headers['content-type'] ?? 'no content type');
    const what =
      answer.body.length === 0 ? 'an empty body' : `${answer.body.length} bytes that are no whole JSON (${type})`;
    throw httpError(request, answer, `${answer.status} with ${what}`, 'decode');
  }
}

/** The error that an answer with a status other than expected stands for. `operation` names what was asked. */
export function statusError(request: Request, raw: Answer): OpenStackError {
  const answer = withoutEcho(request, raw);
  const { status } = answer;
  const reason: FailureReason = status === 401 ? 'auth' : status === 403 ? 'forbidden' : 'http';
  const to =
    status >= 300 && status < 400
      ? ` to ${oneLine(answer.headers.location ?? 'nowhere')}; redirects are not followed`
      : '';
  return httpError(request, answer, `${status}${to}${faultMessage(request, answer)}`, reason);
}

function httpError(request: Request, answer: Answer, message: string, reason: FailureReason): OpenStackError {
  const id = requestId(withoutEcho(request, answer));
  const url = request.url.origin + request.url.pathname;
  return new OpenStackError(`${request.method} ${url}: ${message}${id ? ` (${id})` : ''}`, {
    reason,
    operation: request.operation,
    url,
    status: answer.status,
    requestId: id,
    retryAfterMs: retryAfter(answer),
  });
}

/** The `message` of OpenStack's three shapes of error: `{"error":{}}`, `{"<faultName>":{}}`, and none (HTML). */
function faultMessage(request: Request, answer: Answer): string {
  if (answer.body.length > 65_536 || answer.body[0] !== 0x7b) return '';
  try {
    const [fault] = Object.values(JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>);
    const message = typeof fault === 'object' && fault !== null ? (fault as { message?: unknown }).message : undefined;
    return typeof message === 'string' ? `: ${oneLine(withoutSecrets(request, message))}` : '';
  } catch {
    return '';
  }
}

/** `Retry-After` in seconds or as a date, at most an hour; undefined without one. */
function retryAfter(answer: Answer): number | undefined {
  const value = answer.headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - (serverTime(answer) ?? Date.now());
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), 3_600_000);
}
