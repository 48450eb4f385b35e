import { parseJson, retryAfter, textOf } from './answer.ts';
import { isVersion3 } from './catalog.ts';
import { type FailureReason, oneLine, OpenStackError } from './errors.ts';
import { type Answer, type Request, shownUrl, withoutSecrets } from './request.ts';

/** GET of any URL of the cloud, without a token; resolves with any answer. */
export type GetOpen = (
  operation: string,
  url: URL,
  timeoutMs: number,
) => Promise<{ readonly request: Request; readonly answer: Answer }>;

/** The version document is at the endpoint's URL cut at its version segment: `http://host/volume/v3/<project>` -> `http://host/volume/`. */
export function discoveryUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  url.pathname = url.pathname.replace(/\/v\d+(\.\d+)?(\/[^/]*)?\/*$/, '/');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.search = '';
  url.hash = '';
  return url;
}

/** The microversions of the v3 API. Needs no token; the answer's status is 300 or 200. Throws an OpenStackError. */
export async function discover(
  session: { readonly endpoint: () => Promise<string>; readonly getOpen: GetOpen },
  timeoutMs: number,
): Promise<VersionRange> {
  const document = await readVersions(session.getOpen, discoveryUrl(await session.endpoint()), timeoutMs);
  for (const said of document.versions) {
    if (!isOfVersion3(said)) continue;
    const min = parseMicroversion(said['min_version']);
    const max = parseMicroversion(said['version']);
    if (min && max) return { min, max };
  }
  throw document.fail('decode', 'no v3 with min_version and version in the list of versions');
}

/**
 * The URL of the v3 API, when the catalog has a URL of another version, or of none: as the version document says.
 * A project id at the end of the catalog's URL is put back. The host stays the catalog's: what a document says of it is often an inner one, and
 * the token goes only where the catalog sent it. Source: keystoneauth1, discover.py, `_combine_relative_url`.
 * Throws an OpenStackError when there is no document, or no v3 in it.
 */
export async function findVersion3(
  endpoint: string,
  projectId: string | undefined,
  getOpen: GetOpen,
  timeoutMs: number,
): Promise<string> {
  if (isVersion3(endpoint)) return endpoint;
  const last = endpoint.slice(endpoint.lastIndexOf('/') + 1);
  const project = last === projectId || /\/v\d+(\.\d+)?\/[^/]+$/.test(endpoint) ? `/${last}` : '';
  const url = discoveryUrl(endpoint.slice(0, endpoint.length - project.length));
  const document = await readVersions(getOpen, url, timeoutMs);
  const said = document.versions.find(isOfVersion3);
  if (!said) {
    const ids = document.versions.map(({ id }) => oneLine(textOf(id) ?? 'no id').slice(0, 20)).slice(0, 10);
    throw document.fail(
      'http',
      `no v3 in the list of versions (it has: ${document.shown(ids.join(', ')) || 'nothing'})`,
    );
  }
  const links = Array.isArray(said['links']) ? (said['links'] as unknown[]) : [];
  const link = links.map((one) => (one ?? {}) as Record<string, unknown>).find(({ rel }) => rel === 'self');
  const text = typeof link?.['href'] === 'string' ? link['href'] : 'v3/';
  const href = URL.canParse(text, url.href) ? new URL(text, url.href) : new URL('v3/', url);
  const path = (href.host === url.host ? href.pathname : `${url.pathname}v3`).replace(/\/+$/, '');
  return `${url.origin}${path}${project}`;
}

interface VersionDocument {
  readonly versions: readonly Record<string, unknown>[];
  readonly fail: (reason: FailureReason, what: string) => OpenStackError;
  /** Words of the document as they may be shown. */
  readonly shown: (words: string) => string;
}

async function readVersions(getOpen: GetOpen, url: URL, timeoutMs: number): Promise<VersionDocument> {
  const { request, answer } = await getOpen('discovery', url, timeoutMs);
  const shown = shownUrl(request);
  const fail = (reason: FailureReason, what: string): OpenStackError =>
    new OpenStackError(`GET ${shown}: ${what}`, {
      reason,
      operation: 'discovery',
      url: shown,
      status: answer.status,
      retryAfterMs: retryAfter(answer),
    });
  if (answer.status !== 300 && answer.status !== 200)
    throw fail('http', `${answer.status} instead of the list of versions`);
  const { versions } = (parseJson(request, answer) ?? {}) as { versions?: unknown };
  if (!Array.isArray(versions)) throw fail('decode', 'no list of versions');
  return {
    versions: versions.map((entry: unknown) => (entry ?? {}) as Record<string, unknown>),
    fail,
    shown: (words) => withoutSecrets(request, words),
  };
}

function isOfVersion3({ id }: Record<string, unknown>): boolean {
  return /^v3(\.|$)/.test(textOf(id) ?? '');
}

/** The range that a 406 names: `... Minimum is 3.0 and maximum is 3.70.` */
export function rangeFromNotAcceptable(error: OpenStackError): VersionRange | undefined {
  if (error.details.status !== 406) return undefined;
  const [, low, high] = /Minimum is (\d+\.\d+) and maximum is (\d+\.\d+)/.exec(error.message) ?? [];
  const min = parseMicroversion(low);
  const max = parseMicroversion(high);
  return min && max ? { min, max } : undefined;
}

/** A microversion, compared as two integers: 3.9 is older than 3.49. */
export interface Microversion {
  readonly major: number;
  readonly minor: number;
}

const PATTERN = /^v?(\d{1,4})\.(\d{1,6})$/;

/** Parses `3.49`; undefined for everything else. */
export function parseMicroversion(text: unknown): Microversion | undefined {
  const parts = typeof text === 'string' ? PATTERN.exec(text) : null;
  return parts ? { major: Number(parts[1]), minor: Number(parts[2]) } : undefined;
}

export function formatMicroversion({ major, minor }: Microversion): string {
  return `${major}.${minor}`;
}

/** Negative when a is older than b. */
export function compareMicroversions(a: Microversion, b: Microversion): number {
  return a.major - b.major || a.minor - b.minor;
}

/** What an endpoint supports. */
export interface VersionRange {
  readonly min: Microversion;
  readonly max: Microversion;
}

/** The highest version in the range that is not above `wanted`; undefined when all of the range is above it. */
export function highestUpTo(wanted: Microversion, range: VersionRange): Microversion | undefined {
  if (compareMicroversions(wanted, range.min) < 0) return undefined;
  return compareMicroversions(wanted, range.max) > 0 ? range.max : wanted;
}
