import type { Entry, MapTree } from '../config/tree.ts';
import type { Environment } from './clouds-files.ts';

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
  const entries = new Map<string, Entry>();
  for (const name of names) {
    if (SELECTORS.has(name) && name !== 'OS_REGION_NAME') continue;
    const text = env[name] ?? '';
    const at = { source: name };
    entries.set(name.slice(3).toLowerCase(), {
      keyAt: at,
      value: { kind: 'leaf', at, value: text, text, quoted: false },
    });
  }
  return { kind: 'map', at: { source: 'environment' }, entries };
}
