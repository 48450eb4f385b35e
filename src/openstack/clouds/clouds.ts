import { quoted } from '../../config/tree.ts';
import type { CloudAccess, Interface } from '../access.ts';
import { proxyChoice, ProxyError } from '../proxy.ts';
import { authOf, methodOf, scopeOf } from './auth.ts';
import { withVariables } from './environment.ts';
import { AccessError, type Environment, type SearchPlaces } from './files.ts';
import { selectCloud, withProfile, withRegion } from './select.ts';
import { entrySettings, type EntrySettings, type Written } from './settings.ts';
import { tlsOf } from './tls.ts';

/** A key for this service alone, by each of its names. Source: openstacksdk, cloud_region.py, `_get_config`. */
function ofService(key: string): readonly string[] {
  return ['block_storage', 'volumev3', 'volumev2', 'volume', 'block_store'].map((service) => `${service}_${key}`);
}

/** How to reach a cloud, by openstacksdk's rules: the entry `cloud` of clouds.yaml; without it `OS_CLOUD`, else the `OS_*` variables, else the only entry. Throws `AccessError`. */
export function loadAccess(options: SearchPlaces & { readonly cloud?: string }): CloudAccess {
  const profiled = withProfile(selectCloud(options.cloud, options), options);
  // A cloud asked for by name stands in a file beside others: one variable cannot choose the region of them all.
  const wantedRegion = options.cloud === undefined ? options.env['OS_REGION_NAME'] || undefined : undefined;
  const { name, entry: written, keyPrefix, files, forbidden } = withRegion(profiled, wantedRegion);
  const besides = options.cloud === undefined && options.env['OS_CLOUD'] && keyPrefix !== undefined;
  const alone = entrySettings(written, keyPrefix);
  const settings = besides ? entrySettings(withVariables(written, methodOf(alone), options.env), keyPrefix) : alone;
  const region = settings.top(...ofService('region_name'), 'region_name')?.text;
  const authUrl = authUrlOf(settings, region);
  const auth = authOf(settings);
  const scope = scopeOf(settings, auth?.method);
  const [first = 'public', ...otherInterfaces] = interfacesOf(settings);
  const serviceType = settings.top(...ofService('service_type'))?.text;
  const serviceName = settings.top(...ofService('service_name'))?.text;
  const { tls, files: tlsFiles } = tlsOf(settings, options);
  const endpointOverride = overrideOf(settings, region);
  const apiTimeoutMs = apiTimeoutOf(settings);
  const proxyProblem = authUrl === undefined ? undefined : proxyProblemOf(authUrl, options.env);
  if (settings.problems.length > 0 || !authUrl || !auth || !scope || proxyProblem !== undefined) {
    const denied = forbidden.map((file) => `${file}: not read, permission denied`);
    throw new AccessError(
      'invalid',
      [...new Set([...settings.problems, proxyProblem ?? [], ...denied].flat())].join('\n'),
    );
  }
  return {
    name,
    authUrl,
    auth,
    scope,
    ...(region === undefined ? {} : { region }),
    interface: first,
    ...(otherInterfaces.length > 0 && { otherInterfaces }),
    ...(serviceType !== undefined && { serviceType }),
    ...(serviceName !== undefined && { serviceName }),
    tls,
    ...(endpointOverride === undefined ? {} : { endpointOverride }),
    ...(apiTimeoutMs === undefined ? {} : { apiTimeoutMs }),
    files: [...files, ...tlsFiles],
  };
}

/** A variable that names a proxy for Keystone's URL, and is none. */
function proxyProblemOf(authUrl: string, env: Environment): string | undefined {
  try {
    proxyChoice(env)(new URL(authUrl));
    return undefined;
  } catch (error) {
    if (error instanceof ProxyError) return error.message;
    throw error;
  }
}

function authUrlOf(settings: EntrySettings, region: string | undefined): string | undefined {
  const version = settings.top('identity_api_version');
  if (version && /^v?2/.test(version.text)) settings.wrong(version, `expected 3, got ${quoted(version.text)}`);
  const written = settings.auth('auth_url');
  if (!written) {
    settings.missing('auth.auth_url', "Keystone's URL");
    return undefined;
  }
  // Public profiles are written for every region: openstacksdk fills this in.
  const text = written.text.trim().replaceAll('{region_name}', region ?? '');
  const url = webUrl(settings, written, text);
  if (url === undefined || !/\/v2(?:\.0)?\/?$/.test(url)) return url;
  settings.wrong(written, 'expected the URL of Keystone v3, got a URL of v2.0');
  return undefined;
}

function overrideOf(settings: EntrySettings, region: string | undefined): string | undefined {
  const written = settings.top(...ofService('endpoint_override'), ...ofService('endpoint'));
  return written && webUrl(settings, written, written.text.trim().replaceAll('{region_name}', region ?? ''));
}

function webUrl(settings: EntrySettings, written: Written, text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const hasMore = url !== undefined && (url.search !== '' || url.hash !== '');
  const isWeb = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (isWeb && !hasMore) return text;
  const got = text.includes('@')
    ? // What stands before it may be a password.
      'one with a user or password in it'
    : hasMore
      ? // No path could follow, and `--config.check` prints the URL.
        'one with a query or a fragment'
      : quoted(text);
  settings.wrong(written, `expected a URL beginning with http:// or https://, got ${got}`);
  return undefined;
}

/** In order of preference; without any the default, `public`. */
function interfacesOf(settings: EntrySettings): readonly Interface[] {
  const written = settings.all(...ofService('interface'), ...ofService('endpoint_type'), 'interface', 'endpoint_type');
  const interfaces = written.flatMap((one): readonly Interface[] => {
    const word = one.text.trim().toLowerCase().replace(/url$/, '');
    if (word === 'public' || word === 'internal' || word === 'admin') return [word];
    settings.wrong(one, `expected public, internal or admin, got ${quoted(one.text)}`);
    return [];
  });
  return [...new Set(interfaces)];
}

const MAX_API_TIMEOUT_SECONDS = 86_400;

function apiTimeoutOf(settings: EntrySettings): number | undefined {
  const written = settings.top('api_timeout');
  if (!written) return undefined;
  const seconds = /^\d{1,9}(?:\.\d{1,9})?$/.test(written.text) ? Number(written.text) : 0;
  if (seconds > 0 && seconds <= MAX_API_TIMEOUT_SECONDS) return Math.max(1, Math.round(seconds * 1000));
  settings.wrong(written, `expected seconds above 0 and up to ${MAX_API_TIMEOUT_SECONDS}, got ${quoted(written.text)}`);
  return undefined;
}
