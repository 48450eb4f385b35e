import { canServe, withProtocolVariants } from './capabilities-filter.ts';
import { capacityBytes } from './capacity.ts';
import type { Service } from './model.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import type { VolumeType } from './volume-types.ts';
import type { Json } from './wire.ts';

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
  /** The answer is at its end. Only when it was whole, what was seen of a backend is all there is of it. */
  readonly seen: (whole: boolean) => void;
  readonly rows: (services: readonly Service[]) => readonly VolumeTypeBackend[];
}

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

  return {
    set(next, { protocolVariants }) {
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
      if (types.length === 0 || judged.has(host)) return;
      const served = reading.get(host) ?? new Set();
      reading.set(host, served);
      const capabilities = variants ? withProtocolVariants(stats) : stats;
      for (const type of demands) if (!served.has(type.id) && serves(host, capabilities, type)) served.add(type.id);
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
      const told = new Set<string>();
      return types.flatMap(({ id, name, specs }) => {
        const allowed = specs && zonesOf(specs);
        const fits = (host: string): boolean => !allowed || allowed.some((zone) => zones.get(host)?.has(zone));
        return [...(verdicts.get(id) ?? [])]
          .flatMap(([host, serving]) => (serving && fits(host) ? [host] : []))
          .toSorted()
          .map((host) => ({ volumeType: name, host }))
          .filter((row) => isNew(told, JSON.stringify(row)));
      });
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

/** Names are unique in Cinder, but a page with one series twice would be lost as a whole. */
function isNew(told: Set<string>, row: string): boolean {
  return !told.has(row) && Boolean(told.add(row));
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
