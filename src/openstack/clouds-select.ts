import { child, kindText, placeText, quoted } from '../config/tree.ts';
import type { MapTree, Tree } from '../config/tree.ts';
import { AccessError } from './clouds-error.ts';
import { findFile, searchDirs } from './clouds-files.ts';
import type { SearchPlaces } from './clouds-files.ts';
import { mergeEntry, normalized } from './clouds-merge.ts';
import { environmentCloud } from './environment.ts';

/** The chosen entry before its profile and region are applied. */
export interface Selected {
  readonly name: string;
  /** `clouds.prod`, or undefined for the variables: how messages begin a key. */
  readonly keyPrefix: string | undefined;
  readonly entry: MapTree;
  readonly files: readonly string[];
  /** Files passed over because reading them was not permitted. */
  readonly forbidden: readonly string[];
}

/** Chooses the cloud as openstacksdk does: the asked one, `OS_CLOUD`, the `OS_*` variables, the only one in the file. Throws `AccessError`. */
export function selectCloud(asked: string | undefined, places: SearchPlaces): Selected {
  const { env } = places;
  const clouds = findFile('clouds', places);
  const secure = findFile('secure', places);
  const files = [clouds.found?.file, secure.found?.file].filter((file) => file !== undefined);
  const forbidden = [...clouds.forbidden, ...secure.forbidden];
  const [plain, secret] = [cloudsIn(clouds.found?.root), cloudsIn(secure.found?.root)];
  const environment = environmentCloud(env);
  const environmentName = env['OS_CLOUD_NAME'] || 'envvars';
  const names = [...new Set([...(plain?.entries.keys() ?? []), ...(secret?.entries.keys() ?? [])])];
  if (environment && names.includes(environmentName)) {
    const at = (plain ?? secret)?.entries.get(environmentName)?.keyAt;
    throw new AccessError(
      'invalid',
      `${at ? placeText(at) : 'clouds.yaml'}: clouds.${environmentName}: expected another name, got the name of the cloud of the OS_* variables`,
    );
  }
  const only = names.length === 1 ? names[0] : undefined;
  const name = asked ?? (env['OS_CLOUD'] || (environment ? environmentName : only));
  const found = { files, forbidden };
  if (name === undefined) throw names.length > 0 ? several(names, found) : none(places, found);
  if (environment && name === environmentName) {
    return { name, keyPrefix: undefined, entry: normalized(environment), files: [], forbidden };
  }
  const entries = [child(plain, name), child(secret, name)].filter((entry) => entry !== undefined);
  const wrong = entries.find((entry) => entry.kind !== 'map');
  if (wrong) throw notAMapping(wrong, `clouds.${name}`);
  const [under, over] = entries.filter((entry) => entry.kind === 'map').map(normalized);
  if (under) {
    const entry = over ? { ...mergeEntry(under, over), at: under.at } : under;
    return { name, keyPrefix: `clouds.${name}`, entry, files, forbidden };
  }
  throw unknown(name, asked === undefined ? ' (OS_CLOUD)' : '', names, places, found);
}

interface Found {
  readonly files: readonly string[];
  readonly forbidden: readonly string[];
}

function cloudsIn(root: MapTree | undefined): MapTree | undefined {
  const clouds = child(root, 'clouds');
  if (clouds && clouds.kind !== 'map' && kindText(clouds) !== 'nothing') throw notAMapping(clouds, 'clouds');
  return clouds?.kind === 'map' ? clouds : undefined;
}

function notAMapping(tree: Tree, key: string): AccessError {
  return new AccessError('invalid', `${placeText(tree.at)}: ${key}: expected a mapping, got ${kindText(tree)}`);
}

function several(names: readonly string[], { files }: Found): AccessError {
  const text = `expected OS_CLOUD to name one of the clouds in ${files.join(' and ')}: ${shown(names)}`;
  return new AccessError('unknown_cloud', text);
}

function none(places: SearchPlaces, found: Found): AccessError {
  const where = found.files.length > 0 ? `${found.files.join(' and ')} has no clouds` : searched(places, found);
  return new AccessError('none', `no cloud is configured: neither OS_CLOUD nor OS_AUTH_URL is set, and ${where}`);
}

function unknown(
  name: string,
  origin: string,
  names: readonly string[],
  places: SearchPlaces,
  found: Found,
): AccessError {
  const where = found.files.length > 0 ? `in ${found.files.join(' and ')}` : `known: ${searched(places, found)}`;
  const known = names.length > 0 ? `; known: ${shown(names)}` : '';
  const variables = name === 'envvars' ? '; for envvars set OS_AUTH_URL and the login as variables' : '';
  return new AccessError('unknown_cloud', `cloud ${quoted(name)}${origin} is not ${where}${known}${variables}`);
}

function searched(places: SearchPlaces, { forbidden }: Found): string {
  const denied = forbidden.length > 0 ? ` (permission denied: ${forbidden.join(', ')})` : '';
  return `no clouds.yaml is in ${searchDirs(places).join(', ')}${denied}`;
}

function shown(names: readonly string[]): string {
  const first = names.slice(0, 20).map((name) => (/^[\w.@-]+$/.test(name) ? name : quoted(name)));
  return names.length > 20 ? `${first.join(', ')} and ${names.length - 20} more` : first.join(', ');
}
