import {
  child,
  type MapEntry,
  kindText,
  type LeafTree,
  type MapTree,
  placeText,
  quoted,
  type Tree,
} from '../../config/tree.ts';
import { environmentCloud } from './environment.ts';
import { AccessError, findFile, searchDirs, type SearchPlaces } from './files.ts';

/** The chosen entry before its profile and region are applied. */
interface Selected {
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

/** The entry laid over the profile of clouds-public.yaml that it names with `profile` (or `cloud`, the older word). The profiles that come with openstacksdk are not known here. */
export function withProfile(selected: Selected, places: SearchPlaces): Selected {
  const wanted = child(selected.entry, 'profile') ?? child(selected.entry, 'cloud');
  if (wanted?.kind !== 'leaf' || wanted.value === null || wanted.text === '') return selected;
  const { found } = findFile('clouds-public', places);
  const profile = child(child(found?.root, 'public-clouds'), wanted.text);
  if (profile?.kind === 'map') {
    const files = found ? [...selected.files, found.file] : selected.files;
    return { ...selected, files, entry: mergeEntry(normalized(profile), selected.entry) };
  }
  // openstacksdk only warns; an entry that says everything itself needs no profile.
  if (child(child(selected.entry, 'auth'), 'auth_url') || child(selected.entry, 'auth_url')) return selected;
  const where = found ? `${found.file} has no such entry under public-clouds` : 'no clouds-public.yaml was found';
  throw invalid(
    wanted,
    selected,
    'profile',
    `expected a profile of clouds-public.yaml, got ${quoted(wanted.text)} (${where})`,
  );
}

/** The entry with the values of one region laid over it: the one `OS_REGION_NAME` chooses, or the first. */
export function withRegion(selected: Selected, wanted: string | undefined): Selected {
  const regions = child(selected.entry, 'regions');
  if (regions && regions.kind !== 'list' && kindText(regions) !== 'nothing') {
    throw invalid(regions, selected, 'regions', `expected a list, got ${kindText(regions)}`);
  }
  const listed = regions?.kind === 'list' ? regions.items : namedRegions(selected.entry);
  const known = listed.map((region) => regionOf(region, selected));
  const chosen = wanted === undefined ? known[0] : known.find(({ name }) => name.text === wanted);
  if (chosen)
    return {
      ...selected,
      entry: withName(chosen.values ? mergeEntry(selected.entry, chosen.values) : selected.entry, chosen.name),
    };
  if (wanted === undefined) return selected;
  const at = { source: 'OS_REGION_NAME' };
  const name: LeafTree = { kind: 'leaf', at, value: wanted, text: wanted, quoted: false };
  if (known.length === 0) return { ...selected, entry: withName(selected.entry, name) };
  const names = known.map(({ name }) => name.text).join(', ');
  throw new AccessError(
    'invalid',
    `OS_REGION_NAME: expected a region of cloud ${selected.name} (${names}), got ${quoted(wanted)}`,
  );
}

interface Region {
  readonly name: LeafTree;
  readonly values: MapTree | undefined;
}

/** `region_name` may be a list, or names with commas between: both are old ways to write `regions`. */
function namedRegions(entry: MapTree): readonly Tree[] {
  const written = child(entry, 'region_name');
  if (written?.kind === 'list') return written.items;
  if (written?.kind !== 'leaf' || written.value === null || written.text === '') return [];
  return written.text.split(',').map((text) => ({ ...written, value: text.trim(), text: text.trim() }));
}

function regionOf(tree: Tree, selected: Selected): Region {
  const name = tree.kind === 'map' ? child(tree, 'name') : tree;
  if (name?.kind !== 'leaf' || name.value === null) {
    throw invalid(
      tree,
      selected,
      'regions',
      `expected a region's name, or a mapping with name and values, got ${kindText(tree)}`,
    );
  }
  const values = child(tree, 'values');
  return { name, values: values?.kind === 'map' ? normalized(values) : undefined };
}

function withName(entry: MapTree, name: LeafTree): MapTree {
  return { ...entry, entries: new Map(entry.entries).set('region_name', { keyAt: name.at, value: name }) };
}

function invalid(tree: Tree, { keyPrefix }: Selected, key: string, reason: string): AccessError {
  const path = keyPrefix === undefined ? '' : `: ${keyPrefix}.${key}`;
  return new AccessError('invalid', `${placeText(tree.at)}${path}: ${reason}`);
}

/** One description of a cloud over another (secure.yaml over clouds.yaml, an entry over its profile, a region's values over the entry): `auth` is merged key by key, every other key replaces. No deeper, so that shared aliases cannot multiply: no other mapping of an entry means anything here. */
function mergeEntry(under: MapTree, over: MapTree): MapTree {
  const entries = new Map([...under.entries, ...over.entries]);
  const [below, above] = [under, over].map(({ entries }) => entries.get('auth'));
  if (above && below?.value.kind === 'map' && above.value.kind === 'map') {
    const merged = new Map([...below.value.entries, ...above.value.entries]);
    entries.set('auth', { ...above, value: { ...above.value, entries: merged } });
  }
  return { ...over, entries };
}

/** `auth-url` and `auth_url` are one key: openstacksdk turns dashes into underscores, in the entry and in `auth`. */
function normalized(entry: MapTree): MapTree {
  const flat = withUnderscores(entry);
  const auth = flat.entries.get('auth');
  if (auth?.value.kind !== 'map') return flat;
  return { ...flat, entries: new Map(flat.entries).set('auth', { ...auth, value: withUnderscores(auth.value) }) };
}

function withUnderscores(tree: MapTree): MapTree {
  const renamed = [...tree.entries].map(([key, entry]): [string, MapEntry] => [key.replaceAll('-', '_'), entry]);
  return { ...tree, entries: new Map(renamed) };
}
