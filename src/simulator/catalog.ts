import type { JsonObject } from './definition.ts';
import { idOf } from './directory.ts';

/** A service of the catalogue; `%(project_id)s` in the URL stands for the token's project. */
export interface CatalogEntry {
  readonly type: string;
  readonly name: string;
  readonly url: string;
}

/** The same API twice, as in many clouds: the official type without, the old type with the project in the URL. */
export function defaultCatalog(url: string): CatalogEntry[] {
  return [
    { type: 'identity', name: 'keystone', url: `${url}/identity/v3` },
    { type: 'block-storage', name: 'cinder', url: `${url}/volume/v3` },
    { type: 'volumev3', name: 'cinderv3', url: `${url}/volume/v3/%(project_id)s` },
  ];
}

/** The catalogue as a token holds it: without a project, an endpoint with the project in its URL is left out. */
export function catalogBody(entries: readonly CatalogEntry[], projectId: string | undefined): JsonObject[] {
  return entries.map(({ type, name, url }) => {
    const usable = projectId !== undefined || !url.includes('%(project_id)s');
    const endpoints = (usable ? ['public', 'internal', 'admin'] : []).map((kind) => ({
      id: idOf('endpoint', `${type}:${kind}`),
      interface: kind,
      region_id: 'RegionOne',
      url: url.replace('%(project_id)s', projectId ?? ''),
      region: 'RegionOne',
    }));
    return { endpoints, id: idOf('service', type), type, name };
  });
}
