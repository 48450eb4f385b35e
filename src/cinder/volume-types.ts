import { decodeRows, type Decoded } from './rows.ts';
import { asObject, text, type Cutter } from './wire.ts';

/** A volume type: what users ask for, and which of the backends' capabilities that needs. */
export interface VolumeType {
  readonly id: string;
  readonly name: string;
  /** The extra specs that Cinder showed; undefined: it showed none, not even that there are none. See `hiddenSpecs`. */
  readonly specs: ReadonlyMap<string, string | null> | undefined;
  /** Cinder told of its QoS specs: by default only an administrator is told. */
  readonly toldQos: boolean;
}

/** Decodes one page of `GET /v3/types`. Returns undefined when the body is no list of types. */
export function decodeVolumeTypes(body: unknown, maxRows: number, cut: Cutter): Decoded<VolumeType> | undefined {
  return decodeRows(
    body,
    {
      listKey: 'volume_types',
      decode: (row) => decodeType(row, cut),
      key: (type: VolumeType) => type.id,
      timeMs: () => undefined,
    },
    maxRows,
  );
}

function decodeType(row: unknown, cut: Cutter): VolumeType | string {
  const said = asObject(row);
  const name = said?.['name'];
  if (!said || typeof name !== 'string' || name === '') return 'a volume type has no "name"';
  const told = asObject(said['extra_specs']);
  const specs = told && new Map(Object.entries(told).map(([key, value]) => [key, value === null ? null : text(value)]));
  const toldQos = Object.hasOwn(said, 'qos_specs_id');
  return { id: text(said['id']) || name, name: cut.identity(name.toWellFormed()), specs, toldQos };
}

/** The extra specs that everybody sees. Source: cinder/policies/type_extra_specs.py, USER_VISIBLE_EXTRA_SPECS. */
const SHOWN_TO_ALL: ReadonlySet<string> = new Set(['RESKEY:availability_zones', 'multiattach', 'replication_enabled']);

/**
 * Why extra specs may be hidden from us, in plain words with the policy rule; undefined: they are certainly shown whole. Takes all types of one
 * reading. `{}` is what Cinder shows of a type without demands to those who see all, and of any type to the others. That we see all is sure
 * when a type shows what others do not see, when this Cinder hides nothing (`redacts` false: before Cinder 19), or when both Keystone says that
 * we have the role `admin` and Cinder tells us what by default only an administrator is told. One of the two is not enough: a policy may open
 * the QoS specs to everybody, or take the rights of an administrator from that role.
 */
export function hiddenSpecs(
  types: readonly VolumeType[],
  { admin, redacts }: { readonly admin: boolean; readonly redacts: boolean },
): string | undefined {
  if (types.some(({ specs }) => specs === undefined))
    return 'Cinder shows this user no extra specs (policy rule volume_extension:access_types_extra_specs)';
  const shown = types.flatMap(({ specs }) => [...(specs?.keys() ?? [])]);
  if (!redacts || types.length === 0 || shown.some((key) => !SHOWN_TO_ALL.has(key))) return undefined;
  if (admin && types.every(({ toldQos }) => toldQos)) return undefined;
  return 'Cinder may hide extra specs from this user: it shows only those that everybody sees (policy rule volume_extension:types_extra_specs:read_sensitive)';
}

/** Whether Cinder has a further page (`osapi_max_limit`, 1000 by default). */
export function hasNextPage(body: unknown): boolean {
  const links = asObject(body)?.['volume_type_links'];
  return Array.isArray(links) && links.some((link) => asObject(link)?.['rel'] === 'next');
}
