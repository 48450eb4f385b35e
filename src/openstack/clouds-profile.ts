import { child, kindText, placeText, quoted } from '../config/tree.ts';
import type { LeafTree, MapTree, Tree } from '../config/tree.ts';
import { AccessError } from './clouds-error.ts';
import { findFile } from './clouds-files.ts';
import type { SearchPlaces } from './clouds-files.ts';
import { mergeEntry, normalized } from './clouds-merge.ts';
import type { Selected } from './clouds-select.ts';

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
