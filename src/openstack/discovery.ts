import { parseJson } from './answer.ts';
import { OpenStackError, type FailureReason } from './errors.ts';
import { parseMicroversion, type VersionRange } from './microversion.ts';
import type { Session } from './session.ts';

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
export async function discover(session: Session, timeoutMs: number): Promise<VersionRange> {
  const url = discoveryUrl(await session.endpoint());
  const { request, answer } = await session.getOpen('discovery', url, timeoutMs);
  const shown = url.origin + url.pathname;
  const fail = (reason: FailureReason, what: string): OpenStackError =>
    new OpenStackError(`GET ${shown}: ${what}`, {
      reason,
      operation: 'discovery',
      url: shown,
      status: answer.status,
    });
  if (answer.status !== 300 && answer.status !== 200)
    throw fail('http', `${answer.status} instead of the list of versions`);
  const { versions } = (parseJson(request, answer) ?? {}) as { versions?: unknown };
  if (!Array.isArray(versions)) throw fail('decode', 'no list of versions');
  for (const entry of versions as unknown[]) {
    const said = (entry ?? {}) as Record<string, unknown>;
    if (!String(said['id']).startsWith('v3')) continue;
    const min = parseMicroversion(said['min_version']);
    const max = parseMicroversion(said['version']);
    if (min && max) return { min, max };
  }
  throw fail('decode', 'no v3 with min_version and version in the list of versions');
}

/** The range that a 406 names: `... Minimum is 3.0 and maximum is 3.70.` */
export function rangeFromNotAcceptable(error: OpenStackError): VersionRange | undefined {
  if (error.details.status !== 406) return undefined;
  const [, low, high] = /Minimum is (\d+\.\d+) and maximum is (\d+\.\d+)/.exec(error.message) ?? [];
  const min = parseMicroversion(low);
  const max = parseMicroversion(high);
  return min && max ? { min, max } : undefined;
}
