import { canServe, withProtocolVariants } from './capabilities-filter.ts';
import type { Service } from './model.ts';
import { capacityBytes } from './pools.ts';
import { type Decoded, decodeRows } from './rows.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import { asObject, type Cutter, type Json, text } from './wire.ts';

/**
 * Remembers which backends can serve which volume type. Only a backend with pools can be judged; while it is away,
 * what was found last stands, as long as its row is in the service list and the type's extra specs are the same.
 */
export interface TypeMemory {
  /**
   * The types as they are now; every backend is judged anew when it is next seen.
   * `protocolVariants`: this Cinder takes all the names of a storage protocol for the same.
   */
  readonly set: (types: readonly VolumeType[], how: { readonly protocolVariants: boolean }) => void;
  /** Judges the pools of backends that were not judged since the types were read; called for each pool of an answer. */
  readonly see: (host: string, stats: Json) => void;
  /** Was the backend not judged since the types were read, so that `see` needs its pools? */
  readonly wants: (host: string) => boolean;
  /** The answer is at its end. Only when it was whole, what was seen of a backend is all there is of it. */
  readonly seen: (whole: boolean) => void;
  readonly rows: (services: readonly Service[]) => readonly VolumeTypeBackend[];
  /** There are too many types for so many backends: nothing is known of any, until there are fewer types. */
  readonly flooded: () => boolean;
}

/** So many pairs of a type and a backend are remembered; a thousand types and a thousand backends, in 300 KB of answers, would fill the memory. */
const MOST_PAIRS = 1_000_000;
/** Of these so many may be of a backend that serves the type: each is a line of the page. */
const MOST_SERVED = 100_000;

/** A volume type whose extra specs are sorted by what they ask for. */
interface Demands {
  readonly id: string;
  /** What a backend is. */
  readonly lasting: Specs;
  /** How it is at the moment. */
  readonly momentary: Specs;
}

type Specs = NonNullable<VolumeType['specs']>;

export function createTypeMemory(): TypeMemory {
  let types: readonly VolumeType[] = [];
  let demands: readonly Demands[] = [];
  let variants = true;
  /** By the id of the type: can the host serve it? */
  let verdicts = new Map<string, Map<string, boolean>>();
  let judged = new Set<string>();
  /** In the answer that is being read: the ids of the types that each backend can serve. */
  let reading = new Map<string, Set<string>>();
  /** Pairs of a backend that serves a type, as judged since the types were read. */
  let served = 0;
  /** So many types were too many. */
  let floodedBy: number | undefined;

  const wants = (host: string): boolean => types.length > 0 && !judged.has(host);

  return {
    wants,
    flooded: () => floodedBy !== undefined,
    set(next, { protocolVariants }) {
      if (floodedBy !== undefined && next.length >= floodedBy) return;
      floodedBy = undefined;
      served = 0;
      const before = new Map(types.map((type) => [type.id, fingerprint(type)]));
      const kept = next.filter((type) => before.get(type.id) === fingerprint(type));
      verdicts = new Map(kept.map(({ id }) => [id, verdicts.get(id) ?? new Map()]));
      // Pages may overlap while types come and go.
      types = [...new Map(next.map((type) => [type.id, type])).values()];
      demands = types.flatMap(demandsOf);
      variants = protocolVariants;
      judged = new Set();
      reading = new Map();
    },
    see(host, stats) {
      if (!wants(host)) return;
      const own = reading.get(host) ?? new Set();
      reading.set(host, own);
      const before = own.size;
      const capabilities = variants ? withProtocolVariants(stats) : stats;
      for (const type of demands) if (!own.has(type.id) && serves(host, capabilities, type)) own.add(type.id);
      served += own.size - before;
      if (served > MOST_SERVED || types.length * (judged.size + reading.size) > MOST_PAIRS) forgetAll();
    },
    seen(whole) {
      for (const [host, served] of whole ? reading : []) {
        for (const { id } of types) remember(id, host, served.has(id));
        judged.add(host);
      }
      reading = new Map();
    },
    rows(services) {
      const zones = zonesByBackend(services);
      for (const hosts of verdicts.values()) for (const host of hosts.keys()) if (!zones.has(host)) forget(host);
      // Names are unique in Cinder, but a page with one series twice would be lost as a whole.
      const byName = new Map<string, Set<string>>();
      for (const { id, name, specs } of types) {
        const hosts = byName.get(name) ?? new Set();
        byName.set(name, hosts);
        const allowed = specs && zonesOf(specs);
        for (const [host, serving] of verdicts.get(id) ?? [])
          if (serving && (!allowed || allowed.some((zone) => zones.get(host)?.has(zone)))) hosts.add(host);
      }
      return [...byName].flatMap(([volumeType, hosts]) => [...hosts].toSorted().map((host) => ({ volumeType, host })));
    },
  };

  /**
   * A pool that is out meets no demand for a state or a capacity: that says nothing of which type it is for. What was found before stands,
   * and of one that was never seen well it is taken that it meets them.
   */
  function serves(host: string, capabilities: Json, { id, lasting, momentary }: Demands): boolean {
    if (!canServe(capabilities, lasting)) return false;
    if (momentary.size === 0 || canServe(capabilities, momentary)) return true;
    const before = verdicts.get(id)?.get(host);
    const total = capacityBytes(capabilities['total_capacity_gb']);
    if (total === 0 || STATES.some((key) => isOtherThanUp(capabilities[key]))) return before ?? true;
    // Some drivers never tell their capacity, some only not in an outage.
    return total === undefined ? (before ?? false) : false;
  }

  function remember(id: string, host: string, serving: boolean): void {
    const hosts = verdicts.get(id) ?? new Map<string, boolean>();
    verdicts.set(id, hosts.set(host, serving));
  }

  function forgetAll(): void {
    floodedBy = types.length;
    types = [];
    demands = [];
    verdicts = new Map();
    judged = new Set();
    reading = new Map();
  }

  function forget(host: string): void {
    for (const hosts of verdicts.values()) hosts.delete(host);
    judged.delete(host);
  }
}

