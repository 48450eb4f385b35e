import { child } from '../../config/tree.ts';
import type { MapEntry, MapTree, Tree } from '../../config/tree.ts';
import type { Auth } from '../access.ts';
import type { Environment } from './files.ts';

/** Variables that choose or tune, but describe no cloud by themselves. */
const SELECTORS: ReadonlySet<string> = new Set([
  'OS_CLOUD',
  'OS_CLOUD_NAME',
  'OS_REGION_NAME',
  'OS_CLIENT_CONFIG_FILE',
  'OS_CLIENT_SECURE_FILE',
  'OS_CLIENT_VENDOR_FILE',
]);

/** What somebody sets who means to log in by variables: one of these makes the cloud `envvars`. */
const LOGIN = /^OS_(?:AUTH_URL|AUTH_TYPE|AUTH_TOKEN|TOKEN|USERNAME|USER_ID|PASSWORD|APPLICATION_CREDENTIAL_\w+)$/;

/** The cloud that the `OS_*` variables describe, keys in lower case without `OS_`; undefined when they describe none. Empty variables count as unset. */
export function environmentCloud(env: Environment): MapTree | undefined {
  const names = Object.keys(env).filter((name) => /^OS_[A-Z0-9_]+$/.test(name) && env[name]);
  if (!names.some((name) => LOGIN.test(name))) return undefined;
  const entries = new Map<string, MapEntry>();
  for (const name of names) {
    if (SELECTORS.has(name) && name !== 'OS_REGION_NAME') continue;
    entries.set(name.slice(3).toLowerCase(), variableEntry(name, env[name] ?? ''));
  }
  return { kind: 'map', at: { source: 'environment' }, entries };
}

/** What the `openstack` command takes from the environment although `OS_CLOUD` names an entry: these replace what the entry says. Source: osc-lib, shell.py, build_option_parser. */
const BESIDE = [
  'OS_CACERT',
  'OS_CERT',
  'OS_KEY',
  'OS_INTERFACE',
  'OS_DEFAULT_DOMAIN',
  'OS_IDENTITY_API_VERSION',
] as const;

const URL_KEYS = ['auth_url'];
const USER = ['username', 'user_name', 'user_id'];
const ONCE = ['domain_id', 'domain_name'];
const PROJECT = ['project_id', 'project_name', 'tenant_id', 'tenant_name'];

/** Parts of a login. The variables of the first list count when the entry has no key of either list: what it says is never mixed with what they say. */
const OPEN_PARTS: Readonly<Record<Auth['method'], readonly (readonly [readonly string[], readonly string[]])[]>> = {
  password: [
    [URL_KEYS, []],
    [USER, []],
    [['password'], []],
    [
      ['user_domain_id', 'user_domain_name'],
      [...ONCE, 'user_id'],
    ],
    [[...PROJECT, 'system_scope'], ONCE],
    [
      ['project_domain_id', 'project_domain_name'],
      [...ONCE, 'project_id', 'tenant_id', 'system_scope'],
    ],
  ],
  application_credential: [
    [URL_KEYS, []],
    [['application_credential_id', 'application_credential_name'], []],
    [['application_credential_secret'], []],
    [USER, ['application_credential_id']],
    [
      ['user_domain_id', 'user_domain_name'],
      [...ONCE, 'user_id'],
    ],
  ],
  token: [
    [URL_KEYS, []],
    [['token', 'auth_token'], []],
    [[...PROJECT, 'system_scope'], ONCE],
    [
      ['project_domain_id', 'project_domain_name'],
      [...ONCE, 'project_id', 'tenant_id', 'system_scope'],
    ],
  ],
};

/** The entry that `OS_CLOUD` names, with what the other `OS_*` variables add to it; `method` is how it logs in. */
export function withVariables(entry: MapTree, method: Auth['method'] | undefined, env: Environment): MapTree {
  const has = (key: string): boolean => [child(entry, key), child(child(entry, 'auth'), key)].some(isGiven);
  const entries = new Map(entry.entries);
  const add = (name: string): void => {
    const text = env[name];
    if (text) entries.set(name.slice(3).toLowerCase(), variableEntry(name, text));
  };
  for (const [keys, others] of method === undefined ? [] : OPEN_PARTS[method])
    if (![...keys, ...others].some(has)) for (const key of keys) add(`OS_${key.toUpperCase()}`);
  for (const name of BESIDE) add(name);
  return { ...entry, entries };
}

function isGiven(tree: Tree | undefined): boolean {
  return tree !== undefined && !(tree.kind === 'leaf' && (tree.value === null || tree.text.trim() === ''));
}

function variableEntry(name: string, text: string): MapEntry {
  const at = { source: name };
  return { keyAt: at, value: { kind: 'leaf', at, value: text, text, quoted: false } };
}
