import { Secret } from '../../config/secret.ts';
import { nearest } from '../../config/nearest.ts';
import { quoted } from '../../config/tree.ts';
import type { Auth, Named, Scope } from '../access.ts';
import type { EntrySettings, Written } from './settings.ts';

/** keystoneauth's names of the methods that a monitoring process can use. */
const METHODS: Readonly<Record<string, Auth['method']>> = {
  password: 'password',
  v3password: 'password',
  token: 'token',
  v3token: 'token',
  v3applicationcredential: 'application_credential',
};

/** Every key that `auth` can have, for the methods that are supported and those that are refused by name. */
const AUTH_KEYS: readonly string[] = [
  'auth_url',
  'username',
  'user_name',
  'user_id',
  'password',
  'passcode',
  'token',
  'auth_token',
  'trust_id',
  'system_scope',
  'project_id',
  'project_name',
  'tenant_id',
  'tenant_name',
  'default_domain',
  ...['id', 'name', 'secret'].map((part) => `application_credential_${part}`),
  ...['domain', 'user_domain', 'project_domain', 'default_domain'].flatMap((key) => [`${key}_id`, `${key}_name`]),
];

/** Keys of the entry itself that are found in `auth` by mistake: there they would mean nothing, and a CA or a region be lost without a word. */
const KEYS_BESIDE =
  /^(?:cacert|cert|key|verify|insecure|regions?|profile|cloud|auth_type|auth_plugin|api_timeout)$|(?:^|_)(?:region_name|interface|endpoint_type|api_version|endpoint_override|service_type|service_name)$/;

/** A key that cannot stand in `auth` is refused by its name, as openstacksdk does. */
function refuseStrangers(settings: EntrySettings, method: Auth['method'] | undefined): void {
  for (const key of settings.authKeys) {
    // Another plugin, refused already, has keys of its own.
    if (AUTH_KEYS.includes(key.name) || method === undefined) continue;
    const meant = nearest(key.name, AUTH_KEYS);
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    settings.wrongKey(
      key,
      KEYS_BESIDE.test(key.name)
        ? 'expected beside auth, got it in auth, where it has no effect'
        : `expected a key of auth, got one that is not known${hint}`,
    );
  }
}

/** How to log in, or undefined when `settings.problems` says why not. */
export function authOf(settings: EntrySettings): Auth | undefined {
  const method = methodOf(settings);
  refuseStrangers(settings, method);
  const passcode = settings.auth('passcode');
  if (passcode)
    settings.wrong(passcode, 'expected no passcode: it is good for one login, and this process logs in again');
  if (method === 'password') return passwordAuth(settings);
  if (method === 'application_credential') return credentialAuth(settings);
  if (method === undefined) return undefined;
  const token = secret(settings.auth('token', 'auth_token'));
  if (token) return { method, token };
  settings.missing('auth.token', 'a token');
  return undefined;
}

/** As written in `auth_type`, or what the given keys imply. */
export function methodOf(settings: EntrySettings): Auth['method'] | undefined {
  const written = settings.top('auth_type', 'auth_plugin');
  if (!written) {
    const credential = ['id', 'name', 'secret'].map((part) => `application_credential_${part}`);
    if (settings.auth(...credential)) return 'application_credential';
    return settings.auth('token', 'auth_token') ? 'token' : 'password';
  }
  const method = Object.hasOwn(METHODS, written.text) ? METHODS[written.text] : undefined;
  if (method) return method;
  const names = Object.keys(METHODS);
  settings.wrong(written, `expected one of ${names.join(', ')}, got the unsupported ${quoted(written.text)}`);
  return undefined;
}

function passwordAuth(settings: EntrySettings): Auth | undefined {
  const user = userOf(settings);
  const password = secret(settings.auth('password'));
  if (!password) settings.missing('auth.password', 'a password');
  return user && password ? { method: 'password', user, password } : undefined;
}

function credentialAuth(settings: EntrySettings): Auth | undefined {
  const id = settings.auth('application_credential_id')?.text;
  const name = settings.auth('application_credential_name')?.text;
  const key = secret(settings.auth('application_credential_secret'));
  if (!key) settings.missing('auth.application_credential_secret', 'a secret');
  if (id === undefined && name === undefined) {
    settings.missing('auth.application_credential_id', 'an id, or application_credential_name with the user');
  }
  const user = id === undefined && name !== undefined ? userOf(settings) : undefined;
  const credential = id === undefined ? name !== undefined && user && { name, user } : { id };
  return credential && key ? { method: 'application_credential', credential, secret: key } : undefined;
}

function userOf(settings: EntrySettings): Named | undefined {
  const id = settings.auth('user_id')?.text;
  if (id !== undefined) return { id };
  const name = settings.auth('username', 'user_name')?.text;
  if (name === undefined) {
    settings.missing('auth.username', 'a user name, or user_id');
    return undefined;
  }
  const domain = domainOf(settings, 'user');
  if (!domain) settings.missing('auth.user_domain_name', 'the domain of the user, or user_domain_id');
  return domain && { name, domain };
}

type Domain = { readonly id: string } | { readonly name: string };

/**
 * Its own domain, else the one given once for both (openstacksdk: only beside a project), else the default domain. Beside `identity_api_version: 3`
 * that is the domain with the id `default`. Source: osc-lib, client_config.py, `_auth_default_domain`.
 */
function domainOf(settings: EntrySettings, of: 'user' | 'project'): Domain | undefined {
  const once = projectOf(settings) ? plainDomain(settings, 'domain') : undefined;
  const given = plainDomain(settings, `${of}_domain`) ?? once ?? plainDomain(settings, 'default_domain');
  return given ?? (settings.top('identity_api_version')?.text === '3' ? { id: 'default' } : undefined);
}

function plainDomain(
  settings: EntrySettings,
  key: 'user_domain' | 'project_domain' | 'domain' | 'default_domain',
): Domain | undefined {
  const id = settings.auth(`${key}_id`) ?? (key === 'default_domain' ? settings.auth(key) : undefined);
  if (id) return { id: id.text };
  const name = settings.auth(`${key}_name`);
  return name && { name: name.text };
}

function projectOf(settings: EntrySettings): Written | undefined {
  return settings.auth('project_id', 'tenant_id', 'project_name', 'tenant_name');
}

/** What the token is for. An application credential has its own scope, whatever else is written. */
export function scopeOf(settings: EntrySettings, method: Auth['method'] | undefined): Scope | undefined {
  const trust = settings.auth('trust_id');
  if (trust) settings.wrong(trust, 'expected no trust: it is not supported, use an application credential');
  if (method === 'application_credential') return { kind: 'none' };
  const project = projectOf(settings);
  const system = settings.auth('system_scope');
  const domain = project ? undefined : plainDomain(settings, 'domain');
  if (system && (project || domain)) {
    settings.wrong(system, `expected one scope, got system_scope beside a ${project ? 'project' : 'domain'}`);
  }
  if (system && system.text.toLowerCase() !== 'all') {
    settings.wrong(system, `expected all, got ${quoted(system.text)}`);
  }
  if (system) return { kind: 'system' };
  if (domain) return { kind: 'domain', domain };
  if (!project) return { kind: 'none' };
  if (project.key.endsWith('_id')) return { kind: 'project', project: { id: project.text } };
  const owner = domainOf(settings, 'project');
  if (!owner) settings.missing('auth.project_domain_name', 'the domain of the project, or project_domain_id');
  return owner && { kind: 'project', project: { name: project.text, domain: owner } };
}

function secret(written: Written | undefined): Secret | undefined {
  return written && new Secret(written.text);
}
