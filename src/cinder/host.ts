/**
 * The part of a service or pool host after the first `@`: the backend's section name in cinder.conf.
 * Empty for the plain `host` of an old single-backend installation.
 * Source: cinder/volume/volume_utils.py, extract_host.
 */
export function backendOf(host: string): string {
  const at = host.indexOf('@');
  return at === -1 ? '' : host.slice(at + 1);
}

/** Splits a pool's `host@backend#pool` at the first `#`, as Cinder does; without one the pool's name is empty. */
export function splitPoolName(name: string): { readonly host: string; readonly pool: string } {
  const hash = name.indexOf('#');
  return hash === -1 ? { host: name, pool: '' } : { host: name.slice(0, hash), pool: name.slice(hash + 1) };
}
