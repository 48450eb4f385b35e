import { SYSTEM_CLOCK, type Clock } from '../clock.ts';
import { secretOf, type CloudAccess } from './access.ts';
import { statusError } from './answer.ts';
import { findEndpoint, isVersion3 } from './catalog.ts';
import { findVersion3, type GetOpen } from './discovery.ts';
import { OpenStackError } from './errors.ts';
import { logIn, type Token } from './login.ts';
import { asksToWait, type Pauses } from './pause.ts';
import { type Answer, type Request, withoutSecrets } from './request.ts';
import type { Transport } from './transport.ts';

/** Whatever the clocks say, a token is used this long: a 401 ends it sooner. */
const AT_LEAST_MS = 30_000;
/** Tokens are counted as expired this early. Source: keystoneauth1, identity/base.py, MIN_TOKEN_LIFE_SECONDS. */
const EARLY_MS = 120_000;
/** Keystone gave the token just now, so it is neither expired nor revoked. Cinder answers 401 for the other causes as well, not 403. */
const FRESH_REFUSED =
  'Cinder refuses a token that Keystone gave just now: the access rules of the application credential lack this path, cinder.conf has no service_type in [keystone_authtoken], or Cinder asks another Keystone';

interface Get {
  readonly operation: string;
  /** Below the endpoint, with its query: `/os-services`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** A body that was parsed to the byte, and the answer it came in. */
export interface SessionAnswer {
  readonly request: Request;
  readonly answer: Answer;
}

/** One identity in one cloud: logs in when needed, once for everybody, and asks Cinder with the token. */
export interface Session {
  /** The URL of the Block Storage API; logs in when needed. */
  readonly endpoint: () => Promise<string>;
  /** GET below the endpoint. A 401 drops the token and asks once more. Throws an OpenStackError unless the status is 200. */
  readonly get: (get: Get) => Promise<SessionAnswer>;
  readonly getOpen: GetOpen;
  /** The endpoint seems to be gone: look into a fresh catalog before the next request, with growing pauses between such looks. */
  readonly doubtEndpoint: () => void;
  /** Milliseconds since the epoch; undefined before the first login. */
  readonly tokenExpiresAtMs: () => number | undefined;
  /** Does the last token carry this role? `name` in small letters. */
  readonly hasRole: (name: string) => boolean;
  /** Counts logins, so that what was learnt from one catalog is asked again after the next. */
  readonly generation: () => number;
}

/** What changes something in the cloud. */
interface Write extends Get {
  readonly method: 'POST' | 'DELETE';
  readonly body?: unknown;
}

/** A session that may change what is in the cloud: the canary's own, and never that which monitors. */
export interface WritingSession extends Session {
  /** Sent once, whatever becomes of it: without an answer nobody knows what it did. Throws an OpenStackError unless the status is of 200 to 299. */
  readonly write: (write: Write) => Promise<SessionAnswer>;
  /** The project that the token is for; undefined before the first login, and of a token for none. */
  readonly projectId: () => string | undefined;
}

interface Login {
  readonly token: Omit<Token, 'catalog'>;
  /** As the catalog has it. */
  readonly found: string;
  readonly endpoint: string;
  /** How messages call the endpoint, when that is not as it is. */
  readonly shown: string | undefined;
  /** By the monotonic clock, as the next. */
  renewAt: number;
  readonly goodUntil: number;
  /** It came because Cinder refused the one before, and Cinder has not taken it yet. */
  onTrial: boolean;
}

type SessionParts = readonly [
  access: CloudAccess,
  transport: Transport,
  loginTimeoutMs: number,
  pauses: Pick<Pauses, 'token' | 'catalog' | 'discovery'>,
  clock?: Pick<Clock, 'now'>,
];

/** A session that can only read. */
export function createSession(...parts: SessionParts): Session {
  const { write: _, projectId: __, ...session } = createWritingSession(...parts);
  return session;
}

export function createWritingSession(...parts: SessionParts): WritingSession {
  const [access, transport, loginTimeoutMs, pauses, { now } = SYSTEM_CLOCK] = parts;
  // One gateway may stand before all services, and echo what it saw before.
  const secret = secretOf(access.auth);
  let login: Login | undefined;
  let inFlight: Promise<Login> | undefined;
  let generation = 0;
  /** Cinder has refused the last token. */
  let refused = false;
  /** The last login came to nothing: the version document, without which there is no endpoint, asked to wait. */
  let undiscovered = false;

  /** The path is of Keystone's catalog, which came with the answer to a login: it may repeat the password. */
  function shownAs({ origin, pathname }: URL): { readonly shownUrl?: string } {
    const shown = withoutSecrets({ headers: {}, secret }, pathname);
    return shown === pathname ? {} : { shownUrl: `${origin}/${shown.replace(/^\//, '')}` };
  }

  /** Who is refused, or told to wait, leaves Keystone alone for a while. */
  async function askKeystone(): Promise<Token> {
    const refusal = pauses.token.refusal();
    if (refusal) throw refusal;
    try {
      const token = await logIn(access, transport, loginTimeoutMs);
      pauses.token.succeed();
      return token;
    } catch (error) {
      throw error instanceof OpenStackError && asksToWait(error) ? pauses.token.fail(error) : error;
    }
  }

  const getOpen: GetOpen = async (operation, url, timeoutMs) => {
    const request: Request = { operation, method: 'GET', url, ...shownAs(url), headers: {}, secret, timeoutMs };
    return { request, answer: await transport.send(request) };
  };

  /** Who asks to wait, when asked for the version document, is left alone as well. */
  async function askForVersion3({ projectId }: Pick<Token, 'projectId'>, found: string): Promise<string> {
    undiscovered = false;
    if (isVersion3(found)) return found;
    try {
      const refusal = pauses.discovery.refusal();
      if (refusal) throw refusal;
      const endpoint = await findVersion3(found, projectId, getOpen, loginTimeoutMs);
      pauses.discovery.succeed();
      return endpoint;
    } catch (error) {
      if (!(error instanceof OpenStackError) || !asksToWait(error)) throw error;
      undiscovered = true;
      throw error.details.notAsked ? error : pauses.discovery.fail(error);
    }
  }

  async function newLogin(onTrial: boolean): Promise<Login> {
    const refusal = undiscovered ? pauses.discovery.refusal() : undefined;
    if (refusal) throw refusal;
    // Parsed, a catalog can be 90 MB, and nobody asks it again.
    const { catalog, ...token } = await askKeystone();
    const found = findEndpoint(catalog, access, token.projectId);
    // What a version document said of this very URL holds until the endpoint is in doubt.
    const endpoint = login?.found === found ? login.endpoint : await askForVersion3(token, found);
    // A short-lived token is used for half its life at least, or every request would bring a login.
    const renewAt = now() + Math.max(token.lifetimeMs - EARLY_MS, token.lifetimeMs / 2, AT_LEAST_MS);
    const shown = shownAs(new URL(endpoint)).shownUrl;
    login = { token, found, endpoint, shown, renewAt, goodUntil: now() + token.lifetimeMs, onTrial };
    generation += 1;
    return login;
  }

  /** While Keystone cannot be reached, a token that is still good goes on; it is tried again in a while. */
  async function renew(old: Login | undefined): Promise<Login> {
    try {
      return await newLogin(refused);
    } catch (error) {
      if (!old || old !== login || now() >= old.goodUntil || !isOutage(error)) throw error;
      login = { ...old, renewAt: Math.min(now() + AT_LEAST_MS, old.goodUntil) };
      return login;
    }
  }

  function current(): Promise<Login> {
    if (login && now() < login.renewAt) return Promise.resolve(login);
    inFlight ??= renew(login).finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  function requestFor(using: Login, get: Get, method: Request['method'] = 'GET'): Request {
    const url = new URL(using.endpoint + get.path);
    const shown = using.shown && { shownUrl: using.shown + get.path.replace(/\?.*$/s, '') };
    const headers = { ...get.headers, 'x-auth-token': using.token.value.reveal() };
    return { operation: get.operation, method, url, ...shown, headers, secret, timeoutMs: get.timeoutMs };
  }

  async function get(wanted: Get): Promise<SessionAnswer> {
    let using = await current();
    let request = requestFor(using, wanted);
    let answer = await transport.send(request);
    if (answer.status === 401) {
      if (!using.onTrial) {
        if (login === using) login = undefined;
        refused = true;
        using = await current();
        request = requestFor(using, wanted);
        answer = await transport.send(request);
      }
      // Fresh and refused: another would fare no better at once.
      if (answer.status === 401) {
        using.renewAt = Math.min(using.renewAt, now() + AT_LEAST_MS);
        const { message, details } = statusError(request, answer);
        throw new OpenStackError(`${message}; ${FRESH_REFUSED}`, details);
      }
    }
    if (answer.status === 200) {
      refused = false;
      using.onTrial = false;
    }
    if (answer.status !== 200) throw statusError(request, answer);
    pauses.catalog.succeed();
    return { request, answer };
  }

  async function write(wanted: Write): Promise<SessionAnswer> {
    const { method, body } = wanted;
    const plain = requestFor(await current(), wanted, method);
    const request = body === undefined ? plain : { ...plain, body: JSON.stringify(body) };
    const answer = await transport.send(request);
    if (answer.status < 200 || answer.status > 299) throw statusError(request, answer);
    return { request, answer };
  }

  return {
    write,
    projectId: () => login?.token.projectId,
    endpoint: async () => (await current()).endpoint,
    get,
    getOpen,
    doubtEndpoint() {
      if (
        pauses.catalog.remainingMs() > 0 ||
        (access.endpointOverride !== undefined && isVersion3(access.endpointOverride))
      )
        return;
      if (login) login = { ...login, found: '', renewAt: -Infinity };
      pauses.catalog.fail();
    },
    tokenExpiresAtMs: () => login?.token.expiresAtMs,
    hasRole: (name) => login?.token.roles.includes(name) ?? false,
    generation: () => generation,
  };
}

/** Keystone said nothing of us: nobody there, a fault, or too busy. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof OpenStackError)) return false;
  const { status = 0 } = error.details;
  return error.reason === 'connect' || error.reason === 'timeout' || status === 429 || status >= 500;
}
