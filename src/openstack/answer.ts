import { type FailureReason, oneLine, OpenStackError } from './errors.ts';
import { type Answer, type Request, shownUrl, withoutSecrets } from './request.ts';

/** The request id that both services send, for the operator to look up in their logs. Source: oslo.middleware, request_id.py: `req-` and a UUID. */
export function requestId(answer: Answer): string | undefined {
  const id = answer.headers['x-openstack-request-id'] ?? answer.headers['x-compute-request-id'];
  return typeof id === 'string' && /^req-[\da-f-]{1,36}$/i.test(id) ? id : undefined;
}

/** The server's clock in milliseconds since the epoch, by the answer's `Date`. */
export function serverTime(answer: Answer): number | undefined {
  const parsed = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Most that is parsed at once: parsed, a body can need forty times its size. A catalog, or a page of volume types, is far smaller. */
const MAX_PARSED_BYTES = 4 * 1024 * 1024;

/** Deeper than any answer of OpenStack: a catalog has five levels. */
const MAX_DEPTH = 100;

/** Parses the body as JSON; an OpenStackError of reason `decode` says what was there instead. */
export function parseJson(request: Request, answer: Answer): unknown {
  if (answer.body.length > MAX_PARSED_BYTES) {
    const what = `${answer.status} with ${answer.body.length} bytes, larger than the ${MAX_PARSED_BYTES} that are parsed at once`;
    throw httpError(request, answer, what, 'decode');
  }
  if (isDeep(answer.body))
    throw httpError(request, answer, `${answer.status} with JSON nested deeper than ${MAX_DEPTH} levels`, 'decode');
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch {
    // Node's own message would quote the body.
    const type = typeOf(request, answer);
    const what =
      answer.body.length === 0 ? 'an empty body' : `${answer.body.length} bytes that are no whole JSON (${type})`;
    throw httpError(request, answer, `${answer.status} with ${what}`, 'decode');
  }
}

/** A value of an answer where a text belongs; undefined for anything else: `String` throws for some objects, `{"toString":0}`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The media type without its parameters, in which anything may stand. */
function typeOf(request: Request, { headers }: Answer): string {
  const type = headers['content-type'];
  if (type === undefined) return 'no content type';
  const [known] = /^[\w.+-]{1,60}\/[\w.+-]{1,60}(?=;|$)/.exec(type) ?? [];
  return known === undefined ? 'an odd content type' : withoutSecrets(request, known);
}

/** Whether brackets are nested deeper than `MAX_DEPTH`: parsed, each would need a hundred bytes. */
export function isDeep(body: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < body.length && depth <= MAX_DEPTH; at += 1) {
    const byte = body[at];
    if (byte === 0x22) inString = !inString;
    else if (inString) at += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return depth > MAX_DEPTH;
}

/** The error that an answer with a status other than expected stands for. `operation` names what was asked. */
export function statusError(request: Request, answer: Answer): OpenStackError {
  const { status } = answer;
  const reason: FailureReason = status === 401 ? 'auth' : status === 403 ? 'forbidden' : 'http';
  const to = status >= 300 && status < 400 ? ` to ${target(request, answer)}; redirects are not followed` : '';
  return httpError(request, answer, `${status}${to}${faultMessage(request, answer)}`, reason);
}

/** Where a redirect leads, without user, password and query. They may stand in odd places: `//user:password@host`, `http:\\\\user:password@host`. */
function target(request: Request, { headers: { location } }: Answer): string {
  if (location === undefined) return 'nowhere';
  if (!URL.canParse(location, request.url.href)) return 'what is no URL';
  const { protocol, origin, pathname } = new URL(location, request.url.href);
  if (protocol !== 'http:' && protocol !== 'https:') return 'what is no web address';
  return oneLine(withoutSecrets(request, /@|%40/.test(pathname) ? origin : origin + pathname));
}

function httpError(request: Request, answer: Answer, message: string, reason: FailureReason): OpenStackError {
  const said = requestId(answer);
  const id = said === undefined || withoutSecrets(request, said) === said ? said : undefined;
  const url = shownUrl(request);
  return new OpenStackError(`${request.method} ${url}: ${message}${id ? ` (${id})` : ''}`, {
    reason,
    operation: request.operation,
    url,
    status: answer.status,
    fault: faultOf(answer)?.name,
    requestId: id,
    retryAfterMs: retryAfter(answer),
  });
}

/** The one key of an error and what is below it, of OpenStack's shapes of error: `{"error":{}}`, `{"<faultName>":{}}`; undefined for others (HTML). */
function faultOf({ body }: Answer): { readonly name: string; readonly message: unknown } | undefined {
  if (body.length > 65_536 || body[0] !== 0x7b || isDeep(body)) return undefined;
  try {
    const [entry] = Object.entries(JSON.parse(body.toString('utf8')) as Record<string, unknown>);
    if (entry === undefined) return undefined;
    const [name, fault] = entry;
    const message = typeof fault === 'object' && fault !== null ? (fault as { message?: unknown }).message : undefined;
    return { name, message };
  } catch {
    return undefined;
  }
}

/** The `message` of an error of OpenStack. */
function faultMessage(request: Request, answer: Answer): string {
  const message = faultOf(answer)?.message;
  if (typeof message !== 'string') return '';
  if (request.operation === 'token') return `: ${keystoneMessage(request, message)}`;
  return `: ${oneLine(withoutSecrets(request, message))}`;
}

/** What Keystone says to a login, with what is said of whom. Source: keystone/exception.py and keystone/auth. */
const KEYSTONE_MESSAGES: readonly RegExp[] = [
  /^The request you have made requires authentication\.$/,
  /^You are not authorized to perform the requested action(?:: [\w:]{1,60})?\.$/,
  /^Could not find(?: [A-Z]?[a-z]+(?: [A-Za-z]+)?)?: ([\w-]{1,64})\.$/,
  /^The (?:account is (?:locked|disabled)|password is expired and needs to be changed) for user: ([\w-]{1,64})\.$/,
  /^Expecting to find [\w ]{1,40} in [\w ]{1,40}\. The server could not comply with the request since it is either malformed or otherwise incorrect\. The client is assumed to be in error\.$/,
  /^Attempted to authenticate with an unsupported method\.$/,
  /^Application credentials cannot request a scope\.$/,
  /^An unexpected error prevented the server from fulfilling your request\.$/,
  /^(?:The resource could not be found|The service you have requested is no longer available on this server|Request is too large)\.$/,
];

/**
 * A message that answers a login. The request held the password, and what repeats it may do so in an encoding that nobody thought of: only what Keystone
 * itself says is shown, and what it says of somebody only when it is no part of the password.
 */
function keystoneMessage(request: Request, message: string): string {
  const found = KEYSTONE_MESSAGES.map((known) => known.exec(message)).find((match) => match !== null);
  if (!found) return 'a message that is not of Keystone (not shown: it could hold a <secret>)';
  const [, whom = ''] = found;
  return oneLine(withoutSecrets(request, whom) === whom ? message : withoutSecrets(request, whom));
}

/** `Retry-After` in seconds or as a date, as milliseconds from now, at most an hour; undefined without one. */
export function retryAfter(answer: Answer): number | undefined {
  const value = answer.headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - (serverTime(answer) ?? Date.now());
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), 3_600_000);
}
