import { quoted } from '../config/tree.ts';
import type { CloudAccess } from './access.ts';
import { authOf, scopeOf } from './clouds-auth.ts';
import { AccessError } from './clouds-error.ts';
import type { SearchPlaces } from './clouds-files.ts';
import { withProfile, withRegion } from './clouds-profile.ts';
import { selectCloud } from './clouds-select.ts';
import { entrySettings } from './clouds-settings.ts';
import type { Settings, Written } from './clouds-settings.ts';
import { tlsOf } from './clouds-tls.ts';

/** How to reach a cloud, by openstacksdk's rules: the entry `cloud` of clouds.yaml; without it `OS_CLOUD`, else the `OS_*` variables, else the only entry. Throws `AccessError`. */
export function loadAccess(options: SearchPlaces & { readonly cloud?: string }): CloudAccess {
  const profiled = withProfile(selectCloud(options.cloud, options), options);
  // A cloud asked for by name stands in a file beside others: one variable cannot choose the region of them all.
  const wantedRegion = options.cloud === undefined ? options.env['OS_REGION_NAME'] || undefined : undefined;
  const { name, entry, keyPrefix, files, forbidden } = withRegion(profiled, wantedRegion);
  const settings = entrySettings(entry, keyPrefix);
  const region = settings.top('block_storage_region_name', 'volume_region_name', 'region_name')?.text;
  const authUrl = authUrlOf(settings, region);
  const auth = authOf(settings);
  const scope = scopeOf(settings, auth?.method);
  const access = interfaceOf(settings);
  const { tls, files: tlsFiles } = tlsOf(settings, options);
  const endpointOverride = overrideOf(settings);
  const apiTimeoutMs = apiTimeoutOf(settings);
  if (settings.problems.length > 0 || !authUrl || !auth || !scope) {
    const denied = forbidden.map((file) => `${file}: not read, permission denied`);
    throw new AccessError('invalid', [...new Set([...settings.problems, ...denied])].join('\n'));
  }
  return {
    name,
    authUrl,
    auth,
    scope,
    ...(region === undefined ? {} : { region }),
    interface: access,
    tls,
    ...(endpointOverride === undefined ? {} : { endpointOverride }),
    ...(apiTimeoutMs === undefined ? {} : { apiTimeoutMs }),
    files: [...files, ...tlsFiles],
  };
}

function authUrlOf(settings: Settings, region: string | undefined): string | undefined {
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
  settings.wrong(written, 'expected the URL of Keystone v3, got that of v2.0');
  return undefined;
}

function overrideOf(settings: Settings): string | undefined {
  const written = settings.top(
    'block_storage_endpoint_override',
    'volumev3_endpoint_override',
    'volume_endpoint_override',
  );
  return written && webUrl(settings, written, written.text.trim());
}

function webUrl(settings: Settings, written: Written, text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return text;
  // What stands before an `@` may be a password.
  const got = text.includes('@') ? 'one with a user or password in it' : quoted(text);
  settings.wrong(written, `expected a URL beginning with http:// or https://, got ${got}`);
  return undefined;
}

function interfaceOf(settings: Settings): CloudAccess['interface'] {
  const services = ['block_storage', 'volumev3', 'volume'];
  const written = settings.top(
    ...services.flatMap((service) => [`${service}_interface`, `${service}_endpoint_type`]),
    'interface',
    'endpoint_type',
  );
  const word = written?.text.trim().toLowerCase().replace(/url$/, '') ?? 'public';
  if (word === 'public' || word === 'internal' || word === 'admin') return word;
  if (written) settings.wrong(written, `expected public, internal or admin, got ${quoted(written.text)}`);
  return 'public';
}

const MAX_API_TIMEOUT_SECONDS = 86_400;

function apiTimeoutOf(settings: Settings): number | undefined {
  const written = settings.top('api_timeout');
  if (!written) return undefined;
  const seconds = /^\d{1,9}(?:\.\d{1,9})?$/.test(written.text) ? Number(written.text) : 0;
  if (seconds > 0 && seconds <= MAX_API_TIMEOUT_SECONDS) return Math.max(1, Math.round(seconds * 1000));
  settings.wrong(written, `expected seconds above 0 and up to ${MAX_API_TIMEOUT_SECONDS}, got ${quoted(written.text)}`);
  return undefined;
}
