import type { VolumeTypeDefinition } from './definition.ts';
import { idOf } from './directory.ts';

/** A volume type of the database. */
export interface VolumeType {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly isPublic: boolean;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** The types of a cloud, newest first as Cinder lists them; `__DEFAULT__` is in every cloud and the oldest. */
export function volumeTypes(definitions: readonly VolumeTypeDefinition[]): VolumeType[] {
  const all = [{ name: '__DEFAULT__', description: 'Default Volume Type', extraSpecs: {} }, ...definitions];
  return all
    .map(({ name, description, extraSpecs, ...rest }: VolumeTypeDefinition) => ({
      id: uuidOf(name),
      name,
      description: description ?? null,
      isPublic: rest.isPublic ?? true,
      extraSpecs,
    }))
    .reverse();
}

function uuidOf(name: string): string {
  return idOf('volume_type', name).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}