/** Capabilities that change with an outage, or with use. `pool_state` is of drivers whose pools are put into maintenance one by one. */
const STATES: readonly string[] = ['backend_state', 'pool_state'];
const MOMENTARY: ReadonlySet<string> = new Set([
  ...STATES,
  'total_capacity_gb',
  'free_capacity_gb',
  'allocated_capacity_gb',
  'provisioned_capacity_gb',
  'total_volumes',
]);

function demandsOf({ id, specs }: VolumeType): Demands[] {
  if (!specs) return [];
  const isMomentary = ([key]: readonly [string, unknown]): boolean => MOMENTARY.has(key.replace(/^capabilities:/, ''));
  const all = [...specs];
  const lasting = new Map(all.filter((spec) => !isMomentary(spec)));
  return [{ id, lasting, momentary: new Map(all.filter(isMomentary)) }];
}

/** Absence is no state: a driver that never says is not out. */
function isOtherThanUp(state: unknown): boolean {
  return state !== undefined && state !== null && state !== 'up';
}

function fingerprint({ specs }: VolumeType): string {
  return JSON.stringify([...(specs ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The zones that a type is bound to, by its `RESKEY:availability_zones`; undefined: all. Source: extract_availability_zones_from_volume_type. */
function zonesOf(specs: Specs): readonly string[] | undefined {
  const zones = specs
    .get('RESKEY:availability_zones')
    ?.split(',')
    .map((zone) => zone.trim())
    .filter((zone) => zone !== '');
  return zones && zones.length > 0 ? zones : undefined;
}

/** The zones of each backend's services. */
function zonesByBackend(services: readonly Service[]): Map<string, Set<string>> {
  const zones = new Map<string, Set<string>>();
  for (const { binary, host, cluster, zone } of services) {
    if (binary !== 'cinder-volume') continue;
    const backend = cluster ?? host;
    const of = zones.get(backend) ?? new Set();
    zones.set(backend, of.add(zone));
  }
  return zones;
}

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
