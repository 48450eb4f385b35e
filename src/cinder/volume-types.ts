import { decodeRows, type Decoded } from './rows.ts';
import { asObject, text, type Cutter } from './wire.ts';

/** A volume type: what users ask for, and which of the backends' capabilities that needs. */
export interface VolumeType {
  readonly id: string;
  readonly name: string;
  /** undefined: a policy of Cinder hides them from us, so that nothing can be said of who serves the type. */
  readonly specs: ReadonlyMap<string, string | null> | undefined;
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
  return { id: text(said['id']) || name, name: cut.identity(name.toWellFormed()), specs };
}

/** Whether Cinder has a further page (`osapi_max_limit`, 1000 by default). */
export function hasNextPage(body: unknown): boolean {
  const links = asObject(body)?.['volume_type_links'];
  return Array.isArray(links) && links.some((link) => asObject(link)?.['rel'] === 'next');
}
